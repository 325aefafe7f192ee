"""The way a text goes: read, resolve, chain, judge. What is done with the violations is for `repair` and `lint`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from shapelint import chain, dims, methods, rules
from shapelint.judge import Judged, Violation, judge, problem_violation
from shapelint.read.nodes import InvalidYamlError
from shapelint.read.text import Source
from shapelint.read.yaml import Lookup, read_models
from shapelint.resolve import stored
from shapelint.resolve.resolver import Options, Resolved, resolve
from shapelint.spec import ModelSpec, Problem


@dataclass(frozen=True)
class Analysis:
    """One model of a file with its chain and everything that is wrong with it."""

    model: ModelSpec
    components: dict[str, Resolved]
    chain: chain.Chain
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class FileAnalysis:
    """All models of one file; `invalid` is the violation of a file that does not parse."""

    source: Source
    models: tuple[Analysis, ...]
    invalid: Violation | None = None


def analyse(source: Source, options: Options) -> FileAnalysis:
    """Everything that can be said of a text without editing it."""
    known = rules.built_in()
    try:
        models = read_models(source, Lookup(_parameters, _head_role))
    except InvalidYamlError as error:
        return FileAnalysis(source, (), problem_violation(Problem("SL903", error.message, error.span), known))
    return FileAnalysis(source, tuple(_analyse_model(model, options) for model in models))


def _analyse_model(model: ModelSpec, options: Options) -> Analysis:
    pack = methods.pack(model.method)
    assert pack is not None
    components = {role: resolve(model.components[role], role, options) for role in _connected(model, pack.online)}
    image = model.input
    places = (None, *image.spans)
    online = chain.run(components, (dims.symbol("B"), image.channels, image.height, image.width), places)
    left_open = chain.run(components, (dims.symbol("B"), image.channels, dims.symbol("H"), dims.symbol("W")))
    violations = judge(Judged(model, pack, online, left_open), rules.built_in())
    return Analysis(model, components, online, tuple(violations))


def _connected(model: ModelSpec, online: tuple[str, ...]) -> Iterator[str]:
    """The roles that the model has, in the order of the chain."""
    return (role for role in online if role in model.components)


@cache
def _parameters(target: str) -> frozenset[str]:
    found = stored.find(target)
    return frozenset(parameter.name for parameter in found[1].parameters) if found else frozenset()


@cache
def _head_role(name: str) -> str | None:
    """The role of a known SSL head: prediction heads say so in their name."""
    found = stored.find(stored.canonical(name, as_backbone=False))
    if found is None or found[1].role != "head":
        return None
    return "prediction_head" if "Prediction" in found[1].target else "projection_head"


def without(analysis: Analysis, codes: frozenset[str]) -> Analysis:
    """An analysis without the violations of some codes."""
    kept = tuple(violation for violation in analysis.violations if violation.rule.page.code not in codes)
    return replace(analysis, violations=kept)
