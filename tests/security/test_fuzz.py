"""Some made inputs for every reader; `benchmarks/fuzz.py` reads as many as is wanted."""

from __future__ import annotations

from pathlib import Path

import fuzzing
import pytest

SLOW = {"YAML": 60, "Python": 40, "notebooks": 30, "rule pages": 60, "settings": 60}


@pytest.mark.parametrize("kind", fuzzing.READERS)
def test_a_reader_raises_nothing_but_its_own_errors(kind: str, tmp_path: Path) -> None:
    for number in range(SLOW.get(kind, 300)):
        given, wrong = fuzzing.run(kind, 1_000_000 + number, tmp_path / "work")
        assert wrong == "", (number, given)


def test_a_wrong_reader_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def reads(folder: Path, given: object) -> None:
        raise KeyError(given)

    monkeypatch.setitem(fuzzing.READERS, "broken", (lambda dice: dice.randrange(10), reads))
    given, wrong = fuzzing.run("broken", 3, tmp_path)
    assert wrong == f"KeyError: {given}"
    assert fuzzing.run("broken", 3, tmp_path)[0] == given
