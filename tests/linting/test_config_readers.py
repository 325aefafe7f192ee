"""A config is read through the scripts that load it, whichever end is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shapelint import lint
from shapelint.linting import lint_paths
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """
import torch, torchvision, yaml
from torch import nn

cfg = yaml.safe_load(open("configs/small.yaml"))

class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(cfg["{key}"], 640), nn.ReLU(), nn.Linear(640, 96))

    def forward(self, x):
        return self.projector(self.encoder(x))

SimSiam()(torch.randn(8, 3, 64, 64))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "small.yaml").write_text("taken: 320\nother: 448\n")
    (tmp_path / "pretrain.py").write_text(SCRIPT.format(key="taken"))
    return tmp_path


def found(project: Path, name: str) -> list[tuple[str, int]]:
    findings = [one for one in lint(project / name).findings if one.severity == "error"]
    return [(Path(one.location.path).name, one.location.line) for one in findings]


@pytest.mark.parametrize("name", ["configs/small.yaml", "pretrain.py", "."])
def test_a_fault_is_found_from_either_end_and_once(project: Path, name: str) -> None:
    assert found(project, name) == [("small.yaml", 1)]


def test_the_report_says_which_script_it_was_read_through(project: Path) -> None:
    (finding,) = lint(project / "configs" / "small.yaml").findings
    assert any("pretrain.py" in note for note in finding.notes)


def test_a_config_that_two_scripts_load_is_judged_through_each(project: Path) -> None:
    (project / "again.py").write_text(SCRIPT.format(key="other"))
    assert found(project, "configs/small.yaml") == [("small.yaml", 1), ("small.yaml", 2)]


def test_a_config_that_no_script_loads_is_read_alone(project: Path) -> None:
    text = "method: byol\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(384, 1024, 256)\n"
    (project / "configs" / "alone.yaml").write_text(text)
    assert found(project, "configs/alone.yaml") == [("alone.yaml", 3)]


def test_a_script_on_which_shapelint_itself_fails_is_said_and_not_passed_over(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by itself, the config would look right."""
    (project / "configs" / "small.yaml").write_text(
        "taken: 320\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(512, 640, 96)\n"
    )
    analysed = lint_paths.lint_source

    def failing(source: Source, *arguments: Any) -> FileReport:
        if source.path.endswith(".py"):
            raise IndexError("of this test")
        return analysed(source, *arguments)

    monkeypatch.setattr(lint_paths, "lint_source", failing)
    (report,) = lint_paths.lint_files(project / "configs" / "small.yaml").files
    assert report.status == "unreadable"
    assert "pretrain.py" in report.problem
    assert "of this test" in report.problem
    (project / "pretrain.py").unlink()
    (report,) = lint_paths.lint_files(project / "configs" / "small.yaml").files
    assert report.status == "checked"


TAKES_ANY = """
import argparse, torch, torchvision, yaml
from torch import nn

class SimSiam(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(cfg["taken"], 640)

    def forward(self, x):
        return self.projector(self.encoder(x))

parser = argparse.ArgumentParser()
parser.add_argument("--config")
args = parser.parse_args()
with open(f"q/run_{args.config}.yaml") as file:
    cfg = yaml.safe_load(file)
if cfg["kind"] == "simsiam":
    SimSiam(cfg)(torch.randn(8, 3, 64, 64))
"""


@pytest.mark.parametrize("first", ["other.yaml", "run_a.yaml"], ids=["a name it cannot read", "another kind"])
def test_a_script_that_asks_for_its_config_is_followed_with_every_config(first: str, tmp_path: Path) -> None:
    """What it makes of one, such as nothing, says nothing of the next."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "q").mkdir()
    (tmp_path / "zz.py").write_text(TAKES_ANY)
    (tmp_path / "q" / first).write_text("taken: 512\nkind: none\n")
    (tmp_path / "q" / "run_b.yaml").write_text("taken: 300\nkind: simsiam\n")
    paths = [tmp_path / "q" / first, tmp_path / "q" / "run_b.yaml"]
    for order in (paths, paths[::-1]):
        assert [finding.code for finding in lint(order).findings] == ["SL101"]
