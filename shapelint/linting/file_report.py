"""Reports of analysed files: findings with proved fixes, and the chain of every model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any, cast

from shapelint.chain.chain import Link
from shapelint.common import bounds, disk
from shapelint.common.frozen import replace
from shapelint.judge.joint_repair import joint_repairs
from shapelint.judge.repair import Repair, find_repairs, splice
from shapelint.judge.violations import Move, Violation
from shapelint.linting.analyse import Analysis, FileAnalysis, is_python
from shapelint.linting.config_readers import is_data, may_have_other_users
from shapelint.linting.trials import Trials
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import notation, signatures
from shapelint.shapes.signatures import ShapeOrStructure, StructureValue
from shapelint.spec.findings import (
    AlternativeFix,
    Edit,
    FileReport,
    Finding,
    Fix,
    JsonShape,
    LayerReport,
    LinkReport,
    ModelReport,
    Related,
    Severity,
    TensorLine,
    UncheckedLink,
)
from shapelint.spec.spec import Cause
from shapelint.text.source import Elsewhere, Source, Span

NO_MODEL = "no model is recognised in it"
NO_METHOD = "self-supervised"
"""What a program's model is called whose method no name says."""
UNREPAIRED = frozenset({"SL113", "SL114", "SL902", "SL903"})
"""Codes whose edit changes what the user meant (another key, another declaration): never safe."""


def reported(analysis: FileAnalysis, options: Options, repair: bool = True, with_chains: bool = True) -> FileReport:
    """Return the report of an analysed file, with repairs if asked to, and with the chains of its models."""
    source = analysis.source
    if analysis.invalid is not None:
        finding = _finding(analysis.invalid, source, "")
        return FileReport(source.path, "checked", findings=(finding,), text=source.own_text, others=_others(source))
    if analysis.unfollowed:
        return FileReport(source.path, "unreadable", text=source.own_text, problem=analysis.unfollowed)
    if not analysis.models:
        stop = _link(analysis.stop, source) if analysis.stop is not None else None
        return FileReport(
            source.path,
            "no-model",
            text=source.own_text,
            problem=NO_MODEL,
            stop=stop,
            takes_config=analysis.takes_config,
            ignores_config=analysis.ignores_config,
        )
    too_many = _too_many_faults(analysis) if repair else ""
    repairs = _repairs(analysis, options) if repair and not too_many else [[] for _ in analysis.models]
    findings = [
        finding for index in range(len(analysis.models)) for finding in _findings(analysis, index, repairs[index])
    ]
    notices = tuple(
        dict.fromkeys(
            notice
            for model in analysis.models
            for component in model.components.values()
            for notice in component.notices
        )
    )
    return FileReport(
        path=source.path,
        status="checked",
        models=tuple(model_report(model, source, options, with_chains) for model in analysis.models),
        findings=tuple(sorted(findings, key=lambda finding: (finding.location, finding.code))),
        text=source.own_text,
        notices=(*notices, *analysis.notices, *filter(None, [too_many])),
        is_open=analysis.is_open,
        users=options.users,
        others=_others(source),
        tensors=tuple(TensorLine(source.location(span), json_shape(shape)) for span, shape in analysis.line_shapes),
        takes_config=analysis.takes_config,
        ignores_config=analysis.ignores_config,
    )


def _link(stop: Cause, source: Source) -> UncheckedLink:
    """Return the link that is not checked since a program stops."""
    return UncheckedLink("config", stop.reason, "", source.location(stop.span or Span(0, 0)))


def _others(source: Source) -> tuple[tuple[str, str], ...]:
    """Return the files that are joined to a source."""
    return tuple((part.path, source.slice(part.span)) for part in source.parts[1:])


def _too_many_faults(file: FileAnalysis) -> str:
    """Return that more models of a program have faults than are repaired; "" if they are."""
    faulty = sum(any(violation.blocks for violation in model.violations) for model in file.models)
    if not is_python(file.source) or faulty <= bounds.REPAIRED_MODELS:
        return ""
    return f"no repairs are tried: {faulty} models of the file have faults, and {bounds.REPAIRED_MODELS} is the most"


