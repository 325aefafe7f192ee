"""Turn the faults of a run into findings, with the texts of the rule pages."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, cast

from torch import nn

from shapelint.judge import torch_errors
from shapelint.judge.facts import EdgeFacts, Port, Side
from shapelint.judge.subjects.batch import BatchFacts
from shapelint.judge.subjects.loss import LossFacts, compare
from shapelint.judge.templates import render
from shapelint.knowledge import losses, methods, rule_pages
from shapelint.knowledge.rule_pages import Rule
from shapelint.live.misfits import METHOD, MODEL_INPUT, Fault, Maker
from shapelint.shapes import dims, expression
from shapelint.shapes.signatures import format_shape
from shapelint.signatures import stored
from shapelint.spec.findings import Finding, Severity
from shapelint.text.location import Location

AXIS = ("SL104", "layer-width-mismatch", "{consumer} needs {consumer.input.shape}, but gets {producer.output.shape}")
"""Code, name and message of a misfit that no rule page covers."""


def edge_finding(fault: Fault, modules: Mapping[str, nn.Module], first: str, is_image: bool) -> Finding:
    """One misfit as a finding; `first` is the component that takes the input, `is_image` whether that is an image."""
    facts = _facts(fault, modules, first, is_image)
    names: dict[str, Any] = {"edge": facts, "consumer": facts.consumer, "producer": facts.producer}
    subject = "edge"
    if fault.about_batch:
        consumer = _name(fault.consumer, True, modules)
        subject, names = "batch", {"batch": BatchFacts(1, False, consumer, fault.actual_shape, False, None)}
    role = fault.consumer.layer if facts.inside else fault.consumer.component or fault.consumer.layer
    place = location_of(role, modules)
    for rule in _violated(subject, names):
        return _finding(rule, names, role, place, (fault.expected, fault.actual))
    code, name, message = AXIS
    return Finding(code, name, "error", render(message, names), place, "", "", role, fault.expected, fault.actual)


def loss_findings(left: Side, right: Side, modules: Mapping[str, nn.Module]) -> list[Finding]:
    """The findings of the method's loss for its two operands, each (B, features)."""
    pack = methods.pack(METHOD)
    loss = losses.bind(None, pack.loss.default if pack and pack.loss else None)
    if loss is None:
        return []
    batch = dims.symbol("B")
    sizes = [(batch, one.output.features or dims.UNKNOWN_DIM) for one in (left, right)]
    comparison = compare(loss.signature.operands, sizes[0], sizes[1])
    facts = LossFacts(
        left,
        right,
        comparison.equal,
        comparison.broadcasts,
        name=loss.label,
        result=format_shape(comparison.result),
        says=loss.signature.says,
    )
    names = {"loss": facts, "left": left, "right": right}
    place, ends = location_of(left.name, modules), (right.output.features, left.output.features)
    return [_finding(rule, names, left.name, place, ends) for rule in _violated("loss", names)]


def side(role: str, width: int) -> Side:
    """One operand of the loss."""
    return Side(role, role, output=Port(width, 2, f"(B, {width})"))


def location_of(role: str, modules: Mapping[str, nn.Module]) -> Location:
    """The class around a dotted name that the user wrote, else one chosen from a library, else the module's own."""
    parts = role.split(".") if role else []
    names = [".".join(parts[:count]) for count in range(len(parts), -1, -1)]
    found = [modules[name] for name in names if name in modules]
    ranked = sorted(found, key=lambda module: _foreign(type(module)))
    kind = type(ranked[0]) if ranked else object
    try:
        path, line = inspect.getsourcefile(kind), inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):
        path, line = None, 1
    return Location(path or f"<{kind.__name__}>", line, 1, line, 1)


def _foreign(kind: type) -> int:
    """Rank a class: 0 for the user's own, 1 for a library's, 2 for one of torch."""
    package = kind.__module__.partition(".")[0]
    return 2 if package == "torch" else int(package in {library.library for library in stored.libraries()})


