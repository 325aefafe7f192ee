"""The versions that stand-ins were verified with are those that are installed, and other ones are noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import ROOT, run_process

from shapelint.knowledge import rules_folder
from shapelint.signatures import stand_in_versions, versions

VERIFIED = rules_folder.load("stand_ins.yaml")
OF_NO_VERSION = {"mlps.py", "pydantic.py", "torch_hub.py"}
"""What several libraries share, and what is loaded from the hub."""


def test_every_stand_in_says_its_version() -> None:
    assert {path.name for path in (rules_folder.folder() / "python").glob("*.py")} == {*VERIFIED, *OF_NO_VERSION}


@pytest.mark.parametrize("file", sorted(VERIFIED))
def test_the_installed_version_is_the_verified_one(file: str) -> None:
    library = VERIFIED[file]["library"]
    pytest.importorskip(library)
    assert versions.installed(library)
    assert stand_in_versions.notice(file) == ""


SCRIPT = """\
from efficientnet_pytorch import EfficientNet
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = EfficientNet.from_name("efficientnet-b0")
        self.projection_head = nn.Linear(1000, 8)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def test_another_installed_version_is_said(tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    (installed / "efficientnet_pytorch").mkdir(parents=True)
    (installed / "efficientnet_pytorch" / "__init__.py").write_text("raise RuntimeError('is never imported')")
    (installed / "efficientnet_pytorch-9.1.dist-info").mkdir()
    (tmp_path / "train.py").write_text(SCRIPT)
    path = os.pathsep.join([str(installed), str(ROOT)])
    result = run_process(tmp_path, "-v", "train.py", PYTHONPATH=path)
    said = "efficientnet_pytorch 9.1 is installed: its networks are read as those of efficientnet_pytorch 0.7.1"
    assert said in result.stderr
    assert result.returncode == 0
