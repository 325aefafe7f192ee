"""Which operations give truth values is compared with torch."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.python.tensors import masks

torch = pytest.importorskip("torch")

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "roll": (1,), "repeat": (2, 1), "tile": (2, 1), "view": (-1,), "reshape": (-1,), "transpose": (0, 1),
    "permute": (1, 0), "unsqueeze": (0,), "expand": (3, 3), "repeat_interleave": (2,), "select": (0, 1),
    "narrow": (0, 0, 2), "fill": (True,), "fill_diagonal": (False,), "unflatten": (0, (3, 1)), "movedim": (0, 1),
    "to": ("cpu",), "flip": (0,),
}  # fmt: skip
MASK = torch.eye(3, dtype=torch.bool)


def result(name: str, tensor: Any, *arguments: Any) -> Any:
    tensor = tensor.clone()
    if name in ("T", "mT"):
        return getattr(tensor, name)
    return getattr(tensor, name if hasattr(tensor, name) else f"{name}_")(*arguments)


@pytest.mark.parametrize("name", sorted(masks.MAKES))
def test_these_give_truth_values(name: str) -> None:
    numbers = torch.rand(3, 3)
    try:
        found = result(name, numbers)
    except TypeError:
        found = result(name, numbers, numbers)
    assert found.dtype == torch.bool


@pytest.mark.parametrize("name", sorted(masks.KEEPS - {"cuda"}))
def test_these_keep_them_and_keep_numbers(name: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        **ARGUMENTS,
        "bitwise_and": (MASK,), "bitwise_or": (MASK,), "bitwise_xor": (MASK,), "masked_fill": (MASK, True),
        "scatter": (1, torch.zeros(3, 1, dtype=torch.long), True),
    }  # fmt: skip
    given = arguments.get(name, ())
    assert result(name, MASK, *given).dtype == torch.bool
    assert result(name, torch.ones(3, 3, dtype=torch.long), *given).dtype == torch.long
