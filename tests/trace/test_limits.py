"""A trace is bounded: what takes too long is unknown with that reason, and other image sizes are then left open."""

from __future__ import annotations

import signal
import time

import pytest

from shapelint.spec.spec import ClassName
from shapelint.trace import child, limits, traced
from shapelint.trace.limits import TooLongError, attempt, limited
from shapelint.trace.meta import Untraceable
from shapelint.trace.tracing_request import TracingRequest


def work(seconds: float) -> None:
    """Use processor time, and swallow every error on the way, as libraries do."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        try:
            sum(range(1000))
        except Exception:
            continue


def test_work_beyond_the_limit_is_interrupted() -> None:
    begun = time.process_time()
    with pytest.raises(TooLongError), limited(0.1):
        work(20)
    assert time.process_time() - begun < 10


def test_work_within_the_limit_is_not_interrupted_later_either() -> None:
    with limited(0.2):
        work(0.01)
    work(0.4)
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


def swallowing(again: type[Exception] | None) -> str:
    """Return or raise another error once the limit has interrupted it, as a binding of C++ does."""
    try:
        work(20)
    except TooLongError:
        if again is not None:
            raise again("expected to contain only concrete integers") from None
    return "the model refuses these images"


@pytest.mark.parametrize("again", [RuntimeError, Untraceable, None])
def test_an_interruption_that_became_another_error_or_an_answer_is_raised_again(again: type[Exception] | None) -> None:
    with pytest.raises(TooLongError), limited(0.05):
        swallowing(again)


def test_an_error_without_an_interruption_stays_what_it_is() -> None:
    with pytest.raises(Untraceable, match="of its own"), limited(20):
        raise Untraceable("of its own")


def in_two_steps() -> None:
    with pytest.raises(TooLongError), limited(0.05):
        work(20)
    with limited(20):
        work(20)


def test_an_inner_limit_does_not_prolong_the_outer_one() -> None:
    with pytest.raises(TooLongError), limited(0.2):
        in_two_steps()


def test_an_attempt_is_limited_only_within_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ATTEMPT_SECONDS", 0.05)
    with attempt():
        work(0.2)
    with limited(20), pytest.raises(TooLongError), attempt():
        work(20)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the first may hit a callback of torch
def test_a_trace_that_takes_too_long_is_unknown_with_that_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "CPU_SECONDS", 0.05)
    with pytest.raises(Untraceable, match="takes more than 0 s of processor time"):
        child.trace_library(TracingRequest("torchvision.models.densenet201", {}, (), "backbone"))


def test_other_sizes_are_left_open_where_formulas_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ATTEMPT_SECONDS", 0.01)
    (row,) = child.trace_library(TracingRequest("torchvision/resnet18", {}, (), "backbone")).rows
    assert (row.shapes, row.listed) == ("B 3 224 224 -> B 512", True)
    (exact,) = traced.trace("torchvision/resnet18", {}).rows
    assert "B 3 H W -> B 512" in exact.shapes
    assert not exact.listed


def test_a_request_keeps_what_is_a_class_and_what_is_a_text() -> None:
    request = TracingRequest(
        "timm/vit_tiny_patch16_224",
        {"norm_layer": ClassName("torch.nn.LayerNorm"), "act_layer": "relu", "out_indices": (1, 2)},
        [ClassName("torch.nn.ReLU"), 3.5, None, True],
        "backbone",
        (96, 64),
    )
    again, root = TracingRequest.from_json(request.to_json("/somewhere"))
    assert (again.target, again.role, again.at, root) == (request.target, "backbone", (96, 64), "/somewhere")
    assert again.arguments == {**request.arguments, "out_indices": [1, 2]}
    assert [type(value) for value in again.positional] == [ClassName, float, type(None), bool]
    assert isinstance(again.arguments["norm_layer"], ClassName)
    assert not isinstance(again.arguments["act_layer"], ClassName)


def test_a_request_is_called_by_the_model_that_it_names() -> None:
    for positional, arguments in ((("rexnet_100",), {}), ((), {"model_name": "rexnet_100"})):
        assert TracingRequest("timm.create_model", arguments, positional, "").label == "timm.create_model('rexnet_100')"
    assert TracingRequest("torch.nn.Linear", {}, (8, 16), "").label == "torch.nn.Linear"
    assert TracingRequest("mynet.Neck", {}, (ClassName("torch.nn.ReLU"),), "").label == "mynet.Neck"


def test_a_request_that_cannot_be_passed_on_says_so() -> None:
    with pytest.raises(Untraceable, match="neither a number nor a name"):
        TracingRequest("mynet.Neck", {"width": object()}, (), "").to_json("/somewhere")


@pytest.mark.parametrize(
    "name",
    [
        "torch._inductor.compile_worker.subproc_pool.SubprocPool",
        "torch.multiprocessing.Process",
        "torch.nn.Parameter",
        "torch.utils.data.DataLoader",
    ],
)
def test_what_is_no_module_is_not_handed_over(name: str) -> None:
    request = TracingRequest("torchvision/resnet18", {"norm_layer": ClassName(name)}, (), "backbone")
    with pytest.raises(Untraceable, match="is no class of a library that may be run"):
        child.trace_library(request)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "tracing it takes more than"),
        (KeyError("width"), "torch.nn.PReLU cannot be traced: KeyError: 'width'"),
        (SystemExit(3), "torch.nn.PReLU cannot be traced: SystemExit: 3"),
        (Untraceable("has no forward"), "has no forward"),
    ],
    ids=["memory", "an error", "an end", "a reason"],
)
def test_whatever_happens_to_a_trace_is_an_answer(
    error: BaseException, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(request: TracingRequest) -> None:
        raise error

    monkeypatch.setattr(child, "trace_library", failing)
    monkeypatch.setattr(child, "allow_more_time", lambda: None)  # it would end this process after its next two minutes
    answer = child._answer(TracingRequest("torch.nn.PReLU", {}, (8,), "").to_json(None))
    assert answer["error"].startswith(words)
