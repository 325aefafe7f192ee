"""Layers that write a fixed number in place of the batch."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.occasions import Ends, Occasion
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import ShapeOrStructure


@frozen
class BatchAxisFacts:
    """The first layer whose first output axis is not the batch: `size` is that axis, `free` the open batch."""

    layer: str
    size: Dim
    free: bool
    shape: str


def occasions(judged: Judged) -> Iterator[Occasion]:
    """The first layer of each component that turns an open batch into a number."""
    for link in judged.chain.links:
        steps = [(flow.component, flow.input, flow.output) for flow in link.layers]
        steps = steps or [(link.component, link.incoming.value, link.outgoing.value)]
        for index, (component, before, after) in enumerate(steps):
            first, last = _first(before), _first(after)
            if first is None or last is None or not (dims.names(first) and isinstance(last, int)):
                continue
            name = f"{link.role} layer {index} ({component.label})" if link.layers else link.role
            facts = BatchAxisFacts(name, last, False, signatures.format_shape(after))
            ends = Ends(("batch_axis", link.role), link.role, component.spec.head, (), str(first), last)
            yield Occasion("batch_axis", {"batch_axis": facts}, ends)
            break


def _first(value: ShapeOrStructure | None) -> Dim | None:
    return value[0] if isinstance(value, tuple) and value and dims.is_known(value[0]) else None
