"""Decorators of functions: those of the program are interpreted, those of libraries leave a function as it is."""

from __future__ import annotations

import ast

from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.python.objects import caching
from shapelint.python.objects.unknown_decorators import keeps
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.class_lookup import CALLABLE_DECORATORS
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Bound,
    Function,
    Given,
    Library,
    Partial,
    Scope,
    Unknown,
    Value,
)
from shapelint.python.syntax.calls import call

DISPATCHING = ("functools.singledispatch", "functools.singledispatchmethod")
TRAINING_DECORATORS = pattern(r"autocast|amp\.|jit|compile|override|abstract|wraps|overload|cache")
"""Decorators of libraries under which gradients are computed for certain."""
INERT_WRAPPERS = ("staticmethod", "classmethod", "property", "cached_property")


def decorate(run: Run, decorator: Value, value: Value, node: ast.expr, scope: Scope) -> Value:
    """Apply a decorator to a function: interpret a user-defined one; a library one leaves the function unchanged."""

    if isinstance(decorator, Library) and decorator.name in DISPATCHING:
        return UNKNOWN
    if isinstance(value, Function) and (memory := caching.memory(run, node, scope)) is not None:
        return replace(value, memory=memory)
    if isinstance(decorator, Library) and decorator.name in run.libraries.decorators:
        return call(run, decorator, Arguments((Given(value, NO_SPAN),)), Site(node, scope))
    if isinstance(decorator, Library) and isinstance(value, Function):
        name = decorator.name.rpartition(".")[2]
        if name in INERT_WRAPPERS or name == "contextmanager":
            return replace_wrapper(value, name)
        return value if TRAINING_DECORATORS.search(decorator.name) else replace_wrapper(value, "no_grad")
    if isinstance(node, ast.Call) and isinstance(value, Function):
        text = ast.unparse(node.func)
        if "no_grad" in text or "inference_mode" in text or "grad_enabled" in text:
            return replace_wrapper(value, "no_grad")
    if isinstance(decorator, Bound) and decorator.name == "setter" and isinstance(value, Function):
        return replace(decorator.owner, setter=value) if isinstance(decorator.owner, Function) else value
    inner = decorator
    while isinstance(inner, Partial):
        inner = inner.function
    if isinstance(inner, CALLABLE_DECORATORS):
        return call(run, decorator, Arguments((Given(value, NO_SPAN),)), Site(node, scope))
    if isinstance(inner, Library) and inner.name in run.libraries.decorators:
        return call(run, decorator, Arguments((Given(value, NO_SPAN),)), Site(node, scope))
    head = run.evaluate(node.func, scope) if isinstance(node, ast.Call) else decorator
    is_changed = isinstance(head, CALLABLE_DECORATORS) or (isinstance(head, Unknown) and not keeps(node))
    return UNKNOWN if is_changed else value


def replace_wrapper(function: Function, wrapper: str) -> Function:
    """Return the function with its kind of wrapper, unless it has one already."""
    return replace(function, wrapper=function.wrapper or wrapper)
