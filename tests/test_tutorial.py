"""The tutorial is followed: its commands are run in order in an empty folder, and print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from command_line import ROOT, clean_environment

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def test_the_tutorial(tmp_path: Path) -> None:
    tools, project = tmp_path / "bin", tmp_path / "project"
    tools.mkdir()
    (project / "configs").mkdir(parents=True)
    (tools / "shapelint").write_text(f'#!/bin/sh\nexec {sys.executable} -m shapelint "$@"\n')
    (tools / "shapelint").chmod(0o755)
    people = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = clean_environment(PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", **people)
    printed, shown = "", 0
    for kind, text in BLOCKS:
        if kind == "yaml":
            (project / "configs" / "byol.yaml").write_text(text)
        elif kind == "sh":
            done = subprocess.run(
                ["sh", "-c", text],
                cwd=project,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stdout
            printed = done.stdout
        elif printed:
            assert text in printed.replace("1 finding would be fixed.\n", ""), printed
            shown += 1
    assert shown == 5
    assert "not committed" not in printed
