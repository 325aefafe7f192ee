"""The links of a model, which are places where a tensor is passed to something that fixes its shape, and their checks.

A link is the input of a component, the operands of a loss, or stored vectors. It is checked if both sides are known in
the axes that it fixes; a link that violates a rule is checked, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.chain.chain import Chain, Edge, Flow, Link
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.subjects.ends import IMAGE_PATCHES, Output, output_of, present_role
from shapelint.judge.unresolved import cause_of, leaves
from shapelint.knowledge import methods
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Ellipsis_, PatternAxis
from shapelint.shapes.signatures import Fit, Shape, StructureValue
from shapelint.spec.roles import HEADS, kind
from shapelint.spec.spec import Cause
from shapelint.text.source import Span

IMAGE_AXES = frozenset({"B", "H", "W"})
"""The axes of images whose sizes may be left open. What another axis that is only named makes wide is not known."""


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


def _unchecked(role: str, cause: Cause) -> LinkCheck:
    return LinkCheck(role, cause.reason, cause.help, cause.span)


def _of_component(link: Link) -> LinkCheck:
    for component in leaves(link.component):
        if component.signature is None or component.spec.is_unread:
            return _unchecked(link.role, cause_of(component, link.role))
        if component.spec.spelling == "declared" and kind(link.role) in HEADS:
            return LinkCheck(link.role, "the width of its input is not written", "", component.spec.head)
    for edge in link.edges:
        if cause := _unknown_side(edge):
            return _unchecked(link.role, cause)
    return LinkCheck(link.role)


def _unknown_side(edge: Edge) -> Cause | None:
    """Return what is unknown of an edge, None if both sides are known."""
    if edge.result is None:
        return _unknown_input(edge)
    return _unknown_axis(edge, edge.result) if isinstance(edge.result, Fit) else None


def _unknown_input(edge: Edge) -> Cause:
    maker = edge.incoming.guess or edge.incoming.maker
    if edge.component.is_listed and edge.incoming.value is not None:
        return Cause("it is known at some image sizes only, and not at this one", edge.component.spec.head)
    if maker.cause is not None:
        return maker.cause
    if isinstance(edge.incoming.value, tuple) and (cause := _unknown_argument(edge.component, "")) is not None:
        return cause
    place = (maker.component or edge.component).spec.head
    unknown = maker.component is None or maker.role == edge.role
    return Cause("what comes into it is not known" if unknown else f"what {maker.role} gives is not known", place)


def _unknown_axis(edge: Edge, fit: Fit) -> Cause | None:
    """Return why a fixed axis is unknown on one side, None if there is none."""
    if isinstance(edge.incoming.value, StructureValue) or edge.incoming.value is None:
        return None
    origins = edge.incoming.origins
    for place, expected, actual in fixed_axes(edge.component, fit, edge.incoming.value):
        if dims.equal(expected, actual):
            continue
        if not dims.is_known(expected):
            general = f"the width that {edge.component.label} takes is not known"
            return _unknown_argument(edge.component, "") or Cause(general, edge.component.spec.head)
        if not dims.is_known(actual) or dims.names(actual) - IMAGE_AXES:
            origin = origins[place] if origins else edge.incoming.maker
            general = f"the width of what {edge.producer.role} gives is not known"
            known = _unknown_argument(origin.component, origin.parameter) if origin.component else None
            return known or origin.cause or Cause(general, (origin.component or edge.component).spec.head)
    return None


def _unknown_argument(component: Resolved, name: str) -> Cause | None:
    """Return that an argument of a component is not known: the one of a name, or the first one."""
    for parameter, argument in component.given.items():
        if dims.is_unknown(argument.value) and name in ("", parameter):
            return argument.why_unknown(f"{parameter} of {component.label}")
    note = component.spec.note
    if note.startswith("part "):
        return Cause(f"the sizes of {note} follow those of an image that is not known", component.spec.head)
    return Cause(f"the arguments of {component.label} are not known: {note}", component.spec.head) if note else None


def fixed_axes(component: Resolved, fit: Fit, shape: Shape) -> Iterator[tuple[int, Dim, Dim]]:
    """Yield the axes that a component fixes: their position, the expected and the actual size.

    An axis with an unknown argument is unknown.
    """
    assert component.signature is not None
    assert component.template is not None
    place = component.signature.alternatives.index(fit.alternative)
    pattern, template = fit.alternative.inputs[0].axes, component.template.alternatives[place].inputs[0].axes
    for index, expected, written, actual in _aligned(pattern, _written_out(template, len(pattern)), shape):
        is_listed = isinstance(written, Ellipsis_)
        arguments = [] if isinstance(written, (int, Ellipsis_)) else dims.names(written) & component.values.keys()
        if any(not isinstance(component.values[name], int) for name in arguments):
            yield index, expected if dims.is_unknown(expected) else dims.UNKNOWN_DIM, actual
        elif not dims.names(expected) or (is_listed and dims.is_unknown(expected)):
            yield index, expected, actual


def _written_out(template: tuple[PatternAxis, ...], count: int) -> tuple[PatternAxis, ...]:
    """Return the axes of a template with `*name` once for each axis that the argument has."""
    place = next((at for at, axis in enumerate(template) if isinstance(axis, Ellipsis_) and axis.name), len(template))
    return (*template[:place], *template[place : place + 1] * (count - len(template) + 1), *template[place + 1 :])


def _aligned(
    pattern: Sequence[PatternAxis], template: Sequence[PatternAxis], shape: Shape
) -> Iterator[tuple[int, Dim, PatternAxis, Dim]]:
    """Yield the positions and axes of a pattern, its template and a shape side by side, but none of an ellipsis."""
    count = len(pattern)
    position = next((place for place, axis in enumerate(pattern) if isinstance(axis, Ellipsis_)), count)
    for place, axis in enumerate(pattern):
        if not isinstance(axis, Ellipsis_):
            index = place if place < position else place - count
            yield index, axis, template[index], shape[index]


def config_checks(judged: Judged) -> Iterator[LinkCheck]:
    """Yield the links of a model of a config: its components, its loss, and its stored vectors."""
    yield from component_checks(judged.chain)
    yield from _loss_checks(judged)
    yield from _bank_checks(judged)


def _bank_checks(judged: Judged) -> Iterator[LinkCheck]:
    """Yield the links of stored vectors that are multiplied with features, where these are no matrix."""
    for bank in judged.model.extras.banks:
        rule = judged.pack.banks.get(bank.name)
        for end in rule.meets if rule is not None and rule.how == "multiplied" else ():
            output = output_of(judged, end)
            if output is not None and len(output.shape) != 2:
                reason = f"{output.role} produces {len(output.shape)} axes, and {bank.name} multiply a matrix"
                yield LinkCheck(bank.name, reason, "", bank.width.span)
                return


def _loss_checks(judged: Judged) -> Iterator[LinkCheck]:
    """Yield the link of each loss, with the operands that the method pack names."""
    if not judged.model.wiring and methods.pack(judged.model.method) is None:
        reason = f"{judged.model.method} is no method that is known here, nor are its loss and its target"
        yield LinkCheck("loss", reason, "", judged.model.named)
        return
    for loss in judged.losses:
        if loss.bound is not None:
            reasons = (_unknown_end(judged, end) for end in (loss.ends.left, loss.ends.right))
            place = loss.written.head if loss.written else None
            yield LinkCheck(loss.key, next(filter(None, reasons), ""), "", place)
        elif loss.written is not None:
            reason = f"{loss.written.target or 'what is written'} is no loss that is known here"
            yield LinkCheck(loss.key, reason, "", loss.written.head)


def _unknown_end(judged: Judged, end: str) -> str:
    output: Output | None = output_of(judged, end)
    if end == IMAGE_PATCHES:
        return "" if output is not None else "the size of the patches is not known"
    named = end.partition(".")[2]
    role = present_role(judged, named)
    if judged.chain.link(role) is None:
        return f"there is no {named} in this model"
    if output is None or not dims.is_known(output.shape[-1]):
        return f"what {role} gives is not known"
    return ""


def are_alike(flows: Sequence[Flow | None]) -> bool:
    """Return whether the last axes of tensors are certainly equal, whatever they are."""
    shapes = [flow.value for flow in flows if flow is not None and isinstance(flow.value, tuple) and flow.value]
    return len(shapes) == len(flows) and all(dims.equal(shapes[0][-1], shape[-1]) for shape in shapes)


def flow_is_known(flow: Flow | None) -> bool:
    """Return whether the last axis of a tensor is known."""
    return flow is not None and isinstance(flow.value, tuple) and bool(flow.value) and dims.is_known(flow.value[-1])
