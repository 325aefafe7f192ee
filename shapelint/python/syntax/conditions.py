"""Tests of branches and loops."""

from __future__ import annotations

import ast

from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import Scope, Tensor


def decided(run: Run, test: ast.expr, scope: Scope) -> bool | None:
    """Return whether the test of a branch holds; None if that is unknown."""
    value = run.evaluate(test, scope)
    if isinstance(value, Tensor):
        run.observe_operation("__bool__", value, Arguments(), Site(test, scope))
    return truth(value)
