"""Decorators whose value is not known: whether they leave what they decorate as it is."""

from __future__ import annotations

import ast
import re


def keeps(node: ast.expr) -> bool:
    """Return whether such a decorator is taken to return what it gets.

    A method of something does, as those of registries and command lines do: `@MODELS.register("x")`, `@app.command`.
    So does a function whose name says that it registers something. Any other may return something else.
    """
    called = node.func if isinstance(node, ast.Call) else node
    if isinstance(called, ast.Name):
        return re.search("regist", called.id, re.IGNORECASE) is not None
    owner = called
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return owner is not called and isinstance(owner, (ast.Name, ast.Call))
