"""What the container is built of: enough to install the linter, no more. Built and run where there is a Docker."""

from __future__ import annotations

import subprocess

import pytest
from conftest import ROOT
from test_readme import COPIED, first_report

IMAGE = "shapelint-test"


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def has_docker() -> bool:
    try:
        return docker("info").returncode == 0
    except FileNotFoundError:
        return False


def test_the_container_gets_what_an_installation_needs() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines[1:]} == set(COPIED) - {"fixtures"}
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "USER 65534" in steps  # not root


@pytest.mark.skipif(not has_docker(), reason="no Docker engine answers")
def test_the_container_lints_a_folder_that_it_may_not_change() -> None:
    built = docker("build", "--network", "host", "--tag", IMAGE, ".")
    assert built.returncode == 0, built.stdout + built.stderr
    try:
        mounted = ("--rm", "--network", "none", "--volume", f"{ROOT}:/work:ro", IMAGE)
        result = docker("run", *mounted, "fixtures/lightly-1589.yaml")
        assert (result.returncode, result.stdout, result.stderr) == (1, first_report(), "")
    finally:
        docker("image", "rm", "--force", IMAGE)
