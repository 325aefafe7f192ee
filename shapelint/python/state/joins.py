"""Join the states of several branches: what they agree on stays, the rest becomes unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.python.state import class_lookup
from shapelint.python.state.value_facts import is_number, one_of, unknown_among
from shapelint.python.state.values import (
    NONE,
    UNKNOWN,
    Chained,
    CommandLine,
    Component,
    Const,
    Data,
    Dataset,
    Instance,
    Items,
    Node,
    Scope,
    Size,
    Table,
    Tensor,
    Unknown,
    Value,
    Views,
)
from shapelint.shapes import dims
from shapelint.spec.spec import Cause

BRANCHES = Cause("it has another shape in one branch of the program than in another")


def join(left: Value, right: Value) -> Value:
    """Return the value that represents either of two values."""
    if left is right:
        return left
    if isinstance(left, Const) and isinstance(right, Const):
        same = type(left.value) is type(right.value) and left.value == right.value
        if same and left.variables != right.variables:
            return replace(left, variables=())
        return left if same else Unknown(is_number=is_number(left) and is_number(right))
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return Tensor(_flow(left.flow, right.flow), left.trains & right.trains)
    if isinstance(left, Items) and isinstance(right, Items) and _alike(left, right):
        items = [join(one, two) for one, two in zip(left.items, right.items)]
        rest = join(left.rest, right.rest) if left.rest is not None and right.rest is not None else None
        return Items(items, left.kind, rest, one_of=(left, right) if left.kind == "list" else ())
    if isinstance(left, Data) and isinstance(right, Data):
        right = replace(right, sizes=_sizes(left.sizes, right.sizes))
        left = replace(left, sizes=right.sizes)
    ended = next((data for data, end in ((left, right), (right, left)) if isinstance(data, Data) and end == NONE), None)
    if ended is not None:
        return replace(ended, may_end=True)
    views = _of_loader(left, right) or _of_loader(right, left)
    if views is not None:
        return views
    if isinstance(left, Views) and isinstance(right, Views):
        sizes = _sizes(left.sizes, right.sizes)
        return Views(sizes, left.keeps and right.keeps) if sizes or left.keeps is right.keeps else UNKNOWN
    if isinstance(left, Dataset) or isinstance(right, Dataset):
        return _dataset(left, right)
    if type(left) is type(right) and left == right:
        return left
    if isinstance(left, Node) and isinstance(right, Node) and left.origin is not None and left.origin is right.origin:
        # Two copies of one module: a target network that is created again from time to time.
        return left
    if is_number(left) and is_number(right):
        return Unknown(is_number=True)
    together = (*_candidates(left), *_candidates(right))
    whole = _candidates(left) and _candidates(right) and all(isinstance(one, Node) for one in together)
    return one_of(tuple(dict.fromkeys(together))) if whole else unknown_among(left, right)


def _of_loader(data: Value, views: Value) -> Data | None:
    """Return what a loader gives or a list of it: several views, as anything taken from the loader may be.

    `X = [X] if isinstance(X, torch.Tensor) else X`
    """
    if not isinstance(data, Data) or not isinstance(views, Items) or views.kind not in ("list", "tuple"):
        return None
    inside = [*views.items, *([] if views.rest is None else [views.rest])]
    alike = all(isinstance(one, Data) and dims.equal(one.rows, data.rows) for one in inside)
    return replace(data, joined=False, labelled=False, sizes=()) if alike and inside else None


def _candidates(value: Value) -> tuple[Value, ...]:
    """Return the modules of which a value is one; none if it may be another."""
    if isinstance(value, Unknown):
        return value.inside if value.choice is not None else ()
    return (value,) if isinstance(value, Node) else ()


def _alike(left: Items, right: Items) -> bool:
    same_length = len(left.items) == len(right.items) and (left.rest is None) == (right.rest is None)
    return left.kind == right.kind and same_length


def _sizes(left: tuple[Size, ...], right: tuple[Size, ...]) -> tuple[Size, ...]:
    """Return the sizes if both sides have the same ones, otherwise none."""
    return left if [one.pixels for one in left] == [one.pixels for one in right] else ()


def _flow(left: Flow, right: Flow) -> Flow:
    if left.value == right.value:
        return left
    if isinstance(left.value, tuple) and isinstance(right.value, tuple) and len(left.value) == len(right.value):
        sizes = tuple(one if dims.equal(one, two) else dims.UNKNOWN_DIM for one, two in zip(left.value, right.value))
        pairs = zip(left.origins, left.value, right.value)
        origins = tuple(one if dims.equal(*two) else replace(one, cause=BRANCHES) for one, *two in pairs)
        return Flow(sizes, origins, left.maker)
    return Flow(None, (), replace(left.maker, cause=BRANCHES))


def joined(holder: Any, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join several contents of one object, each a tuple in the order of `journal.FIELDS`."""
    return _JOINS[type(holder)](holder, contents)


