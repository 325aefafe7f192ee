"""Turn the faults of a run into findings: each fault once, with the call that fixes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from shapelint.knowledge import methods
from shapelint.live.head_calls import call_with
from shapelint.live.live_layers import layer_of
from shapelint.live.misfits import METHOD, Change, Fault, FeatureWidth
from shapelint.live.wording import edge_finding, loss_findings, side
from shapelint.spec.findings import Finding, Related

Pair = tuple[str, str]


def report(
    faults: Sequence[Fault],
    widths: Mapping[str, FeatureWidth],
    modules: Mapping[str, nn.Module],
    first: str,
    is_image: bool,
) -> list[Finding]:
    """The findings of one run. `first` is the component that takes the input, `is_image` whether that is an image."""
    groups = _grouped(faults, modules)
    kept = [group[0] for group in groups]
    found = [(_finding(group, modules, first, is_image), _change(group, modules)) for group in groups]
    operands = _operands(widths)
    if operands is not None:
        left, right = operands
        lost = loss_findings(side(left, widths[left].size), side(right, widths[right].size), modules)
        found = _with_loss(found, kept, lost, {left: widths[left], right: widths[right]}, modules)
    changes = [change for _, change in found if change is not None]
    return [_with_help(finding, change, changes, modules) for finding, change in found]


def _with_help(
    finding: Finding, change: Change | None, changes: Sequence[Change], modules: Mapping[str, nn.Module]
) -> Finding:
    return finding if change is None else replace(finding, help=f"use {call_with(change, changes, modules)}")


def _finding(group: Sequence[Fault], modules: Mapping[str, nn.Module], first: str, is_image: bool) -> Finding:
    finding = edge_finding(group[0], modules, first, is_image)
    others = dict.fromkeys(fault.consumer.layer for fault in group[1:] if fault.consumer.layer)
    if not others or group[0].about_batch:
        return finding
    return replace(finding, notes=(*finding.notes, f"the same holds for {', '.join(others)}"))


def _change(group: Sequence[Fault], modules: Mapping[str, nn.Module]) -> Change | None:
    """The fewest edits: of the layer that takes the wrong width, or of the one that makes it if several take it."""
    fault = group[0]
    if fault.are_logits:
        return None
    consumers = {one.consumer for one in group if one.consumer.component == fault.consumer.component}
    inside = fault.producer.component == fault.consumer.component
    at_producer = inside and len(consumers) > 1 and fault.kind == "axis"
    width = FeatureWidth(fault.actual, fault.producer)
    return (_width_change(width, fault.expected, modules) if at_producer else None) or fault.change


def _grouped(faults: Sequence[Fault], modules: Mapping[str, nn.Module]) -> list[list[Fault]]:
    """Group faults of one cause: layers that take the same wrong tensor, also in a momentum copy; a small batch.

    A copy is a component of the same class with the same two numbers in conflict.
    """
    groups: dict[Any, list[Fault]] = {}
    for fault in faults:
        ends = [type(modules.get(maker.component)).__name__ for maker in (fault.consumer, fault.producer)]
        made_in = fault.producer.layer[len(fault.producer.component) :]
        key = (*ends, made_in, fault.kind, str(fault.expected), str(fault.actual), fault.condition)
        groups.setdefault("batch" if fault.about_batch else key, []).append(fault)
    return list(groups.values())


def _operands(widths: Mapping[str, FeatureWidth]) -> Pair | None:
    """The components whose outputs the method's loss compares; a target's projection is as wide as the online one."""
    pack = methods.pack(METHOD)
    if pack is None or pack.loss is None:
        return None
    names: list[str] = []
    for end in (pack.loss.left, pack.loss.right):
        role = end.partition(".")[2]
        names += [name for name in widths if pack.role_of(name.rpartition(".")[2]) == role][:1]
    return (names[0], names[1]) if len(names) == 2 else None


def _with_loss(
    found: list[tuple[Finding, Change | None]],
    faults: Sequence[Fault],
    lost: Sequence[Finding],
    compared: Mapping[str, FeatureWidth],
    modules: Mapping[str, nn.Module],
) -> list[tuple[Finding, Change | None]]:
    """The findings with those of the loss.

    `compared` are the widths of the two operands, by their components. A prediction head that is wrong at both ends
    against one projection is one finding: the projection is at fault.
    """
    left, right = compared
    if not lost:
        return found
    for index, fault in enumerate(faults):
        both = fault.consumer.component == left and fault.producer.component == right
        if both and fault.kind == "axis" and fault.expected == compared[left].size:
            related = tuple(Related(finding.location, finding.message) for finding in lost)
            change = _width_change(compared[right], fault.expected, modules) or fault.change
            found[index] = (replace(found[index][0], related=related), change)
            return found
    change = _width_change(compared[left], compared[right].size, modules)
    return [*found, *((finding, change) for finding in lost)]


def _width_change(width: FeatureWidth, size: int, modules: Mapping[str, nn.Module]) -> Change | None:
    """The change that makes a component give another number of features; None if its last layer does not set it."""
    layer = layer_of(modules[width.maker.layer]) if width.maker.layer in modules and width.maker.layer else None
    argument = layer.width_argument if layer else ""
    return Change(width.maker.layer, argument, size) if argument else None
