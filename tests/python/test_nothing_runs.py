"""A linted file is data: neither it nor a local module that it imports is ever run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOSTILE = ROOT / "fixtures" / "python" / "hostile"


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    """Return a copy of the hostile files in an empty folder."""
    for path in HOSTILE.glob("*.py"):
        shutil.copy(path, tmp_path)
    (tmp_path / "KEEP").write_text("still here")
    return tmp_path


def test_hostile_code_is_linted_and_not_run(trapped: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "shapelint", "--output-format", "concise", "traps.py"],
        cwd=trapped, env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "SL101" in run.stdout
    assert run.returncode == 1, run.stderr
    assert not (trapped / "TRAPPED").exists()
    assert (trapped / "KEEP").read_text() == "still here"


def test_the_hostile_code_works_when_run(trapped: Path) -> None:
    """Show that the test above can fail: when run for real, the imported module leaves its mark and its exit code."""
    run = subprocess.run([sys.executable, "-c", "import trapped_module"], cwd=trapped, timeout=60)
    assert run.returncode == 4
    assert (trapped / "TRAPPED").exists()
