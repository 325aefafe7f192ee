"""Real arguments of torch's functions as the plain ones that a primitive takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import torch

from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.overloads import OTHER_KIND, UNREAD
from shapelint.python.tensors.primitives import PrimitiveKind


def axes_of(tensor: torch.Tensor) -> Axes:
    """The axes of a real tensor."""
    return ax.sized(int(size) for size in tensor.shape)


def read(kind: PrimitiveKind, values: Sequence[Any]) -> Any:
    """The argument of a kind that a value is; OTHER_KIND where it is none.

    UNREAD is one that no shape tells: a tensor that holds sizes.
    """
    given = values[0] if len(values) == 1 else values
    if isinstance(given, torch.Tensor):
        return axes_of(given) if kind == "tensor" else OTHER_KIND if kind in ("axis", "axes") else UNREAD
    if kind in ("sizes", "axes", "size or sizes") and _are_integers(given):
        return [int(size) for size in given]
    if kind == "text":
        return given if isinstance(given, str) else OTHER_KIND
    if kind == "flag":
        return given if isinstance(given, bool) else OTHER_KIND
    if kind == "tensor":
        return None if given is None else () if isinstance(given, (int, float)) else OTHER_KIND
    if kind == "pairs" and isinstance(given, (list, tuple)):
        return [[int(one) for one in half] for half in given] if all(map(_are_integers, given)) else UNREAD
    if given is None:
        return None if kind in ("axis", "axes") else OTHER_KIND
    if not _is_integer(given):
        return OTHER_KIND
    return [int(given)] if kind in ("sizes", "axes") else int(given)


def _is_integer(value: Any) -> TypeGuard[int]:
    return isinstance(value, (int, torch.SymInt)) and not isinstance(value, bool)


def _are_integers(value: Any) -> TypeGuard[Sequence[int]]:
    return isinstance(value, (list, tuple)) and all(map(_is_integer, value))
