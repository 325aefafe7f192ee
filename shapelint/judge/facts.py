"""The facts that rules may name: attributes of an edge and of a component, worked out from a chain.

Adding a fact is one field here and the line that computes it. A fact that cannot be known is None, and a rule that
needs it stays silent.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from shapelint.chain.chain import Edge, LayerFlow, Link, Origin, takes_vectors
from shapelint.common.frozen import frozen
from shapelint.judge import torch_errors
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Ellipsis_, Fit, Misfit, Shape, StructureValue
from shapelint.spec.roles import kind
from shapelint.spec.spec import ModelSpec

LARGEST_IMAGE = 1024


@frozen
class Port:
    """What goes into or comes out of a component. `features` is the axis in conflict, or the last one."""

    features: Dim | None = None
    axes: int | None = None
    shape: str = "?"


@frozen
class Side:
    """One end of an edge. `name` is how messages call it: the role, or a layer inside it."""

    role: str
    name: str
    component: str = ""
    input: Port = field(default=Port())
    output: Port = field(default=Port())
    is_backbone: bool = False
    is_head: bool = False
    is_dense: bool = False
    has_default_classes: bool = False

    def __str__(self) -> str:
        return self.name


@frozen
class EdgeFacts:
    """Where one component takes what another gives.

    `fits` is True, False, or None where it depends on the image or the batch; `axes_fit` is False where the number of
    axes is at fault, `size_fits` where the image size is, `batch_fits` where the batch is. `width_depends_on_size` says
    that the width in question changes with the image; `extra_axes` that a head that is made for (B, D)
    takes more axes. `counted` is what the numbers in conflict count. `crash` tells what torch would say, "" where that
    is not known.
    """

    consumer: Side
    producer: Side
    inside: bool
    fits: bool | None
    axes_fit: bool
    size_fits: bool
    batch_fits: bool
    channels_fit: bool
    is_one_tensor: bool
    width_depends_on_size: bool
    image_size_is_open: bool
    extra_axes: bool
    condition: str
    fitting_sizes: str
    counted: str
    crash: str


@frozen
class ComponentFacts:
    """One component by itself. `hidden` is its narrowest hidden layer."""

    role: str
    name: str
    declared: Dim | None
    output: Port
    input: Port
    hidden: Dim | None
    is_projection_head: bool

    def __str__(self) -> str:
        return self.name


def edge_facts(edge: Edge, open_edge: Edge, model: ModelSpec) -> EdgeFacts:
    """The facts of an edge; `open_edge` is the same edge where the image's height and width are left open."""
    result, incoming = edge.result, edge.incoming.value
    rank = len(incoming) if isinstance(incoming, tuple) else None
    component = edge.component.component
    is_head = kind(edge.role) not in ("backbone", "")
    dense = bool(component and component.dense)
    variadic = _is_variadic(edge)
    axes_fit = not (isinstance(result, Misfit) and result.kind == "rank")
    expected, actual, axis = _conflict(edge)
    spatial = isinstance(result, Misfit) and result.kind == "axis" and axis >= 2 and not variadic
    condition = result.condition if isinstance(result, Misfit) and result.kind == "condition" else ""
    about_batch = "B" in words(condition)
    depends = axes_fit and _depends_on_size(open_edge)
    return EdgeFacts(
        consumer=Side(
            role=edge.role,
            name=side_name(edge.role, edge.component, edge.layer, edge.inside),
            component=edge.component.label,
            input=Port(expected, _expected_rank(edge), _expected_shape(edge)),
            is_head=is_head,
            is_backbone=kind(edge.role) == "backbone",
            is_dense=dense,
        ),
        producer=_producer(edge, actual, rank),
        inside=edge.inside,
        fits=None if result is None else not isinstance(result, Misfit) and (None if result.assumed else True),
        axes_fit=axes_fit,
        size_fits=not (spatial or (bool(condition) and not about_batch)),
        batch_fits=not (bool(condition) and about_batch),
        channels_fit=not (
            edge.producer.role == "input" and isinstance(result, Misfit) and result.kind == "axis" and axis == 1
        ),
        is_one_tensor=not isinstance(incoming, StructureValue),
        width_depends_on_size=depends,
        image_size_is_open=not (isinstance(model.input.height, int) and isinstance(model.input.width, int)),
        extra_axes=comes_with_extra_axes(edge),
        condition=condition,
        fitting_sizes=_fitting_sizes(open_edge) if depends else "",
        counted=_counted(axis, rank),
        crash=torch_errors.text(edge.component, expected, actual if axes_fit else _met_first(edge)),
    )


def _counted(axis: int, rank: int | None) -> str:
    """What stands on an axis: the rows of a batch, features (the channels of a map), or anything between."""
    if rank is None or axis in (1, rank - 1):
        return "features"
    return "rows" if axis == 0 else f"entries on axis {axis}"


def _met_first(edge: Edge) -> Dim | None:
    """The axis that a BatchNorm takes for its channels where there are too many axes; for other layers None."""
    incoming = edge.incoming.value
    is_norm = edge.component.label == "BatchNorm1d"
    return incoming[1] if is_norm and isinstance(incoming, tuple) and len(incoming) == 3 else None


def _producer(edge: Edge, actual: Dim | None, rank: int | None) -> Side:
    incoming = edge.incoming.value
    return Side(
        role=edge.producer.role,
        name=origin_name(edge.producer, edge.inside),
        component=edge.producer.component.label if edge.producer.component else "",
        output=Port(actual, rank, signatures.format_shape(incoming)),
        is_backbone=kind(edge.producer.role) == "backbone",
        has_default_classes=_has_default_classes(edge.producer),
    )


