"""A run ends without taking its objects apart, and loses nothing by it."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys

import pytest
from conftest import ROOT

from shapelint.cli import kept_runs, start

PROGRAM = """
import atexit, sys
class Slow:
    def __del__(self):
        print("taken apart")
kept = [Slow()]
{before}
atexit.register(print, "the last words")
sys.argv = ["shapelint", *{arguments!r}]
from shapelint.cli.start import main
main()
"""


def ended(arguments: list[str], before: str = "") -> tuple[int, str]:
    """Return the exit code and the output of a process."""
    code = PROGRAM.format(arguments=arguments, before=before)
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.stderr == ""
    return result.returncode, result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--no-cache", "fixtures/clean.yaml"], 0, "All clear"),
        (["--no-cache", "fixtures/lightly-1589.yaml"], 1, "error[SL101]"),
        (["show", "fixtures/clean.yaml"], 0, "backbone"),
    ],
)
def test_what_is_printed_and_registered_is_not_lost(arguments: list[str], code: int, words: str) -> None:
    found, output = ended(arguments)
    assert (found, output.endswith("the last words\n")) == (code, True)
    assert words in output


@pytest.mark.parametrize(
    "before",
    [
        "import cProfile; cProfile.Profile().enable()",
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    ],
    ids=["a profiler", "another thread"],
)
def test_a_process_that_is_watched_or_still_works_ends_as_usual(before: str) -> None:
    assert ended(["--no-cache", "fixtures/clean.yaml"], before)[1].endswith("taken apart\n")


class Closed:
    """A stream to a reader that has gone."""

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("code", "stream", "ended"),
    [(1, None, [1]), ("a text", None, []), (0, Closed(), [])],
    ids=["one", "none", "closed"],
)
def test_a_process_ends_at_once_if_nothing_is_lost(
    code: object, stream: object, ended: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    monkeypatch.setattr(sys, "gettrace", lambda: None)
    monkeypatch.setattr(sys, "getprofile", lambda: None)
    monkeypatch.setattr("threading.active_count", lambda: 1)
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(os, "_exit", found.append)
    monkeypatch.setattr(atexit, "_run_exitfuncs", lambda: found or None)
    start._end(code)
    assert found == ended


def test_an_interrupt_before_the_linter_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(arguments: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_runs, "start", interrupted)
    with pytest.raises(SystemExit) as end:
        start.run()
    assert end.value.code == 2
    assert capsys.readouterr().err == "shapelint: interrupted\n"
