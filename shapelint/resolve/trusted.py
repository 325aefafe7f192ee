"""Components of the project's own packages, which the user trusts by name: `[tool.shapelint] trust = ["my_project"]`.

They are imported and run in a process of their own with a time limit.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.resolve import tracing_child
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

TIME_LIMIT = 60.0
"""Seconds for the import of a package with torch, and the trace of one component."""

_known: dict[tuple[str, tuple[int, int] | None], list[tuple[ComponentSignature, dict[str, Any], list[Any]]]] = {}
_failed: dict[str, str] = {}


def trace(request: TracingRequest, root: str, time_limit: float = TIME_LIMIT) -> ComponentSignature:
    """Trace a call in a separate process; raises Untraceable.

    An earlier answer is reused if only arguments differ that are named in its formulas, and the same of them are equal,
    so that the search for a repair, which tries other widths, starts no new process.
    """
    target, arguments, positional, at = request.target, request.arguments, request.positional, request.at
    text = request.to_json(root)
    for component, named, places in _known.get((target, at), ()):
        calls = [_given(component, *call) for call in ((named, places), (dict(arguments), list(positional)))]
        if _differ(*calls) <= component.named and len({_equal(component, call) for call in calls}) == 1:
            return component
    if text in _failed:
        raise Untraceable(_failed[text])
    try:
        component = tracing_child.ask(request, root, time_limit)
    except Untraceable as error:
        _failed[text] = str(error)
        raise
    _known.setdefault((target, at), []).append((component, dict(arguments), list(positional)))
    return component


def _given(component: ComponentSignature, named: dict[str, Any], places: list[Any]) -> dict[str, Any]:
    """The arguments of a call by name."""
    names = [parameter.name for parameter in component.parameters if parameter.kind == "positional"]
    return {**dict(zip(names, places)), **named}


def _differ(first: dict[str, Any], second: dict[str, Any]) -> set[str]:
    """The names of the arguments that differ between two calls."""
    absent = object()
    return {name for name in first.keys() | second.keys() if first.get(name, absent) != second.get(name, absent)}


def _equal(component: ComponentSignature, given: dict[str, Any]) -> frozenset[tuple[str, ...]]:
    """The pairs of integers among all arguments that are equal: layers may fit by chance for these, and not for others.

    An element of a list is an integer of its own.
    """
    every = {**{parameter.name: parameter.default for parameter in component.parameters}, **given}
    integers = [
        (f"{name}[{index}]", one)
        for name, value in every.items()
        for index, one in enumerate(value if isinstance(value, (tuple, list)) else [value])
        if isinstance(one, int)
    ]
    return frozenset((one, other) for (one, a), (other, b) in combinations(integers, 2) if a == b)
