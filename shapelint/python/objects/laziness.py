"""When the elements of a generator are computed: where it is handed over, or later, when something may have changed."""

from __future__ import annotations

import ast

from shapelint.python.state.run import Run

WHOLE = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "max", "min", "join", "extend", "update"}
    | {"Sequential", "ModuleList", "ModuleDict", "OrderedDict", "deque", "Counter", "reduce", "prod"}
    | {"cat", "stack", "hstack", "vstack", "concat", "concatenate", "array", "tensor"}
)
"""Functions that go through what they get to its end, before they return."""
LATER = frozenset(
    {"zip", "enumerate", "map", "filter", "iter", "reversed", "partial"}
    | {"chain", "from_iterable", "islice", "starmap", "tee", "cycle", "pairwise"}
)
"""Functions that go through what they get when somebody goes through what they give."""


def hand_over(run: Run, node: ast.Call) -> None:
    """Note for the arguments of a call who goes through them."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    taker = _taker(run, node) if name in LATER else name or "call"
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, ast.Starred):
            unpack(run, argument.value)
        else:
            _note(run, argument, taker)


def unpack(run: Run, node: ast.expr) -> None:
    """Note that an expression is gone through to its end at its place."""
    _note(run, node, "list")


def _note(run: Run, node: ast.expr, taker: str) -> None:
    if isinstance(node, (ast.GeneratorExp, ast.Call)):
        run.takers[node] = taker


def _taker(run: Run, node: ast.AST) -> str:
    return run.takers.get(node, "")


def at_once(run: Run, node: ast.AST) -> bool:
    """Whether what a generator gives is computed at its place, as far as it is."""
    return bool(_taker(run, node))


def to_the_end(run: Run, node: ast.AST) -> bool:
    """Whether a generator is gone through to its end at its place."""
    return _taker(run, node) in WHOLE
