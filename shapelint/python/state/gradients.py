"""Which modules get gradients through a tensor: those of all that it was made of, or of whichever of several it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from shapelint.common.frozen import replace
from shapelint.python.state.values import Items, Node, Tensor, Value

Trained = frozenset[Node]
UNTRAINED: Trained = frozenset()


def through(values: Sequence[Value]) -> Trained:
    """Return what is trained through a tensor that several others were made into."""
    found = [value.trains for value in values if isinstance(value, Tensor)]
    return UNTRAINED.union(*found) if found else UNTRAINED


def through_any(tensors: Sequence[Tensor]) -> Trained:
    """Return what is trained in all cases through a tensor that is one of several."""
    return reduce(frozenset.intersection, [tensor.trains for tensor in tensors])


def added(value: Value, trained: Trained) -> Value:
    """Return what a module gives, with what is trained through it."""
    if isinstance(value, Tensor) and trained:
        return replace(value, trains=value.trains | trained)
    if isinstance(value, Items) and trained:
        return Items([added(one, trained) for one in value.items], value.kind, value.rest)
    return value


def stopped(value: Value) -> Value:
    """Return what an operation gives through which no gradient flows."""
    if isinstance(value, Tensor) and value.trains:
        return replace(value, trains=UNTRAINED)
    if isinstance(value, Items) and value.kind == "tuple" and any(map(_flows, value.items)):
        rest = None if value.rest is None else stopped(value.rest)
        return Items([stopped(one) for one in value.items], "tuple", rest, value.depth, value.shape_of)
    return value


def _flows(value: Value) -> bool:
    return isinstance(value, Tensor) and bool(value.trains)
