"""Models of two towers, whose image and text embeddings are compared: recognised, and every link of them checked."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

TOWERS = """
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet34


class Words(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.mix = nn.Linear(width, width)

    def forward(self, vectors):
        return self.mix(vectors).mean(1)


class NAME(nn.Module):
    def __init__(self, joint=64):
        super().__init__()
        self.vision = resnet34()
        self.vision.fc = nn.Identity()
        self.text = Words()
        self.vision_map = nn.Linear(IMAGE, joint, bias=False)
        self.text_map = nn.Linear(96, TEXT, bias=False)
        self.SCALE = nn.Parameter(torch.ones([]))

    def forward(self, images, vectors):
        one = F.normalize(self.vision_map(self.vision(images)), dim=-1)
        two = F.normalize(self.text_map(self.text(vectors)), dim=-1)
        return self.SCALE.exp() * one @ two.t()


NAME()(torch.randn(4, 3, 64, 64), torch.randn(4, 7, 96))
"""


def script(**changed: str) -> str:
    text = TOWERS
    for key, value in {"NAME": "Pairs", "IMAGE": "512", "TEXT": "joint", "SCALE": "logit_scale", **changed}.items():
        text = text.replace(key, value)
    return text


def linted(text: str) -> FileReport:
    return lint_source(Source("pairs.py", text), Options())


def run(text: str) -> None:
    exec(compile(text, "pairs.py", "exec", dont_inherit=True), {"__name__": "__main__"})


@pytest.mark.parametrize(
    "names", [{}, {"NAME": "CLIP", "SCALE": "factor"}, {"NAME": "TwoTowers", "SCALE": "temperature"}]
)
def test_two_towers_are_a_self_supervised_model(names: dict[str, str]) -> None:
    run(script(**names))
    (model,) = linted(script(**names)).models
    assert (model.otherwise, model.unchecked) == ("self-supervised", ())
    assert linted(script(**names)).findings == ()


@pytest.mark.parametrize("wrong", [{"IMAGE": "640"}, {"TEXT": "joint // 2"}])
def test_a_wrong_width_of_a_tower_is_found(wrong: dict[str, str]) -> None:
    with pytest.raises(RuntimeError):
        run(script(**wrong))
    assert [finding.severity for finding in linted(script(**wrong)).findings] == ["error"]


def test_towers_that_nothing_compares_are_no_such_model() -> None:
    assert linted(script(SCALE="factor")).models == ()
