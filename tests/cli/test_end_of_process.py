"""A run ends without taking its objects apart, and loses nothing by it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from conftest import ROOT

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
