"""Layers with several inputs, seen as if they took one of these alone."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.common.frozen import replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.notation import Alternative, Signature


def input_alone(resolved: Resolved, position: int) -> Resolved:
    """Return a component as if it had one of its inputs only, whose shape it keeps."""

    def alone(one: Alternative) -> Alternative:
        kept = one.inputs[position]
        return Alternative((kept,), kept, "" if position else one.where)

    return each(resolved, alone)


def each(resolved: Resolved, change: Callable[[Alternative], Alternative]) -> Resolved:
    """Return a component with each alternative of its signature changed."""

    def changed(signature: Signature | None) -> Signature | None:
        return signature and replace(signature, alternatives=tuple(map(change, signature.alternatives)))

    return replace(resolved, signature=changed(resolved.signature), template=changed(resolved.template))
