"""What the README says is run: its two commands, and every report that it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COPIED = ("shapelint", "rules", "fixtures", "pyproject.toml", "README.md", "LICENSE")


def command(name: str) -> str:
    match = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert match is not None
    return match[1]


def first_report() -> str:
    match = re.search(r"```text\n(error\[.*?)```", README, re.DOTALL)
    assert match is not None
    return match[1]


def test_the_gate_runs_the_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert command("test") in lines
    assert lines[-1] == command("test")


def test_the_command_to_try_it_prints_the_report_of_the_readme(tmp_path: Path) -> None:
    """In a copy of the project and an environment of its own, as a stranger would run it."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    result = subprocess.run(command("try"), shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.stdout == first_report()
    assert result.returncode == 1
    installed = subprocess.run(
        [".venv/bin/python", "-m", "pip", "list", "--format=freeze"], cwd=tmp_path, capture_output=True, text=True
    )
    assert "torch" not in installed.stdout
