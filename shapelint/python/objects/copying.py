"""`copy.copy`, `copy.deepcopy` and `dataclasses.asdict`: what a copy shares with its original, and what is new."""

from __future__ import annotations

import copy

from shapelint.common.frozen import replace
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import one_of, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Chained,
    CommandLine,
    Component,
    Dataset,
    Function,
    Given,
    Instance,
    Items,
    Loss,
    Node,
    Table,
    Unknown,
    UserClass,
    Value,
    Views,
)
from shapelint.text.source import Span

COPY_HOOKS = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__")
"""Methods by which a class customizes copies of its objects."""


def deepcopy(run: Run, arguments: Arguments) -> Value:
    """Evaluate `copy.deepcopy`, and record where a module was copied."""
    if not arguments.positional:
        return UNKNOWN
    original = arguments.positional[0].value
    duplicate = copied(run, original, {})
    if isinstance(duplicate, Node):
        run.copies[id(duplicate)] = run.anchors[-1] if run.anchors else Span(0, 0)
    return duplicate


def shallow(run: Run, arguments: Arguments) -> Value:
    """Evaluate `copy.copy`: the contents are shared, and a module shares later changes of its children as well."""
    value = arguments.positional[0].value if len(arguments.positional) == 1 else UNKNOWN
    if isinstance(value, Instance) and value.cls is not None:
        if (made := _own(run, value, "__copy__", [])) is not None:
            return made
        if value.opaque or not all(isinstance(base, UserClass) for base in class_lookup.resolution_order(value.cls)):
            return unknown_among(value)
        twin = Instance(
            origin=value, cls=value.cls, attributes=dict(value.attributes), maybe_missing=value.maybe_missing
        )
        twin.base, twin.hyperparameters = value.base, value.hyperparameters
        run.instances.append(twin)
        return twin
    if isinstance(value, Items):
        return Items(list(value.items), value.kind, value.rest)
    if isinstance(value, Table):
        return replace(value, items=dict(value.items), of=None)
    if isinstance(value, Views):
        return Views(value.sizes, value.keeps)
    if isinstance(value, Dataset):
        return Dataset(value.source, value.samples, value.batches, value.labelled)
    return unknown_among(value) if isinstance(value, CommandLine) else value


def as_dict(run: Run, arguments: Arguments) -> Value:
    """Evaluate `dataclasses.asdict`: the fields by name, nested dataclass objects as dicts, and copies of the rest."""
    return (
        _fields(run, arguments.positional[0].value, 0)
        if len(arguments.positional) == 1 and not arguments.keywords
        else UNKNOWN
    )


def _fields(run: Run, value: Value, depth: int) -> Value:
    if isinstance(value, Instance) and depth < 20 and class_lookup.is_dataclass(value.cls):
        items = {name: _fields(run, item, depth + 1) for name, item in value.attributes.items()}
        return Table(items, value.opaque, maybe_missing=value.maybe_missing)
    if isinstance(value, Items) and value.kind in ("list", "tuple") and depth < 20:
        return Items([_fields(run, item, depth + 1) for item in value.items], value.kind, value.rest)
    if isinstance(value, Table) and depth < 20:
        items = {key: _fields(run, item, depth + 1) for key, item in value.items.items()}
        return Table(items, value.open, maybe_missing=value.maybe_missing)
    return copied(run, value, {})


def _own(run: Run, value: Instance, name: str, given: list[Given]) -> Value | None:
    """Return what a user-defined class makes of a copy of its object; None if it has no hook for that."""
    assert value.cls is not None
    found = class_lookup.find(value.cls, name)
    if isinstance(found, Function):
        return run.call_function(found, Arguments(tuple(given)), value)
    if any(class_lookup.find(value.cls, hook) is not None for hook in COPY_HOOKS):
        return UNKNOWN
    return None


def copied(run: Run, value: Value, done: dict[int, Value]) -> Value:
    """Make a deep copy; new modules remember their originals, and `done` maps ids of values to their copies."""
    if id(value) in done:
        return done[id(value)]
    if len(done) > 2000:
        return UNKNOWN
    if isinstance(value, Instance) and value.cls is not None:
        made = _own(run, value, "__deepcopy__", [Given(Table({}, open=True), NO_SPAN)])
        if made is not None:
            done[id(value)] = made
            return made
    if isinstance(value, Instance):
        new = Instance(origin=value, first=value.first, last=value.last, cls=value.cls, opaque=value.opaque)
        done[id(value)] = new
        run.instances.append(new)
        for name, attribute in value.attributes.items():
            new.attributes[name] = copied(run, attribute, done)
            _hold(new, name, attribute, new.attributes[name])
        if value.base is not None:
            new.base = copied(run, value.base, done)
            _hold(new, "", value.base, new.base)
        if value.hyperparameters is not None:
            new.hyperparameters = copied(run, value.hyperparameters, done)
        return new
    if isinstance(value, Chained):
        chained = Chained(origin=value, first=value.first, last=value.last, kind=value.kind, rest=value.rest)
        chained.variables = value.variables
        done[id(value)] = chained
        for name, child in value.children.items():
            chained.children[name] = copied(run, child, done)
            _hold(chained, name, child, chained.children[name])
        return chained
    if isinstance(value, (Component, Loss)):
        twin = copy.copy(value)
        twin.name, twin.holder, twin.base_of, twin.origin, twin.placed = "", None, None, value, None
        done[id(value)] = twin
        if isinstance(twin, Component):
            replaced = twin.replaced
            twin.replaced = {name: copied(run, child, done) for name, child in replaced.items()}
            for name, child in twin.replaced.items():
                _hold(twin, name, replaced[name], child)
            twin.parts = {}
        return twin
    if isinstance(value, Items):
        items = Items([], value.kind)
        done[id(value)] = items
        items.items = [copied(run, item, done) for item in value.items]
        items.rest = None if value.rest is None else copied(run, value.rest, done)
        return items
    if isinstance(value, Table):
        table = replace(value, items={}, of=None)
        done[id(value)] = table
        table.items.update({key: copied(run, item, done) for key, item in value.items.items()})
        return table
    if isinstance(value, Unknown) and value.choice is not None:
        changes = copied(run, value.choice.changes, done)
        among = tuple(copied(run, one, done) for one in value.inside)
        return one_of(among, value.choice.key, value.cause, changes) if isinstance(changes, Table) else UNKNOWN
    return UNKNOWN if isinstance(value, CommandLine) else value


def _hold(new: Node, name: str, old: Value, child: Value) -> None:
    if isinstance(child, Node) and isinstance(old, Node) and old.base_of is not None:
        child.base_of = new
    elif isinstance(child, Node) and isinstance(old, Node) and child.holder is None:
        child.name, child.holder = old.name or name, new