def _repairs(file: FileAnalysis, options: Options) -> list[list[Repair]]:
    """Return the proved repairs of each model."""
    trials = Trials(file, options)
    violations = [model.violations for model in file.models]
    joint = joint_repairs(violations, file.checks, trials.of_all) if is_python(file.source) else {}
    return [
        joint[index] if index in joint else find_repairs(file.source.text, found, partial(trials.after, index))
        for index, found in enumerate(violations)
    ]


def _findings(file: FileAnalysis, index: int, found: Sequence[Repair]) -> list[Finding]:
    """Return the findings of one model; violations that one repair removes together are one finding."""
    model, source = file.models[index], file.source
    is_understood = cache(lambda: all(link.is_checked for one in file.models for link in one.links()))
    by_key = {violation.key: violation for violation in model.violations}
    repairs = {repair.key: repair for repair in found}
    merged = {key for repair in found for key in repair.also if key not in repairs}
    repairs = {key: replace(repair, stays=repair.stays - merged) for key, repair in repairs.items()}
    fixes = {key: _fix(by_key[key], source, repair, is_understood) for key, repair in repairs.items()}
    if not all(fix.safe for fix in fixes.values()):  # a file is not left with half of its faults
        fixes = {key: replace(fix, safe=fix.safe and not repairs[key].stays) for key, fix in fixes.items()}
    findings = []
    for violation in by_key.values():
        if violation.key in fixes:
            also = [by_key[key] for key in sorted(repairs[violation.key].also, key=str) if key in by_key]
            findings.append(_finding(violation, source, model.model.name, also, fixes[violation.key]))
        elif violation.key not in merged and not _is_said_within(violation, model.violations):
            findings.append(_finding(violation, source, model.model.name))
    return findings


def _is_said_within(violation: Violation, others: Sequence[Violation]) -> bool:
    """Return whether another violation names the same missing name where it stands, within a longer expression."""
    place = violation.span
    return violation.rule.page.code == "SL114" and any(
        other.rule is violation.rule
        and place != other.span
        and place.start <= other.span.start <= other.span.end <= place.end
        and str(violation.actual).endswith(str(other.actual))
        for other in others
    )


def _finding(
    violation: Violation, source: Source, model: str, also: Sequence[Violation] = (), fix: Fix | None = None
) -> Finding:
    """Return the finding of a violation, and of those that its fix removes `also`."""
    related = [
        Related(source.location(mark.span), mark.message) for mark in violation.related if mark.span != violation.span
    ]
    related += [Related(source.location(other.span), other.message) for other in also]
    return Finding(
        code=violation.rule.page.code,
        name=violation.rule.page.name,
        severity=cast(Severity, violation.severity),
        message=violation.message,
        location=source.location(violation.span),
        label=violation.label,
        model=model,
        role=violation.role,
        expected=violation.expected,
        actual=violation.actual,
        related=tuple(dict.fromkeys(related)),
        notes=violation.notes,
        help=fix.message if fix else violation.help,
        fix=fix,
        written=(violation.span.path, violation.span.line) if isinstance(violation.span, Elsewhere) else None,
    )


def _fix(violation: Violation, source: Source, repair: Repair, is_understood: Callable[[], bool]) -> Fix:
    """Return a repair as a fix; it is safe only if nothing stays, except what other repairs remove with it.

    The one edit of another file is, if that is a config of this program alone, and `is_understood` says that whatever
    reads it was followed. A part of a composed config may be chosen by any command line.
    """
    edits = _edits(source, repair.moves)
    has_configs = any(is_data(part.path) for part in source.parts[1:])
    doubtful = any(move.overwrites or move.doubtful or (has_configs and move.fallback) for move in repair.moves)
    certain = repair.only and not doubtful and violation.rule.page.code not in UNREPAIRED
    elsewhere = {edit.location.path for edit in edits if edit.location.path != source.path}
    is_alone = certain and len(edits) == 1 and source.language != "yaml"
    at_home = not elsewhere or (is_alone and _is_own(source, elsewhere) and is_understood())
    certain = certain and at_home
    alternatives = tuple(
        AlternativeFix(_message(source, moves), _edits(source, moves)) for moves in repair.alternatives
    )
    files = ", ".join(dict.fromkeys(edit.location.path for edit in edits if edit.location.path != source.path))
    proof = _proof(repair) if at_home else f"{_proof(repair)}, other models may use {files} too"
    safe = certain and (not repair.stays or bool(repair.together))
    return Fix(_message(source, repair.moves), edits, safe, alternatives, proof)


