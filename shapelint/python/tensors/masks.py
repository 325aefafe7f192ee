"""Which tensors are masks: as an index, one of truth values selects by its shape, one of numbers by its values."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import Library

MAKES = words(
    """
    eq ne not_equal lt less le less_equal gt greater ge greater_equal isclose isnan isinf isfinite isposinf isneginf
    signbit logical_not logical_and logical_or logical_xor bool
    """
)
"""Operations that give truth values, whatever they get."""
KEEPS = words(
    """
    contiguous clone cuda cpu detach to flip fliplr flipud roll triu tril repeat tile view reshape flatten t T mT
    transpose permute unsqueeze squeeze expand repeat_interleave bitwise_not bitwise_and bitwise_or bitwise_xor select
    narrow masked_fill fill fill_diagonal scatter unflatten movedim
    """
)
"""Operations that give truth values if they get them."""
DTYPES = ("dtype", "float", "double", "half", "bfloat16", "long", "int", "short", "uint8")


WHOLE_NUMBERS = words(
    "arange randperm randint argsort argmax argmin nonzero argwhere multinomial bincount bucketize searchsorted long"
)
"""Functions that give whole numbers, unless they are told otherwise."""
BOOLEANS = (Library("torch.bool"), Library("builtins.bool"))


def comes_of(name: str, is_mask: bool, given: Arguments) -> bool:
    """Return whether an operation gives truth values."""
    plain = name.removesuffix("_")
    if is_created(given):
        return True
    if plain == "to" and any(_is_dtype(one.value) for one in given.every):
        return False
    return plain in MAKES or (is_mask and plain in KEEPS)


def is_created(given: Arguments) -> bool:
    """Return whether a tensor is created with truth values: `torch.eye(8, dtype=torch.bool)`."""
    return "dtype" in given.keywords and given.keywords["dtype"].value in BOOLEANS


def counts(name: str, is_index: bool, given: Arguments) -> bool:
    """Return whether an operation gives whole numbers: as an index, these select by their values."""
    plain = name.removesuffix("_")
    if plain not in WHOLE_NUMBERS and not (is_index and plain in KEEPS):
        return False
    is_told = "dtype" in given.keywords or any(_is_dtype(one.value) or one.value in BOOLEANS for one in given.every)
    return not is_told


def _is_dtype(value: object) -> bool:
    return isinstance(value, Library) and value.name.rpartition(".")[2].startswith(DTYPES)
