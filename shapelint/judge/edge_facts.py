"""The facts of an edge, worked out from a chain."""

from __future__ import annotations

from shapelint.chain.chain import Edge, Origin
from shapelint.chain.propagation import takes_vectors
from shapelint.judge import torch_errors
from shapelint.judge.facts import EdgeFacts, Port, Side
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Ellipsis_
from shapelint.shapes.signatures import Fit, Misfit, StructureValue
from shapelint.spec.roles import kind
from shapelint.spec.spec import ModelSpec

LARGEST_IMAGE = 1024


def edge_facts(edge: Edge, open_edge: Edge, model: ModelSpec) -> EdgeFacts:
    """The facts of an edge; `open_edge` is the same edge with the image's height and width left open."""
    result, incoming = edge.result, edge.incoming.value
    rank = len(incoming) if isinstance(incoming, tuple) else None
    component = edge.component.component
    is_head = kind(edge.role) not in ("backbone", "")
    dense = bool(component and component.dense)
    variadic = _is_variadic(edge)
    axes_fit = not (isinstance(result, Misfit) and result.kind == "rank") and not _takes_several(edge)
    expected, actual, axis = _conflict(edge)
    # The last of three axes is the width of tokens.
    spatial = isinstance(result, Misfit) and result.kind == "axis" and axis >= 2 and rank != 3 and not variadic
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
        crash=torch_errors.text(edge.component, expected, actual if axes_fit else _channels_taken(edge)),
    )


def _counted(axis: int, rank: int | None) -> str:
    """What an axis counts: the rows of a batch, features (the channels of a map), or the entries of another axis."""
    if rank is None or axis in (1, rank - 1):
        return "features"
    return "rows" if axis == 0 else f"entries on axis {axis}"


def _channels_taken(edge: Edge) -> Dim | None:
    """The axis that a BatchNorm takes for its channels if there are too many axes; None for other layers."""
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
    """The two dimensions in conflict and their axis; the last axis if nothing is wrong."""
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


def _first_pattern(edge: Edge) -> notation.Pattern | None:
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
    """The shape that the consumer's usual alternative takes, as people write it: `(B, 512)`."""
    signature = edge.component.signature
    if signature is None:
        return "?"
    taken = signature.alternatives[0].inputs
    return " and ".join(_shape_text(pattern) for pattern in (taken if _takes_several(edge) else taken[:1]))


def _shape_text(pattern: notation.Pattern) -> str:
    axes = ["B" if isinstance(axis, Ellipsis_) and index == 0 else str(axis) for index, axis in enumerate(pattern.axes)]
    return f"({', '.join(axes)})"


def _takes_several(edge: Edge) -> bool:
    """Whether a layer of several inputs, such as Bilinear, gets a single tensor."""
    result = edge.result
    return isinstance(result, Misfit) and result.kind == "arity" and isinstance(edge.incoming.value, tuple)


def _depends_on_size(open_edge: Edge) -> bool:
    """Whether the width that is taken as features changes with the image's height or width."""
    result = open_edge.result
    if not isinstance(result, Fit):
        return False
    variadic = _is_variadic(open_edge)
    return any({"H", "W"} & dims.names(actual) and (axis < 2 or variadic) for axis, _, actual in result.assumed)


def comes_with_extra_axes(edge: Edge) -> bool:
    """Whether a head is the first to get more axes than it is made for, and accepts them.

    A script that arranges the axes itself (`x.flatten(2).mT`) intends them.
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
    """The square images, in pixels, at which a size-dependent width fits: `it fits at 193 to 224 pixels`."""
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
    """The name of a component in messages: its role, or the layer if both ends are in one role."""
    return f"{role} layer {layer} ({component.label})" if inside and layer is not None else role


def origin_name(origin: Origin, inside: bool) -> str:
    """The name in messages of the place where a width comes from."""
    if inside and origin.component is not None:
        return origin.component.label
    return "the input" if origin.role == "input" else origin.role or "the code"
