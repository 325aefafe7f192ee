"""A network of the user that lightly-train pretrains: its heads are as wide as `feature_dim` says."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """
import lightly_train
from torch import nn


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(nn.Conv2d(3, 48, 4, 4), nn.ReLU(), nn.Conv2d(48, 80, 2, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)

    def feature_dim(self):
        return {width}

    def forward_features(self, x):
        return {{"features": self.stages(x)}}

    def forward_pool(self, x):
        return {{"pooled_features": self.pool(x["features"])}}


lightly_train.{command}(out="out", data="images", model={model}, {settings})
"""


def report(width: int, settings: str, model: str = "Tiny()", command: str = "train") -> FileReport:
    text = SCRIPT.format(width=width, settings=settings, model=model, command=command)
    return lint_text(Source("pretrain.py", text), Settings())


@pytest.mark.parametrize("settings", ['method="simclr"', 'method="dino"', 'method="distillationv1"', "batch_size=64"])
@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_the_width_of_the_features_is_compared_with_what_the_network_gives(settings: str, command: str) -> None:
    right = report(80, settings, command=command)
    assert right.findings == ()
    assert [(model.links, model.unchecked) for model in right.models] == [(right.models[0].links, ())]
    (finding,) = report(96, settings, command=command).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 96, 80)
    assert finding.location.line == 13


def test_embeddings_are_projected_from_the_width_of_the_features() -> None:
    assert report(80, 'method="simclr", embed_dim=24').findings == ()
    assert report(96, 'method="simclr", embed_dim=24').findings


def test_a_network_that_is_only_named_is_no_model_of_the_script() -> None:
    assert report(80, 'method="simclr"', model='"torchvision/resnet18"').models == ()