def _is_own(source: Source, paths: Iterable[str]) -> bool:
    """Return whether files are configs that are used by nothing but what is joined to a source."""
    known = {disk.real(part.path) for part in source.parts}
    return all(is_data(path) and not may_have_other_users(path, known) for path in paths)


def _proof(repair: Repair) -> str:
    """Say what was proved of a repair; the violations that it leaves are as many findings."""
    if not repair.stays:
        return "the chain fits with it"
    if repair.together:
        return f"the chain fits with all {repair.together} fixes"
    return f"mends this link; {len(repair.stays)} finding{' stays' if len(repair.stays) == 1 else 's stay'}"


def _edits(source: Source, moves: Sequence[Move]) -> tuple[Edit, ...]:
    ordered = sorted(moves, key=lambda move: move.span.start)
    return tuple(Edit(source.location(move.span), move.text) for move in ordered)


def _message(source: Source, moves: Sequence[Move]) -> str:
    """Describe a fix: `use BYOLProjectionHead(256, 1024, 256)` shows each edited component as it will be."""
    texts: dict[Span, str] = {}
    for move in moves:
        whole = _shown(move, source)
        inside = [m for m in moves if whole.start <= m.span.start and m.span.end <= whole.end]
        shifted = [Move(Span(m.span.start - whole.start, m.span.end - whole.start), m.text) for m in inside]
        texts[whole] = splice(source.slice(whole), shifted).strip()
    return "use " + " and ".join(texts.values())


def _shown(move: Move, source: Source) -> Span:
    """Return the component around an edit, or only the edited lines if the component is long."""
    whole = move.whole
    if (
        whole is not None
        and whole.start <= move.span.start
        and move.span.end <= whole.end
        and "\n" not in source.slice(whole)
    ):
        return whole
    start = source.text.rfind("\n", 0, move.span.start) + 1
    end = source.text.find("\n", move.span.end)
    line = Span(start, len(source.text) if end < 0 else end)
    comment = source.slice(line).find(" #")
    return line if comment < 0 or start + comment < move.span.end else Span(start, start + comment)


def model_report(analysis: Analysis, source: Source, options: Options, with_chain: bool = True) -> ModelReport:
    """Return the chain of a model as plain data, and which of its links were not checked."""
    shown = analysis.chain.links if with_chain and options.chains else ()
    chain = tuple(_link_report(link, source, options.chains == "layers") for link in shown)
    links = list(analysis.links())
    unchecked = tuple(
        UncheckedLink(link.role, link.reason, link.help, source.location(link.span or analysis.model.span))
        for link in links
        if not link.is_checked
    )
    model, in_config = analysis.model, not is_python(source)
    said = model.method if model.named is not None or (in_config and options.method) else None
    otherwise = "not self-supervised" if not model.method else f"{model.method} by default" if in_config else NO_METHOD
    place = source.location(model.span)
    return ModelReport(
        name=model.name,
        method=said or None,
        chain=chain,
        links=len(links),
        unchecked=unchecked,
        otherwise=otherwise,
        location=place,
        losses=analysis.losses,
        copied=analysis.copied,
        unknown=sum(link.component.source == "unknown" for link in analysis.chain.links),
    )


def _link_report(link: Link, source: Source, with_layers: bool) -> LinkReport:
    component, replaced = link.component, _replaced(link)
    return LinkReport(
        role=link.role,
        component=component.target or component.spec.target or "declared",
        input=json_shape(link.incoming.certain),
        output=json_shape(link.outgoing.certain),
        source=component.source,
        signature="" if replaced else _signature_text(component),
        weights=None if replaced else component.weights,
        note=f"{' and '.join(replaced)} replaced" if replaced else component.reason,
        layers=_layer_reports(link) if with_layers else (),
        broken=any(isinstance(edge.result, signatures.Misfit) and not edge.inside for edge in link.edges),
        location=source.location(_whole(component)),
        after=link.incoming.maker.role,
    )


