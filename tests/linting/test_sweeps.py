"""Sweeps: every combination is judged, and a finding says in which runs it occurs."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings, with_overrides
from shapelint.spec.findings import FileReport

CONFIG = """\
method: simclr
width: 512
backbone: resnet18
rate: 0.1
projection_head:
  _target_: lightly.models.modules.SimCLRProjectionHead
  input_dim: ${width}
  hidden_dim: 640
  output_dim: 96
"""
SCRIPT = """\
import hydra
import torch
import torchvision
from hydra.utils import instantiate
from torch import nn


@hydra.main(version_base=None, config_path=".", config_name="main")
def train(cfg):
    backbone = torchvision.models.get_model(cfg.backbone)
    backbone.fc = nn.Identity()
    head = instantiate(cfg.projection_head)
    head(backbone(torch.randn(8, 3, 96, 96)))
    torch.optim.SGD(head.parameters(), lr=cfg.rate)


if __name__ == "__main__":
    train()
"""


def sweep(**params: str) -> str:
    lines = "".join(f"      {key}: {value}\n" for key, value in params.items())
    return CONFIG + f"hydra:\n  sweeper:\n    params:\n{lines}"


def linted(folder: Path, config: str, script: str = "", *words: str) -> FileReport:
    (folder / "main.yaml").write_text(config, encoding="utf-8")
    if script:
        (folder / "train.py").write_text(script, encoding="utf-8")
    return lint(folder / "main.yaml", with_overrides(Settings(), words)).files[0]


@pytest.mark.parametrize("script", ["", SCRIPT])
@pytest.mark.parametrize(
    ("params", "note"),
    [
        ({"backbone": "resnet18,resnet34"}, None),
        ({"backbone": "resnet18, resnet50, resnet34"}, "in 1 of 3 runs of the sweep: backbone=resnet50"),
        ({"backbone": "choice(resnet50,resnet101)"}, "in all 2 runs of the sweep"),
        ({"width": "range(510, 513)"}, "in 2 of 3 runs of the sweep: width=510,511"),
        (
            {"backbone": "resnet18,resnet50", "rate": "0.1,0.2,0.3"},
            "in 3 of 6 runs of the sweep: backbone=resnet50",
        ),
        (
            {"backbone": "resnet18,resnet50", "rate": "range(1,31)"},
            "in 30 of 60 runs of the sweep: backbone=resnet50",
        ),
    ],
)
def test_each_combination_is_judged(tmp_path: Path, script: str, params: dict[str, str], note: str | None) -> None:
    report = linted(tmp_path, sweep(**params), script)
    assert {one.code for one in report.findings} == ({"SL101"} if note else set())
    assert not note or note in report.findings[0].notes
    assert len(report.models) == 1
    assert report.models[0].links
    assert not report.models[0].unchecked


def test_combinations_that_break_together_are_named(tmp_path: Path) -> None:
    report = linted(tmp_path, sweep(backbone="resnet18,resnet50", width="512,2048"))
    notes = {note for one in report.findings for note in one.notes if "runs of the sweep" in note}
    pairs = ("backbone=resnet18 width=2048", "backbone=resnet50 width=512")
    assert notes == {f"in 2 of 4 runs of the sweep: {'; '.join(pairs)}"}


def test_a_fix_is_offered_only_if_it_holds_in_every_run(tmp_path: Path) -> None:
    wrong_everywhere = sweep(rate="0.1,0.2").replace("width: 512", "width: 500")
    (fault,) = linted(tmp_path, wrong_everywhere).findings
    assert fault.fix is not None
    assert [edit.text for edit in fault.fix.edits] == ["512"]
    (fault,) = linted(tmp_path, sweep(backbone="resnet18,resnet50")).findings
    assert fault.fix is None


def test_the_run_without_the_sweep_is_judged_as_well(tmp_path: Path) -> None:
    config = sweep(backbone="resnet18,resnet34").replace("backbone: resnet18\n", "backbone: resnet50\n")
    (fault,) = linted(tmp_path, config).findings
    assert "in the run without the sweep" in fault.notes


def test_a_value_that_is_sampled_makes_a_link_unchecked(tmp_path: Path) -> None:
    report = linted(tmp_path, sweep(width="interval(100, 900)"))
    assert not [one for one in report.findings if one.severity != "info"]
    assert report.models[0].unchecked


def test_many_runs_of_a_program_are_cut_short_and_counted(tmp_path: Path) -> None:
    config = sweep(width="range(1,101)")
    report = linted(tmp_path, config, SCRIPT)
    assert "36 of 100 runs of the sweep are not judged" in [one.reason for one in report.models[0].unchecked]


@pytest.mark.parametrize("script", ["", SCRIPT])
def test_overrides_of_the_command_line(tmp_path: Path, script: str) -> None:
    config = sweep(backbone="resnet18,resnet50")
    assert not linted(tmp_path, config, script, "backbone=resnet34").findings
    assert [one.code for one in linted(tmp_path, config, script, "backbone=resnet50").findings] == ["SL101"]
    assert not linted(tmp_path, config, script, "backbone=resnet50", "width=2048").findings
    (fault,) = linted(tmp_path, config, script, "width=2048", "-m").findings
    assert "in 1 of 2 runs of the sweep: backbone=resnet18" in fault.notes
    (fault,) = linted(tmp_path, config, script, "width=512,64", "backbone=resnet34").findings
    assert "in 1 of 2 runs of the sweep: width=64" in fault.notes


def test_the_command_line_takes_overrides_after_two_dashes(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(CONFIG, encoding="utf-8")
    assert run(tmp_path, "main.yaml", "--", "backbone=resnet34").returncode == 0
    assert "SL101" in run(tmp_path, "main.yaml", "--", "backbone=resnet50").stdout
    refused = run(tmp_path, "main.yaml", "--", "widht=3")
    assert refused.returncode == 1
    assert "Hydra refuses widht=3" in refused.stdout
    assert run(tmp_path, ".", "--", "widht=3").returncode == 0


@pytest.mark.parametrize("rates", ["0.1,0.2", "range(1,31)"])
def test_a_value_that_fixes_no_shape_is_judged_too(tmp_path: Path, rates: str) -> None:
    """A batch of one breaks batch norm, whatever else is swept over."""
    report = linted(tmp_path, "batch_size: 64\n" + sweep(batch_size="64,1", rate=rates))
    (finding,) = report.findings
    assert finding.code == "SL107"
    assert finding.notes[-1].endswith("runs of the sweep: batch_size=1")


def test_a_key_that_only_another_choice_uses_is_judged(tmp_path: Path) -> None:
    """`width` is read by the second of two heads alone, and wrong there for one of its values."""
    (tmp_path / "head").mkdir()
    for name, width in (("plain", "512"), ("wide", "${width}")):
        text = f"_target_: lightly.models.modules.SimCLRProjectionHead\\ninput_dim: {width}\\n".replace("\\n", "\n")
        (tmp_path / "head" / f"{name}.yaml").write_text(f"{text}hidden_dim: 640\noutput_dim: 96\n", encoding="utf-8")
    params = {"head": "plain,wide", "width": "512,640,512", "rate": "range(1,31)"}
    lines = "".join(f"      {key}: {value}\n" for key, value in params.items())
    report = linted(
        tmp_path,
        "defaults:\n- head@projection_head: plain\n- _self_\n"
        "method: simclr\nbackbone: resnet18\nwidth: 512\nrate: 0.1\n"
        f"hydra:\n  sweeper:\n    params:\n{lines}".replace("      head:", "      head@projection_head:"),
    )
    assert [(one.code, one.notes[-1]) for one in report.findings] == [
        ("SL101", "in 30 of 180 runs of the sweep: head@projection_head=wide width=640")
    ]
