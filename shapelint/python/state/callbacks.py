"""Functions that a library calls, any number of times: what they change is known as after a loop of unknown length."""

from __future__ import annotations

import ast

from shapelint.common.while_it_lives import while_it_lives
from shapelint.common.words import words
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import Function, Items, Method, Partial, Scope, Value

READS = words(
    """
    isinstance issubclass hasattr getattr type print len range int float min max zip enumerate sqrt prod size numel
    find startswith endswith lower calculate_gain parameters named_parameters no_grad _calculate_fan_in_and_fan_out
    """
)
"""Functions and methods that initializers of weights call, beside those that change a tensor in place."""
LOOP = "for given in every:\n    function(given)"


def call_repeatedly(run: Run, function: Value, given: Value, site: Site) -> None:
    """Call a function of the program with a value that stands for each it may get, unless it fills tensors alone."""
    if not isinstance(function, (Function, Method, Partial)) or _only_fills_tensors(function):
        return
    names: dict[str, Value] = {"every": Items([], "list", given), "function": function}
    run.execute(_loop(site.node), Scope(names, None, site.scope.file, "function"))


def _only_fills_tensors(function: Function | Method | Partial) -> bool:
    """Return whether a function calls nothing that may change more than the numbers in a tensor."""
    if isinstance(function, Partial):
        return False
    node = (function.function if isinstance(function, Method) else function).node
    parts = list(ast.walk(node))
    stores = any(
        isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load) for part in parts
    )
    if stores or any(isinstance(part, (ast.Global, ast.Nonlocal)) for part in parts):
        return False
    called = [ast.unparse(part.func).rpartition(".")[2] for part in parts if isinstance(part, ast.Call)]
    return all(name in READS or name.endswith("_") for name in called)


@while_it_lives
def _loop(node: ast.AST) -> list[ast.stmt]:
    """Return a loop as if it were written at a node."""
    loop = ast.parse(LOOP).body
    for statement in loop:
        for part in ast.walk(statement):
            if isinstance(part, (ast.stmt, ast.expr)):
                ast.copy_location(part, node)
    return loop
