"""One of several values that a key which is not known chooses: what is known of all of them is known of it.

A number that depends on the choice alone is one number wherever it appears, whatever it is: the features of the network
that was chosen, and the width that a head takes from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.python.state import causes, gradients
from shapelint.python.state.arguments import Site
from shapelint.python.state.joins import all_of
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, one_of, unknown_among
from shapelint.python.state.values import (
    Bound,
    Choice,
    Const,
    Function,
    Items,
    Library,
    Node,
    Partial,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Cause

CANDIDATES = (Node, Function, Library, Partial, UserClass, Items, Bound)
"""What may be one of several; an index into `Items` is chosen with them."""
WIDTH = "width"
MAXIMUM_CHOICES = 8


class _Changed(NamedTuple):
    """What an attribute was set to on whichever value it is, and what each of them has in its place."""

    value: Value
    mark: Value


def by_key(run: Run, table: Table, index: Value, site: Site) -> Value | None:
    """Return `table[index]` with an index that is not known; None if no more than the parts of it can be said."""
    values = tuple(table.items.values())
    if not isinstance(index, Unknown) or table.open or table.maybe_missing or not 1 < len(values) <= MAXIMUM_CHOICES:
        return None
    names = [str(name) for name in table.items]
    chosen = one_of(values, key_among(index, list(table.items)), causes.chosen(run, index, names, site))
    return _common(chosen, values)


def key_among(key: Unknown, names: Sequence[object]) -> str:
    """Return what tells a choice among these names by a key; empty if the key is not the same one elsewhere."""
    parts = sorted(dims.names(key.number)) if key.number is not None else []
    is_whole = len(parts) == 1 and key.number == dims.symbol(parts[0])
    return f"{parts[0]}{list(names)}" if is_whole else ""


def attribute(run: Run, owner: Unknown, name: str, site: Site) -> Value | None:
    """Return an attribute of whichever value it is; None if no more than the parts of it can be said."""
    changes = _changes(run, owner)
    if changes is not None and name in changes:
        return changes[name].value
    return each(run, owner, lambda one: run.attribute(one, name, site))


def element(run: Run, owner: Unknown, index: Value, site: Site) -> Value | None:
    """Return an element of whichever value it is."""
    return each(run, owner, lambda one: run.element(one, index, site)) if owner.choice is not None else None


def row(run: Run, value: Value, count: int, site: Site) -> Items | None:
    """Return the elements of one of several tuples of this length."""
    if not isinstance(value, Unknown) or value.choice is None:
        return None
    if not all(isinstance(one, Items) and one.rest is None and len(one.items) == count for one in value.inside):
        return None
    parts = [element(run, value, Const(place), site) for place in range(count)]
    return Items([value if part is None else part for part in parts], "tuple") if None not in parts else None


def each(run: Run, chosen: Unknown, act: Callable[[Value], Value]) -> Value | None:
    """Return what something gives that is done to whichever value it is; nothing is reported of a single one."""
    changes = _changes(run, chosen)
    if changes is None:
        return None
    results: list[Value] = []
    with quiet(run):
        for one in chosen.inside:
            with run.journal.conditional():
                for name, changed in changes.items():
                    run.assign_attribute(one, name, changed.value)
                results.append(act(one))
                for name, changed in changes.items():
                    if run.named_attribute(one, name) is changed.value:
                        run.assign_attribute(one, name, changed.mark)
    return _common(chosen, tuple(results))


def change(run: Run, owner: Unknown, choice: Choice, name: str, value: Value) -> None:
    """Perform `owner.name = value`: any of the values may have been the one that it was done to."""
    mark = Unknown(Cause(f"{name} may have been set"), unknown_among(value).inside)
    for one in owner.inside:
        run.assign_attribute(one, name, mark)
    run.touch(choice.changes)
    choice.changes.items[name] = Items([value, mark], "tuple")
    choice.changes.maybe_missing -= {name}


def _changes(run: Run, owner: Unknown) -> dict[str, _Changed] | None:
    """Return what was set on whichever value it is; None if something else may have changed that since."""
    table = owner.choice.changes if owner.choice is not None else None
    if table is None or table.open or table.maybe_missing:
        return None
    found: dict[str, _Changed] = {}
    for name, pair in table.items.items():
        value, mark = pair.items if isinstance(pair, Items) and len(pair.items) == 2 else (pair, pair)
        if any(run.named_attribute(one, name) is not mark for one in owner.inside):
            return None
        found[name] = _Changed(value, mark)
    return found


@contextmanager
def quiet(run: Run) -> Iterator[None]:
    """Drop what is recorded of values that it may not be."""
    lists: Sequence[list[object]] = (run.calls, run.misuses, run.failures)  # type: ignore[assignment]
    before = [len(one) for one in lists]
    run.supposed += 1
    try:
        yield
    finally:
        run.supposed -= 1
        for one, length in zip(lists, before):
            del one[length:]


def _common(chosen: Unknown, values: tuple[Value, ...]) -> Value | None:
    """Return what is known of one of these values, which are those of the candidates in order."""
    assert chosen.choice is not None
    if values == chosen.inside and all(isinstance(value, CANDIDATES) for value in values):
        return chosen
    sizes = [integer(value) for value in values]
    if all(isinstance(size, int) for size in sizes):
        size = _number(chosen.choice, sizes)
        return all_of(values) if isinstance(size, int) else Unknown(chosen.cause, number=size)
    if all(isinstance(value, Const) for value in values):
        same = all_of(values)
        return same if isinstance(same, Const) else Unknown(chosen.cause)
    if all(isinstance(value, Tensor) for value in values):
        return _tensor(chosen, [value for value in values if isinstance(value, Tensor)])
    if all(isinstance(value, CANDIDATES) for value in values):
        return one_of(values, chosen.choice.key, chosen.cause)
    return None


def _number(choice: Choice, sizes: Sequence[Dim | None]) -> Dim:
    """Return a number that is one of these: the same one as any other with these sizes by the same choice."""
    if len(set(sizes)) == 1 and sizes[0] is not None:
        return sizes[0]
    if not all(isinstance(size, int) for size in sizes):
        return dims.UNKNOWN_DIM
    return dims.unknown(WIDTH, f"{choice.key}:{list(sizes)}".replace("#", "/").replace("~", "/"))


def _tensor(chosen: Unknown, tensors: Sequence[Tensor]) -> Tensor | None:
    """Return a tensor that is one of these; None if they differ in their number of axes."""
    assert chosen.choice is not None
    shapes = [tensor.flow.value for tensor in tensors if isinstance(tensor.flow.value, tuple)]
    first, loose = tensors[0], any(tensor.loose for tensor in tensors)
    if len(shapes) != len(tensors) or len(set(map(len, shapes))) != 1:
        return None
    sizes = tuple(_number(chosen.choice, column) for column in zip(*shapes))
    origins = tuple(
        origin if dims.is_known(size) else replace(origin, cause=chosen.cause)
        for origin, size in zip(first.flow.origins, sizes)
    )
    return Tensor(Flow(sizes, origins, first.flow.maker), gradients.through_any(tensors), loose)
