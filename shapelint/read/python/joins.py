"""Two ways through a file coming together: what both agree on stays, the rest is unknown."""

from __future__ import annotations

from dataclasses import replace

from shapelint import dims
from shapelint.chain import Flow
from shapelint.read.python.run import Run, State
from shapelint.read.python.values import UNKNOWN, Const, Data, Items, Node, Scope, Size, Tensor, Value, Views


def join(left: Value, right: Value) -> Value:
    """What a value is that is one of two."""
    if left is right:
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        same = type(left.value) is type(right.value) and left.value == right.value
        if same and left.variables != right.variables:
            return replace(left, variables=())
        return left if same else UNKNOWN
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return Tensor(_flow(left.flow, right.flow), left.detached and right.detached)
    if isinstance(left, Items) and isinstance(right, Items) and _alike(left, right):
        items = [join(one, two) for one, two in zip(left.items, right.items)]
        rest = join(left.rest, right.rest) if left.rest is not None and right.rest is not None else None
        return Items(items, left.kind, rest)
    if isinstance(left, Data) and isinstance(right, Data):
        right = replace(right, sizes=_sizes(left.sizes, right.sizes))
        left = replace(left, sizes=right.sizes)
    if isinstance(left, Views) and isinstance(right, Views):
        sizes = _sizes(left.sizes, right.sizes)
        return Views(sizes, left.keeps and right.keeps) if sizes or left.keeps is right.keeps else UNKNOWN
    if type(left) is type(right) and left == right:
        return left
    if isinstance(left, Node) and isinstance(right, Node) and left.origin is not None and left.origin is right.origin:
        # Two copies of one module: a target that is made anew at times.
        return left
    return UNKNOWN


def _alike(left: Items, right: Items) -> bool:
    same_length = len(left.items) == len(right.items) and (left.rest is None) == (right.rest is None)
    return left.kind == right.kind and same_length


def _sizes(left: tuple[Size, ...], right: tuple[Size, ...]) -> tuple[Size, ...]:
    """The sizes of one of two, if the other has the same; none otherwise."""
    return left if [one.pixels for one in left] == [one.pixels for one in right] else ()


def _flow(left: Flow, right: Flow) -> Flow:
    if left.value == right.value:
        return left
    if isinstance(left.value, tuple) and isinstance(right.value, tuple) and len(left.value) == len(right.value):
        sizes = tuple(one if dims.equal(one, two) else dims.UNKNOWN for one, two in zip(left.value, right.value))
        return Flow(sizes, left.origins, left.maker)
    return Flow(None, (), left.maker)


def merge(run: Run, scope: Scope, states: list[State]) -> None:
    """Continue from several states at once."""
    first = states[0]
    first.restore(scope)
    for state in states[1:]:
        _names(scope.names, state.names)
        saved = {id(live): (live, content) for live, content in state.contents}
        for live, content in saved.values():
            if isinstance(live, Items):
                if live.items != content[0]:
                    live.items, live.rest = [], UNKNOWN
            elif isinstance(live, dict):
                _names(live, content)


def _names(live: dict, other: dict) -> None:  # type: ignore[type-arg]
    for name in {*live, *other}:
        if name in live and name in other:
            live[name] = join(live[name], other[name])
        else:
            live[name] = live.get(name, other.get(name, UNKNOWN))
