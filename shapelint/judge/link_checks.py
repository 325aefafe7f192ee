"""Which links of a model were checked: the places where a tensor meets something that fixes its shape.

A link is the input of a component, the operands of a loss, or stored vectors. It is checked where both sides are known
in the axes that it fixes; one that fails its rule is checked too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapelint.chain.chain import Chain, Edge, Flow, Link
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.subjects.ends import Output, output_of
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.notation import Ellipsis_
from shapelint.shapes.signatures import Fit, StructureValue
from shapelint.spec.roles import kind
from shapelint.text.source import Span


@frozen
class LinkCheck:
    """One link: the role that takes the tensor, and why it could not be checked, "" where it was.

    `help` is what would make it known, `span` where the cause is located.
    """

    role: str
    reason: str = ""
    help: str = ""
    span: Span | None = None

    @property
    def is_checked(self) -> bool:
        """Whether both sides are known."""
        return not self.reason


def component_checks(chain: Chain) -> Iterator[LinkCheck]:
    """The input of each component of a chain."""
    for link in chain.links:
        yield _of_component(link)


def _of_component(link: Link) -> LinkCheck:
    for component in leaves(link.component):
        if component.signature is None:
            return LinkCheck(link.role, *unresolved(component, link.role), component.spec.head)
    for edge in link.edges:
        if reason := _unknown_side(edge):
            return LinkCheck(link.role, reason, "", _cause(edge.incoming, edge.component).spec.head)
    return LinkCheck(link.role)


def leaves(component: Resolved) -> Iterator[Resolved]:
    """The components in order that are no lists of others, however deep they lie."""
    if not component.layers:
        yield component
    for layer in component.layers:
        yield from leaves(layer)


def unresolved(component: Resolved, role: str) -> tuple[str, str]:
    """Why a component has no signature, and a line that would give it one."""
    name = component.target or component.spec.target or "the component"
    rank = "B 3 H W -> B ..." if kind(role) == "backbone" else "B ... -> B ..."
    return f"{name} has no signature here; {component.reason}", f'"{name}" = "{rank}"'


def _cause(flow: Flow, consumer: Resolved) -> Resolved:
    """The component to blame for an unknown shape: the one that made it, else the one that takes it."""
    maker = (flow.guess or flow.maker).component
    return maker if maker is not None else consumer


def _unknown_side(edge: Edge) -> str:
    """What of an edge is not known, "" where both sides are."""
    if edge.result is None:
        return _unknown_input(edge)
    if not isinstance(edge.result, Fit):
        return ""
    return _unknown_axis(edge, edge.result)


def _unknown_input(edge: Edge) -> str:
    maker = edge.incoming.guess or edge.incoming.maker
    if edge.component.is_listed and edge.incoming.value is not None:
        return "it is known at some image sizes only, and not at this one"
    if maker.component is None or maker.role == edge.role:
        return "what comes into it is not known"
    return f"what {maker.role} gives is not known"


def _unknown_axis(edge: Edge, fit: Fit) -> str:
    """A fixed axis of which one side is unknown."""
    if isinstance(edge.incoming.value, StructureValue) or edge.incoming.value is None:
        return ""
    for expected, actual in fixed_axes(fit, edge.incoming.value):
        if not dims.is_known(expected):
            return f"the width that {edge.component.label} takes is not known"
        if not dims.is_known(actual):
            return f"the width of what {edge.producer.role} gives is not known"
    return ""


def fixed_axes(fit: Fit, shape: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    """The axes that an input pattern fixes, each with the axis that came."""
    axes = fit.alternative.inputs[0].axes
    position = next((index for index, axis in enumerate(axes) if isinstance(axis, Ellipsis_)), len(axes))
    before, after = axes[:position], axes[position + 1 :]
    pairs = [*zip(before, shape), *zip(after, shape[len(shape) - len(after) :])]
    for expected, actual in pairs:
        if not isinstance(expected, Ellipsis_) and (isinstance(expected, int) or not dims.names(expected)):
            yield expected, actual


def config_checks(judged: Judged) -> Iterator[LinkCheck]:
    """The links of a model of a config: its components, its loss, and the vectors that it stores."""
    yield from component_checks(judged.chain)
    yield from _loss_checks(judged)


def _loss_checks(judged: Judged) -> Iterator[LinkCheck]:
    """The operands of the loss, as the method pack names them."""
    pack = judged.pack.loss
    written = judged.model.extras.loss
    if pack is None:
        return
    if judged.loss is None:
        if written is not None:
            yield LinkCheck("loss", f"{written.target} is no loss that is known here", "", written.head)
        return
    for end in (pack.left, pack.right):
        reason = _unknown_end(judged, end)
        if reason:
            yield LinkCheck("loss", reason, "", written.head if written else None)
            return
    yield LinkCheck("loss")


def _unknown_end(judged: Judged, end: str) -> str:
    role = end.partition(".")[2]
    if judged.chain.link(role) is None:
        return f"there is no {role} in this model"
    output: Output | None = output_of(judged, end)
    if output is None or not dims.is_known(output.shape[-1]):
        return f"what {role} gives is not known"
    return ""


def flow_is_known(flow: Flow | None) -> bool:
    """Whether the last axis of a tensor is known."""
    return flow is not None and isinstance(flow.value, tuple) and bool(flow.value) and dims.is_known(flow.value[-1])
