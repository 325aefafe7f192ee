"""Modules in the folder that is linted do not replace those that shapelint imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CLEAN, ROOT, run_process, write

NEEDED = {"click", "pydantic", "yaml", "packaging", "platformdirs", "pathspec", "torch", "lightly"}
LOADED_BY_PYTHON = "import runpy, sys, warnings; print(*sys.modules)"
"""What `python -m` imports before any module that it runs; no module can prevent that."""
MARKER = "import os\nos.open('pwned-' + __name__, os.O_CREAT)\n"


@pytest.fixture(scope="module")
def others() -> list[str]:
    """Every module that a file could be taken for, and that Python itself has not imported yet."""
    code = [sys.executable, "-c", LOADED_BY_PYTHON]
    loaded = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted({*sys.stdlib_module_names, *NEEDED} - set(loaded))


def test_no_file_of_the_folder_is_imported(others: list[str], tmp_path: Path) -> None:
    assert {"typing", "json", "dataclasses", "__future__", "click"} <= set(others)
    write(tmp_path, {"model.yaml": CLEAN, **{f"{name}.py": MARKER for name in others}})
    result = run_process(tmp_path, "model.yaml", "--no-cache", SHAPELINT_CACHE_DIR="")
    assert list(tmp_path.glob("pwned*")) == []
    assert (result.returncode, "1 model" in result.stdout) == (0, True), result.stderr


def test_another_module_would_import_it(tmp_path: Path) -> None:
    """Any other `python -m` runs what lies in the current folder."""
    write(tmp_path, {"getopt.py": MARKER})
    subprocess.run([sys.executable, "-m", "base64", "-h"], cwd=tmp_path, capture_output=True, check=False)
    assert list(tmp_path.glob("pwned*"))
