"""The VS Code extension fits the server: its version, and the command that it starts."""

from __future__ import annotations

import json
import subprocess
import sys

from command_line import ROOT, clean_environment

from shapelint.common.version import __version__

MANIFEST = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))


def test_the_extension_has_the_version_of_the_project() -> None:
    assert MANIFEST["version"] == __version__
    assert f"shapelint-{__version__}.vsix" in (ROOT / "editors" / "vscode" / "README.md").read_text(encoding="utf-8")


def test_the_extension_starts_an_existing_command() -> None:
    program, *words = MANIFEST["contributes"]["configuration"]["properties"]["shapelint.command"]["default"]
    assert program == "shapelint"
    command = [sys.executable, "-m", "shapelint", *words, "--help"]
    result = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (result.returncode, "language server" in result.stdout) == (0, True)
