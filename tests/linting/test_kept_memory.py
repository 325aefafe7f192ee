"""What a run keeps of each of its files is small: it does not add up over ten thousand of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.documents import nodes
from shapelint.linting.lint_paths import lint, lint_files
from shapelint.linting.run_files import RunFiles
from shapelint.report.text import source_lines
from shapelint.settings.settings import Settings

ALONE = """
model:
  method: byol
  batch_size: {seed}
  backbone: resnet18
  projection_head: BYOLProjectionHead({width}, 1024, 256)
"""
COMPOSED = "defaults:\n  - shared\nseed: {seed}\n"
FILES = {"shared.yaml", "run_32.yaml", "run_33.yaml"}
RIGHT, WRONG = 512, 256


def written(folder: Path, *widths: int, text: str = ALONE) -> Path:
    """Write configs, each with one width of a head, beside a config that may be part of them."""
    (folder / "shared.yaml").write_text(ALONE.format(seed=16, width=RIGHT))
    for seed, width in enumerate(widths, 32):
        (folder / f"run_{seed}.yaml").write_text(text.format(seed=seed, width=width))
    return folder


@pytest.mark.parametrize(
    ("text", "script", "kept"),
    [
        pytest.param(ALONE, False, set(), id="configs alone: none is read again"),
        pytest.param(COMPOSED, False, {"shared.yaml"}, id="configs with a shared part: the part is read once"),
        pytest.param(
            ALONE, True, {"shared.yaml", "run_32.yaml", "run_33.yaml", "train.py"}, id="a program may read all"
        ),
    ],
)
def test_a_run_keeps_the_texts_that_may_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, script: bool, kept: set[str]
) -> None:
    runs: list[RunFiles] = []
    make = RunFiles.of

    def of(paths: list[Path]) -> RunFiles:
        runs.append(make(paths))
        return runs[-1]

    monkeypatch.setattr(RunFiles, "of", of)
    folder = written(tmp_path, RIGHT, RIGHT, text=text)
    if script:
        (folder / "train.py").write_text("import torch\nfrom omegaconf import OmegaConf\nnet = torch.nn.Linear(2, 3)\n")
    lint(folder, Settings(isolated=True))
    (run,) = runs
    places = [str(path.resolve()) for path in folder.iterdir()]
    assert {Path(place).name for place in places if run.texts.knows(place)} == kept


def test_lines_are_kept_of_files_with_findings_alone(tmp_path: Path) -> None:
    report = lint_files(written(tmp_path, RIGHT, WRONG, RIGHT), Settings(isolated=True))
    assert len(report.files) == 4
    lines = source_lines(report)
    assert list(lines) == [str(tmp_path / "run_33.yaml")]
    assert lines[str(tmp_path / "run_33.yaml")][5] == "  projection_head: BYOLProjectionHead(256, 1024, 256)"


def test_values_are_forgotten_by_what_makes_them(tmp_path: Path) -> None:
    lint(written(tmp_path, RIGHT), Settings(isolated=True))
    _, constructor = nodes._scalar_tools()
    assert not constructor.constructed_objects
    assert not constructor.recursive_objects
