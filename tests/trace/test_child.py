"""The process that traces, from its requests to its answers, and what it says of a trusted package."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from shapelint.trace import child
from shapelint.trace.forked import CAN_FORK
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

NETS = """\
import os
import sys
from torch import nn

print("noise on stdout")
sys.stdout.flush()


class Trunk(nn.Sequential):
    def __init__(self, width=8):
        super().__init__(nn.Conv2d(3, width, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Neck(nn.Linear):
    pass


class Same(nn.Identity):
    pass


class Picky(nn.Module):
    def forward(self, x):
        raise RuntimeError("images only" if x.dim() == 4 else "vectors only")


class Fixed(nn.Module):
    def forward(self, x):
        if x.shape[1:] != (3, 224, 224):
            raise RuntimeError("of one size only")
        return x.flatten(2).mean(2)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(len(sys.stdin.read()) + 1, os.getpid() and 3)

    def forward(self, x):
        return self.layer(x)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return a folder with a package, which is imported only for the time of a test."""
    (tmp_path / "childlab").mkdir()
    (tmp_path / "childlab" / "__init__.py").write_text("")
    (tmp_path / "childlab" / "nets.py").write_text(NETS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(child, "end_session_with_process", lambda: None)  # it would end that of the tests
    yield str(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "childlab"]:
        del sys.modules[name]


def traced(root: str, name: str, *given: Any, role: str = "", at: tuple[int, int] | None = None) -> str:
    """Return the shapes of the first row of a class of the package."""
    return child.trace_trusted(TracingRequest(f"childlab.nets.{name}", {}, given, role, at), root).rows[0].shapes


def test_a_backbone_takes_images_first_and_anything_else_vectors(project: str) -> None:
    assert traced(project, "Trunk", 8, role="backbone").endswith("-> B 8")
    assert traced(project, "Trunk", 8, role="backbone").startswith("B 3 ")
    assert traced(project, "Neck", 8, 16) == "... in_features -> ... out_features"
    assert traced(project, "Same", role="backbone") == "B 3 H W -> B 3 H W"
    assert traced(project, "Same") == "... -> ..."


def test_what_does_not_run_as_the_first_is_tried_as_the_other(project: str) -> None:
    assert traced(project, "Neck", 8, 16, role="backbone") == "... in_features -> ... out_features"
    assert traced(project, "Fixed") == "B 3 224 224 -> B 3"


def test_at_one_size_it_is_a_model_of_images_and_nothing_else(project: str) -> None:
    assert traced(project, "Trunk", 8, role="backbone", at=(32, 24)) == "B 3 32 24 -> B 8"
    assert traced(project, "Same", at=(32, 24)) == "B 3 32 24 -> B 3 32 24"
    assert traced(project, "Neck", 8, 16, role="backbone", at=(32, 24)) == ""  # images of this size do not run


@pytest.mark.parametrize(("role", "reason"), [("backbone", "images only"), ("", "no input of one tensor")])
def test_of_two_failures_the_first_is_the_reason(role: str, reason: str, project: str) -> None:
    with pytest.raises(Untraceable, match=rf"^childlab\.nets\.Picky .*{reason}"):
        traced(project, "Picky", role=role)


def answered(*lines: str) -> tuple[list[dict[str, Any]], str, int]:
    """Return what a process of its own answers, what it prints besides, and its exit code."""
    command = [sys.executable, "-c", "import sys; from shapelint.trace import child; sys.exit(child.main())"]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, cwd=ROOT, encoding="utf-8", start_new_session=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdin.write("".join(f"{line}\n" for line in lines))
        process.stdin.flush()
        found = sorted((json.loads(process.stdout.readline()) for _ in lines), key=lambda one: one["request"])
        rest, words = process.communicate(timeout=60)
    assert rest == ""
    return found, words, process.returncode


@pytest.mark.skipif(not CAN_FORK, reason="no process is forked on this system")
def test_each_request_gets_one_answer_with_its_number_and_prints_go_elsewhere(project: str) -> None:
    asked = [
        TracingRequest("torch.nn.Linear", {}, (24, 40), "").to_json(None),
        TracingRequest("torch.nn.NoSuchLayer", {}, (), "").to_json(None),
        TracingRequest("childlab.nets.Reader", {}, (), "").to_json(project),
        TracingRequest("childlab.nets.Picky", {}, (), "").to_json(project),
    ]
    answers, printed, code = answered(*asked)
    assert [answer["request"] for answer in answers] == [0, 1, 2, 3]
    assert answers[0]["component"]["rows"][0]["shapes"] == "... in_features -> ... out_features"
    assert "NoSuchLayer" in answers[1]["error"]
    assert answers[2]["component"]["rows"][0]["shapes"] == "... 1 -> ... 3"  # it read nothing: requests are not for it
    assert "no input of one tensor" in answers[3]["error"]
    assert "noise on stdout" in printed
    assert code == 0
