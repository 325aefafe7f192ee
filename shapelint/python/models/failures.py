"""What certainly stops the program, in the model that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.common.frozen import replace
from shapelint.python.state import guards, naming
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import Instance, Loss, Node
from shapelint.spec.spec import Problem


def of_models(run: Run, models: Sequence[Instance | None]) -> list[list[Problem]]:
    """Return the problems of each model's own modules; what belongs to none of them is reported with the first."""
    found: list[list[Problem]] = [[] for _ in models]
    if not run.failures or not models:
        return found
    expected = guards.expected(run.tree)
    numbers = {id(model): number for number, model in enumerate(models)}
    for failure in run.failures:
        if failure.node in expected or (failure.attribute and _may_be_there(run, failure)):
            continue
        owner, role = _place(failure)
        number = 0 if owner is None else numbers.get(id(owner), 0)
        found[number].append(replace(failure.problem, role=role))
    return found


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
