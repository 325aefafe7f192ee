"""Operations that a forward calls outside any layer: when their shapes cannot fit, and what would come out.

This is decided on the shapes alone; no error text of torch is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch

from shapelint.common.frozen import frozen

ARITHMETIC = ("add", "sub", "mul", "div", "truediv")
BROADCASTING = {
    *("true_divide", "rsub", "maximum", "minimum", "pow", "eq", "ne", "lt", "le", "gt", "ge", "atan2"),
    *("mse_loss", "l1_loss", "smooth_l1_loss", "cosine_similarity"),
    *(form.format(name) for name in ARITHMETIC for form in ("{}", "{}_", "__{}__", "__r{}__", "__i{}__")),
}
PRODUCTS = {"matmul", "mm", "bmm", "__matmul__", "__rmatmul__"}


@frozen
class OperationMisfit:
    """An impossible operation: what it expects (a width or a shape), what it gets, and the shape to continue with."""

    name: str
    tensor: torch.Tensor
    expected: int | str
    actual: int | str
    output: tuple[int, ...]


def misfit(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationMisfit | None:
    """Why an operation does not fit its operands, or None if it may fit."""
    name = getattr(function, "__name__", "")
    operands = [value for value in args[:2] if isinstance(value, torch.Tensor)]
    if any(operand.is_nested for operand in operands):
        return None
    if name in BROADCASTING and len(operands) == 2:
        return _broadcast(name, *operands)
    if name in PRODUCTS and len(operands) == 2:
        left, right = operands[::-1] if name == "__rmatmul__" else operands
        return _product(name, left, right)
    handler = _HANDLERS.get(name)
    return handler(name, args, kwargs) if handler else None


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


def _broadcast(name: str, left: torch.Tensor, right: torch.Tensor) -> OperationMisfit | None:
    pairs = zip(reversed(left.shape), reversed(right.shape))
    if all(a == b or 1 in (a, b) for a, b in pairs):
        return None
    conflicts = [(a, b) for a, b in zip(reversed(left.shape), reversed(right.shape)) if a != b and 1 not in (a, b)]
    if len(conflicts) == 1 and left.dim() == right.dim():
        expected, actual = conflicts[0]
        return OperationMisfit(name.strip("_"), right, int(expected), int(actual), tuple(left.shape))
    return OperationMisfit(name.strip("_"), right, _text(left.shape), _text(right.shape), tuple(left.shape))


def _product(name: str, left: torch.Tensor, right: torch.Tensor) -> OperationMisfit | None:
    if not left.dim() or not right.dim():
        return None
    inner = right.shape[-2] if right.dim() > 1 else right.shape[0]
    if left.shape[-1] == inner:
        return None
    output = (*left.shape[:-1], *(right.shape[-1:] if right.dim() > 1 else ()))
    return OperationMisfit(name.strip("_"), left, int(inner), int(left.shape[-1]), output)


def _linear(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationMisfit | None:
    given = [*args, *(kwargs[key] for key in ("input", "weight") if key in kwargs)]
    if len(given) < 2 or not all(isinstance(value, torch.Tensor) for value in given[:2]):
        return None
    value, weight = given[:2]
    if not value.dim() or weight.dim() != 2 or value.shape[-1] == weight.shape[1]:
        return None
    output = (*value.shape[:-1], weight.shape[0])
    return OperationMisfit(name, value, int(weight.shape[1]), int(value.shape[-1]), output)


def _concatenation(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationMisfit | None:
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


def _view(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OperationMisfit | None:
    tensor, sizes = args[0], args[1:] or (kwargs.get("shape", kwargs.get("size")),)
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    if not isinstance(tensor, torch.Tensor) or not all(isinstance(size, int) for size in sizes):
        return None
    known = math.prod(size for size in sizes if size != -1)
    fits = tensor.numel() % known == 0 if -1 in sizes and known else tensor.numel() == known
    if fits or not known:
        return None
    batch = int(tensor.shape[0]) if tensor.dim() else 1
    output = tuple(batch if size == -1 else int(size) for size in sizes)
    return OperationMisfit(name, tensor, _text(sizes), _text(tensor.shape), output)


def _text(sizes: Any) -> str:
    return "(" + ", ".join(str(int(size)) for size in sizes) + ("," if len(sizes) == 1 else "") + ")"


_HANDLERS: dict[str, Callable[[str, tuple[Any, ...], dict[str, Any]], OperationMisfit | None]] = {
    "linear": _linear,
    "cat": _concatenation,
    "concat": _concatenation,
    "view": _view,
    "reshape": _view,
}
