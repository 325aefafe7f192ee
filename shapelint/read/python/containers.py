"""Methods of values that the interpreter itself knows: lists, dicts, texts, `super()`."""

from __future__ import annotations

import ast
import math

from shapelint.read.python import builtins, calling, command_line, instances, texts
from shapelint.read.python.builtin_iteration import any_of
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.joins import join
from shapelint.read.python.run import MAXIMUM_ELEMENTS, Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    CommandLine,
    Component,
    Const,
    Data,
    Instance,
    Items,
    Loss,
    Scope,
    Super,
    Table,
    Tensor,
    Value,
    integer,
)


def call_method(
    run: Run, bound: Bound, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> Value:
    """Call a method of a value that the interpreter itself knows."""
    from shapelint.read.python import losses, members, tensor_methods

    owner, name = bound.owner, bound.name
    if isinstance(owner, Tensor):
        return tensor_methods.tensor_method(run, owner, name, positional, keywords, node, scope)
    if isinstance(owner, Data):
        return tensor_methods.data_method(run, owner, name, positional, keywords, scope)
    if isinstance(owner, Items):
        return _list_method(run, owner, name, [given.value for given in positional])
    if isinstance(owner, Table):
        return _dict_method(run, owner, name, [given.value for given in positional])
    if isinstance(owner, CommandLine):
        return command_line.call_method(run, owner, name, positional, keywords, node, scope)
    if isinstance(owner, Const):
        return texts.call_method(owner, name, [given.value for given in positional])
    if isinstance(owner, Super):
        return _super_method(run, owner, name, positional, keywords, node, scope)
    if isinstance(owner, Loss):
        if name in ("to", "cuda", "cpu", "train", "eval"):
            return owner
        return losses.call(run, owner, positional, keywords, node, scope) if name == "forward" else UNKNOWN
    if isinstance(owner, (Instance, Component, Chained)):
        return members.method(run, owner, name, positional, keywords, node, scope)
    if name in ("prepare", "setup"):
        values = [given.value for given in positional]
        return values[0] if len(values) == 1 else Items(values, "tuple")
    for given in (*positional, *keywords.values()):
        run.escape(given.value)
    return UNKNOWN


def _super_method(
    run: Run, owner: Super, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope
) -> Value:
    receiver = owner.receiver
    if not isinstance(receiver, Instance) or receiver.cls is None:
        return UNKNOWN
    if name == "__init__":
        instances.base_init(run, receiver.cls, receiver, positional, keywords, node, scope, owner.cls)
        return NONE
    base = receiver.attributes.get("(base)")
    if isinstance(base, (Component, Chained)) and name in ("forward", "__call__"):
        return calling.call(run, base, positional, keywords, node, scope)
    if name == "__setattr__" and len(positional) == 2:
        return builtins.attribute(run, "setattr", [receiver, *(given.value for given in positional)], node, scope)
    return UNKNOWN


def _list_method(run: Run, owner: Items, name: str, values: list[Value]) -> Value:
    if name == "append" and values:
        if owner.rest is None and not run.uncertain and len(owner.items) < MAXIMUM_ELEMENTS:
            owner.items.append(values[0])
        else:
            alike = (
                any_of(Items(owner.items, "list", owner.rest)) if owner.items or owner.rest is not None else values[0]
            )
            owner.items, owner.rest = [], join(alike, values[0])
    elif name == "extend" and values:
        from shapelint.read.python import arithmetic

        arithmetic.extend(run, owner, values[0])
    elif name == "insert" and len(values) == 2:
        place = integer(values[0])
        if isinstance(place, int) and not run.uncertain:
            owner.items.insert(place, values[1])
        else:
            owner.items, owner.rest = [], UNKNOWN
    elif name == "pop":
        place = integer(values[0]) if values else -1
        if isinstance(place, int) and owner.rest is None and -len(owner.items) <= place < len(owner.items):
            return owner.items.pop(place)
        return UNKNOWN
    elif name == "copy":
        return Items(list(owner.items), owner.kind, owner.rest)
    elif name == "index" or name == "count":
        return UNKNOWN
    elif name in ("reverse", "sort", "remove", "clear"):
        owner.items = list(reversed(owner.items)) if name == "reverse" else []
        owner.rest = owner.rest if name == "reverse" else UNKNOWN if name != "clear" else None
    elif name == "numel":
        sizes = [integer(item) for item in owner.items]
        return UNKNOWN if None in sizes else Const(math.prod(size for size in sizes if size is not None))
    return NONE


def _dict_method(run: Run, owner: Table, name: str, values: list[Value]) -> Value:
    key = values[0].value if values and isinstance(values[0], Const) else None
    if name in ("get", "pop", "setdefault"):
        if isinstance(key, (str, int)) and key in owner.items:
            return owner.items.pop(key) if name == "pop" else owner.items[key]
        if owner.open or not isinstance(key, (str, int)):
            return UNKNOWN
        default = values[1] if len(values) > 1 else NONE
        if name == "setdefault":
            owner.items[key] = default
        return default
    if name in ("keys", "values", "items"):
        rest = UNKNOWN if owner.open else None
        if name == "items":
            return Items([Items([Const(k), v], "tuple") for k, v in owner.items.items()], "list", rest)
        return Items([Const(k) for k in owner.items] if name == "keys" else list(owner.items.values()), "list", rest)
    if name == "update":
        more = values[0] if values else None
        owner.open = owner.open or not isinstance(more, Table) or more.open
        owner.items.update(more.items if isinstance(more, Table) else {})
        return NONE
    return Table(dict(owner.items), owner.open) if name == "copy" else UNKNOWN
