"""A repository whose runs are kept, run in processes that tell what they lint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from command_line import CLEAN, ONE_FAULT, clean_environment, write
from conftest import ROOT

Output = tuple[int, bytes, bytes]
PROBE = """
import atexit, os, sys
from importlib import import_module
MODULES = ("kept_reports", "lint_paths", "spreading")
opened = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and os.path.abspath(arguments[0]).startswith(os.getcwd()):
        opened.append(arguments[0])
sys.addaudithook(hook)
linted = []
def finish():
    with open({trace!r}, "a") as file:
        file.write(f"{{'shapelint.linting.lint_paths' in sys.modules:d}} {{len(opened)}} {{','.join(linted)}}\\n")
atexit.register(finish)
sys.argv, sys.path[:1] = ["shapelint", *sys.argv[1:]], []
from shapelint.cli import kept_runs, start
run = kept_runs.kept_run
def observed(is_wanted):
    reports, paths, spreading = (import_module("shapelint.linting." + one) for one in MODULES)
    reports.LEAST_SECONDS_TO_KEEP, spreading.LEAST_SECONDS_TO_SPREAD, lint = 0.0, 1e9, paths._lint_candidate
    paths._lint_candidate = lambda file, *others: linted.append(str(file.path)) or lint(file, *others)
    return run(is_wanted)
kept_runs.kept_run = observed
start.main()
"""
SCRIPT = """\
import torch
from torch import nn
from lightly.models.modules import BYOLProjectionHead

from heads import WIDTH


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(64, 256)
        self.projection_head = BYOLProjectionHead(WIDTH, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


BYOL()(torch.rand(8, 64))
"""
HYDRA = (
    "defaults:\n  - backbone: small\n  - _self_\nmethod: byol\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"
)
PAGE = """\
---
code: TEAM001
name: our-width
severity: error
subject: edge
require: consumer.input.features == WIDTH
message: "{consumer} takes {consumer.input.features}"
---
What it does.
"""
PROJECT = {
    "model.yaml": ONE_FAULT,
    "train.py": SCRIPT,
    "heads.py": "WIDTH = 512\n",
    "composed.yaml": HYDRA,
    "backbone/small.yaml": "# @package _global_\nbackbone: resnet50\n",
    "backbone/other.txt": "",
    "shapelint.toml": 'rules = ["ours"]\nignore = ["SL301"]\n',
    "ours/page.md": PAGE.replace("WIDTH", "512"),
    ".gitignore": "ignored.yaml\n",
    "ignored.yaml": CLEAN,
}


class Project:
    """A repository, and its runs, with a cache and without."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache, self.trace = folder / "project", folder / "cache", folder / "trace"
        (self.folder / ".git").mkdir(parents=True)
        self.path = folder / "path"  # where shapelint is found: no other test makes files in it
        self.path.mkdir()
        (self.path / "shapelint").symlink_to(ROOT / "shapelint")
        self.environment: dict[str, str] = {}

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a run."""
        own = {"SHAPELINT_CACHE_DIR": str(self.cache), "PYTHONPATH": str(self.path)}
        return clean_environment(**{**own, **self.environment})

    @property
    def results(self) -> Path:
        return self.cache / "results"

    def run(self, *arguments: str, **how: Any) -> Output:
        """Run in a process; return the exit code and both streams."""
        command = [sys.executable, "-c", PROBE.format(trace=str(self.trace)), *arguments]
        result = subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, timeout=120, **how)
        return result.returncode, result.stdout, result.stderr

    def was_linted(self) -> bool:
        """Return whether the last run loaded the linter."""
        return self.trace.read_text().splitlines()[-1].startswith("1 ")

    def linted(self) -> set[str]:
        """Return the files that the last run linted: the report of every other was kept."""
        return set(filter(None, self.trace.read_text().splitlines()[-1].split(" ", 2)[2].split(",")))

    def opened(self) -> int:
        """Return how many of its files the last run opened."""
        return int(self.trace.read_text().splitlines()[-1].split()[1])


def made(folder: Path) -> Project:
    """Write the repository."""
    found = Project(folder)
    write(found.folder, PROJECT)
    return found


def kept(project: Project, *arguments: str) -> Output:
    """Run again and again, and return the output of the last run, which lints nothing; the first one may trace."""
    project.run(*arguments)
    first = project.run(*arguments)
    second = project.run(*arguments)
    assert not project.was_linted()
    assert second == first
    return second
