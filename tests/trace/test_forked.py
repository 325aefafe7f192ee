"""Requests are answered in processes of their own, two at once; one that dies takes no other along."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from shapelint.trace.forked import CAN_FORK, ForkedAnswers

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="no process is forked on this system")


def answers(*requests: str) -> dict[int, dict[str, Any]]:
    """Return what is told of each request, by its number."""

    def answer(request: str) -> dict[str, Any]:
        word, _, rest = request.partition(" ")
        if word == "end":
            os.kill(os.getpid(), int(rest))
        if word == "meet":  # returns only if the other request is answered at the same time
            mine, other = map(Path, rest.split())
            mine.touch()
            end = time.monotonic() + 20
            while not other.exists() and time.monotonic() < end:
                time.sleep(0.01)
            return {"met": other.exists()}
        return {"text": "x" * int(rest) if word == "long" else rest, "process": os.getpid()}

    told: dict[int, dict[str, Any]] = {}

    def tell(number: int, found: dict[str, Any]) -> None:
        told[number] = found
        if len(told) == len(requests):
            os.close(writing)

    reading, writing = os.pipe()
    os.write(writing, "".join(f"{request}\n" for request in requests).encode())
    ForkedAnswers(answer, lambda request: not request.startswith("here"), tell).serve(reading)
    os.close(reading)
    return told


def test_each_request_has_a_process_of_its_own_unless_it_must_not() -> None:
    told = answers("say a", "say b", "here c")
    assert [told[number]["text"] for number in range(3)] == ["a", "b", "c"]
    processes = [told[number]["process"] for number in range(3)]
    assert processes[2] == os.getpid()
    assert len({*processes}) == 3


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor")
def test_two_requests_are_answered_at_once(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert answers(f"meet {one} {other}", f"meet {other} {one}") == {0: {"met": True}, 1: {"met": True}}


def test_a_process_that_is_killed_takes_no_other_along() -> None:
    told = answers("say before", f"end {int(signal.SIGKILL)}", "say after")
    assert (told[0]["text"], told[2]["text"]) == ("before", "after")
    assert told[1] == {"error": "the process that traces it ended without an answer: SIGKILL"}


def test_an_answer_may_be_longer_than_a_pipe_holds() -> None:
    assert answers("long 300000")[0]["text"] == "x" * 300_000


def test_the_process_ends_with_its_requests() -> None:
    reading, writing = os.pipe()
    server = threading.Thread(
        target=ForkedAnswers(lambda _: {}, lambda _: False, lambda *_: None).serve, args=(reading,)
    )
    server.start()
    os.close(writing)
    server.join(10)
    assert not server.is_alive()
