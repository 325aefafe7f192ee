"""Models of timm that were measured at some image sizes, in programs that give them another: held against torch."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.common import bounds
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
pytest.importorskip("timm", minversion="1.0.20")

PROGRAM = """
import timm
import torch
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("{name}", {arguments})
        self.projection_head = nn.Linear({width}, 48)

    def forward(self, x):
        return self.projection_head(self.backbone(x){taken})


if __name__ == "__main__":
    SimCLR()(torch.zeros(3, 3, {size}, {size}))
"""


def torch_runs(text: str, size: int) -> bool:
    """Return whether the model of a program takes images of a size, on the meta device."""
    scope: dict[str, Any] = {"__name__": "train"}
    exec(text, scope)
    try:
        with torch.device("meta"):
            scope["SimCLR"]()(torch.zeros(3, 3, size, size))
    except (RuntimeError, AssertionError):
        return False
    return True


@pytest.mark.parametrize(("name", "arguments", "taken", "width", "size", "code"), [
    ("xcit_nano_12_p16_384", "num_classes=0", "", 128, 160, ""),
    ("xcit_nano_12_p16_384", "num_classes=0", "", 192, 160, "SL101"),
    ("efficientvit_m0", "num_classes=0", "", 192, 160, ""),
    ("levit_128s", "num_classes=0", "", 384, 160, "SL106"),
    ("levit_128s", "num_classes=0", "", 384, 224, ""),
    ("vit_small_patch16_dinov3", "features_only=True, out_indices=(1, 2)", "[1].mean((2, 3))", 384, 160, ""),
    ("vit_small_patch16_dinov3", "features_only=True, out_indices=(1, 2)", "[1].mean((2, 3))", 100, 160, "SL101"),
])  # fmt: skip
def test_a_model_is_traced_at_the_size_of_its_images(
    name: str, arguments: str, taken: str, width: int, size: int, code: str
) -> None:
    text = PROGRAM.format(name=name, arguments=arguments, taken=taken, width=width, size=size)
    assert torch_runs(text, size) is (code == "")
    report = lint_text(Source("train.py", text), Settings())
    assert [finding.code for finding in report.findings if finding.severity == "error"] == ([code] if code else [])
    (model,) = report.models
    assert model.checked == model.links


@pytest.mark.parametrize("bound", [1, 2])
def test_sizes_beyond_a_bound_are_not_traced(bound: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is clear at one size is not called clear at another."""
    monkeypatch.setattr(bounds, "TRACED_SIZES", bound)
    text = PROGRAM.format(name="efficientvit_m0", arguments="num_classes=0", taken="", width=192, size=160)
    text = text.replace("    SimCLR()(", "    model = SimCLR()\n    model(")
    for last in ("model(torch.zeros(3, 3, 192, 192))", "model(torch.zeros(3, 3, 224, 224))"):
        (model,) = lint_text(Source("train.py", f"{text}    {last}\n"), Settings()).models
        assert [link.role for link in model.unchecked] == (["backbone"] if bound == 1 and "192" in last else [])
