"""`shapelint explain`: programs that really stop in torch, and their tracebacks as they are printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ONE_FAULT, ROOT, Result, run, write

from shapelint.knowledge.torch_words import recognise

pytest.importorskip("torch")

TRAIN = """\
import torch
import torchvision
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, width=512, hidden=96):
        super().__init__()
        self.encoder = torchvision.models.mobilenet_v3_small()
        self.encoder.classifier = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 32))
        self.predictor = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 32))

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))


if __name__ == "__main__":
    SimSiam()(torch.zeros(4, 3, 64, 64))
"""


def crash(folder: Path, script: str) -> str:
    """Run a program that stops, and return what it prints."""
    result = subprocess.run([sys.executable, script], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 1, "the program should stop"
    return result.stderr


def explain(folder: Path, *arguments: str, stdin: str = "") -> Result:
    return run(folder, "explain", *arguments, stdin=stdin)


def test_a_traceback_names_its_own_files(tmp_path: Path) -> None:
    write(tmp_path, {"train.py": TRAIN})
    result = explain(tmp_path, stdin=crash(tmp_path, "train.py"))
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "torch: mat1 and mat2 shapes cannot be multiplied (4x576 and 512x96)"
    assert lines[1].endswith("a Linear layer from 512 to 96 features got 576, in 4 rows")
    assert lines[2].endswith("= raised at train.py:15, in forward")
    assert "error[SL101]: projector expects 512 features, but encoder produces 576" in lines
    assert "train.py:7:30" in result.stdout  # where 512 is written
    assert "nn.Linear" not in lines[-1]
    assert "This finding has the numbers of the error." in lines


def test_a_coloured_traceback_of_another_machine_names_the_file_here(tmp_path: Path) -> None:
    write(tmp_path, {"train.py": TRAIN})
    words = "mat1 and mat2 shapes cannot be multiplied (4x576 and 512x96)"
    place = '  File \x1b[35m"/home/u/proj/train.py"\x1b[0m, line \x1b[35m15\x1b[0m, in \x1b[35mforward\x1b[0m\n'
    text = f"Traceback (most recent call last):\n{place}\x1b[1;35mRuntimeError\x1b[0m: \x1b[35m{words}\x1b[0m\n"
    result = explain(tmp_path, stdin=text)
    assert result.stdout.startswith(f"torch: {words}\n")
    assert "= raised at train.py:15, in forward" in result.stdout
    assert "error[SL101]: projector expects 512 features, but encoder produces 576" in result.stdout


@pytest.mark.parametrize("by", ["argument", "file", "stdin"])
def test_the_words_come_in_three_ways(tmp_path: Path, by: str) -> None:
    words = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (256x256 and 512x1024)"
    write(tmp_path, {"model.yaml": ONE_FAULT, "error.log": f"epoch 0\n{words}\n"})
    given = {"argument": [words, "model.yaml"], "file": ["error.log", "model.yaml"], "stdin": ["model.yaml"]}
    result = explain(tmp_path, *given[by], stdin=words if by == "stdin" else "")
    assert result.returncode == 0
    assert "use BYOLProjectionHead(256, 1024, 256)" in result.stdout


def test_without_a_file_it_says_where_to_look(tmp_path: Path) -> None:
    result = explain(tmp_path, "running_mean should contain 197 elements not 4096")
    assert result.returncode == 0
    assert "BatchNorm of 4096 features got 197" in result.stdout
    assert "SL104 layer-width-mismatch" in result.stdout


def test_another_fault_is_not_called_the_cause(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    result = explain(tmp_path, "mat1 and mat2 shapes cannot be multiplied (8x300 and 700x10)", "model.yaml")
    assert result.returncode == 1
    assert "Nothing that was found in 1 model has these numbers." in result.stdout
    assert "1 other fault found: `shapelint check` reports it." in result.stdout
    assert "error[" not in result.stdout


def test_where_nothing_fits_the_numbers_and_unchecked_links_are_shown(tmp_path: Path) -> None:
    text = ONE_FAULT.replace("512", "256").replace("{target: yolov8n.Backbone, out_dim: 256}", "my.Encoder")
    write(tmp_path, {"model.yaml": text})
    result = explain(tmp_path, "mat1 and mat2 shapes cannot be multiplied (8x300 and 256x1024)", "model.yaml")
    assert result.returncode == 1
    assert "256 is written at model.yaml:3: projection_head: BYOLProjectionHead(256, 1024, 256)" in result.stdout
    assert "could not be checked; the error may be at one of them:" in result.stdout
    assert "my.Encoder is no component that shapelint knows" in result.stdout


def test_the_finding_at_the_line_of_the_traceback_comes_first(tmp_path: Path) -> None:
    model, start = TRAIN[TRAIN.index("class") : TRAIN.index("if __name__")], "if __name__"
    both = TRAIN.replace(start, model.replace("Siam", "CLR") + start).replace("    SimSiam()(", "    SimCLR()(")
    write(tmp_path, {"train.py": both})
    result = explain(tmp_path, stdin=crash(tmp_path, "train.py"))
    first, second = (result.stdout.index(f"train.py:{line}:") for line in (19, 7))
    assert first < second
    assert "Each of these 2 findings has the numbers of the error." in result.stdout


def test_the_finding_at_the_line_that_raised_it_is_shown(tmp_path: Path) -> None:
    """Its numbers are not those of the words: torch counts all values, shapelint those of an axis."""
    laid_out = TRAIN.replace("width=512", "width=576").replace(
        "return self.predictor(self.projector(self.encoder(x)))",
        "return self.predictor(self.projector(self.encoder(x)).unflatten(1, (3, 50)))",
    )
    write(tmp_path, {"train.py": laid_out})
    result = explain(tmp_path, stdin=crash(tmp_path, "train.py"))
    assert "unflatten: Provided sizes [3, 50] don't multiply up to the size of dim 1 (32)" in result.stdout
    assert "error[SL101]: unflatten expects 150 features, but projector produces 32" in result.stdout
    assert "This finding is at the line that raised the error." in result.stdout


def test_other_text_is_refused(tmp_path: Path) -> None:
    result = explain(tmp_path, "CUDA out of memory")
    assert result.returncode == 2
    assert "no shape error that shapelint knows" in result.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = explain(tmp_path, "must be a matrix", "absent.py")
    assert result.returncode == 2
    assert "absent.py" in result.stdout


def test_all_errors_of_the_readme_are_known() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| torch said |")[2].partition("\n\n")[0]
    said = [row.split("`")[1] for row in table.splitlines() if row.startswith("| `")]
    assert len(said) >= 5
    assert all(recognise(words) for words in said), said
