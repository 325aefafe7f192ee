"""Operations that a forward calls outside any layer: when their shapes cannot fit, and what would come out.

Decided on the shapes alone; no error text of torch is read. Which functions these are, and which of their arguments
must agree, is in `rules/torch_operations.yaml`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from shapelint.common.frozen import frozen
from shapelint.knowledge import operations
from shapelint.live import plain_arguments
from shapelint.live.plain_arguments import axes_of
from shapelint.python.tensors import overloads, shape_lines
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.overloads import OperationCall
from shapelint.python.tensors.pieces import Result


@frozen
class OperationMisfit:
    """An impossible operation: what it expects (a width or a shape), what it gets, and the shape to continue with."""

    name: str
    tensor: torch.Tensor
    expected: int | str
    actual: int | str
    output: tuple[int, ...]


def misfit(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationMisfit | None:
    """Why an operation does not fit its operands, or None where it may."""
    written = getattr(function, "__name__", "")
    name, swapped = operations.operator(written)
    if any(one.primitive == "concatenate" for one in operations.find(name, "joins")):
        return _concatenation(name, args, kwargs)
    found = operations.find(name)
    if swapped and found[0].primitive == "matmul":
        args = args[::-1]
    first = args[0] if args else next((kwargs[key] for key in operations.firsts(name) if key in kwargs), None)
    if not isinstance(first, torch.Tensor):
        return None
    call = overloads.choose(found, 1, args[1:], kwargs, plain_arguments.read)
    if call is None:
        return None
    handler = _HANDLERS.get(call.operation.primitive)
    others = [operand for operand in call.operands if isinstance(operand, torch.Tensor)]
    if handler is None or any(tensor.is_nested for tensor in (first, *others)):
        return None
    return handler(written.strip("_"), call, first, *others)


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for element in value.values():
            yield from tensors(element)
    elif isinstance(value, (tuple, list)):
        for element in value:
            yield from tensors(element)


def _broadcast(
    name: str, call: OperationCall[Any], left: torch.Tensor, *others: torch.Tensor
) -> OperationMisfit | None:
    output = _sizes(OperationCall[Any](call.operation, call.steps[1:]).result(axes_of(left)))
    conflicts = [_unequal(left, right) for right in others[:1]]
    if output is None or not any(conflicts):
        return None
    right = others[0]
    if len(conflicts[0]) == 1 and left.dim() == right.dim():
        expected, actual = conflicts[0][0]
        return OperationMisfit(name, right, expected, actual, output)
    return OperationMisfit(name, right, _text(left.shape), _text(right.shape), output)


def _unequal(left: torch.Tensor, right: torch.Tensor) -> list[tuple[int, int]]:
    """The sizes that do not broadcast, the last axis first."""
    pairs = zip(reversed(left.shape), reversed(right.shape))
    return [(int(one), int(two)) for one, two in pairs if one != two and 1 not in (one, two)]


def _product(name: str, call: OperationCall[Any], left: torch.Tensor, *others: torch.Tensor) -> OperationMisfit | None:
    if not others or not left.dim() or not others[0].dim():
        return None
    right = others[0]
    inner = int(right.shape[-2] if right.dim() > 1 else right.shape[0])
    if left.shape[-1] == inner:
        return None
    output = _sizes(call.result((*axes_of(left)[:-1], Axis(inner))))
    return None if output is None else OperationMisfit(name, left, inner, int(left.shape[-1]), output)


def _line(name: str, call: OperationCall[Any], first: torch.Tensor, *others: torch.Tensor) -> OperationMisfit | None:
    """An operation in the notation; where only the size of one axis is wrong."""
    operands = (first, *others)
    conflict = shape_lines.conflict(call.operation.shapes, [axes_of(operand) for operand in operands])
    if conflict is None or not isinstance(conflict.known, int) or not isinstance(conflict.actual, int):
        return None
    fixed = [axes_of(operand) for operand in operands]
    fixed[conflict.operand] = _with(fixed[conflict.operand], -conflict.from_the_end, conflict.known)
    output = _sizes(shape_lines.apply(call.operation.shapes, fixed, call.sizes))
    tensor = operands[conflict.operand]
    return None if output is None else OperationMisfit(name, tensor, conflict.known, conflict.actual, output)


def _with(axes: Axes, place: int, size: int) -> Axes:
    """Axes with one of another size; the place counts from the end."""
    changed = list(axes)
    changed[place] = Axis(size)
    return tuple(changed)


def _view(name: str, call: OperationCall[Any], tensor: torch.Tensor) -> OperationMisfit | None:
    sizes: list[int] = call.steps[0][1][0]
    known = math.prod(size for size in sizes if size != -1)
    fits = tensor.numel() % known == 0 if -1 in sizes and known else tensor.numel() == known
    if fits or not known:
        return None
    batch = int(tensor.shape[0]) if tensor.dim() else 1
    output = tuple(batch if size == -1 else size for size in sizes)
    return OperationMisfit(name, tensor, _text(sizes), _text(tensor.shape), output)


def _concatenation(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> OperationMisfit | None:
    parts = args[0] if args else kwargs.get("tensors")
    axis = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    if not isinstance(parts, (tuple, list)) or not isinstance(axis, int) or len(parts) < 2:
        return None
    first = parts[0]
    if not all(isinstance(part, torch.Tensor) and part.dim() == first.dim() > 0 for part in parts):
        return None
    axis %= first.dim()
    for part in parts[1:]:
        conflicts = [(a, b) for i, (a, b) in enumerate(zip(first.shape, part.shape)) if a != b and i != axis]
        if conflicts:
            total = sum(int(other.shape[axis]) for other in parts)
            output = (*first.shape[:axis], total, *first.shape[axis + 1 :])
            if len(conflicts) == 1:
                return OperationMisfit(name, part, int(conflicts[0][0]), int(conflicts[0][1]), output)
            return OperationMisfit(name, part, _text(first.shape), _text(part.shape), output)
    return None


def _sizes(result: Result) -> tuple[int, ...] | None:
    """The shape of a result; None where it is no single tensor, or not known."""
    sizes = [axis.size for axis in result] if isinstance(result, tuple) else [None]
    known = tuple(size for size in sizes if isinstance(size, int))
    return known if len(known) == len(sizes) else None


def _text(sizes: Any) -> str:
    return "(" + ", ".join(str(int(size)) for size in sizes) + ("," if len(sizes) == 1 else "") + ")"


_HANDLERS: dict[str, Callable[..., OperationMisfit | None]] = {
    "": _line,
    "broadcast": _broadcast,
    "assign": _broadcast,
    "matmul": _product,
    "reshape": _view,
}
