"""Functions that a library calls, any number of times: what they change is known as after a loop of unknown length."""

from __future__ import annotations

import ast

from shapelint.common.while_it_lives import while_it_lives
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import Function, Items, Method, Partial, Scope, Value

LOOP = "for given in every:\n    function(given)"


def call_repeatedly(run: Run, function: Value, given: Value, site: Site) -> bool:
    """Call a function of the program with a value that stands for each it may get; return whether it is one."""
    if not isinstance(function, (Function, Method, Partial)):
        return False
    names: dict[str, Value] = {"every": Items([], "list", given), "function": function}
    run.execute(_loop(site.node), Scope(names, None, site.scope.file, "function"))
    return True


@while_it_lives
def _loop(node: ast.AST) -> list[ast.stmt]:
    """Return a loop as if it were written at a node."""
    loop = ast.parse(LOOP).body
    for statement in loop:
        for part in ast.walk(statement):
            if isinstance(part, (ast.stmt, ast.expr)):
                ast.copy_location(part, node)
    return loop
