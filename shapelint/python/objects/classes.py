"""What makes a class more than its body: decorators, metaclasses, and bases with hooks for their subclasses."""

from __future__ import annotations

import ast

from shapelint.common.frozen import replace
from shapelint.python.objects import dataclass_fields
from shapelint.python.objects.unknown_decorators import keeps
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Const,
    Function,
    Given,
    Instance,
    Library,
    Partial,
    Scope,
    Unknown,
    UserClass,
    Value,
)

INERT = ("torch.", "functools.", "typing.", "builtins.", "abc.", "enum.")
"""Libraries whose decorators leave a class unchanged."""
METACLASSES = frozenset({"abc.ABCMeta", "builtins.type"})


def made(run: Run, cls: UserClass, scope: Scope) -> Value:
    """Apply the hooks, the metaclass and the decorators of a class, and return the result."""
    keywords = {
        keyword.arg: Given(run.evaluate(keyword.value, scope), NO_SPAN)
        for keyword in cls.node.keywords
        if keyword.arg is not None
    }
    metaclass = keywords.pop("metaclass", None)
    if metaclass is not None and not (isinstance(metaclass.value, Library) and metaclass.value.name in METACLASSES):
        own = metaclass.value
        cls.meta = True
        cls.strange = not isinstance(own, UserClass) or class_lookup.find(own, "__call__") is not None
    if any(isinstance(one, UserClass) and one.meta for one in class_lookup.resolution_order(cls)):
        forget(run, cls)
    for name, value in list(cls.scope.names.items()):
        if isinstance(value, Instance) and value.cls is not None:
            hook = class_lookup.find(value.cls, "__set_name__")
            if isinstance(hook, Function):
                run.call_function(hook, Arguments((Given(cls, NO_SPAN), Given(Const(name), NO_SPAN))), value)
    base = class_lookup.find(cls, "__init_subclass__", after=cls)
    if isinstance(base, Function):
        run.call_function(replace(base, wrapper="classmethod"), Arguments(keywords=keywords), cls)
    if any(isinstance(one, Library) and one.name == "typing.NamedTuple" for one in cls.bases):
        dataclass_fields.decorate(run, cls, {})
    result: Value = cls
    for decorator in reversed(cls.node.decorator_list):
        result = _decorated(run, result, decorator, scope)
    return result


def _decorated(run: Run, value: Value, node: ast.expr, scope: Scope) -> Value:
    """Apply one decorator to a class; other code that receives the class may instantiate it with unknown arguments."""
    found = run.evaluate(node, scope)
    head = run.evaluate(node.func, scope) if isinstance(node, ast.Call) else found
    inner = found
    while isinstance(inner, Partial):
        inner = inner.function
    known = dataclass_fields.DATACLASSES | run.libraries.decorators
    if isinstance(inner, class_lookup.CALLABLE_DECORATORS) or (isinstance(inner, Library) and inner.name in known):
        return run.call(found, Arguments((Given(value, NO_SPAN),)), Site(node, scope))
    if isinstance(head, class_lookup.CALLABLE_DECORATORS) or (isinstance(head, Unknown) and not keeps(node)):
        return UNKNOWN
    if isinstance(value, UserClass):
        value.registered = value.registered or not (isinstance(head, Library) and head.name.startswith(INERT))
    return value
