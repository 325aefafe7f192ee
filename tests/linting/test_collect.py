"""Selection of the files of a run, and which of them are skipped silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import ONE_FAULT, run

from shapelint.linting.collect import worth_reading

SCRIPT = """\
import torch
import torchvision
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = BYOLProjectionHead(1024, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)

    def forward(self, x):
        y = self.backbone(x).flatten(start_dim=1)
        return self.prediction_head(self.projection_head(y))
"""


def paths(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    result = run(folder, "--output-format", "json", *arguments)
    return result.returncode, [file["path"] for file in json.loads(result.stdout)["files"]]


def test_a_walk_finds_configs_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "byol.py").write_text(SCRIPT)
    (tmp_path / "src" / "setup.py").write_text("from setuptools import setup\n")
    (tmp_path / "model.yaml").write_text(ONE_FAULT)
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    (tmp_path / "model.json").write_text("{}")
    assert paths(tmp_path, ".") == (1, ["model.yaml", "src/byol.py"])


def test_a_file_is_linted_once(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(ONE_FAULT)
    (tmp_path / "link.yaml").symlink_to("model.yaml")
    assert len(paths(tmp_path, ".", "model.yaml", "./model.yaml")[1]) == 1


@pytest.mark.parametrize("data", [b"caf\xe9: 1\n", b"\0\1\2", b"# " + b"x" * (5 * 1024 * 1024)])
def test_a_hook_does_not_fail_on_unreadable_files(data: bytes, tmp_path: Path) -> None:
    """A hook is given every YAML and Python file: those that cannot be read do not concern it."""
    for name in ("other.yaml", "other.py"):
        (tmp_path / name).write_bytes(data)
    assert run(tmp_path, "--skip-unrecognised", "other.yaml", "other.py").returncode == 0
    assert run(tmp_path, "other.yaml").returncode == 2
    assert run(tmp_path, "--skip-unrecognised", "absent.yaml").returncode == 2


@pytest.mark.parametrize(
    ("name", "text", "worth"),
    [
        ("a.yaml", "method: simclr\n", True),
        ("a.yaml", "net:\n  head: lightly.models.modules.SimCLRProjectionHead(512)\n", True),
        ("a.yaml", "model: {projection_head: {input_dim: 3}}\n", True),
        ("a.yaml", "services: {web: {image: nginx}}\n", False),
        ("a.py", SCRIPT, True),
        ("a.py", "import torch\nprint(torch.__version__)\n", False),
        ("a.py", "encoder = 'utf-8'\n", False),
    ],
)
def test_files_are_preselected_by_their_words(name: str, text: str, worth: bool) -> None:
    assert worth_reading(Path(name), text) is worth


def notebook(code: str) -> str:
    cell = {"cell_type": "code", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(("width", "code"), [(512, 0), (1024, 1)])
def test_a_walk_finds_notebooks(tmp_path: Path, width: int, code: int) -> None:
    (tmp_path / "pretrain.ipynb").write_text(notebook(SCRIPT.replace("1024, 1024", f"{width}, 1024")))
    (tmp_path / "notes.ipynb").write_text(notebook("import pandas\n"))
    (tmp_path / "broken.ipynb").write_text("{")
    assert paths(tmp_path, ".") == (code, ["pretrain.ipynb"])


def test_a_walk_reads_a_script_that_only_builds_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "network.py").write_text(SCRIPT)
    (tmp_path / "main.py").write_text("from network import BYOL\n\nBYOL()\n")
    named = paths(tmp_path, "main.py")
    assert named[1] == ["main.py"]
    assert paths(tmp_path, ".")[1] == ["main.py", "network.py"]
