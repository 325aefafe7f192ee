"""What certainly gets gradients: what `backward()`, a training step or a loss for self-supervised learning takes."""

from __future__ import annotations

import ast
import re

from shapelint.common.patterns import pattern
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.gradients import Trained
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Run
from shapelint.python.state.values import Const, Function, Table, Tensor, Value

BACKWARD = frozenset({"backward", "manual_backward", "scale", "scale_loss"})
"""Methods that take a loss, whoever has them: of a trainer, or of what scales gradients."""
STEPS = frozenset({"training_step", "forward", "step"})
"""Functions that return a loss; one that is no training step does so if that is a number."""
EVALUATES = pattern(r"valid|eval|test|predict|infer|monitor|metric|log", re.IGNORECASE)


def note(run: Run, trained: Trained) -> None:
    """Note what gets gradients, unless it is computed without them or to be looked at."""
    names = [getattr(node, "name", "") for node in run.active]
    if trained and not run.no_grad and not any(map(EVALUATES.search, names)):
        run.trained |= trained


def observed(run: Run, operation: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Note `loss.backward()`."""
    if operation == "backward" and isinstance(tensor, Tensor):
        note(run, tensor.trains)
    return False


def unseen(run: Run, site: Site, arguments: Arguments) -> None:
    """Note `accelerator.backward(loss)`, and `scaler.scale(loss)`, of which gradients are computed later."""
    callee = site.node.func if isinstance(site.node, ast.Call) else None
    value = arguments.positional[0].value if arguments.positional else None
    if isinstance(callee, ast.Attribute) and callee.attr in BACKWARD and isinstance(value, Tensor):
        note(run, value.trains)
        if callee.attr.endswith("backward"):
            run.observe_operation("backward", value, Arguments(), site)


def returned(run: Run, function: Function, value: Value) -> None:
    """Note the loss that a training step or a model returns."""
    if function.name == "training_step" and isinstance(value, Table):
        value = value.items.get("loss", Const(None))
    is_step = function.name == "training_step"
    if function.name in STEPS and isinstance(value, Tensor) and (is_step or value.shape == ()):
        note(run, value.trains)


BACKWARD_OBSERVER = Observer(operation=observed, unseen_call=unseen, result=returned)
