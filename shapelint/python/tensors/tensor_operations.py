"""Torch functions on tensors and tensor methods: `x.flatten(1)` and `torch.flatten(x, 1)` alike.

An operation takes the tensor and the other arguments; if its result is unknown, it is a tensor of unknown shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.knowledge import operations as lines
from shapelint.knowledge.operations import Operation, Section
from shapelint.python.state import gradients
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.gradients import UNTRAINED
from shapelint.python.state.values import UNKNOWN, Const, Items, NumpyArray, Tensor, Value
from shapelint.python.tensors import (
    argument_values,
    collected_rows,
    mask_counts,
    masks,
    memory_order,
    overloads,
    shape_lines,
    usual_sizes,
)
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.overloads import OperationCall
from shapelint.python.tensors.pieces import Pieces
from shapelint.python.tensors.refusals import Refusal
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes.dims import Dim

IN_PIECES = frozenset({"split", "chunk", "sections", "unbind"})
"""Primitives that return a tuple of tensors."""
CONVERTS = frozenset({"from_numpy", "as_tensor", "asarray", "tensor"})
"""Functions that make a tensor of an array."""


def known(name: str) -> bool:
    """Return whether the data lists an operation of this name."""
    return bool(lines.find(name))


def is_asked(name: str) -> bool:
    """Return whether torch itself is asked for the result of an operation of which the data say what is refused."""
    return any(line.gives == "asked" for line in lines.find(name))


def apply(name: str, tensor: Tensor, given: Arguments, section: Section = "operations") -> Value:
    """Return the result of `tensor.name(*given)`."""
    operations = lines.find(name, section)
    trains = UNTRAINED if any(operation.detaches for operation in operations) else tensor.trains
    blank = Tensor(
        Flow(None, (), tensor.flow.maker),
        is_mask=masks.comes_of(name, tensor.is_mask, given),
        is_index=masks.counts(name, tensor.is_index, given),
    )
    call = _chosen(operations, 1, given)
    if all(operation.keeps_shape for operation in operations) or (call is not None and _is_bounded_by_numbers(call)):
        same = replace(tensor, trains=trains, is_mask=blank.is_mask, is_index=blank.is_index)
        return _counted(name, tensor, given, call, same)
    if call is not None and not call.operation.detaches and call.operation.combines:
        trains |= gradients.through(call.operands)
    return _counted(name, tensor, given, call, _value(call, axes_of(tensor), replace(blank, trains=trains)))


def _counted(name: str, tensor: Tensor, given: Arguments, call: OperationCall[Value] | None, result: Value) -> Value:
    """Return what an operation gives, with what is known of its ones and of its place in memory."""
    ones = mask_counts.after(name, tensor, given, result if isinstance(result, Tensor) else None)
    if not isinstance(result, Tensor):
        return result
    whole = mask_counts.chosen(name, tensor, given, result)
    order = memory_order.after(name, call, tensor)
    return whole if whole.ones is ones and whole.order == order else replace(whole, ones=ones, order=order)


def _is_bounded_by_numbers(call: OperationCall[Value]) -> bool:
    """Return whether an operation whose operands may all be left out has none but plain numbers: `x.clamp(0, 1)`."""
    optional = not any(parameter.required for parameter in (call.operation.parameters or ())[1:])
    broadcasts = bool(call.operation.steps) and all(step.primitive == "broadcast" for step in call.operation.steps)
    return optional and broadcasts and all(isinstance(operand, Const) for operand in call.operands)


def create(name: str, given: Arguments) -> Value:
    """Return the result of a function that takes no tensor: `torch.zeros(2, 8)`, `torch.from_numpy(array)`."""
    first = given.positional[0].value if given.positional else None
    if name in CONVERTS and isinstance(first, (NumpyArray, Tensor)):
        return replace(first, trains=UNTRAINED) if isinstance(first, Tensor) else first.tensor
    if name in CONVERTS and isinstance(first, Const) and isinstance(first.value, (int, float)):
        is_index = type(first.value) is int and not given.keywords
        return replace(concrete([]), is_mask=isinstance(first.value, bool), is_index=is_index)
    if name in CONVERTS and isinstance(first, Items) and (sizes := collected_rows.sizes_in(first)) is not None:
        return replace(concrete(sizes), is_index=collected_rows.are_whole(first) and not given.keywords)
    call = _chosen(lines.find(name, "creations"), 0, given)
    is_mask, is_index = masks.is_created(given), masks.counts(name, False, given)
    made = _value(call, (), Tensor(Flow(None, (), ax.NO_ORIGIN), is_mask=is_mask, is_index=is_index))
    if not isinstance(made, Tensor) or made.shape is None:
        return made
    return replace(made, ones=mask_counts.created(name, made.shape))


def chosen(name: str, given: Arguments) -> OperationCall[Value] | None:
    """Return the line of an operation, or an attribute, for a call; None without one, or if arguments are missing."""
    return _chosen(lines.find(name) or lines.find(name, "attributes"), 1, given) if given.complete else None


def refused(call: OperationCall[Value], tensor: Tensor) -> Iterator[tuple[Tensor, Refusal]]:
    """Yield the operands that an operation certainly refuses, each with what it would take."""
    axes = axes_of(tensor)
    operands = (tensor, *call.operands)
    for refusal in () if axes is None else call.refusals(axes):
        operand = operands[refusal.operand]
        if isinstance(operand, Tensor):
            yield operand, refusal


def repeated(call: OperationCall[Value], tensor: Tensor) -> int | None:
    """Return an axis that is named twice where each may be named once; None if there is none."""
    axes = axes_of(tensor)
    return None if axes is None else call.repeated(axes)


def is_apart(call: OperationCall[Value], tensor: Tensor) -> bool:
    """Return whether a view certainly merges axes that do not lie next to each other in memory."""
    axes = axes_of(tensor)
    result = call.result(axes) if tensor.order and axes is not None else None
    if axes is None or not isinstance(result, tuple):
        return False
    return memory_order.takes_view(axes, tensor.order, [axis.size for axis in result]) is False


def apart_sizes(call: OperationCall[Value], tensor: Tensor) -> tuple[Dim, Dim] | None:
    """Return two sizes that are broadcast together, but differ for every usual size of an image; None without any."""
    pairs = call.broadcast_with(axes_of(tensor) or ())
    return next((found for one, other in pairs if (found := usual_sizes.in_broadcast(one, other))), None)


def is_open(call: OperationCall[Value], tensor: Tensor) -> bool:
    """Return whether an operation may refuse what it gets, for a size or a shape that is not known."""
    axes = axes_of(tensor)
    operands = [tensor, *call.operands]
    made = [isinstance(one, Tensor) and one.flow.maker.component is not None for one in operands]
    unknown = [isinstance(one, Tensor) and axes_of(one) is None for one in operands]
    if axes is None or any(unknown):
        known = [one for one in operands if isinstance(one, Tensor) and axes_of(one)]
        counts = not call.broadcasts or any(is_made for is_made, lost in zip(made, unknown) if lost)
        return call.compares and bool(known) and counts
    return call.is_open(axes, made)


def _chosen(operations: Sequence[Operation], first: int, given: Arguments) -> OperationCall[Value] | None:
    keywords = {name: argument.value for name, argument in given.keywords.items()}
    return overloads.choose(operations, first, given.values, keywords, argument_values.read)


def _value(call: OperationCall[Value] | None, axes: Axes | None, blank: Tensor) -> Value:
    """Return the result of a call; `blank` is this result without its shape."""
    if call is None:
        return blank
    result = None if axes is None else call.result(axes)
    last = call.operation.gives
    if last == "value":
        return UNKNOWN
    if call.operation.shapes and (count := shape_lines.pieces(call.operation.shapes)) is not None:
        return _tuple(result if isinstance(result, Pieces) else Pieces((None,) * count), blank)
    if last in IN_PIECES:
        if axes is None:
            return Items([], "tuple", blank)
        return _tuple(result, blank) if isinstance(result, Pieces) else UNKNOWN
    if last in ("pair", "both"):
        (first, _) = result.each if isinstance(result, Pieces) else (None, None)
        one = _shaped(first, blank)
        return Items([one, one if last == "both" else replace(one, trains=UNTRAINED, is_index=True)], "tuple")
    return _shaped(None if isinstance(result, Pieces) else result, blank)


def _tuple(pieces: Pieces, blank: Tensor) -> Items:
    rest = None if pieces.rest is None else _shaped(pieces.rest, blank)
    return Items([_shaped(piece, blank) for piece in pieces.each], "tuple", rest)


def _shaped(axes: Axes | None, blank: Tensor) -> Tensor:
    return replace(blank, flow=ax.flow(axes, blank.flow.maker))


def concrete(sizes: Iterable[Dim]) -> Tensor:
    """Return a new tensor of these sizes."""
    return Tensor(ax.flow(ax.sized(sizes), ax.NO_ORIGIN))


def as_array(tensor: Tensor) -> NumpyArray:
    """Return the array of a tensor, through which no gradients flow."""
    return NumpyArray(replace(tensor, trains=UNTRAINED))
