"""Python's own functions: those on values of any kind, and where the others are."""

from __future__ import annotations

import ast

from shapelint.dims import Expression
from shapelint.read.python import builtin_iteration, builtin_numbers, calling
from shapelint.read.python.builtin_iteration import Handler, any_of
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import MAXIMUM_ELEMENTS, Run
from shapelint.read.python.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Component,
    Const,
    Given,
    Instance,
    Items,
    Library,
    Scope,
    Tensor,
    UserClass,
    Value,
    sequence,
)


def call(run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope) -> Value:
    """Call a built-in function by its name."""
    values = [given.value for given in positional]
    if name in ("map", "filter"):
        return _map(run, name, values, node, scope)
    if name in ("getattr", "setattr", "hasattr"):
        return attribute(run, name, values, node, scope)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(run, values, keywords)
    for value in values:
        run.escape(value)
    return UNKNOWN


def _map(run: Run, name: str, values: list[Value], node: ast.AST, scope: Scope) -> Value:
    items = sequence(values[1]) if len(values) == 2 else None
    if items is None:
        return UNKNOWN
    if name == "filter":
        return Items([], "list", any_of(items))

    def one(item: Value) -> Value:
        return calling.call(run, values[0], [Given(item, NO_SPAN)], {}, node, scope)

    rest = one(items.rest) if items.rest is not None else None
    return Items([one(item) for item in items.items[:MAXIMUM_ELEMENTS]], "list", rest)


def attribute(run: Run, name: str, values: list[Value], node: ast.AST, scope: Scope) -> Value:
    from shapelint.read.python import assigning, attributes, members

    key = values[1].value if len(values) > 1 and isinstance(values[1], Const) else None
    if not isinstance(key, str):
        if name == "setattr" and isinstance(values[0], Instance) and len(values) > 2:
            members.set_attribute(values[0], None, values[2])
        return UNKNOWN
    if name == "setattr":
        if len(values) > 2:
            assigning.assign_attribute(run, values[0], key, values[2])
        return NONE
    if name == "hasattr":
        owner = values[0]
        if isinstance(owner, Instance) and key in owner.attributes:
            return Const(True)
        return UNKNOWN
    found = attributes.get(run, values[0], key, node, scope)
    return found


def _isinstance(run: Run, values: list[Value], keywords: Keywords) -> Value:
    if len(values) != 2:
        return UNKNOWN
    names = values[1].items if isinstance(values[1], Items) else [values[1]]
    found = [_is_a(values[0], cls) for cls in names]
    return Const(True) if True in found else UNKNOWN if None in found else Const(False)


_KINDS = {"int": int, "float": float, "str": str, "bool": bool}


def _is_a(value: Value, cls: Value) -> bool | None:
    from shapelint.read.python import attributes

    if isinstance(value, Const) and isinstance(cls, Library):
        kind = _KINDS.get(cls.name.rpartition(".")[2])
        if isinstance(value.value, Expression):
            return True if kind is int else None
        return isinstance(value.value, kind) if kind else False
    if isinstance(value, Items) and isinstance(cls, Library) and cls.name.startswith("builtins."):
        return cls.name == f"builtins.{value.kind}"
    if isinstance(value, Tensor) and isinstance(cls, Library):
        return cls.name in ("torch.Tensor", "torch.FloatTensor")
    if isinstance(value, Instance) and isinstance(cls, UserClass) and value.cls is not None:
        return cls in attributes.linear(value.cls)
    if isinstance(value, Component) and isinstance(cls, Library) and cls.name.startswith("torch.nn."):
        return value.spec.target.rpartition(".")[2] == cls.name.rpartition(".")[2] or None
    return None


def _type(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if len(values) == 1 else UNKNOWN
    return value.cls if isinstance(value, Instance) and value.cls is not None else UNKNOWN


def _vars(run: Run, values: list[Value], keywords: Keywords) -> Value:
    from shapelint.read.python import attributes

    return attributes.get(run, values[0], "__dict__", ast.Constant(None), Scope({})) if len(values) == 1 else UNKNOWN


_HANDLERS: dict[str, Handler] = {
    **builtin_iteration.HANDLERS,
    **builtin_numbers.HANDLERS,
    "isinstance": _isinstance,
    "type": _type,
    "vars": _vars,
    "print": lambda run, values, keywords: NONE,
}
