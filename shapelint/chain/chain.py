"""Shapes flowing along a chain of components: every place where one meets the next becomes an Edge.

A mismatch is recorded once and does not cascade: the consumer goes on from its own declared input. Each axis carries
its origin, the component (and the constructor argument) that gave it its width, through everything that only passes it
on: a finding can then point at the number, not at the ReLU in between.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Ellipsis_, Fit, Misfit, Pattern, Shape, ShapeOrStructure, StructureValue
from shapelint.spec.roles import kind
from shapelint.spec.spec import Argument, Step
from shapelint.text.source import Span


@frozen
class Origin:
    """Where a width comes from: the role, the component, and the argument that sets it ("" if none does).

    `place` is where the width is written if that is no argument of a component: an axis of the input. `steps` are the
    places of a program that decided it beside: what was done to the axis, the last one first, then to the network.
    """

    role: str
    component: Resolved | None = None
    parameter: str = ""
    place: Span | None = None
    steps: tuple[Step, ...] = ()

    @property
    def argument(self) -> Argument | None:
        """The argument as the user wrote it, or None where the default holds."""
        return self.component.given.get(self.parameter) if self.component and self.parameter else None


@frozen
class Flow:
    """A tensor on its way: its shape (None where unknown), the origin of each axis, and who made it last.

    `guess` is the unresolved layer before a layer that takes any number of axes: the last axis is known, but that it
    stands beside B alone is a guess, and nothing is concluded from the number of axes.
    """

    value: ShapeOrStructure | None
    origins: tuple[Origin, ...]
    maker: Origin
    guess: Origin | None = None

    @property
    def certain(self) -> ShapeOrStructure | None:
        """The shape, None where the number of its axes is a guess."""
        return None if self.guess else self.value


@frozen
class Edge:
    """One component taking what comes: `result` is None where either side is unknown.

    `consumer` is the origin of the expectation (with the argument that sets it), `producer` that of the actual axis.
    `layer` is the position inside a Sequential, None for a component that is no list of layers. `takes_tokens` says
    that what comes out is taken apart token by token later.
    """

    role: str
    component: Resolved
    incoming: Flow
    result: Fit | Misfit | None
    consumer: Origin
    producer: Origin
    layer: int | None = None
    takes_tokens: bool = False

    @property
    def inside(self) -> bool:
        """Whether both ends lie inside one component of the chain."""
        return self.producer.role == self.role


@frozen
class LayerFlow:
    """One layer of a Sequential with what goes in and comes out."""

    component: Resolved
    input: ShapeOrStructure | None
    output: ShapeOrStructure | None


@frozen
class Link:
    """One role of the chain, after its component was run."""

    role: str
    component: Resolved
    incoming: Flow
    outgoing: Flow
    edges: tuple[Edge, ...]
    layers: tuple[LayerFlow, ...] = ()


@frozen
class Chain:
    """The online branch of a model, link by link."""

    links: tuple[Link, ...]

    def link(self, role: str) -> Link | None:
        """The link of a role, or None where the model has none."""
        return next((link for link in self.links if link.role == role), None)


def run(
    components: Mapping[str, Resolved],
    image: Shape,
    places: Sequence[Span | None] = (),
    after_a_gap: Collection[str] = (),
) -> Chain:
    """Let an image of shape (B, C, H, W) flow through the components in order; `places` tells where its axes stand.

    What comes into a component `after_a_gap` is unknown: the role before it is not in the model.
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
    """Run one component on what comes; after a misfit it goes on from its own declared input."""
    this = Origin(role, component)
    if component.signature is None:
        return Edge(role, component, flow, None, this, flow.maker), Flow(None, (), this)
    if isinstance(flow.value, StructureValue):
        misfit = Misfit("arity", component.signature.alternatives[0])
        return Edge(role, component, flow, misfit, this, flow.maker), _restart(this, component, flow)
    if flow.value is None:
        return Edge(role, component, flow, None, this, flow.maker), _restart(this, component, flow)
    result = _judged_as_vectors(role, component, flow.value, signatures.unify(component.signature, flow.value))
    if flow.guess and not _holds_for_any_rank(role, component, result):
        unknown = Flow(None, (), flow.guess)
        return Edge(role, component, unknown, None, this, flow.guess), _restart(this, component, unknown)
    if component.is_listed and _is_of_unseen_size(component, flow.value, result):
        return Edge(role, component, flow, None, this, flow.maker), Flow(None, (), this)
    if isinstance(result, Misfit):
        position = _alternative_index(component, result)
        consumer, producer = this, flow.maker
        if result.kind == "axis":
            consumer = _input_origin(this, component, position, result.axis, len(flow.value))
            producer = flow.origins[result.axis]
        return Edge(role, component, flow, result, consumer, producer), _restart(this, component, flow, result)
    position = component.signature.alternatives.index(result.alternative)
    axis = result.assumed[0][0] if result.assumed else len(flow.value) - 1
    consumer = _input_origin(this, component, position, axis, len(flow.value))
    producer = flow.origins[axis] if flow.origins else flow.maker
    outgoing = _outgoing(this, component, position, result, flow)
    return Edge(role, component, flow, result, consumer, producer), outgoing


