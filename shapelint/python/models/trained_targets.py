"""Targets that get gradients: a moving average writes them, and still their output reaches the loss as any other."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.python.models import momentum_updates
from shapelint.python.state import frozen_modules, naming
from shapelint.python.state.run import Run
from shapelint.python.state.values import Instance, Node
from shapelint.text.source import Span


@frozen
class TrainedTarget:
    """Modules that a moving average writes, and the last call of one whose output the loss gets with gradients."""

    names: tuple[str, ...]
    span: Span


def find(run: Run, model: Instance | None, first: bool) -> TrainedTarget | None:
    """Return the targets of a model that certainly get gradients; None if there are none."""
    if not run.trained or run.exhausted:
        return None
    averaged = {id(target) for _, target, _ in run.averaged if isinstance(target, Node)}
    written = {average.written for _, average in momentum_updates.written_out(run, model, first)}
    places: dict[str, Span] = {}
    for call in run.calls:
        path = _from_target(call.component, averaged, written) if call.component in run.trained else ()
        if path and _model_around(call.component, path) is model and not _may_be_frozen(run, path):
            places[path[0].name] = call.span
    if not places or not frozen_modules.all_are_known(run):
        return None
    return TrainedTarget(tuple(places), list(places.values())[-1])


def _from_target(component: Node, averaged: set[int], written: set[str]) -> tuple[Node, ...]:
    """Return the modules from the target down to one of its components; none if that is not of a target."""
    path = component.path
    for at, node in enumerate(path):
        is_target = naming.is_target(node.name) or node.origin is not None
        if id(node) in averaged or (is_target and node.name in written):
            return path[at:]
    return ()


def _model_around(component: Node, path: tuple[Node, ...]) -> Instance | None:
    """Return the model that holds a target, which may be a model itself."""
    outer = component.path[: len(component.path) - len(path)]
    around = [node for node in outer if isinstance(node, Instance) and naming.is_model_like(node)]
    if around:
        return around[-1]
    model = naming.place(component).model
    return model if isinstance(model, Instance) else None


def _may_be_frozen(run: Run, path: tuple[Node, ...]) -> bool:
    """Return whether a module may take no gradients, or is known to code that is not seen."""
    return any(id(node) in run.escaped for node in path) or any(id(node) in run.frozen for node in path[-1].path)
