"""How many elements a mask selects: known of `torch.eye`, of what is full of ones, and of what is made of these."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import Const, Ones, Tensor
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

MOVED = words(
    """
    to bool float double half long int byte type type_as cuda cpu clone contiguous detach pin_memory requires_grad
    t T mT transpose permute movedim flip fliplr flipud roll view reshape flatten unflatten unsqueeze squeeze
    """
)
"""Operations that move the elements of a tensor, or give them another type."""
REPEATS = words("repeat tile expand repeat_interleave")
"""Operations that repeat every element equally often."""
FULL = words("ones ones_like new_ones")
"""Functions that give ones alone."""
ON_NUMBERS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "add": operator.add, "sub": operator.sub, "mul": operator.mul,
}  # fmt: skip
"""What an operation with a number does to each element."""


def count(tensor: Tensor) -> Dim | None:
    """Return how many elements are 1, the others being 0; None if that is not known."""
    return None if tensor.ones is None else tensor.ones.count


def forget(tensor: Tensor) -> None:
    """Note that a tensor may be written to."""
    if tensor.ones is not None:
        tensor.ones.count = None


def created(name: str, sizes: Sequence[Dim]) -> Ones | None:
    """Return the count of what `torch.eye` or `torch.ones` gives for these sizes."""
    if name == "eye":
        return Ones(dims.extreme(min, tuple(sizes)))
    return Ones(_total(sizes)) if name in FULL else None


def after(name: str, tensor: Tensor, given: Arguments, result: Tensor | None) -> Ones | None:
    """Return the count behind an operation; one in place forgets that of the tensor."""
    before, plain = count(tensor), name.removesuffix("_")
    shape = None if result is None else result.shape
    if name.endswith("_") and not name.endswith("__"):
        forget(tensor)
    if shape is None:
        return None
    if plain in FULL:
        return Ones(_total(shape))
    if before is None or tensor.shape is None:
        return None
    if plain in MOVED:
        return tensor.ones if count(tensor) is not None else Ones(before)
    if plain in REPEATS:
        times = ax.divided(_total(shape), _total(tensor.shape))
        return None if times is None else Ones(before * times)
    numbers = [one.value.value for one in given.every if isinstance(one.value, Const)]
    if plain == "logical_not" or (plain == "bitwise_not" and tensor.is_mask):
        return inverted(tensor, before)
    if plain == "fill_diagonal" and numbers == [0] and _is_square_of_ones(tensor.shape, before):
        return Ones(before - shape[0])
    return with_number(plain, tensor, numbers[0]) if len(numbers) == len(given.every) == 1 else None


def with_number(name: str, tensor: Tensor, number: object, is_left: bool = False) -> Ones | None:
    """Return the count of what an operation with a number makes of the elements, as far as these are 1 or 0 again."""
    have, function = count(tensor), ON_NUMBERS.get(name)
    if have is None or function is None or not isinstance(number, (int, float)):
        return None
    one, zero = (function(number, element) if is_left else function(element, number) for element in (1, 0))
    if (one, zero) == (1, 0):
        return tensor.ones
    return inverted(tensor, have) if (one, zero) == (0, 1) else None


def inverted(tensor: Tensor, have: Dim | None = None) -> Ones | None:
    """Return the count of the tensor in which each 1 is a 0, and each 0 a 1."""
    have = count(tensor) if have is None else have
    return None if have is None or tensor.shape is None else Ones(_total(tensor.shape) - have)


def difference(left: Tensor, right: Tensor) -> Ones | None:
    """Return the count of `ones - eye`: of a tensor full of ones without those of another of that shape."""
    have, less = count(left), count(right)
    if have is None or less is None or left.shape is None or left.shape != right.shape or have != _total(left.shape):
        return None
    return Ones(have - less)


def without(tensor: Tensor) -> Tensor:
    """Return a tensor of whose elements nothing is known."""
    return tensor if tensor.ones is None else replace(tensor, ones=None)


def selects(mask: Tensor) -> Dim:
    """Return how many elements a mask selects."""
    found = count(mask) if mask.is_mask else None
    return dims.UNKNOWN_DIM if found is None else found


def chosen(name: str, tensor: Tensor, given: Arguments, result: Tensor) -> Tensor:
    """Return what `torch.masked_select` gives, with the count of a mask that has the shape of the tensor."""
    masks = [one.value for one in given.every if isinstance(one.value, Tensor)] if name == "masked_select" else []
    if len(masks) != 1 or masks[0].shape != tensor.shape or count(masks[0]) is None or axes_of(result) is None:
        return result
    return replace(result, flow=ax.flow(ax.sized([selects(masks[0])]), result.flow.maker))


def _total(sizes: Sequence[Dim]) -> Dim:
    return ax.product(ax.sized(sizes))


def _is_square_of_ones(shape: Sequence[Dim], have: Dim) -> bool:
    return len(shape) == 2 and dims.equal(*shape) is True and have == _total(shape)
