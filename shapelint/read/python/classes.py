"""What makes a class more than its body: decorators, metaclasses, and bases that look at what derives from them."""

from __future__ import annotations

import ast
from dataclasses import replace

from shapelint.read.python import attributes, calling, expressions
from shapelint.read.python.hiding import hide
from shapelint.read.python.run import Run
from shapelint.read.python.values import NO_SPAN, Function, Given, Library, Method, Scope, UserClass, Value

DATACLASSES = frozenset({"dataclasses.dataclass", "attr.s", "attr.dataclass", "attrs.define", "attr.define"})
INERT = ("torch.", "functools.", "typing.", "builtins.", "abc.", "enum.")
"""Libraries whose decorators leave a class alone."""
METACLASSES = frozenset({"abc.ABCMeta", "builtins.type"})


def made(run: Run, cls: UserClass, scope: Scope) -> Value:
    """A class after its decorators and its metaclass."""
    keywords = {
        keyword.arg: Given(expressions.evaluate(run, keyword.value, scope), NO_SPAN)
        for keyword in cls.node.keywords
        if keyword.arg is not None
    }
    metaclass = keywords.pop("metaclass", None)
    if metaclass is not None and not (isinstance(metaclass.value, Library) and metaclass.value.name in METACLASSES):
        hide(run, cls)
    base = attributes.find(cls, "__init_subclass__", after=cls)
    if isinstance(base, Function):
        calling.call_function(run, replace(base, wrapper="classmethod"), [], keywords, cls)
    cls.dataclass = any(isinstance(one, Library) and one.name == "typing.NamedTuple" for one in cls.bases)
    for decorator in reversed(cls.node.decorator_list):
        cls = _decorated(run, cls, decorator, scope)
    return cls


def _decorated(run: Run, cls: UserClass, node: ast.expr, scope: Scope) -> UserClass:
    """A class after one decorator; whoever else gets it may build it, with arguments that are not seen."""
    found = expressions.evaluate(run, node.func if isinstance(node, ast.Call) else node, scope)
    if isinstance(found, Library) and found.name in DATACLASSES:
        cls.dataclass = True
        return cls
    if isinstance(found, (Function, Method)):
        decorator = expressions.evaluate(run, node, scope) if isinstance(node, ast.Call) else found
        result = calling.call(run, decorator, [Given(cls, NO_SPAN)], {}, node, scope)
        return result if isinstance(result, UserClass) else cls
    cls.registered = cls.registered or not (isinstance(found, Library) and found.name.startswith(INERT))
    return cls
