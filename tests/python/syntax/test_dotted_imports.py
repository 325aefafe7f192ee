"""`import package.module`: each module is an attribute of the package above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

NETWORK = """\
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, make, width):
        super().__init__()
        self.encoder = make()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(width, 80)
        self.predictor = nn.Linear(80, 80)

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))
"""
SCRIPT = """\
import torch
import torchvision.models as models
import nets.parts.siamese
import nets.numbers, nets.missing

model = nets.parts.siamese.SimSiam(models.resnet18, nets.numbers.WIDTH)
model(torch.randn(2, 3, 64, 64))
"""


@pytest.mark.parametrize("has_init", [True, False])
@pytest.mark.parametrize(("width", "codes"), [(512, []), (768, ["SL101"])])
def test_a_class_of_a_dotted_module_is_followed(tmp_path: Path, has_init: bool, width: int, codes: list[str]) -> None:
    parts = tmp_path / "nets" / "parts"
    parts.mkdir(parents=True)
    for folder in (tmp_path / "nets", parts) if has_init else ():
        (folder / "__init__.py").write_text("")
    (parts / "siamese.py").write_text(NETWORK)
    (tmp_path / "nets" / "numbers.py").write_text(f"WIDTH = {width}\n")
    (tmp_path / "train.py").write_text(SCRIPT)
    report = lint(tmp_path / "train.py", Settings(isolated=True))
    assert [finding.code for finding in report.findings] == codes
    assert [model.links - model.checked for model in report.files[0].models] == [0]
