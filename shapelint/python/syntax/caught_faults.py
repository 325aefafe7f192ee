"""Faults that a program catches: what does not fit does not stop it if an `except` goes on with something else."""

from __future__ import annotations

import ast

from shapelint.chain.chain import Edge
from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.state.run import OpenOperation, Run
from shapelint.python.state.values import Scope
from shapelint.python.syntax import raising
from shapelint.shapes.signatures import Misfit
from shapelint.spec.spec import Cause

CATCH = words("RuntimeError Exception BaseException")


def handler(node: ast.Try, in_loop: bool) -> ast.ExceptHandler | None:
    """Return what goes on after an operation that does not fit; None if nothing does.

    What raises again, or ends the program, does not; nor does what only reports the error, unless a loop goes on.
    """
    found = next((one for one in node.handlers if not CATCH.isdisjoint(raising.caught(one))), None)
    if found is None or any(map(_ends, ast.walk(found))):
        return None
    only_reports = all(isinstance(one, ast.Expr) for one in found.body)
    return None if only_reports and not in_loop else found


def _ends(node: ast.AST) -> bool:
    is_exit = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in raising.ENDS
    return is_exit or isinstance(node, ast.Raise)


def forgive(run: Run, since: tuple[int, int, int], caught: ast.ExceptHandler, scope: Scope) -> None:
    """Turn the faults of the body of a `try` into links that are not checked; `since` says how many came before it."""
    calls, misuses, failures = since
    place = run.place(caught, scope.file)
    if place is None:
        return
    cause = Cause("what does not fit there is caught by this except", place)
    for at in range(calls, len(run.calls)):
        call = run.calls[at]
        if isinstance(call.edge.result, Misfit):
            run.calls[at] = replace(call, edge=replace(call.edge, result=None))
            _leave(run, call.edge, cause)
    for call in run.misuses[misuses:]:
        _leave(run, call.edge, cause)
    del run.misuses[misuses:], run.failures[failures:]


def _leave(run: Run, edge: Edge, cause: Cause) -> None:
    assert cause.span is not None
    name = str(edge.role) or edge.component.label
    run.open_operations.setdefault((cause.span, name), OpenOperation(name, (edge.incoming,), cause))


def count(run: Run) -> tuple[int, int, int]:
    """Return how many calls and faults were noted until now."""
    return len(run.calls), len(run.misuses), len(run.failures)