def _is_of_unseen_size(component: Resolved, shape: Shape, result: Fit | Misfit) -> bool:
    """Whether images do not fit for their size alone, at one that the component was never tried at."""
    by_size = isinstance(result, Misfit) and (result.kind == "condition" or (result.kind == "axis" and result.axis > 1))
    return by_size and shape[2:] != component.refused


def _holds_for_any_rank(role: str, component: Resolved, result: Fit | Misfit) -> bool:
    """Whether a result says the same however many axes stand before the last one; heads are meant for vectors."""
    last_only = all(_is_leading(value) for value in (result.alternative.inputs[0], result.alternative.output))
    if isinstance(result, Misfit):
        return result.kind == "axis" and (last_only or kind(role) != "backbone")
    return last_only or result.alternative.output == result.alternative.inputs[0]


def _is_leading(value: object) -> bool:
    return isinstance(value, Pattern) and isinstance(value.axes[0], Ellipsis_)


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


def _judged_as_vectors(role: str, component: Resolved, shape: Shape, result: Fit | Misfit) -> Fit | Misfit:
    """Where (B, D) is meant, a map or tokens whose last axis does not certainly fit are at fault for their axes."""
    doubtful = result.kind == "axis" if isinstance(result, Misfit) else bool(result.assumed)
    if not doubtful or not takes_vectors(role, component, len(shape)):
        return result
    assert component.signature is not None
    return Misfit("rank", component.signature.alternatives[0], expected=2, actual=len(shape))


def _alternative_index(component: Resolved, misfit: Misfit) -> int:
    assert component.signature is not None
    return component.signature.alternatives.index(misfit.alternative)


def _input_origin(this: Origin, component: Resolved, position: int, axis: int, rank: int) -> Origin:
    assert component.template is not None
    pattern = component.template.alternatives[position].inputs[0]
    aligned = _spread(pattern, rank)
    parameter = _argument_name(aligned[axis], component) if axis < len(aligned) else ""
    return replace(this, parameter=parameter)


def _outgoing(this: Origin, component: Resolved, position: int, fit: Fit, flow: Flow) -> Flow:
    assert component.template is not None
    template = component.template.alternatives[position]
    if not isinstance(template.output, Pattern) or isinstance(fit.output, StructureValue):
        return Flow(fit.output, (), this)
    assert isinstance(flow.value, tuple)
    sources = _spread(template.inputs[0], len(flow.value))
    came_from: dict[str, Origin] = {}
    passed: list[Origin] = []
    for axis, origin in zip(sources, flow.origins):
        if isinstance(axis, Ellipsis_):
            passed.append(origin)
        elif str(axis).isidentifier():
            came_from[str(axis)] = origin
    origins: list[Origin] = []
    for axis in _spread(template.output, len(fit.output)):
        name = _argument_name(axis, component)
        if isinstance(axis, Ellipsis_):
            origins.append(passed[len(origins)] if len(origins) < len(passed) else this)
        elif name and (name not in came_from or came_from[name].component is None):
            origins.append(replace(this, parameter=name))
        else:
            # A BatchNorm has the width as an argument, but passes on what it gets.
            origins.append(came_from.get(str(axis)) or _merged(flow, fit.output, len(origins)) or this)
    only_passes = template.output == template.inputs[0] and all(
        isinstance(axis, Ellipsis_) for axis in template.output.axes
    )
    return Flow(fit.output, tuple(origins), flow.maker if only_passes else this, flow.guess)


