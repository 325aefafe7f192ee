"""`copy.deepcopy`: modules become new ones that remember what they copy."""

from __future__ import annotations

import copy

from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import Run
from shapelint.read.python.values import UNKNOWN, Chained, Component, Instance, Items, Loss, Node, Table, Value
from shapelint.read.text import Span


def deepcopy(run: Run, positional: Arguments, keywords: Keywords) -> Value:
    if not positional:
        return UNKNOWN
    original = positional[0].value
    duplicate = copied(run, original, {})
    if isinstance(duplicate, Node):
        run.copies[id(duplicate)] = run.anchors[-1] if run.anchors else Span(0, 0)
    return duplicate


def copied(run: Run, value: Value, done: dict[int, Value]) -> Value:
    """A deep copy: modules become new ones that remember what they copy."""
    if id(value) in done:
        return done[id(value)]
    if len(done) > 2000:
        return UNKNOWN
    if isinstance(value, Instance):
        new = Instance(origin=value, first=value.first, last=value.last, cls=value.cls, opaque=value.opaque)
        done[id(value)] = new
        run.instances.append(new)
        for name, attribute in value.attributes.items():
            new.attributes[name] = copied(run, attribute, done)
            _hold(new, name, attribute, new.attributes[name])
        return new
    if isinstance(value, Chained):
        chained = Chained(origin=value, first=value.first, last=value.last, kind=value.kind, rest=value.rest)
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
        return Items([copied(run, item, done) for item in value.items], value.kind, value.rest)
    if isinstance(value, Table):
        return Table({key: copied(run, item, done) for key, item in value.items.items()}, value.open)
    return value


def _hold(new: Node, name: str, old: Value, child: Value) -> None:
    if isinstance(child, Node) and isinstance(old, Node) and old.base_of is not None:
        child.base_of = new
    elif isinstance(child, Node) and isinstance(old, Node) and child.holder is None:
        child.name, child.holder = old.name or name, new
