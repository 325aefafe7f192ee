"""The signature lines that a report suggests work as they are named: for wrappers, and for parts that are not seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import run

from shapelint.signatures import declared

CONFIG = """\
method: byol
backbone: {backbone}
projection_head: BYOLProjectionHead(640, 1024, 128)
prediction_head: BYOLPredictionHead(128, 512, 128)
"""

SCRIPT = """\
from torch import nn
from lightly.models.modules import SimCLRProjectionHead
import hospital
{more}

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = SimCLRProjectionHead(640, 640, 128)

    def forward(self, x):
        return self.projection_head(self.backbone{method}(x))
"""
WRAPPER = """
class Pooled(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net.stages(x).mean(dim=(2, 3))
"""


def suggested(folder: Path, name: str) -> str:
    """The one line that the report on a file suggests."""
    (line,) = re.findall(r"under \[tool.shapelint.signatures\]: (.*)", run(folder, name).stdout)
    return str(line)


def declare(folder: Path, line: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.shapelint.signatures]\n{line}\n")


@pytest.mark.parametrize(
    ("backbone", "more", "method", "name"),
    [
        ("hospital.trunk(4)", "", "", "hospital.trunk"),
        ("Pooled(hospital.trunk(4))", WRAPPER, "", "Pooled"),
        ("hospital.trunk(4).model[:10]", "", "", "SimCLR.backbone"),
        ("hospital.trunk(4)", "", ".embed", "SimCLR.backbone.embed"),
    ],
)
def test_the_suggested_line_makes_a_program_known(
    backbone: str, more: str, method: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.format(backbone=backbone, more=more, method=method))
    line = suggested(tmp_path, "train.py")
    assert line.startswith(f'"{name}" = ')
    declare(tmp_path, line.replace("-> B ...", "-> B 640"))
    assert "All clear" in run(tmp_path, "train.py").stdout
    declare(tmp_path, line.replace("-> B ...", "-> B 384"))
    assert "expects 640 features, but backbone produces 384" in run(tmp_path, "train.py").stdout


def test_the_suggested_line_makes_a_config_known(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(CONFIG.format(backbone="{_target_: my.models.Pooled, depth: 4}"))
    line = suggested(tmp_path, "model.yaml")
    assert line == '"my.models.Pooled" = "B 3 H W -> B ..."'
    declare(tmp_path, line.replace("-> B ...", "-> B 384"))
    assert "expects 640 features, but backbone produces 384" in run(tmp_path, "model.yaml").stdout


def test_a_class_is_also_known_by_the_module_that_it_is_in(tmp_path: Path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "trunks.py").write_text(f"from torch import nn\n{WRAPPER}")
    more = "from nets.trunks import Pooled"
    (tmp_path / "train.py").write_text(SCRIPT.format(backbone="Pooled(hospital.trunk())", more=more, method=""))
    declare(tmp_path, '"nets.trunks.Pooled" = "B 3 H W -> B 384"')
    assert "expects 640 features, but backbone produces 384" in run(tmp_path, "train.py").stdout
    declare(tmp_path, '"nets.others.Pooled" = "B 3 H W -> B 384"')
    assert "expects 640" not in run(tmp_path, "train.py").stdout


def test_a_signature_in_terms_of_arguments_holds_in_a_program(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.format(backbone="hospital.trunk(48)", more="", method=""))
    declare(tmp_path, '"hospital.trunk(width)" = "B 3 H W -> B 8*width"')
    assert "expects 640 features, but backbone produces 384" in run(tmp_path, "train.py").stdout


@pytest.mark.parametrize("path", ["train.py", "model.yaml"])
def test_a_line_whose_axes_are_not_filled_in_says_nothing(path: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.format(backbone="hospital.trunk(4)", more="", method=""))
    (tmp_path / "model.yaml").write_text(CONFIG.format(backbone="hospital.trunk(4)"))
    declare(tmp_path, suggested(tmp_path, path))
    done = run(tmp_path, path)
    assert done.returncode == 0
    assert "leaves open what it gives" in done.stdout


@pytest.mark.parametrize(
    ("line", "unfinished"),
    [("B 3 H W -> B ...", True), ("B ... -> B ...", True), ("... 8 -> ... 4", False), ("B 3 H W -> B 8", False)],
)
def test_only_an_open_output_is_unfinished(line: str, unfinished: bool) -> None:
    assert declared.is_unfinished(line) is unfinished


@pytest.mark.parametrize("command", [("show", "-v"), ("-v", "--output-format", "concise"), ("-v", "-q")])
def test_verbose_names_each_unchecked_link_in_every_format(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(CONFIG.format(backbone="my.models.Pooled()"))
    errors = run(tmp_path, *command, "model.yaml").stderr
    assert errors.count("my.models.Pooled is no component that shapelint knows") == 1
    assert errors.count('"my.models.Pooled" = "B 3 H W -> B ..."') == 1
    assert "projection_head: what backbone gives is not known" in errors