def _facts(fault: Fault, modules: Mapping[str, nn.Module], first: str, is_image: bool) -> EdgeFacts:
    consumer, producer = fault.consumer, fault.producer
    from_input = producer.component == MODEL_INPUT
    inside = not from_input and producer.component == consumer.component
    inside = inside or (not fault.change and fault.kind in ("axis", "rank") and fault.consumer.label.islower())
    expected = fault.expected if fault.kind == "axis" else None
    actual = fault.actual if fault.kind == "axis" else None
    is_backbone = consumer.component == first
    role = producer.component if not from_input else MODEL_INPUT if is_image else ""
    known = {
        "consumer": Side(
            role=consumer.component,
            name=_name(consumer, inside or not consumer.component, modules),
            component=_class_name(consumer, modules),
            input=Port(expected, fault.expected_rank, fault.expected_shape),
            is_head=not is_backbone,
            is_backbone=is_backbone,
        ),
        "producer": Side(
            role=role,
            name="the input" if from_input else _name(producer, inside, modules),
            component=_class_name(producer, modules),
            output=Port(actual, fault.rank, fault.actual_shape),
            is_backbone=producer.component == first,
            has_default_classes=fault.are_logits,
        ),
        "inside": inside,
        "fits": fault.expected == fault.actual,
        "axes_fit": fault.kind != "rank",
        "size_fits": not fault.about_size,
        "batch_fits": not fault.about_batch,
        "counted": "features",
        "channels_fit": not (role == MODEL_INPUT and fault.kind == "axis" and fault.axis == 1),
        "is_one_tensor": fault.kind != "type",
        "condition": fault.condition,
        "crash": _crash(fault),
    }
    # Facts that one run at one size does not determine are None: rules that need them stay silent.
    unknown = {field.name: None for field in fields(EdgeFacts) if field.default is MISSING}
    return EdgeFacts(**{**unknown, **known})


def _crash(fault: Fault) -> str:
    """torch's own words for a width that does not fit."""
    text = torch_errors.TEXTS.get(fault.consumer.label, "")
    if not text or fault.kind != "axis":
        return ""
    words = text.format(actual=fault.actual, expected=fault.expected, out=fault.out)
    return f'training would stop with "{words}"'


def _name(maker: Maker, inside: bool, modules: Mapping[str, nn.Module]) -> str:
    """The name of one end in messages: its component, or its layer if both ends are in one component."""
    if maker.component and not inside:
        return maker.component
    name = maker.layer or maker.component or _class_name(Maker(""), modules)
    return f"{name} ({maker.label})" if maker.label and maker.label != name else name


def _class_name(maker: Maker, modules: Mapping[str, nn.Module]) -> str:
    """The class of a component, or of the whole model."""
    return type(modules[maker.component]).__name__ if maker.component in modules else "the model"


def _violated(subject: str, names: Mapping[str, Any]) -> Iterator[Rule]:
    """The rules that a subject violates, without those that another one replaces."""
    violated = [
        rule
        for rule in rule_pages.built_in().values()
        if rule.page.subject == subject
        and rule.page.emitted_by is None
        and expression.evaluate(rule.page.when, names) is True
        and expression.evaluate(rule.page.require, names) is False
    ]
    silenced = {code for rule in violated for code in rule.page.instead_of}
    return (rule for rule in violated if rule.page.code not in silenced)


def _finding(
    rule: Rule,
    names: Mapping[str, Any],
    role: str,
    place: Location,
    conflict: tuple[Any, Any],
) -> Finding:
    page = rule.page
    expected, actual = conflict
    severity = (
        page.severity if page.severity in ("error", "warning", "info") else expression.evaluate(page.severity, names)
    )
    return Finding(
        code=page.code,
        name=page.name,
        severity=cast(Severity, severity),
        message=render(page.message, names),
        location=place,
        label=render(page.label, names),
        role=role,
        expected=expected,
        actual=actual,
        notes=tuple(filter(None, (render(page.note, names),))),
        help=render(page.help, names),
    )
