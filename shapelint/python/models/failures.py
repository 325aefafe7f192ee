"""What certainly stops the program, in the model that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.common.frozen import replace
from shapelint.python.state import guards, naming
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import Instance, Loss, Node
from shapelint.spec.spec import Problem

Models = Sequence[Instance | None]


def of_model(run: Run, model: Instance | None, models: Models) -> Iterator[Problem]:
    """Yield the problems of a model's own modules; what belongs to none of the `models` is reported with the first."""
    first = bool(models) and models[0] is model
    if not run.failures:
        return
    expected = guards.expected(run.tree)
    for failure in run.failures:
        if failure.node in expected or (failure.attribute and _may_be_there(run, failure)):
            continue
        owner, role = _place(failure)
        is_beside = owner is None or all(owner is not one for one in models)
        if (owner is model and model is not None) or (first and is_beside):
            yield replace(failure.problem, role=role)


def _may_be_there(run: Run, failure: Failure) -> bool:
    """Whether the program gives something an attribute of that name, or comes there in some cases only."""
    line = getattr(failure.node, "lineno", 0)
    given = guards.given_names(run.tree).get(failure.attribute, line)
    return given < line or failure.node in guards.conditional(run.tree)


def _place(failure: Failure) -> tuple[Node | None, str]:
    """The model of a module that failed, and its role there."""
    if not isinstance(failure.owner, Node) or isinstance(failure.owner, Loss):
        return None, ""
    place = naming.place(failure.owner)
    return (place.model, str(place.role)) if place.model is not None else (None, "")
