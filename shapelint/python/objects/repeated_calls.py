"""A network that gets the same again gives the same again: its forward is interpreted once for equal arguments.

Loops over epochs, batches and crops call one network many times. What a call of a method gave is kept if the call
changed nothing, until one of the objects that it may have read changes.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    Chained,
    CommandLine,
    Component,
    Const,
    Data,
    Dataset,
    Function,
    Instance,
    Items,
    Method,
    Node,
    Partial,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
    Views,
)
from shapelint.shapes import dims

MINIMUM_STEPS = 50
"""Steps that a call took at least whose result is kept."""
MAXIMUM_OBJECTS = 4000
"""Number of objects up to which it is known what a call may have read."""
MAXIMUM_RESULTS = 8
LONGEST_RESULT = 64


@frozen
class KeptCall:
    """What a call gave for its arguments, what was recorded during it, and how many scopes it opened.

    `read` are the names outside of it that it read. The path of its receiver is kept, so that no other object gets the
    identity of one of them.
    """

    given: tuple[Value, ...]
    value: Value
    records: tuple[tuple[Any, ...], ...]
    scopes: int
    path: tuple[Node, ...]
    read: tuple[tuple[Scope, str, Value], ...]


@frozen
class CallStart:
    """The state of a run at the beginning of a call that may be kept."""

    key: Hashable
    given: tuple[Value, ...]
    path: tuple[Node, ...]
    remaining: int
    serial: int
    read: int
    records: tuple[int, ...]
    effects: tuple[int, ...]


def begin(
    run: Run, function: Function, arguments: Arguments, receiver: Value | None
) -> tuple[CallStart | None, Value | None]:
    """Return what a call gave the last time, or else the start of one that may be kept; None for what there is not."""
    if not isinstance(receiver, (Instance, type(None))) or not _is_plain(function, arguments):
        return None, None
    given, path = tuple(one.value for one in arguments.every), receiver.path if receiver is not None else ()
    key = (id(function.node), tuple(arguments.keywords), *_surroundings(run, path))
    before = next((one for one in run.journal.kept.results.get(key, ()) if _is_right(one, given)), None)
    if before is not None:
        return None, _again(run, before)
    run.recording += 1
    lengths = tuple(map(len, _records(run)))
    return CallStart(key, given, path, run.remaining, run.serial, len(run.readings), lengths, _effects(run)), None


def keep(run: Run, start: CallStart, value: Value, changed: Sequence[int]) -> None:
    """Keep what a call gave, if it changed nothing that was there before, and what it gave is known."""
    cheap = start.remaining - run.remaining < MINIMUM_STEPS
    if cheap or changed or start.effects != _effects(run) or not _is_certain(value):
        return
    read = {(id(scope), name): (scope, name, found) for scope, name, found in run.readings[start.read :]}
    objects = _reachable([*start.path[-1:], *(found for _, _, found in read.values())])
    if objects is None or len(run.journal.kept.results.get(start.key, ())) >= MAXIMUM_RESULTS:
        return
    records = tuple(tuple(one[length:]) for one, length in zip(_records(run), start.records))
    scopes, names = run.serial - start.serial, tuple(read.values())
    run.journal.kept.keep(start.key, KeptCall(start.given, value, records, scopes, start.path, names), objects)


def end(run: Run, start: CallStart | None) -> None:
    """Note that a call ended, however it did."""
    run.recording -= start is not None
    if not run.recording:
        run.readings.clear()


def _again(run: Run, before: KeptCall) -> Value:
    """Repeat what a call did to the run, and return what it gave."""
    run.step()
    run.serial += before.scopes
    calls, *others = before.records
    for call in calls:
        run.record(call)
    for kept, new in zip(_records(run)[1:], others):
        kept.extend(new)
    return _copied(before.value)


def _records(run: Run) -> tuple[list[Any], ...]:
    """Return the lists of what is reported of a run."""
    return run.calls, run.misuses, run.failures, run.losses, run.banks, run.reshapes, run.loads


def _effects(run: Run) -> tuple[int, ...]:
    """Return numbers that a call changes which does more than to compute."""
    left = sum(len(frame.left) + len(frame.paused) for frame in run.journal.frames)
    lists = (len(run.instances), len(run.averaged), len(run.unfollowed), len(run.patched), len(run.extended))
    return left, run.rewritten, run.exhausted, run.evaluates_strings, *lists


def _surroundings(run: Run, path: Sequence[Node]) -> tuple[Hashable, ...]:
    """Return what else than its arguments may decide what a call gives or records."""
    around = tuple((id(node), node.name, len(node.attributes) if isinstance(node, Instance) else 0) for node in path)
    return run.no_grad, run.iterating > 0, len(run.patched), run.anchors[-1] if run.anchors else None, around


def _is_plain(function: Function, arguments: Arguments) -> bool:
    """Return whether a call is of a function of a module or class, with tensors, constants and nothing that is held."""
    values = [one.value for one in arguments.every]
    plain = all(isinstance(value, (Tensor, Data, Const)) or _is_bare(value) for value in values)
    moving = any(not isinstance(value, Const) for value in values)
    return plain and moving and arguments.complete and function.scope.kind in ("class", "module")


def _is_bare(value: Value) -> bool:
    """Return whether nothing is known of a value, not even that it is the same as another one."""
    return isinstance(value, Unknown) and value.number is None and value.choice is None and not value.inside


def _is_right(before: KeptCall, given: Sequence[Value]) -> bool:
    """Return whether a call with these arguments gives what the one before gave."""
    same = len(before.given) == len(given) and all(map(_is_same, before.given, given))
    return same and all(scope.names.get(name) is found for scope, name, found in before.read)


def _is_same(left: Value, right: Value) -> bool:
    if isinstance(left, Const) and isinstance(right, Const) and type(left.value) is not type(right.value):
        return False
    return left is right or left == right


def _is_certain(value: Value) -> bool:
    """Return whether every size of what a call gave is known: an unknown one may be another the next time."""
    if isinstance(value, Items):
        certain = value.rest is None and len(value.items) <= LONGEST_RESULT and value.kind in ("list", "tuple")
        return certain and all(map(_is_certain, value.items))
    if isinstance(value, Const):
        return not isinstance(value.value, dims.Expression) or dims.is_known(value.value)
    if isinstance(value, Tensor):
        return value.shape is not None and all(map(dims.is_known, value.shape))
    return _is_bare(value)


def _copied(value: Value) -> Value:
    return Items(list(map(_copied, value.items)), value.kind) if isinstance(value, Items) else value


def _reachable(values: Sequence[Value]) -> set[int] | None:
    """Return the objects, by identity, that may be read through these; None if they are too many, or one has a hook."""
    found: set[int] = set()
    waiting: list[Any] = list(values)
    while waiting:
        one = waiting.pop()
        if id(one) in found:
            continue
        if isinstance(one, Node) and one.hooks:
            return None
        held = _held(one)
        if held is None:
            continue
        found.add(id(one))
        if len(found) > MAXIMUM_OBJECTS:
            return None
        waiting += held
    return found


def _held(value: Any) -> list[Any] | None:
    """Return what an object holds; None for a value that cannot change."""
    if isinstance(value, Instance):
        classes = class_lookup.resolution_order(value.cls) if value.cls is not None else []
        return [*value.attributes.values(), value.base, *classes]
    if isinstance(value, Chained):
        return [*value.children.values(), value.rest]
    if isinstance(value, Component):
        return [*value.replaced.values(), *value.parts.values()]
    if isinstance(value, Items):
        return [*value.items, value.rest, *value.one_of]
    if isinstance(value, Table):
        return [*value.items.values(), value.of]
    if isinstance(value, UserClass):
        return [value.scope, *_stored(value.scope)]
    if isinstance(value, Scope):
        return []
    if isinstance(value, Unknown):
        return list(value.inside)
    if isinstance(value, Method):
        return [value.receiver]
    if isinstance(value, Partial):
        return [one.value for one in (*value.positional, *(given for _, given in value.keywords))]
    return [] if isinstance(value, (CommandLine, Views, Dataset)) else None


def _stored(scope: Scope) -> Iterator[Value]:
    """Yield the values of a class or a module that are objects, and no functions."""
    return (value for value in scope.names.values() if isinstance(value, (Items, Table, Instance)))