def _has_default_classes(origin: Origin) -> bool:
    """Whether the width is a classifier's class count that nobody chose."""
    component = origin.component.component if origin.component else None
    if component is None or component.classes is None or origin.parameter != component.classes:
        return False
    default = next((p.default for p in component.parameters if p.name == component.classes), None)
    assert origin.component is not None
    return origin.component.values.get(component.classes) == default


def _conflict(edge: Edge) -> tuple[Dim | None, Dim | None, int]:
    """The two dimensions in conflict and their axis; where all is well, the last axis."""
    result, incoming = edge.result, edge.incoming.value
    if isinstance(result, Misfit) and result.kind == "axis":
        return result.expected, result.actual, result.axis
    if isinstance(result, Fit) and result.assumed:
        axis, expected, actual = result.assumed[0]
        return expected, actual, axis
    if isinstance(incoming, tuple) and incoming:
        fits = isinstance(result, Fit)
        return (incoming[-1] if fits else _declared_features(edge)), incoming[-1], len(incoming) - 1
    return _declared_features(edge), None, 0


def _declared_features(edge: Edge) -> Dim | None:
    pattern = _first_pattern(edge)
    axes = [axis for axis in pattern.axes[1:] if not isinstance(axis, Ellipsis_)] if pattern else []
    return axes[-1] if axes and isinstance(axes[-1], int) else None


def _first_pattern(edge: Edge) -> signatures.Pattern | None:
    return edge.component.signature.alternatives[0].inputs[0] if edge.component.signature else None


def _is_variadic(edge: Edge) -> bool:
    pattern = _first_pattern(edge)
    return bool(pattern and pattern.axes and isinstance(pattern.axes[0], Ellipsis_) and len(pattern.axes) > 1)


def _expected_rank(edge: Edge) -> int | None:
    pattern = _first_pattern(edge)
    if pattern is None:
        return None
    return 2 if _is_variadic(edge) else pattern.rank


def _expected_shape(edge: Edge) -> str:
    """What the consumer's usual alternative takes, as people write it: `(B, 512)`."""
    pattern = _first_pattern(edge)
    if pattern is None:
        return "?"
    axes = ["B" if isinstance(axis, Ellipsis_) and index == 0 else str(axis) for index, axis in enumerate(pattern.axes)]
    return f"({', '.join(axes)})"


def _depends_on_size(open_edge: Edge) -> bool:
    """Whether the width that is taken as features changes with the image's height or width."""
    result = open_edge.result
    if not isinstance(result, Fit):
        return False
    variadic = _is_variadic(open_edge)
    return any({"H", "W"} & dims.names(actual) and (axis < 2 or variadic) for axis, _, actual in result.assumed)


def comes_with_extra_axes(edge: Edge) -> bool:
    """Whether a head is the first that gets more axes than it is made for, and takes them.

    Where a script lays the axes out itself (`x.flatten(2).mT`), it means them.
    """
    incoming = edge.incoming.value
    if (
        edge.takes_tokens
        or not isinstance(edge.result, Fit)
        or not isinstance(incoming, tuple)
        or kind(edge.role) in ("backbone", "")
    ):
        return False
    laid_out = any(step.gives for origin in edge.incoming.origins[1:] for step in origin.steps)
    made_before = kind(edge.incoming.maker.role) in ("backbone", "input") and not laid_out
    return made_before and len(incoming) > 2 and takes_vectors(edge.role, edge.component, len(incoming))


def _fitting_sizes(open_edge: Edge) -> str:
    """The square images, in pixels, at which a width that depends on the size fits: `it fits at 193 to 224 pixels`."""
    assert isinstance(open_edge.result, Fit)
    _, expected, actual = open_edge.result.assumed[0]
    sizes = [n for n in range(1, LARGEST_IMAGE + 1) if dims.equal(expected, dims.substitute(actual, {"H": n, "W": n}))]
    if not sizes:
        return f"at no square image up to {LARGEST_IMAGE} pixels"
    first, last = sizes[0], sizes[-1]
    return f"at square images of {first}{f' to {last}' if last > first else ''} pixels only"


def words(condition: str) -> set[str]:
    """The names in a condition."""
    return set(condition.replace("*", " ").replace("(", " ").replace(")", " ").split())


def side_name(role: str, component: Resolved, layer: int | None, inside: bool) -> str:
    """How messages call a component: its role, or the layer where both ends lie in one role."""
    return f"{role} layer {layer} ({component.label})" if inside and layer is not None else role


def origin_name(origin: Origin, inside: bool) -> str:
    """How messages call the place where a width comes from."""
    if inside and origin.component is not None:
        return origin.component.label
    return "the input" if origin.role == "input" else origin.role or "the code"


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
    """The output widths of the linear layers but the last; a bottleneck argument is narrow by design."""
    if component.layers:
        linear = [flow for flow in layers if flow.component.label == "Linear" and isinstance(flow.output, tuple)]
        widths: list[Any] = [flow.output[-1] for flow in linear[:-1] if isinstance(flow.output, tuple)]
    else:
        widths = [component.values.get("hidden_dim")]
    return [width for width in widths if isinstance(width, int)]


def _port(value: Any) -> Port:
    if not isinstance(value, tuple) or not value:
        return Port()
    return Port(value[-1], len(value), signatures.format_shape(value))
