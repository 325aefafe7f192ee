"""A condition of a signature as its reader wants it: with numbers in place of the arguments."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from shapelint.common import syntax_trees
from shapelint.shapes import expression


def with_numbers(condition: str, arguments: Mapping[str, Any]) -> str:
    """The condition with every part that arguments alone determine replaced by its number.

    >>> with_numbers("(H-1)//(patch[0]*8)+1 >= window", {"patch": (4, 4), "window": 7})
    '(H - 1) // 32 + 1 >= 7'
    """
    return ast.unparse(_Numbers(arguments).visit(syntax_trees.expression(condition.strip())))


class _Numbers(ast.NodeTransformer):
    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._arguments = arguments

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
            try:
                value = expression.evaluate(ast.unparse(node), self._arguments)
            except expression.ExpressionError:
                value = None
            if isinstance(value, int) and not isinstance(value, bool):
                return ast.Constant(value)
        return self.generic_visit(node)
