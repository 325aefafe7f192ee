"""Methods of values that the interpreter itself knows, by the kind of value."""

from __future__ import annotations

import ast

from shapelint.python.libraries import argparse_
from shapelint.python.objects import attributes, dicts, instances, lists, mutation, strings
from shapelint.python.state.forgetting import hide
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
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
    UserClass,
    Value,
)
from shapelint.python.syntax import calls
from shapelint.python.syntax.calls import Arguments, Keywords


def call_method(
    run: Run,
    bound: Bound,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    complete: bool = True,
) -> Value:
    """Call a method of a value that the interpreter itself knows; without all arguments it may do anything to it."""
    from shapelint.python.libraries.torch import loss_calls, module_methods, tensor_methods

    owner, name, values = bound.owner, bound.name, [given.value for given in positional]
    if not complete and not isinstance(owner, (Table, Super, UserClass, Instance, Component, Chained)):
        hide(run, owner)
        return UNKNOWN
    if isinstance(owner, Tensor):
        return tensor_methods.tensor_method(run, owner, name, positional, keywords, node, scope)
    if isinstance(owner, Data):
        return tensor_methods.data_method(run, owner, name, positional, keywords, scope)
    if isinstance(owner, Items):
        return lists.call_method(run, owner, name, values, keywords, node, scope)
    if isinstance(owner, Table):
        return dicts.call_method(run, owner, name, values, keywords, complete)
    if isinstance(owner, CommandLine):
        return argparse_.call_method(run, owner, name, positional, keywords, node, scope)
    if isinstance(owner, Const):
        return strings.call_method(owner, name, values)
    if isinstance(owner, UserClass):
        return _explicit(run, owner, positional, keywords, node, scope, complete)
    if isinstance(owner, Super):
        return _super_method(run, owner, name, positional, keywords, node, scope, complete)
    if isinstance(owner, Loss):
        if name in ("to", "cuda", "cpu", "train", "eval"):
            return owner
        return loss_calls.call(run, owner, positional, keywords, node, scope) if name == "forward" else UNKNOWN
    if isinstance(owner, (Instance, Component, Chained)):
        return module_methods.method(run, owner, name, positional, keywords, node, scope)
    if name in ("prepare", "setup"):
        return values[0] if len(values) == 1 else Items(values, "tuple")
    for given in (*positional, *keywords.values()):
        run.escape(given.value)
    return UNKNOWN


def _explicit(
    run: Run,
    cls: UserClass,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    complete: bool,
) -> Value:
    """`Base.__init__(owner, ...)` of a class that has none of its own."""
    receiver = positional[0].value if positional else UNKNOWN
    if isinstance(receiver, Instance):
        line = attributes.linear(cls)
        instances.initialise(run, line, receiver, positional[1:], keywords, node, scope, complete)
    return NONE


def _super_method(
    run: Run,
    owner: Super,
    name: str,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    complete: bool,
) -> Value:
    receiver = owner.receiver
    if not isinstance(receiver, Instance) or receiver.cls is None:
        return UNKNOWN
    if name == "__init__":
        line = attributes.linear(receiver.cls)
        rest = line[line.index(owner.cls) + 1 :] if owner.cls in line else []
        instances.initialise(run, rest, receiver, positional, keywords, node, scope, complete)
        return NONE
    base = receiver.attributes.get("(base)")
    if isinstance(base, (Component, Chained)) and name in ("forward", "__call__"):
        return calls.call(run, base, positional, keywords, node, scope)
    if name == "__setattr__" and len(positional) == 2:
        key = positional[0].value
        if isinstance(key, Const) and isinstance(key.value, str):
            mutation.store(run, receiver, key.value, positional[1].value)
        else:
            mutation.set_attribute(run, receiver, None, positional[1].value)
        return NONE
    return UNKNOWN
