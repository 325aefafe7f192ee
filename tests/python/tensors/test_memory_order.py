"""A view of axes that were swapped: torch takes it only of those that lie next to each other in memory."""

from __future__ import annotations

import math
import random

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.python.tensors import axes as ax  # noqa: E402
from shapelint.python.tensors import memory_order  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import torch
from torch import nn
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 64, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(64, 24)
    def forward(self, x):
        z = self.projector(self.encoder(x)).view(4, 2, 12)
        {line}
        return z
model = SimCLR()
model(torch.randn(4, 3, 8, 8))
"""
TAKEN = [
    "z = z.transpose(1, 2).contiguous().view(4, 24)",
    "z = z.transpose(1, 2).reshape(4, 24)",
    "z = z.transpose(1, 2).view(4, 3, 4, 2)",
    "z = z.permute(1, 2, 0).view(24, 4)",
    "z = z[:1].transpose(0, 1).view(24)",
    "z = z.transpose(1, 2).transpose(2, 1).view(4, 24)",
    "z = (z.mT @ z).view(4, 144)",
    "z = torch.cat([z.mT, z.mT]).view(8, 24)",
    "z = self.projector(torch.ones(64, 4).t()).view(96)",
]
NOT_TAKEN = [
    "z = z.transpose(1, 2).view(4, 24)",
    "z = z.transpose(0, 1).view(2, -1)",
    "z = z.permute(2, 0, 1).view(-1)",
    "z = z.mT.detach().view(-1, 2)",
    "z = z.movedim(0, 2).relu().view(2, 48)",
    "z = z.transpose(1, 2); z = (z * 2).view(96)",
]


@pytest.mark.parametrize("seed", range(300))
def test_what_is_said_of_a_view_is_what_torch_does(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [rng.choice([1, 2, 2, 3, 4]) for _ in range(rng.randint(1, 4))]
    order = rng.sample(range(len(sizes)), len(sizes))
    moved = torch.zeros(sizes).permute(order)
    left, wanted = math.prod(sizes), []
    while rng.random() < 0.8:
        wanted.append(rng.choice([one for one in range(1, left + 1) if left % one == 0]))
        left //= wanted[-1]
    wanted.append(left)
    try:
        moved.view(wanted)
        is_taken = True
    except RuntimeError:
        is_taken = False
    assert memory_order.takes_view(ax.sized(moved.shape), order, wanted) is is_taken


@pytest.mark.parametrize("line", TAKEN)
def test_what_torch_takes_is_clear(line: str) -> None:
    exec(PROGRAM.format(line=line), {})
    report = lint_source(Source("model.py", PROGRAM.format(line=line)), Options())
    assert report.findings == ()
    assert [model.unchecked for model in report.models] == [()]


@pytest.mark.parametrize("line", NOT_TAKEN)
def test_what_it_does_not_take_is_an_unchecked_link_that_says_what_to_do(line: str) -> None:
    with pytest.raises(RuntimeError, match="reshape"):
        exec(PROGRAM.format(line=line), {})
    report = lint_source(Source("model.py", PROGRAM.format(line=line)), Options())
    ((link,),) = [model.unchecked for model in report.models]
    assert (link.role, link.location.line, link.help) == ("view", 11, "use reshape instead of view")
