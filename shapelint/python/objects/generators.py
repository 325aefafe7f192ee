"""Generator functions: they run to their end at once, and yield a list that can be iterated over once."""

from __future__ import annotations

import ast

from shapelint.python.objects import lists
from shapelint.python.state.joins import all_of
from shapelint.python.state.journal import Frame
from shapelint.python.state.run import Run
from shapelint.python.state.values import NONE, UNKNOWN, Function, Items, Scope, Value

MANAGER = "contextmanager"
MAXIMUM_YIELDED = 64
"""A generator with at least this many elements counts as one that may never end."""


def yielded(run: Run, node: ast.Yield, scope: Scope) -> Value:
    """Evaluate `yield value`; the value that is sent back is unknown."""
    value = run.evaluate(node.value, scope) if node.value else NONE
    if run.yields:
        lists.append(run, run.yields[-1], value)
    if scope.function is not None and scope.function.wrapper == MANAGER:
        run.journal.pause()
    return UNKNOWN


def settle(run: Run, function: Function, frame: Frame) -> None:
    """Join the states in which a user-defined context manager may leave the program: at its `yield`, and after it."""
    if function.wrapper == MANAGER and frame.paused:
        states = [*frame.paused, run.journal.state(frame)]
        run.journal.undo(frame)
        run.journal.merge(states)


def yielded_from(run: Run, node: ast.YieldFrom, scope: Scope) -> Value:
    """Evaluate `yield from values`."""
    more = run.evaluate(node.value, scope)
    if run.yields:
        lists.extend(run, run.yields[-1], more)
    return UNKNOWN


def result(run: Run, function: Function, given: Items, returned: Value) -> Value:
    """Return the result of a call: the yielded values of a generator function, the returned value of any other."""
    if not is_generator(run, function.node):
        return returned
    if function.wrapper == MANAGER:
        return given.items[0] if given.items else UNKNOWN
    if len(given.items) < MAXIMUM_YIELDED:
        return given
    return Items([], "iterator", all_of([*given.items, *([] if given.rest is None else [given.rest])]))


def is_generator(run: Run, node: ast.AST) -> bool:
    """Return whether a function itself yields, not just a function inside it."""
    if node not in run.generators:
        body = [] if isinstance(node, ast.Lambda) else getattr(node, "body", [])
        run.generators[node] = any(_own_yield(statement) for statement in body)
    return run.generators[node]


def _own_yield(node: ast.AST) -> bool:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return False
    return isinstance(node, (ast.Yield, ast.YieldFrom)) or any(
        _own_yield(child) for child in ast.iter_child_nodes(node)
    )
