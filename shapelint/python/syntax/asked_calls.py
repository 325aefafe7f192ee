"""Calls of a network of whose output a condition asks the size: `assert net(x).shape[1] == 512`.

Each is made once, and the condition goes on with its output, by the text of the call as a name.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shapelint.python.state.run import Run
from shapelint.python.state.values import Method, Node, Scope, Value

SIZE_CALLS = frozenset({"size", "dim", "ndimension", "numel", "len", "tuple", "list", "Size"})
"""Functions and methods that a condition may call and still be about sizes."""


def called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return ast.unparse(call.func).rpartition(".")[2]


@contextmanager
def made(run: Run, test: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """Yield a condition on the outputs of the networks that it calls, if it calls nothing else; else as it is."""
    calls = list(_outermost(test))
    if not calls or isinstance(test, ast.BoolOp) or not all(_is_of_a_network(run, call, scope) for call in calls):
        yield test
        return
    names: dict[str, Value] = {ast.unparse(call): run.evaluate(call, scope) for call in calls}
    run.touch(scope)
    scope.names.update(names)
    try:
        yield _Renamed(names).visit(copy.deepcopy(test))
    finally:
        run.touch(scope)
        for name in names:
            scope.names.pop(name, None)


def _outermost(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls in a condition that do more than ask for a size, none of them inside another."""
    if isinstance(node, ast.Call) and called(node) not in SIZE_CALLS:
        yield node
        return
    for part in ast.iter_child_nodes(node):
        yield from _outermost(part)


def _is_of_a_network(run: Run, call: ast.Call, scope: Scope) -> bool:
    """Return whether a network is called, or a method of one."""
    parts: Sequence[ast.AST] = list(ast.walk(call.func))
    if any(isinstance(part, (ast.Call, ast.Lambda, ast.NamedExpr)) for part in parts):
        return False
    function = run.evaluate(call.func, scope)
    return isinstance(function, Node) or (isinstance(function, Method) and isinstance(function.receiver, Node))


class _Renamed(ast.NodeTransformer):
    """Puts names in the place of calls with the same text."""

    def __init__(self, names: dict[str, Value]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a call, or look into it."""
        text = ast.unparse(node)
        if text in self.names:
            return ast.copy_location(ast.Name(text, ast.Load()), node)
        return self.generic_visit(node)
