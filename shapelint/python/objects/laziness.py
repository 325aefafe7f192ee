"""When the elements of a generator are computed: where it is passed on, or later, when something may have changed."""

from __future__ import annotations

import ast

from shapelint.python.state.run import Run

WHOLE = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "max", "min", "join", "extend", "update"}
    | {"Sequential", "ModuleList", "ModuleDict", "OrderedDict", "deque", "Counter", "reduce", "prod"}
    | {"cat", "stack", "hstack", "vstack", "concat", "concatenate", "array", "tensor"}
)
"""Functions that consume their iterables completely before they return."""
LATER = frozenset(
    {"zip", "enumerate", "map", "filter", "iter", "reversed", "partial"}
    | {"chain", "from_iterable", "islice", "starmap", "tee", "cycle", "pairwise"}
)
"""Functions that consume their iterables only when their own results are consumed."""


def hand_over(run: Run, node: ast.Call) -> None:
    """Record for the arguments of a call which function consumes them."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    consumer = _consumer(run, node) if name in LATER else name or "call"
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        if isinstance(argument, ast.Starred):
            unpack(run, argument.value)
        else:
            _note(run, argument, consumer)


def unpack(run: Run, node: ast.expr) -> None:
    """Record that an expression is consumed completely in place."""
    _note(run, node, "list")


def _note(run: Run, node: ast.expr, consumer: str) -> None:
    if isinstance(node, (ast.GeneratorExp, ast.Call)):
        run.consumers[node] = consumer


def _consumer(run: Run, node: ast.AST) -> str:
    return run.consumers.get(node, "")


def at_once(run: Run, node: ast.AST) -> bool:
    """Return whether the elements of a generator are computed in place, as far as they are computed at all."""
    return bool(_consumer(run, node))


def to_the_end(run: Run, node: ast.AST) -> bool:
    """Return whether a generator is consumed completely in place."""
    return _consumer(run, node) in WHOLE
