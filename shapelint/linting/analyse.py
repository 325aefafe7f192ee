"""Analysis of a text: read, resolve, chain, judge. `repair` and `lint_paths` process the violations further."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING

from shapelint.chain import chain
from shapelint.chain.wiring import Judged, wire
from shapelint.common.frozen import frozen, replace
from shapelint.documents.defaults import join_defaults
from shapelint.documents.nodes import InvalidYamlError
from shapelint.documents.overrides import NO_SWEEP, Sweep
from shapelint.judge import rulebook
from shapelint.judge.evaluate import judge, problem_violation
from shapelint.judge.link_checks import LinkCheck, config_checks
from shapelint.judge.violations import Violation
from shapelint.knowledge import methods
from shapelint.read import openmmlab
from shapelint.read.recognition import Lookup
from shapelint.read.yaml import Reading, read_models
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import ShapeOrStructure
from shapelint.signatures import heads, stored
from shapelint.spec.findings import LossReport
from shapelint.spec.spec import Cause, InputSpec, ModelSpec, Problem
from shapelint.text.source import Source, Span

if TYPE_CHECKING:
    from shapelint.python.models.entry_points import InvalidPythonError


@frozen
class Analysis:
    """A model of a file with its chain and everything that is wrong with it; `links` says which links were checked.

    `copied` are the roles of which a config has a momentum copy.
    """

    model: ModelSpec
    components: dict[str, Resolved]
    chain: chain.Chain
    violations: tuple[Violation, ...]
    links: Callable[[], Iterable[LinkCheck]] = tuple
    losses: tuple[LossReport, ...] = ()
    copied: tuple[str, ...] = ()


@frozen
class FileAnalysis:
    """All models of a file; `invalid` is the violation if it does not parse, `notices` is what stayed unknown.

    `is_open` says that a class in it gets its parts from code outside the file. `reading` is the text of a config as it
    was read. `checks` are the places of a program on which each of its checks depends; `is_traced` says that some of
    its components were traced. `sweep` is what a config says of runs with other values. `line_shapes` are the shapes of
    the tensors that the statements of a program name or give back. `stop` is why a program certainly stops with its
    config; one that `takes_config` reads a file that its command line names, one that `ignores_config` does not depend
    on it. `unfollowed` is why one without models may have some.
    """

    source: Source
    models: tuple[Analysis, ...]
    invalid: Violation | None = None
    notices: tuple[str, ...] = ()
    is_open: bool = False
    reading: Reading | None = None
    checks: tuple[frozenset[Span], ...] = ()
    is_traced: bool = False
    sweep: Sweep = NO_SWEEP
    line_shapes: tuple[tuple[Span, ShapeOrStructure], ...] = ()
    stop: Cause | None = None
    takes_config: bool = False
    ignores_config: bool = False
    unfollowed: str = ""


def analyse(source: Source, options: Options, may_trace: bool = False) -> FileAnalysis:
    """Analyse a text without editing it.

    A program `may_trace` from the start if it is known to contain a model that needs it.
    """
    if is_python(source):
        return _analyse_python(source, options, may_trace)
    try:
        reading = read(source, options)
    except InvalidYamlError as error:
        return unread(source, error, options)
    return analysed(reading, options)


def analysed(reading: Reading, options: Options) -> FileAnalysis:
    """Return the analysis of a config that was read."""
    models = tuple(analyse_model(model, reading.source, options) for model in reading.models)
    return FileAnalysis(reading.source, models, reading=reading, sweep=reading.sweep if options.sweeps else NO_SWEEP)


def unread(source: Source, error: InvalidYamlError, options: Options) -> FileAnalysis:
    """Return the analysis of a config that is no YAML."""
    return FileAnalysis(source, (), invalid(error, options))


def is_python(source: Source) -> bool:
    """Return whether a source is a program rather than a config."""
    return source.language != "yaml" and not openmmlab.is_config(source)


def read(source: Source, options: Options) -> Reading:
    """Read the models of a config; raises InvalidYamlError."""
    lookup = Lookup(_parameters, heads.role_of)
    if source.language == "python":
        return openmmlab.read_models(source, lookup)
    source = join_defaults(source, overrides=options.overrides) if options.overrides else source
    return read_models(source, lookup, options.method or methods.DEFAULT, options.overrides)


def invalid(error: InvalidYamlError | InvalidPythonError, options: Options) -> Violation:
    """Return the violation for a text that does not parse."""
    return problem_violation(Problem("SL903", error.message, error.span), rulebook.known(options.rules))


def _analyse_python(source: Source, options: Options, may_trace: bool) -> FileAnalysis:
    from shapelint.linting import python_models  # the interpreter of Python is loaded for Python alone

    try:
        models, read = python_models.analyse(source, options, may_trace)
    except python_models.InvalidPythonError as error:
        return FileAnalysis(source, (), invalid(error, options))
    found = tuple(
        Analysis(
            one.judged.model,
            dict(one.judged.components),
            one.judged.chain,
            one.violations,
            one.links,
            python_models.called_losses(one.script),
        )
        for one in models
    )
    return FileAnalysis(
        read.source,
        found,
        notices=read.notices,
        is_open=any(one.script.is_open for one in models),
        checks=tuple(check for one in models for check in one.checks),
        is_traced=any(one.script.is_traced for one in models),
        sweep=read.sweep,
        line_shapes=read.line_shapes,
        stop=read.stop,
        takes_config=read.takes_config,
        ignores_config=read.ignores_config,
        unfollowed=read.unfollowed,
    )


def analyse_model(model: ModelSpec, source: Source, options: Options) -> Analysis:
    """One model of a config, wired and judged."""
    judged = wire(
        model,
        methods.wiring(model.wiring) if model.wiring else methods.pack_or_open(model.method),
        _sized(model.input, options.input),
        replace(options, shares=True),
        os.path.dirname(source.path) or os.curdir,
    )
    violations = judge(judged, rulebook.known(options.rules))
    links = partial(config_checks, judged)
    return Analysis(
        model, dict(judged.components), judged.chain, tuple(violations), links, _losses(judged), _copied(judged)
    )


def _copied(judged: Judged) -> tuple[str, ...]:
    """Return the roles of which a model has a momentum copy."""
    branch = judged.pack.target if any(loss.bound for loss in judged.losses) else None
    return tuple(role for role in branch.copies if judged.chain.link(role) is not None) if branch else ()


def _losses(judged: Judged) -> tuple[LossReport, ...]:
    """Return the losses of a model, each with the ends that its method compares."""
    found = ((loss.key, loss.bound, (loss.ends.left, loss.ends.right)) for loss in judged.losses)
    return tuple(
        LossReport(bound.label, tuple(end.removeprefix("online.") for end in ends), key)
        for key, bound, ends in found
        if bound is not None
    )


def _sized(image: InputSpec, default: tuple[int | None, int | None, int | None] | None) -> InputSpec:
    """Return the input with the axes that the model leaves open taken from the settings."""
    if default is None:
        return image
    own = (image.channels, image.height, image.width)
    channels, height, width = (a if span or b is None else b for a, b, span in zip(own, default, image.spans))
    return InputSpec(channels, height, width, image.span, image.spans)


@cache
def _parameters(target: str) -> tuple[str, ...]:
    """The arguments of a class in order; that of a head begin with the width of its input."""
    found = stored.find(target)
    return tuple(parameter.name for parameter in found[1].parameters) if found else ()
