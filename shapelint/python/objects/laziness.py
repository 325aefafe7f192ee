"""When the elements of a generator are computed: where it is handed over, or later, when something may have changed."""

from __future__ import annotations

import ast

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


def hand_over(node: ast.Call) -> None:
    """Note on the arguments of a call who goes through them."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    taker = _taker(node) if name in LATER else name or "call"
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, ast.Starred):
            unpack(argument.value)
        else:
            _note(argument, taker)


def unpack(node: ast.expr) -> None:
    """Note that an expression is gone through to its end at its place."""
    _note(node, "list")


def _note(node: ast.expr, taker: str) -> None:
    if isinstance(node, (ast.GeneratorExp, ast.Call)):
        node.shapelint_taker = taker  # type: ignore[union-attr]


def _taker(node: ast.AST) -> str:
    return str(getattr(node, "shapelint_taker", ""))


def at_once(node: ast.AST) -> bool:
    """Whether what a generator gives is computed at its place, as far as it is."""
    return bool(_taker(node))


def to_the_end(node: ast.AST) -> bool:
    """Whether a generator is gone through to its end at its place."""
    return _taker(node) in WHOLE
