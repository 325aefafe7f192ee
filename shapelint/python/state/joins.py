"""Two ways through a file coming together: what both agree on stays, the rest is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.python.state import class_lookup
from shapelint.python.state.value_facts import among
from shapelint.python.state.values import (
    UNKNOWN,
    Chained,
    CommandLine,
    Component,
    Const,
    Data,
    Instance,
    Items,
    Node,
    Scope,
    Size,
    Table,
    Tensor,
    Value,
    Views,
)
from shapelint.shapes import dims


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
        return Items(items, left.kind, rest, one_of=(left, right) if left.kind == "list" else ())
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
    return among(left, right)


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
        sizes = tuple(one if dims.equal(one, two) else dims.UNKNOWN_DIM for one, two in zip(left.value, right.value))
        return Flow(sizes, left.origins, left.maker)
    return Flow(None, (), left.maker)


def joined(holder: Any, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """What is in an object that has one of several contents, in the order of `journal.FIELDS`."""
    return _JOINS[type(holder)](holder, contents)


def all_of(values: Sequence[Value]) -> Value:
    """What a value is that is one of several; unknown if it is none."""
    return reduce(join, values) if values else UNKNOWN


def _names(scope: Scope, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Names of a scope: one that only some ways give is what they give, for without it there is an error.

    A class without it has that of a base.
    """
    dicts = [names for (names,) in contents]
    return (_by_key(dicts, lambda name, found: UNKNOWN if scope.kind == "class" else all_of(found)),)


def _by_key(dicts: Sequence[dict[Any, Value]], some: Callable[[Any, list[Value]], Value]) -> dict[Any, Value]:
    """Values by key: joined where every dict has one, what `some` says of it otherwise."""
    result: dict[Any, Value] = {}
    for key in dict.fromkeys(key for one in dicts for key in one):
        found = [one[key] for one in dicts if key in one]
        result[key] = all_of(found) if len(found) == len(dicts) else some(key, found)
    return result


def _attributes(owner: Instance, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Attributes of an object: without one of its own it has that of its class."""

    def some(name: str, found: list[Value]) -> Value:
        inherited = class_lookup.find(owner.cls, name) if owner.cls is not None else None
        return all_of(found) if inherited is None else join(all_of(found), inherited)

    dicts = [one[0] for one in contents]
    opaque, perhaps = any(one[1] for one in contents), _perhaps(dicts, [one[2] for one in contents])
    return _by_key(dicts, some), opaque, perhaps, *(_of_some([one[place] for one in contents]) for place in (3, 4))


def _of_some(values: Sequence[Value | None]) -> Value | None:
    """What is there on some branches at least."""
    found = [value for value in values if value is not None]
    return all_of(found) if found else None


def _perhaps(dicts: Sequence[dict[Any, Value]], before: Sequence[frozenset[Any]]) -> frozenset[Any]:
    """The keys that are there on some ways only."""
    every = {key for one in dicts for key in one}
    return frozenset(key for key in every if any(key not in one for one in dicts)).union(*before)


def _elements(_: Items, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Elements one by one where the ways agree on how many there are, else what any of them may be."""
    if len({len(items) for items, _ in contents}) == 1 and all(rest is None for _, rest in contents):
        return [all_of(column) for column in zip(*(items for items, _ in contents))], None
    return [], all_of([value for items, rest in contents for value in (*items, *([] if rest is None else [rest]))])


def _keys(_: Table, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """A key that only some ways give is there perhaps."""
    dicts = [items for items, *_ in contents]
    items = _by_key(dicts, lambda key, found: all_of(found))
    return items, any(one[1] for one in contents), _perhaps(dicts, [one[2] for one in contents])


def _options(_: CommandLine, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return (_by_key([defaults for (defaults,) in contents], lambda name, found: UNKNOWN),)


def _children(_: Chained, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    rests = [rest for _, rest in contents if rest is not None]
    rest = all_of(rests) if rests else None
    if len({tuple(children) for children, _ in contents}) > 1:
        rest = UNKNOWN
    return _by_key([children for children, _ in contents], lambda key, found: UNKNOWN), rest


def _replaced(_: Component, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """A child that only some ways replace is one of two; a model whose arguments differ is not known at all."""
    replaced = _by_key([changed for changed, *_ in contents], lambda name, found: UNKNOWN)
    first = contents[0]
    same = all(one[2] is first[2] for one in contents)
    return replaced, any(one[1] for one in contents) or not same, *first[2:]


def _views(_: Views, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    sizes = reduce(_sizes, [sizes for sizes, _ in contents])
    return sizes, all(keeps for _, keeps in contents)


_JOINS: dict[type, Callable[[Any, Sequence[tuple[Any, ...]]], tuple[Any, ...]]] = {
    Scope: _names,
    Items: _elements,
    Table: _keys,
    Instance: _attributes,
    Chained: _children,
    Component: _replaced,
    CommandLine: _options,
    Views: _views,
}