def _merged(flow: Flow, output: Shape, place: int) -> Origin | None:
    """The origin of a width that axes were merged into of which all others are 1: a pooled map that is flattened."""
    assert isinstance(flow.value, tuple)
    wide = [axis for axis, size in enumerate(flow.value) if axis and size != 1]
    if len(output) < len(flow.value) and len(wide) == 1 and flow.value[wide[0]] == output[place] and flow.origins:
        return flow.origins[wide[0]]
    return None


def _restart(this: Origin, component: Resolved, flow: Flow, misfit: Misfit | None = None) -> Flow:
    """What comes out if the component got what it declares; axes that are not at fault are kept."""
    assert component.signature is not None
    assert component.template is not None
    alternative, template = component.signature.alternatives[0], component.template.alternatives[0]
    if not isinstance(alternative.output, Pattern) or not isinstance(template.output, Pattern):
        return Flow(None, (), this)
    if not isinstance(flow.value, tuple):
        if not any(isinstance(axis, int) for axis in alternative.inputs[0].axes) or _is_open(this, component, flow):
            return Flow(None, (), this if alternative.output.rank == 2 else flow.maker)
        batch = dims.symbol("B")
        bindings: dict[str, Any] = {"B": batch, "...": _before(alternative.inputs[0], (batch,))}
    elif misfit is None or misfit.kind != "rank":
        bindings = _kept(alternative.inputs[0], flow.value)
    elif alternative.output == alternative.inputs[0]:
        return flow
    else:
        bindings = {"B": flow.value[0], "...": _before(alternative.inputs[0], flow.value[:1])}
    for axis in alternative.output.axes:
        if not isinstance(axis, Ellipsis_):
            for name in dims.names(axis):
                bindings.setdefault(name, dims.UNKNOWN)
    value = signatures.fill(alternative.output, bindings)
    assert not isinstance(value, StructureValue)
    axes = _spread(template.output, len(value))
    origins = tuple(replace(this, parameter=_argument_name(axis, component)) for axis in axes)
    return Flow(value, origins, this, _guess(this, component, flow))


def _before(pattern: Pattern, batch: Shape) -> Shape:
    """What the ellipsis of a pattern is at least: the batch, where no other axis of the pattern is."""
    return batch if isinstance(pattern.axes[0], Ellipsis_) else ()


def _is_open(this: Origin, component: Resolved, flow: Flow) -> bool:
    """Whether what comes out has a number of axes, and so a last one, that only the unknown input tells."""
    assert component.signature is not None
    outputs = [alternative.output for alternative in component.signature.alternatives]
    if isinstance(outputs[0], Pattern) and any(isinstance(axis, Ellipsis_) for axis in outputs[0].axes[1:]):
        return True
    batched = [output for output in outputs if isinstance(output, Pattern) and str(output.axes[0]) == "B"]
    ranks = {output.rank for output in batched}
    return len(ranks) > 1 and kind(this.role) == "backbone" and flow.maker.role == this.role


def _guess(this: Origin, component: Resolved, flow: Flow) -> Origin | None:
    """The unresolved layer of the same component before one that takes any number of axes."""
    assert component.signature is not None
    before = flow.maker
    unresolved = before.component is not None and before.component.signature is None
    leads = _is_leading(component.signature.alternatives[0].inputs[0])
    return before if flow.value is None and unresolved and leads and before.role == this.role else None


def _kept(pattern: Pattern, shape: Shape) -> dict[str, Any]:
    """The free axes of a pattern bound to a shape of its rank, whatever its other axes are."""
    bindings: dict[str, Any] = {"...": ()}
    for axis, dim in zip(_spread(pattern, len(shape)), shape):
        if isinstance(axis, Ellipsis_):
            bindings["..."] += (dim,)
        elif str(axis).isidentifier():
            bindings.setdefault(str(axis), dim)
    return bindings


def _spread(pattern: Pattern, rank: int) -> list[Any]:
    """The axes of a pattern with the ellipsis repeated to fill the rank."""
    position = next((index for index, axis in enumerate(pattern.axes) if isinstance(axis, Ellipsis_)), None)
    if position is None:
        return list(pattern.axes)
    missing = max(0, rank - len(pattern.axes) + 1)
    return [*pattern.axes[:position], *(pattern.axes[position],) * missing, *pattern.axes[position + 1 :]]


def _argument_name(axis: Dim | Ellipsis_, component: Resolved) -> str:
    """The constructor argument that an axis of the template is, if it is one."""
    name = axis.name if isinstance(axis, Ellipsis_) else str(axis)
    return name if name in component.values else ""
