"""A class of the project that fits only while two of its arguments are equal: what is said, and at which places."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

pytest.importorskip("torch")

NETS = """\
from torch import nn


class Head(nn.Module):
    def __init__(self, width, hidden=64, out=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(width, hidden), nn.Linear(hidden, out), nn.BatchNorm1d(hidden))

    def forward(self, x):
        return self.net(x)


class Listed(Head):
    def __init__(self, width, hidden=(64,), out=64):
        super().__init__(width, hidden[0], out)
"""
HEADS = [
    ("Head, width: 512", 64, ["Head"]),
    ("Head, width: 512, out: 64", 64, ["64"]),
    ("Head, width: 512, hidden: 64", 64, ["64"]),
    ("Head, width: 512, out: 32, hidden: 32", 32, ["32", "32"]),
    ("Head, width: 512, out: 32", None, []),  # in torch it stops
    ("Listed, width: 512", 64, ["Listed"]),
    ("Listed, width: 512, hidden: [64]", 64, ["[64]"]),
    ("Listed, width: 512, hidden: [48], out: 48", 48, ["[48]", "48"]),
]


@pytest.fixture
def project(trusting: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (trusting / "src" / "mynet" / "nets.py").write_text(NETS)
    monkeypatch.chdir(trusting)
    return trusting


def test_the_arguments_that_are_equal_by_chance_are_shown_where_they_are_written(project: Path) -> None:
    """The reports of all files are those of each alone, although a class is not traced again for each."""
    paths = [project / f"{number}.yaml" for number in range(len(HEADS))]
    for path, (head, _, _) in zip(paths, HEADS):
        path.write_text(f"backbone: resnet18\nprojection_head: {{_target_: mynet.nets.{head}}}\n")
    reports = lint(paths, Settings(allow_trusted=True)).files
    for (head, width, places), report in zip(HEADS, reports):
        found = [one for one in report.findings if one.code == "SL210"]
        assert len(found) == (width is not None), head
        for finding in found:
            assert finding.message.endswith(f" are both {width}")
            spans = [finding.location, *(one.location for one in finding.related)]
            shown = [report.text.splitlines()[one.line - 1][one.column - 1 : one.end_column - 1] for one in spans]
            assert [text.removeprefix("mynet.nets.") for text in shown] == places
