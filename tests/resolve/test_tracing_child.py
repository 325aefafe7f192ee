"""The process that traces: what is begun is answered when it is asked for, in any order, and each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.common.cache_folder import VARIABLE
from shapelint.linting.lint_paths import lint
from shapelint.resolve import tracing_child, tracing_requests
from shapelint.resolve.begun_traces import only_begun
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.signatures import cache
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest

LINEAR = TracingRequest("torch.nn.Linear", {}, (24, 40), "")
CONVOLUTION = TracingRequest("torch.nn.Conv1d", {}, (6, 8, 3), "")


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(cache, "TRACED", {})
    monkeypatch.setattr(tracing_requests, "_FAILED", {})


def test_what_was_begun_is_answered_in_any_order() -> None:
    tracing_child.begin(LINEAR)
    tracing_child.begin(CONVOLUTION)
    tracing_child.begin(LINEAR)
    assert tracing_child.ask(CONVOLUTION).rows[0].shapes.startswith("in_channels L -> out_channels")
    assert tracing_child.ask(LINEAR).rows[0].shapes == "... in_features -> ... out_features"


def test_a_trace_that_is_only_begun_says_nothing_and_keeps_nothing() -> None:
    with only_begun() as begun:
        assert tracing_requests.trace(LINEAR, Options(), False) == (None, "")
    assert begun == [LINEAR]
    found, reason = tracing_requests.trace(LINEAR, Options(), False)
    assert found is not None
    assert reason == ""
    with only_begun() as begun:
        assert tracing_requests.trace(LINEAR, Options(), False)[0] is found
    assert begun == []


def test_a_trace_that_failed_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = TracingRequest("torch.nn.Embedding", {}, (10, 3), "")
    first = tracing_requests.trace(refused, Options(), False)
    monkeypatch.setattr(tracing_child, "ask", None)
    assert tracing_requests.trace(refused, Options(), False) == first
    assert first[0] is None
    assert "takes no input of one tensor" in first[1]


def test_a_process_that_ended_is_started_anew() -> None:
    tracing_child.ask(LINEAR)
    tracing_child.begin(CONVOLUTION)
    tracing_child._CHILDREN[None]._process.kill()
    with pytest.raises(Untraceable, match="ended without an answer"):
        tracing_child.ask(TracingRequest("torch.nn.Linear", {}, (3, 4), ""))
    assert tracing_child.ask(CONVOLUTION).rows[0].shapes.startswith("in_channels L -> out_channels")


CONFIG = """\
method: byol
backbone: timm.create_model("{name}", num_classes=0, output_stride={stride})
projection_head: BYOLProjectionHead({width}, 64, 32)
prediction_head: BYOLPredictionHead(32, 64, 32)
"""


def test_files_are_reported_as_if_each_trace_had_been_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name, stride, width in (("test_resnet", 8, 100), ("test_convnext", 16, 100), ("test_resnet", 8, 110)):
        text = CONFIG.format(name=name, stride=stride, width=width)
        (tmp_path / f"{name}_{width}.yaml").write_text(text)
    together = lint(tmp_path, Settings())
    alone = [lint(path, Settings()).files[0] for path in sorted(tmp_path.glob("*.yaml"))]
    assert [(one.path, one.findings) for one in together.files] == [(one.path, one.findings) for one in alone]
    assert all(one.findings and one.findings[0].code == "SL101" for one in alone)
    assert {link.source for one in together.files for model in one.models for link in model.chain[:1]} == {"traced"}
