"""Streams that are closed or full: exit 2 with a line that says so, and no fault of shapelint itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment

COMMAND = f'"{sys.executable}" -m shapelint'


def _shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    (folder / ".git").mkdir()  # programs that other tests write beside it are none of its own
    (folder / "model.yaml").write_text(ONE_FAULT)
    return subprocess.run(
        ["sh", "-c", f"{COMMAND} {command}"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("model.yaml >&-", "the report cannot be written: stdout is closed"),
        ("show model.yaml >&-", "the report cannot be written: stdout is closed"),
        ("model.yaml >/dev/full", "the report cannot be written: No space left on device"),
        ("rule >/dev/full", "the report cannot be written: No space left on device"),
        ("- --stdin-filename model.yaml <&-", "stdin is closed"),
    ],
)
def test_a_stream_that_cannot_be_used(tmp_path: Path, command: str, words: str) -> None:
    result = _shell(tmp_path, command)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert "shapelint itself" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_closed_stderr_takes_nothing_from_the_report(tmp_path: Path) -> None:
    result = _shell(tmp_path, "model.yaml -v 2>&-")
    assert result.returncode == 1
    assert "error[SL101]" in result.stdout


def test_a_report_in_a_file_needs_no_stdout(tmp_path: Path) -> None:
    result = _shell(tmp_path, "model.yaml --output-file report.txt >&-")
    assert result.returncode == 1
    assert "error[SL101]" in (tmp_path / "report.txt").read_text()
    assert CLEAN not in result.stderr
