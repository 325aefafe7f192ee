"""Names that timm does not have, in configs and programs, compared with the installed timm."""

from __future__ import annotations

import pytest

timm = pytest.importorskip("timm")

from shapelint.knowledge import timm_rows  # noqa: E402
from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import timm
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = nn.Linear(8, 4)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
CREATED = "timm.create_model({name!r}, num_classes=0)"


def missing(path: str, text: str) -> list[tuple[object, object]]:
    """What SL114 names, and the name that it takes to be meant."""
    report = lint_text(Source(path, text), Settings(isolated=True))
    return [(finding.actual, finding.expected) for finding in report.findings if finding.code == "SL114"]


def test_every_name_that_timm_takes_is_known() -> None:
    if timm.__version__ != timm_rows.version():
        pytest.skip(f"made with timm {timm_rows.version()}")
    assert all(timm.is_model(name) for name in timm_rows.every_name())
    assert set(timm.list_models()) <= set(timm_rows.every_name())


@pytest.mark.parametrize(("name", "meant"), [
    ("resnet_50", "resnet50"),
    ("ConvNeXt-Tiny", "convnext_tiny"),
    ("mobilenetv3_smal_100", "mobilenetv3_small_100"),
    ("vit_bsae_patch16_224", "vit_base_patch16_224"),
])  # fmt: skip
def test_a_misspelt_name_is_an_error(name: str, meant: str) -> None:
    assert not timm.is_model(name)
    assert timm.is_model(meant)
    assert missing("model.py", PROGRAM.format(backbone=CREATED.format(name=name))) == [(name, meant)]
    assert missing("model.yaml", f"backbone: timm/{name}\nprojection_head: Linear(8, 4)\n") == [(name, meant)]


@pytest.mark.parametrize("name", [
    "resnet50",
    "resnet50.a1_in1k",
    "hf-hub:timm/resnet50.a1_in1k",
    "tf_efficientnet_b0_ns",  # an old name that timm still takes
    "resnet50_of_ours",  # perhaps registered by the project
    "vit_base_patch16_dinov9",  # perhaps of a later version
    "hf-hub:somebody/their_net",
])  # fmt: skip
def test_other_names_are_not(name: str) -> None:
    assert missing("model.py", PROGRAM.format(backbone=CREATED.format(name=name))) == []


@pytest.mark.parametrize("backbone", ["timm.models.inception_v4.InceptionV4()", "timm.models.resnet50(num_classes=0)"])
def test_classes_and_entry_functions_are_not(backbone: str) -> None:
    assert missing("model.py", PROGRAM.format(backbone=backbone)) == []
