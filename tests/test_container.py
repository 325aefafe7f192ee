"""What the container is built of: enough to install the linter, and nothing else."""

from __future__ import annotations

from conftest import ROOT
from test_readme import COPIED


def test_the_container_gets_what_an_installation_needs() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines[1:]} == set(COPIED) - {"fixtures"}
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "USER 65534" in steps  # not root
