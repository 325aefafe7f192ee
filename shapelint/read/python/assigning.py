"""What an assignment does to names, attributes, and elements of containers and modules."""

from __future__ import annotations

import ast

from shapelint.read.python import elements, expressions, members, misuse, transforms
from shapelint.read.python.run import Run
from shapelint.read.python.values import (
    UNKNOWN,
    Chained,
    Component,
    Const,
    Instance,
    Items,
    Node,
    Scope,
    Table,
    Tensor,
    UserClass,
    Value,
    Views,
    integer,
    sequence,
)


def bind(run: Run, target: ast.expr, value: Value, scope: Scope, own: bool = True) -> None:
    """Assign a value to a name, an attribute, an element, or several of them.

    The target of a loop is no variable of its `own`: in the next turn it is another one.
    """
    if isinstance(target, ast.Name):
        home = scope
        if target.id in scope.globals_:
            while (home.parent is not None and target.id not in home.names) or home is scope:
                if home.parent is None:
                    break
                home = home.parent
        # A name for what already has one is no variable of its own.
        literal = own and isinstance(value, Const) and not value.variables
        home.names[target.id] = run.named(value, home, target.id) if literal else value
        if isinstance(value, Node) and not value.name and scope.kind == "module":
            value.name = target.id
    elif isinstance(target, ast.Attribute):
        owner = expressions.evaluate(run, target.value, scope)
        if isinstance(owner, Instance) and scope.file:
            run.assigned[(id(owner), target.attr)] = scope.file.span(target)
        assign_attribute(run, owner, target.attr, value)
    elif isinstance(target, ast.Subscript):
        owner = expressions.evaluate(run, target.value, scope)
        index = expressions.evaluate(run, target.slice, scope)
        if isinstance(owner, Tensor) and isinstance(value, Tensor):
            misuse.note_copy(run, elements.tensor(owner, index), value, target, scope)
        assign_element(run, owner, index, value)
    elif isinstance(target, ast.Starred):
        bind(run, target.value, value, scope, own)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(run, target.elts, value, scope, own)


def _unpack(run: Run, targets: list[ast.expr], value: Value, scope: Scope, own: bool) -> None:
    starred = next((index for index, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    items = sequence(value) or expressions.rows(run, value, len(targets))
    parts: list[Value] = [UNKNOWN] * len(targets)
    if items is not None and starred is None:
        misuse.note_unpacking(run, items, len(targets), targets[0], scope)
        have = items.items[: len(targets)]
        missing = len(targets) - len(have)
        if missing == 0 or items.rest is not None:
            filler = items.rest if items.rest is not None else UNKNOWN
            parts = [*have, *[filler] * missing]
    elif items is not None and starred is not None and items.rest is None:
        after = len(targets) - starred - 1
        if len(items.items) >= len(targets) - 1:
            end = len(items.items) - after
            parts = [*items.items[:starred], Items(items.items[starred:end]), *items.items[end:]]
    elif items is not None and items.rest is not None and not items.items:
        parts = [Items([], "list", items.rest) if i == starred else items.rest for i in range(len(targets))]
    for target, part in zip(targets, parts):
        bind(run, target, part, scope, own)


def assign_attribute(run: Run, owner: Value, name: str, value: Value) -> None:
    """`owner.name = value`; a module that is held for the first time gets its name from it."""
    if isinstance(owner, Instance):
        members.set_attribute(owner, name, value)
    elif isinstance(owner, Chained):
        owner.children[name] = value
        owner.hold(name, value)
    elif isinstance(owner, Component):
        members.replace_child(owner, name, value)
    elif isinstance(owner, UserClass):
        owner.scope.names[name] = value
    elif isinstance(owner, Views) and name == "transform":
        given = transforms.views(run, value)
        owner.sizes = given.sizes if given is not None else ()
    elif isinstance(owner, Table) and "__namespace__" in owner.items:
        owner.items[name] = value


def assign_element(run: Run, owner: Value, index: Value, value: Value) -> None:
    """`owner[index] = value`."""
    if isinstance(owner, Table):
        if isinstance(index, Const) and isinstance(index.value, (str, int)):
            owner.items[index.value] = value
        else:
            owner.open = True
    elif isinstance(owner, Chained) and isinstance(index, Const):
        names = list(owner.children)
        position = index.value
        if isinstance(position, int) and -len(names) <= position < len(names):
            owner.children[names[position]] = value
            owner.hold(names[position], value)
        elif isinstance(position, str):
            owner.children[position] = value
            owner.hold(position, value)
        else:
            owner.hide()
    elif isinstance(owner, Chained):
        owner.hide()
    elif isinstance(owner, Items):
        position = integer(index)
        if isinstance(position, int) and owner.rest is None and -len(owner.items) <= position < len(owner.items):
            owner.items[position] = value
        else:
            owner.items, owner.rest = [], UNKNOWN
    else:
        members.assign_part(owner, index, value)
