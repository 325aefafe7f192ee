"""The links of a model, which are places where a tensor is passed to something that fixes its shape, and their checks.

A link is the input of a component, the operands of a loss, or stored vectors. It is checked if both sides are known in
the axes that it fixes; a link that violates a rule is checked, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.chain.chain import Chain, Edge, Flow, Link
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.subjects.ends import Output, output_of
from shapelint.knowledge import methods
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Ellipsis_, PatternAxis
from shapelint.shapes.signatures import Fit, Shape, StructureValue
from shapelint.spec.roles import HEADS, kind
from shapelint.text.source import Span


@frozen
class LinkCheck:
    """A link: the role that takes the tensor, and why it could not be checked, "" if it was.

    `help` is what would make it known, `span` is the place of the cause.
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
    """Yield the link to the input of each component of a chain."""
    for link in chain.links:
        yield _of_component(link)


def _of_component(link: Link) -> LinkCheck:
    for component in leaves(link.component):
        if component.signature is None or component.spec.is_unread:
            return LinkCheck(link.role, *unresolved(component, link.role), component.spec.head)
        if component.spec.spelling == "declared" and kind(link.role) in HEADS:
            return LinkCheck(link.role, "the width of its input is not written", "", component.spec.head)
    for edge in link.edges:
        if reason := _unknown_side(edge):
            return LinkCheck(link.role, reason, "", _cause(edge.incoming, edge.component).spec.head)
    return LinkCheck(link.role)


def leaves(component: Resolved) -> Iterator[Resolved]:
    """Yield the components that are not lists of others, in order and at any depth."""
    if not component.layers:
        yield component
    for layer in component.layers:
        yield from leaves(layer)


def unresolved(component: Resolved, role: str) -> tuple[str, str]:
    """Why a component has no signature, and a line that would give it one."""
    if component.spec.is_unread:
        return component.spec.note, ""
    absent = next((problem.message for problem in component.problems if problem.code == "SL114"), "")
    if absent:
        return absent, ""
    name = component.target or component.spec.target or "the component"
    rank = "B 3 H W -> B ..." if kind(role) == "backbone" else "B ... -> B ..."
    reason = component.reason if component.reason.startswith(name) else f"{name} is unknown: {component.reason}"
    return reason, f'"{name}" = "{rank}"'


def _cause(flow: Flow, consumer: Resolved) -> Resolved:
    """Return the component that causes an unknown shape: the one that made it, else the one that takes it."""
    maker = (flow.guess or flow.maker).component
    return maker if maker is not None else consumer


def _unknown_side(edge: Edge) -> str:
    """Return what is unknown of an edge, "" if both sides are known."""
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
    """Return a fixed axis that is unknown on one side, "" if there is none."""
    if isinstance(edge.incoming.value, StructureValue) or edge.incoming.value is None:
        return ""
    for expected, actual in fixed_axes(edge.component, fit, edge.incoming.value):
        if not dims.is_known(expected):
            return f"the width that {edge.component.label} takes is not known"
        if not dims.is_known(actual):
            return f"the width of what {edge.producer.role} gives is not known"
    return ""


def fixed_axes(component: Resolved, fit: Fit, shape: Shape) -> Iterator[tuple[Dim, Dim]]:
    """Yield the axes that a component fixes, each with the actual axis; an axis with an unknown argument is unknown."""
    assert component.signature is not None
    assert component.template is not None
    place = component.signature.alternatives.index(fit.alternative)
    patterns = fit.alternative.inputs[0].axes, component.template.alternatives[place].inputs[0].axes
    for expected, written, actual in _aligned(*patterns, shape):
        arguments = [] if isinstance(written, int) else sorted(dims.names(written) & component.values.keys())
        if any(not isinstance(component.values[name], int) for name in arguments):
            yield dims.UNKNOWN_DIM, actual
        elif isinstance(expected, int) or not dims.names(expected):
            yield expected, actual


def _aligned(
    pattern: Sequence[PatternAxis], template: Sequence[PatternAxis], shape: Shape
) -> Iterator[tuple[Dim, Dim, Dim]]:
    """Yield the axes of a pattern, its template and a shape side by side, except for those of an ellipsis."""
    position = next((index for index, axis in enumerate(pattern) if isinstance(axis, Ellipsis_)), len(pattern))
    behind = len(pattern) - position - 1
    places = [*range(position), *range(-max(behind, 0), 0)]
    for index in places:
        axis, written = pattern[index], template[index]
        if not isinstance(axis, Ellipsis_) and not isinstance(written, Ellipsis_):
            yield axis, written, shape[index]


def config_checks(judged: Judged) -> Iterator[LinkCheck]:
    """Yield the links of a model of a config: its components, its loss, and its stored vectors."""
    yield from component_checks(judged.chain)
    yield from _loss_checks(judged)


def _loss_checks(judged: Judged) -> Iterator[LinkCheck]:
    """Yield the link of the loss, with the operands that the method pack names."""
    pack = judged.pack.loss
    written = judged.model.extras.loss
    if methods.pack(judged.model.method) is None:
        reason = f"{judged.model.method} is no method that is known here, nor are its loss and its target"
        yield LinkCheck("loss", reason, "", judged.model.named)
        return
    if pack is None:
        return
    if judged.loss is None:
        if written is not None:
            yield LinkCheck(
                "loss", f"{written.target or 'what is written'} is no loss that is known here", "", written.head
            )
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
    """Return whether the last axis of a tensor is known."""
    return flow is not None and isinstance(flow.value, tuple) and bool(flow.value) and dims.is_known(flow.value[-1])
