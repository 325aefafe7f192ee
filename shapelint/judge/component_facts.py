"""The facts of one component of a chain."""

from __future__ import annotations

from typing import Any

from shapelint.chain.chain import LayerFlow, Link
from shapelint.judge.facts import ComponentFacts, Port
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import signatures
from shapelint.shapes.notation import Ellipsis_
from shapelint.shapes.signatures import Shape
from shapelint.spec.roles import kind


def component_facts(link: Link) -> ComponentFacts:
    """The facts of one component of the chain."""
    component = link.component
    outgoing = link.outgoing.value
    declared = component.spec.declared.value if component.spec.declared and component.source != "declared" else None
    hidden = _hidden_widths(component, link.layers)
    return ComponentFacts(
        role=link.role,
        name=link.role,
        declared=declared if isinstance(declared, int) else None,
        output=_port(outgoing),
        input=_port(_own_input(component)),
        hidden=min(hidden) if hidden else None,
        is_projection_head=kind(link.role) == "projection_head",
    )


def _own_input(component: Resolved) -> Shape | None:
    first = component.layers[0] if component.layers else component
    if first.signature is None:
        return None
    return tuple(axis for axis in first.signature.alternatives[0].inputs[0].axes if not isinstance(axis, Ellipsis_))


def _hidden_widths(component: Resolved, layers: tuple[LayerFlow, ...]) -> list[int]:
    """The output widths of all linear layers except the last; a bottleneck argument is narrow by design."""
    if component.layers:
        shapes = [flow.output for flow in layers if flow.component.label == "Linear"]
        known = [shape for shape in shapes if isinstance(shape, tuple)]
        # A number has no axis; a Linear refuses it, and gives nothing.
        widths: list[Any] = [shape[-1] for shape in known[:-1] if shape]
    else:
        widths = [component.values.get("hidden_dim")]
    return [width for width in widths if isinstance(width, int)]


def _port(value: Any) -> Port:
    if not isinstance(value, tuple) or not value:
        return Port()
    return Port(value[-1], len(value), signatures.format_shape(value))
