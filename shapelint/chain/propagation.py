"""Let shapes flow along a chain of components: each component is compared with what comes into it.

A mismatch is recorded once and does not cascade: the consumer continues from its own declared input.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shapelint.chain.chain import Chain, Edge, Flow, LayerFlow, Link, Origin
from shapelint.chain.outgoing_flow import begins_with_any_axes, input_origin, outgoing_flow, restarted_flow
from shapelint.common.frozen import replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.notation import Ellipsis_
from shapelint.shapes.signatures import Fit, Misfit, Shape, StructureValue
from shapelint.spec.roles import kind
from shapelint.text.source import Span


def run(
    components: Mapping[str, Resolved],
    image: Shape,
    places: Sequence[Span | None] = (),
    after_a_gap: Collection[str] = (),
) -> Chain:
    """Let an image of shape (B, C, H, W) flow through the components in order; `places` are the spans of its axes.

    The input of a component in `after_a_gap` is unknown: the role before it is missing from the model.
    """
    start = Origin("input")
    origins = tuple(replace(start, place=place) for place in places) or (start,) * len(image)
    flow = Flow(image, origins, start)
    links = []
    for role, component in components.items():
        link = _link(role, component, Flow(None, (), start) if role in after_a_gap else flow)
        links.append(link)
        flow = link.outgoing
    return Chain(tuple(links))


def _link(role: str, component: Resolved, flow: Flow) -> Link:
    if not component.layers:
        edge, outgoing = step(role, component, flow)
        return Link(role, component, flow, outgoing, (edge,))
    edges, layers, current = [], [], flow
    for index, layer in enumerate(component.layers):
        inner = _link(role, layer, current)
        edges += [replace(edge, layer=index) for edge in inner.edges]
        layers.append(LayerFlow(layer, current.certain, inner.outgoing.certain))
        current = inner.outgoing
    return Link(role, component, flow, current, tuple(edges), tuple(layers))


def step(role: str, component: Resolved, flow: Flow) -> tuple[Edge, Flow]:
    """Run one component on its input; after a misfit, continue from the input that it declares."""
    this = Origin(role, component)
    if component.signature is None:
        return Edge(role, component, flow, None, this, flow.maker), Flow(None, (), this)
    if isinstance(flow.value, StructureValue):
        misfit = Misfit("arity", component.signature.alternatives[0])
        return Edge(role, component, flow, misfit, this, flow.maker), restarted_flow(this, component, flow)
    if flow.value is None:
        return Edge(role, component, flow, None, this, flow.maker), restarted_flow(this, component, flow)
    result = _judged_as_vectors(role, component, flow, flow.value, signatures.unify(component.signature, flow.value))
    if flow.guess and not _holds_for_any_rank(role, component, result):
        unknown = Flow(None, (), flow.guess)
        return Edge(role, component, unknown, None, this, flow.guess), restarted_flow(this, component, unknown)
    if component.is_listed and _is_of_unseen_size(component, flow.value, result):
        return Edge(role, component, flow, None, this, flow.maker), Flow(None, (), this)
    if isinstance(result, Misfit):
        position = _alternative_index(component, result)
        consumer, producer = this, flow.maker
        if result.kind == "axis":
            consumer = input_origin(this, component, position, result.axis, len(flow.value))
            producer = flow.origins[result.axis]
        return Edge(role, component, flow, result, consumer, producer), restarted_flow(this, component, flow, result)
    position = component.signature.alternatives.index(result.alternative)
    axis = result.assumed[0][0] if result.assumed else len(flow.value) - 1
    consumer = input_origin(this, component, position, axis, len(flow.value))
    producer = flow.origins[axis] if flow.origins else flow.maker
    outgoing = outgoing_flow(this, component, position, result, flow)
    return Edge(role, component, flow, result, consumer, producer), outgoing


def _is_of_unseen_size(component: Resolved, shape: Shape, result: Fit | Misfit) -> bool:
    """Whether images fail to fit only because of their size, and the component was never tried at that size."""
    by_size = isinstance(result, Misfit) and (result.kind == "condition" or (result.kind == "axis" and result.axis > 1))
    return by_size and shape[2:] != component.refused


def _holds_for_any_rank(role: str, component: Resolved, result: Fit | Misfit) -> bool:
    """Whether a result is the same however many axes precede the last one; heads are meant for vectors."""
    last_only = all(begins_with_any_axes(value) for value in (result.alternative.inputs[0], result.alternative.output))
    if isinstance(result, Misfit):
        return result.kind == "axis" and (last_only or kind(role) != "backbone")
    return last_only or result.alternative.output == result.alternative.inputs[0]


def takes_vectors(role: str, component: Resolved, rank: int) -> bool:
    """Whether features (B, D) are meant although more axes would pass: heads that are not dense, a Linear on maps."""
    assert component.signature is not None
    if rank <= 2 or (component.component and component.component.dense):
        return False
    axes = component.signature.alternatives[0].inputs[0].axes
    variadic = isinstance(axes[0], Ellipsis_)
    if (variadic and len(axes) != 2) or (not variadic and len(axes) > 2):
        return False
    return kind(role) not in ("backbone", "") if not variadic or rank == 3 else True


def _judged_as_vectors(role: str, component: Resolved, flow: Flow, shape: Shape, result: Fit | Misfit) -> Fit | Misfit:
    """If (B, D) is meant, blame the number of axes of a map or tokens whose last axis may not fit."""
    doubtful = result.kind == "axis" if isinstance(result, Misfit) else bool(result.assumed)
    if not doubtful or not takes_vectors(role, component, len(shape)) or _is_too_wide(flow, shape, result):
        return result
    assert component.signature is not None
    return Misfit("rank", component.signature.alternatives[0], expected=2, actual=len(shape))


def _is_too_wide(flow: Flow, shape: Shape, result: Fit | Misfit) -> bool:
    """Whether each of several tokens is of another width than is taken, so that a chosen one would not fit either."""
    if len(shape) != 3 or not isinstance(result, Misfit) or result.axis != 2 or not isinstance(result.expected, int):
        return False
    is_of_tokens = bool(flow.origins) and flow.origins[-1].component is not None and isinstance(shape[-1], int)
    return is_of_tokens and dims.equal(shape[1], result.expected) is not True


def _alternative_index(component: Resolved, misfit: Misfit) -> int:
    assert component.signature is not None
    return component.signature.alternatives.index(misfit.alternative)
