"""Folders in which the packages of a repository lie, as the settings of its build tool say."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.common.package_folders import declared, import_folders

FOLDERS = {
    '[tool.setuptools]\npackage-dir = {"" = "python"}': ("python",),
    '[tool.setuptools]\npackage-dir = {"mine" = "lib/mine", "mine.parts" = "lib/mine/parts"}': ("lib",),
    '[tool.setuptools]\npackage-dir = {"mine" = "other/name"}': (),
    '[tool.setuptools.packages.find]\nwhere = ["code", "more"]': ("code", "more"),
    '[tool.hatch.build.targets.wheel]\npackages = ["pkgs/mine"]': ("pkgs",),
    '[tool.hatch.build]\nsources = ["inner"]': ("inner",),
    '[tool.poetry]\npackages = [{include = "mine", from = "lib"}, {include = "top"}]': ("lib",),
    '[tool.pdm.build]\npackage-dir = "python"': ("python",),
    '[tool.uv.build-backend]\nmodule-root = "python"': ("python",),
    '[tool.setuptools.packages.find]\nwhere = ["../elsewhere", "/somewhere"]': (),
    '[tool.setuptools]\npackages = ["mine"]': (),
    "not toml": (),
}


@pytest.mark.parametrize(("text", "folders"), FOLDERS.items())
def test_folders_of_packages(tmp_path: Path, text: str, folders: tuple[str, ...]) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert declared(str(tmp_path)) == folders


def test_a_repository_without_settings_has_the_usual_ones(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "scripts"
    inner.mkdir()
    assert list(import_folders(str(inner))) == [str(one) for one in (inner, inner / "src", tmp_path, tmp_path / "src")]


CONFIG = "net: {_target_: mine.nets.SimCLR, width: 500}\n"
CLASS = """
import torch
from lightly.models.modules import SimCLRProjectionHead
from torchvision.models import resnet18


class SimCLR(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = torch.nn.Identity()
        self.projection_head = SimCLRProjectionHead(width, 640, 96)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
SCRIPT = "import torch\nfrom mine.nets import SimCLR\nSimCLR(500)(torch.randn(2, 3, 64, 64))\n"


@pytest.mark.parametrize("name", ["run.yaml", "run.py"])
def test_classes_of_such_a_package_are_found(tmp_path: Path, name: str) -> None:
    files = {
        ".git/HEAD": "",
        "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["python"]\n',
        "python/mine/__init__.py": "",
        "python/mine/nets.py": CLASS,
        "jobs/deep/run.yaml": CONFIG,
        "jobs/deep/run.py": SCRIPT,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (finding,) = lint(tmp_path / "jobs" / "deep" / name).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 500, 512)
