"""Why a component has no signature, and what would give it one: the words of SL901 and of unchecked links."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.resolve.resolved import Resolved
from shapelint.signatures import declared
from shapelint.spec.spec import Cause


def leaves(component: Resolved) -> Iterator[Resolved]:
    """Yield the components that are not lists of others, in order and at any depth."""
    if not component.layers:
        yield component
    for layer in component.layers:
        yield from leaves(layer)


def name_of(component: Resolved) -> str:
    """The name by which a component can be given a signature."""
    return component.target or component.spec.target or "the component"


def cause_of(component: Resolved, role: str) -> Cause:
    """Why a component without a signature has none, at its place, with the line of settings that would give it one."""
    place = component.spec.head
    absent = next((problem.message for problem in component.problems if problem.code == "SL114"), "")
    if component.spec.is_unread or absent:
        return Cause(absent or component.spec.note, place)
    name = name_of(component)
    reason = component.reason if component.reason.startswith(name) else f"{name} is not resolved: {component.reason}"
    return Cause(reason, place, component.remedy or declared.suggestion(name, role))
