"""Named tuples and `collections.deque`, which hold what networks give."""

from __future__ import annotations

import pytest
from programs_of_torch import run_and_lint

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

torch = pytest.importorskip("torch")

NETWORK = """
import torch
from collections import deque, namedtuple
from torch import nn
from typing import NamedTuple

class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.predictor = nn.Linear(10, 7)

    def forward(self, x):
        h = self.encoder(x)
        return h, self.predictor(h)

class Given(NamedTuple):
    features: torch.Tensor
    predicted: torch.Tensor

network = SimSiam()
h, p = network(torch.zeros(4, 3, 9, 9))
"""


@pytest.mark.parametrize("lines", [
    "given, wanted = Given(h, p)\nlast = wanted",
    "last = Given(h, p)[1]",
    "last = Given(h, p)[-1]",
    "Pair = namedtuple('Pair', 'first second')\n*_, last = Pair(h, p)",
    "last = [one for one in Given(h, p)][1]",
    "queue = deque([h, p])\nlast = queue[1]",
    "queue = deque()\nqueue.append(h)\nqueue.append(p)\nlast = queue.pop()",
    "queue = deque([p])\nqueue.append(h)\nlast = queue.popleft()",
    "queue = deque([h])\nqueue.appendleft(p)\nlast = queue[0]",
    "queue = deque([p], maxlen=3)\nqueue.append(p)\nlast = queue.popleft()",
    "queue = deque(maxlen=1)\nqueue.append(h)\nqueue.append(p)\nlast = queue[0]",
])  # fmt: skip
@pytest.mark.parametrize("width", [7, 10])
def test_what_they_give_is_what_was_put_in(lines: str, width: int) -> None:
    code = f"{NETWORK}{lines}\nlast - torch.zeros(4, {width})\n"
    runs, _, errors = run_and_lint(code, RuntimeError)
    assert runs == (width == 7)
    assert [finding.code for finding in errors] == ([] if runs or "maxlen=1" in lines else ["SL101"])


def test_heads_that_a_loop_pairs_with_parts_that_are_not_known_are_not_checked() -> None:
    code = """
import timm
import torch
from torch import nn

class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("convnext_atto", num_classes=0)
        self.projector = nn.ModuleList([nn.Linear(9, 16) for stage in range(4)])

    def forward(self, x):
        x = self.backbone.stem(x)
        given = []
        for stage, head in zip(self.backbone.stages, self.projector):
            x = stage(x)
            given.append(head(x.mean([2, 3])))
        return torch.stack(given, 1)
"""
    report = lint_text(Source("program.py", code), Settings(isolated=True))
    (model,) = report.models
    assert model.checked < model.links
    assert "projector" in {one.role for one in model.unchecked}