def _whole(component: Resolved) -> Span:
    """The place of a component; of layers that are written one after the other, from the first to the last of them."""
    spans = [component.spec.span, *(layer.spec.span for layer in component.layers)]
    starts = [span.start for span in spans]
    if starts != sorted(starts) or any(isinstance(span, Elsewhere) for span in spans):
        return component.spec.span
    return Span(starts[0], max(span.end for span in spans))


def _layer_reports(link: Link) -> tuple[LayerReport, ...]:
    if link.layers:
        return tuple(
            LayerReport(
                str(index),
                flow.component.label,
                json_shape(flow.input),
                json_shape(flow.output),
                flow.component.weights,
            )
            for index, flow in enumerate(link.layers)
        )
    parts = _original_parts(link)
    key = (tuple(parts.items()), _typed(link.component.values), _typed(_known_axes(link)))
    try:
        hash(key)
    except TypeError:
        return _part_reports.__wrapped__(*key)
    return _part_reports(*key)


def _replaced(link: Link) -> list[str]:
    """Return the parts of a component, as its signature lists them, that the program replaced."""
    parts = link.component.row.parts if link.component.row else {}
    return [name for name in link.replaced if name in parts]


def _original_parts(link: Link) -> dict[str, str]:
    """Return the parts of a component as its signature lists them, up to the first that is not as it was made."""
    parts = dict(link.component.row.parts) if link.component.row else {}
    changed = (f"{name}." for name in _replaced(link))
    first = min(
        (number for one in changed for number, name in enumerate(parts) if one.startswith(f"{name}.")), default=None
    )
    return dict(list(parts.items())[:first])


def _typed(values: Mapping[str, Any]) -> tuple[tuple[str, str, Any], ...]:
    """Return values by name as a hashable key, in which True and 1 differ."""
    return tuple((name, type(value).__name__, value) for name, value in values.items())


def _known_axes(link: Link) -> dict[str, Any]:
    """Return the values of the free axes of a component's signature, as far as its input determines them."""
    incoming = link.incoming.certain
    for alternative in link.component.signature.alternatives if link.component.signature else ():
        bindings: dict[str, Any] = {}
        if isinstance(incoming, tuple) and not isinstance(
            signatures.match(alternative.inputs[0], incoming, bindings), signatures.Misfit
        ):
            return bindings
    return {}


@lru_cache(maxsize=256)
def _part_reports(
    parts: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, str, Any], ...],
    known: tuple[tuple[str, str, Any], ...],
) -> tuple[LayerReport, ...]:
    """Return the parts of a component; cached, since many models of a file have the same backbone."""
    given, axes = ({name: value for name, _, value in pairs} for pairs in (values, known))
    return tuple(_part_report(name, text, given, axes) for name, text in parts)


def _part_report(name: str, text: str, values: dict[str, Any], known: dict[str, Any]) -> LayerReport:
    kind, _, signature = text.partition(":")
    try:
        template = notation.parse_signature(signature)
        parsed = signatures.substitute(
            template, {name: values[name] for name in values if name in template.arguments_named}
        )
    except notation.SignatureError:
        return LayerReport(name, kind.strip(), None, None)
    alternative = parsed.alternatives[0]
    filled = {"...": ("...",), **known}
    ends = (alternative.inputs[0] if alternative.inputs else None, alternative.output)
    taken, given = (json_shape(signatures.fill(pattern, filled) if pattern else None) for pattern in ends)
    return LayerReport(name, kind.strip().rpartition(".")[2], taken, given)


def _signature_text(component: Resolved) -> str:
    """Return the first alternative of a signature, without its conditions."""
    if component.layers:
        return "layers"
    return str(replace(component.signature.alternatives[0], where="")) if component.signature else ""


def json_shape(value: ShapeOrStructure | None) -> JsonShape:
    """Convert a shape to JSON: `["B", 512]`, a list of such lists for a tuple of tensors, None if it is unknown."""
    if value is None:
        return None
    if isinstance(value, StructureValue):
        return [cast(list[Any], json_shape(element)) for element in value.elements]
    return [dim if isinstance(dim, int) else str(dim) for dim in value]
