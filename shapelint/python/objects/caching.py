"""`functools.cache` and `lru_cache`: the same arguments give the same object again, without a call of the function.

The memory of a function is a table, so that it is undone and joined like any other. If it is unknown whether a call was
made before, its result is unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable

from shapelint.common.frozen import replace
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Chained,
    Component,
    Const,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Scope,
    Table,
    UserClass,
    Value,
)
from shapelint.shapes.dims import Expression

NAMES = frozenset({"functools.cache", "functools.lru_cache"})
IDENTITY_COMPARED_BASES = (Library("torch.nn.Module"), Library("builtins.object"))
"""Base classes whose objects are equal to nothing but themselves."""
FEW = 100
"""Number of results that a cache without a given size keeps at least; beyond it, a result may have been dropped."""


def memory(run: Run, node: ast.expr, scope: Scope) -> Table | None:
    """Return the empty memory for a caching decorator, or None; if its size is given, the contents are unknown."""
    call = node if isinstance(node, ast.Call) else None
    found = run.evaluate(call.func if call else node, scope)
    if not isinstance(found, Library) or found.name not in NAMES:
        return None
    sizes = [*call.args, *(keyword.value for keyword in call.keywords)] if call else []
    return Table({}, open=any(not isinstance(size, ast.Constant) or size.value is not None for size in sizes))


def call(
    run: Run,
    function: Function,
    memory: Table,
    arguments: Arguments,
    receiver: Value | None,
) -> Value:
    """Call a cached function: return its earlier result for the same arguments, or interpret it."""
    key = (
        _key(
            Arguments(
                (*([] if receiver is None else [Given(receiver, NO_SPAN)]), *arguments.positional), arguments.keywords
            )
        )
        if arguments.complete
        else None
    )
    if key in memory.items and key not in memory.maybe_missing:
        return memory.items[key]
    plain = replace(function, memory=None)
    if key is None or memory.open or key in memory.maybe_missing:
        with run.journal.conditional():
            run.call_function(plain, arguments, receiver)
        forget(run, memory)
        return UNKNOWN
    value = run.call_function(plain, arguments, receiver)
    run.touch(memory)
    memory.items[key] = value
    memory.open = len(memory.items) > FEW
    return value


def _key(arguments: Arguments) -> Hashable:
    """Return a key that tells arguments apart; None if they are unknown."""
    parts = [
        *(_identity(given.value) for given in arguments.positional),
        *(_identity(one.value) for one in arguments.keywords.values()),
    ]
    return None if None in parts else (tuple(parts), tuple(arguments.keywords))


def _identity(value: Value) -> Hashable:
    if isinstance(value, Const):
        return None if isinstance(value.value, Expression) else ("constant", value.value)
    if isinstance(value, Library):
        return value
    if isinstance(value, Items) and value.kind == "tuple" and value.rest is None:
        parts = tuple(_identity(item) for item in value.items)
        return None if None in parts else parts
    if isinstance(value, Instance) and value.cls is not None:
        known = all(
            isinstance(one, UserClass) or one in IDENTITY_COMPARED_BASES
            for one in class_lookup.resolution_order(value.cls)
        )
        compared = class_lookup.is_dataclass(value.cls) or class_lookup.find(value.cls, "__eq__") is not None
        return value if known and not compared else None
    return value if isinstance(value, (Chained, Component, Function, UserClass)) else None
