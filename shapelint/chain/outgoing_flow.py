"""What comes out of a component, and where each of its widths comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Alternative, Ellipsis_, OutputPattern, Pattern, PatternAxis
from shapelint.shapes.signatures import Fit, Misfit, Shape, ShapeOrStructure, StructureValue
from shapelint.spec.roles import kind


def begins_with_any_axes(value: object) -> bool:
    return isinstance(value, Pattern) and isinstance(value.axes[0], Ellipsis_)


def input_origin(this: Origin, component: Resolved, position: int, axis: int, rank: int) -> Origin:
    assert component.template is not None
    pattern = component.template.alternatives[position].inputs[0]
    aligned = _spread(pattern, rank)
    return replace(this, parameter=_argument_name(aligned[axis], component)) if aligned else this


def outgoing_flow(this: Origin, component: Resolved, position: int, fit: Fit, flow: Flow) -> Flow:
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
    passed_on = iter(passed)
    origins: list[Origin] = []
    for axis in _spread(template.output, len(fit.output)):
        name = _argument_name(axis, component)
        if isinstance(axis, Ellipsis_):
            origins.append(next(passed_on, this))
        elif name and (name not in came_from or came_from[name].component is None):
            origins.append(replace(this, parameter=name))
        else:
            # A BatchNorm has the width as an argument, but passes on the width that it gets.
            origins.append(came_from.get(str(axis)) or _merged(flow, fit.output, len(origins)) or this)
    only_passes = template.output == template.inputs[0] and all(
        isinstance(axis, Ellipsis_) for axis in template.output.axes
    )
    return Flow(fit.output, tuple(origins), flow.maker if only_passes else this, flow.guess)


def _merged(flow: Flow, output: Shape, place: int) -> Origin | None:
    """The origin of a width merged from several axes, if all but one of them are 1: a pooled map that is flattened.

    A vector may be flattened as well.
    """
    assert isinstance(flow.value, tuple)
    wide = [axis for axis, size in enumerate(flow.value) if axis and size != 1]
    if len(output) <= len(flow.value) and len(wide) == 1 and flow.value[wide[0]] == output[place] and flow.origins:
        return flow.origins[wide[0]]
    return None


def restarted_flow(this: Origin, component: Resolved, flow: Flow, misfit: Misfit | None = None) -> Flow:
    """The output of a component if it had got the input it declares; axes that are not at fault are kept."""
    assert component.signature is not None
    assert component.template is not None
    alternative, template = component.signature.alternatives[0], component.template.alternatives[0]
    if not isinstance(alternative.output, Pattern) or not isinstance(template.output, Pattern):
        only = len(component.signature.alternatives) == 1
        return Flow(_restarted_structure(alternative, flow) if only else None, (), this)
    if not isinstance(flow.value, tuple):
        if not any(map(_is_fixed, alternative.inputs[0].axes)) or _is_open(this, component, flow):
            return Flow(None, (), this if alternative.output.rank == 2 else flow.maker)
        batch: Dim = dims.symbol("B")
        bindings: dict[str, Any] = {"B": batch, "...": _before(alternative.inputs[0], (batch,))}
    elif misfit is None or misfit.kind != "rank":
        bindings = _kept(alternative.inputs[0], flow.value)
    elif alternative.output == alternative.inputs[0]:
        return flow
    else:
        batch = _batch(flow.value)
        bindings = {"B": batch, "...": _before(alternative.inputs[0], (batch,))}
    value = _filled(alternative.output, bindings)
    assert not isinstance(value, StructureValue)
    axes = _spread(template.output, len(value))
    origins = tuple(replace(this, parameter=_argument_name(axis, component)) for axis in axes)
    return Flow(value, origins, this, _guess(this, component, flow))


def _restarted_structure(alternative: Alternative, flow: Flow) -> ShapeOrStructure:
    """Several outputs for the declared input, in which free axes that are not seen are not known."""
    pattern = alternative.inputs[0]
    if not isinstance(flow.value, tuple):
        return _filled(alternative.output, {"B": dims.symbol("B")})
    same_rank = pattern.rank == len(flow.value)
    return _filled(alternative.output, _kept(pattern, flow.value) if same_rank else {"B": _batch(flow.value)})


def _batch(shape: Shape) -> Dim:
    """The first axis of a shape; a shape without axes has none, and the batch stays open."""
    return shape[0] if shape else dims.symbol("B")


def _filled(output: OutputPattern, bindings: dict[str, Any]) -> ShapeOrStructure:
    """An output with these sizes; what they do not say is not known."""
    for axis in _axes(output):
        if not isinstance(axis, Ellipsis_):
            for name in dims.free_names(axis):
                bindings.setdefault(name, dims.UNKNOWN_DIM)
    return signatures.fill(output, bindings)


def _axes(output: OutputPattern) -> Iterator[PatternAxis]:
    if isinstance(output, Pattern):
        yield from output.axes
    else:
        for element in output.elements:
            yield from _axes(element)


def _is_fixed(axis: object) -> bool:
    """Whether an axis has one size: a number, or an argument that is not known but the same wherever it is used."""
    return isinstance(axis, int) or (
        isinstance(axis, dims.Expression) and dims.is_unknown(axis) and not dims.is_lost(axis)
    )


def _before(pattern: Pattern, batch: Shape) -> Shape:
    """The least that the ellipsis of a pattern matches: the batch, if no other axis of the pattern is the batch."""
    return batch if isinstance(pattern.axes[0], Ellipsis_) else ()


def _is_open(this: Origin, component: Resolved, flow: Flow) -> bool:
    """Whether the number of output axes, and so which is the last, depends on an input that is unknown."""
    assert component.signature is not None
    outputs = [alternative.output for alternative in component.signature.alternatives]
    if isinstance(outputs[0], Pattern) and any(isinstance(axis, Ellipsis_) for axis in outputs[0].axes[1:]):
        return True
    batched = [output for output in outputs if isinstance(output, Pattern) and str(output.axes[0]) == "B"]
    ranks = {output.rank for output in batched}
    return len(ranks) > 1 and kind(this.role) == "backbone" and flow.maker.role == this.role


def _guess(this: Origin, component: Resolved, flow: Flow) -> Origin | None:
    """The unresolved layer of the same component in front of one that takes any number of axes."""
    assert component.signature is not None
    before = flow.maker
    unresolved = before.component is not None and before.component.signature is None
    leads = begins_with_any_axes(component.signature.alternatives[0].inputs[0])
    return before if flow.value is None and unresolved and leads and before.role == this.role else None


def _kept(pattern: Pattern, shape: Shape) -> dict[str, Any]:
    """Bind the free axes of a pattern to a shape of the same rank, whatever its other axes are."""
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
    """The constructor argument that an axis of the template names, or ""."""
    name = axis.name if isinstance(axis, Ellipsis_) else str(axis)
    return name if name in component.values else ""