def all_of(values: Sequence[Value]) -> Value:
    """Join several values; unknown if there are none."""
    return reduce(join, values) if values else UNKNOWN


def _names(scope: Scope, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join the names of a scope.

    A name that only some branches set keeps their value, because reading it after any other branch is an error. In a
    class body it becomes unknown instead, because the class may inherit it from a base.
    """
    dicts = [names for (names,) in contents]
    return (_by_key(dicts, lambda name, found: UNKNOWN if scope.kind == "class" else all_of(found)),)


def _by_key(dicts: Sequence[dict[Any, Value]], some: Callable[[Any, list[Value]], Value]) -> dict[Any, Value]:
    """Join dicts key by key; `some(key, found)` returns the value of a key that some of the dicts lack."""
    result: dict[Any, Value] = {}
    for key in dict.fromkeys(key for one in dicts for key in one):
        found = [one[key] for one in dicts if key in one]
        result[key] = all_of(found) if len(found) == len(dicts) else some(key, found)
    return result


def _attributes(owner: Instance, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join the attributes of an object; if a branch sets none, the attribute of its class applies."""

    def some(name: str, found: list[Value]) -> Value:
        inherited = class_lookup.find(owner.cls, name) if owner.cls is not None else None
        return all_of(found) if inherited is None else join(all_of(found), inherited)

    dicts = [one[0] for one in contents]
    opaque, perhaps = any(one[1] for one in contents), _maybe_missing(dicts, [one[2] for one in contents])
    return _by_key(dicts, some), opaque, perhaps, *(_of_some([one[place] for one in contents]) for place in (3, 4))


def _of_some(values: Sequence[Value | None]) -> Value | None:
    """Join the values of those branches that have one; None if no branch does."""
    found = [value for value in values if value is not None]
    return all_of(found) if found else None


def _maybe_missing(dicts: Sequence[dict[Any, Value]], before: Sequence[frozenset[Any]]) -> frozenset[Any]:
    """Return the keys that some of the dicts lack, and those that were conditional before (one set per dict)."""
    every = {key for one in dicts for key in one}
    return frozenset(key for key in every if any(key not in one for one in dicts)).union(*before)


def _elements(_: Items, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join element by element if all branches have equally many elements, otherwise join all of them into `rest`."""
    if len({len(items) for items, *_ in contents}) == 1 and all(rest is None for _, rest, _ in contents):
        return [all_of(column) for column in zip(*(items for items, *_ in contents))], None, None
    rest = all_of([value for items, rest, _ in contents for value in (*items, *([] if rest is None else [rest]))])
    alike = all(not items and collected == contents[0][2] for items, _, collected in contents)
    return [], rest, contents[0][2] if alike else None


def _keys(_: Table, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join dicts; a key that only some branches set becomes conditional."""
    dicts = [items for items, *_ in contents]
    items = _by_key(dicts, lambda key, found: all_of(found))
    return items, any(one[1] for one in contents), _maybe_missing(dicts, [one[2] for one in contents])


def _options(_: CommandLine, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    return (_by_key([defaults for (defaults,) in contents], lambda name, found: UNKNOWN),)


def _children(_: Chained, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    rests = [rest for _, rest in contents if rest is not None]
    rest = all_of(rests) if rests else None
    if len({tuple(children) for children, _ in contents}) > 1:
        rest = UNKNOWN
    return _by_key([children for children, _ in contents], lambda key, found: UNKNOWN), rest


def _replaced(_: Component, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Join the replaced children of a component; one that only some branches replace becomes unknown.

    If the branches disagree on the arguments of the component, forget it altogether.
    """
    replaced = _by_key([changed for changed, *_ in contents], lambda name, found: UNKNOWN)
    first = contents[0]
    same = all(one[2] is first[2] for one in contents)
    return replaced, any(one[1] for one in contents) or not same, *first[2:]


def _dataset(left: Value, right: Value) -> Value:
    """Join two datasets, of which one may be of unknown length."""
    sources = [one.source if isinstance(one, Dataset) else one for one in (left, right)]
    lengths = [one.samples if isinstance(one, Dataset) else None for one in (left, right)]
    labelled = all(isinstance(one, Dataset) and one.labelled for one in (left, right))
    return Dataset(join(*sources), lengths[0] if lengths[0] == lengths[1] else None, labelled=labelled)


def _lengths(_: Dataset, contents: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    alike = all(samples == contents[0][0] for samples, _ in contents)
    return contents[0][0] if alike else None, all(labelled for _, labelled in contents)


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
    Dataset: _lengths,
}
