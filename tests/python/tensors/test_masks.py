"""Which operations give truth values is compared with torch."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.tensors import masks
from shapelint.resolve.options import Options
from shapelint.text.source import Source

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


BESIDE_A_BATCH = """
import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import FakeData
from torchvision.transforms import ToTensor


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv2d(3, 32, 8, 8)
        self.projector = nn.Linear(WIDTH, 8)

    def encode(self, x):
        return self.encoder(x).flatten(2).transpose(1, 2)


model = SimCLR()
for x, _ in DataLoader(FakeData(8, (3, 32, 32), transform=ToTensor()), batch_size=4):
    rows = len(x)
    mask = x.new_zeros((rows, 16), dtype=torch.bool)
    mask[:, 3:] = True
    z = model.projector(model.encode(x)[mask])
"""


@pytest.mark.parametrize(("width", "fits"), [(32, True), (16, False)])
def test_a_mask_that_is_made_beside_a_batch_leaves_the_last_axis(width: int, fits: bool) -> None:
    text = BESIDE_A_BATCH.replace("WIDTH", str(width))
    report = lint_source(Source("train.py", text), Options())
    assert [finding.code for finding in report.findings] == ([] if fits else ["SL101"])
    assert [model.unchecked for model in report.models] == [()]
    with nullcontext() if fits else pytest.raises(RuntimeError, match="cannot be multiplied"):
        exec(text, {})
