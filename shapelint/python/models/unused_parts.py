"""Modules that were put under a name which a library's model does not have: its forward goes on with what it had."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.common.frozen import frozen
from shapelint.python.state import guards
from shapelint.python.state.run import Call, Run
from shapelint.python.state.values import Node
from shapelint.signatures import absent_names
from shapelint.signatures.absent_names import Absent
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span


@frozen
class UnusedPart:
    """A part that a model (`spec`) does not run, and the place where it was set."""

    spec: ComponentSpec
    absent: Absent
    span: Span


def of_calls(run: Run, calls: list[Call]) -> Iterator[UnusedPart]:
    """Yield the parts that the called models do not have, and that the program itself never reads."""
    models = {id(call.component): call.component for call in calls if call.component.replaced}
    read = guards.read_names(run.tree) if models else frozenset()
    for model in models.values():
        for name, value in model.replaced.items():
            absent = absent_names.of_component(model.spec, name)
            span = run.assigned.get((id(model), name))
            if absent is not None and span is not None and isinstance(value, Node) and name not in read:
                yield UnusedPart(model.spec, absent, span)
