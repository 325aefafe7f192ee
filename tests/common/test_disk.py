"""What is asked of the disk is recorded, and whatever would be answered in another way later is noticed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapelint.common import disk, reads

OLD = 10**18
"""A time long ago, in nanoseconds."""
Change = Callable[[Path], Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a folder with one, and a link to each, all of long ago."""
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.txt").write_text("two")
    (tmp_path / "to_a").symlink_to("a.txt")
    (tmp_path / "to_in").symlink_to("in")
    return tmp_path


def recorded(ask: Change, folder: Path, later: bool = True) -> dict[str, Any]:
    """Ask in a folder, and return what is kept; as if a while after the last change, if `later`."""
    with reads.recording() as found:
        ask(folder)
    found.begun += 10 * reads.GRANULE if later else 0
    kept: dict[str, Any] = json.loads(json.dumps(found.as_json()))
    return kept


QUESTIONS: dict[str, Change] = {
    "whether it is a file": lambda path: disk.is_file(path / "a.txt"),
    "whether there is none": lambda path: disk.is_file(path / "c.txt"),
    "whether there is no folder": lambda path: disk.exists(path / "no" / "c.txt"),
    "whether a folder": lambda path: disk.is_folder(path / "in"),
    "its size": lambda path: disk.size(path / "a.txt"),
    "its owners": lambda path: disk.owners(path / "a.txt"),
    "what it contains": lambda path: disk.read_bounded(path / "a.txt", 100),
    "what a link contains": lambda path: disk.read_text_bounded(path / "to_a", 100),
    "what is in it": lambda path: disk.names(path),
    "what is below it": lambda path: list(disk.walk(path)),
    "where it is": lambda path: disk.real(path / "a.txt"),
    "where a link leads": lambda path: disk.real(path / "to_a"),
    "where it is in a link": lambda path: disk.real(path / "to_in" / "b.txt"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_did_not_change_still_holds(name: str, folder: Path) -> None:
    kept = recorded(QUESTIONS[name], folder)
    assert disk.still_hold(kept) is True


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "an edit": (
        lambda path: (path / "a.txt").write_text("longer"),
        {"its size", "what it contains", "what a link contains"},
    ),
    "an edit of the same size and time": (
        lambda path: edited_in_place(path / "a.txt"),
        {"what it contains", "what a link contains"},
    ),
    "a touch": (lambda path: os.utime(path / "a.txt"), set()),
    "a file that is replaced by an equal one": (lambda path: replaced(path / "a.txt"), set()),
    "a file that is new": (
        lambda path: (path / "c.txt").write_text(""),
        {"whether there is none", "what is in it", "what is below it"},
    ),
    "a file in a folder that is new": (
        lambda path: ((path / "no").mkdir(), (path / "no" / "c.txt").write_text("")),
        {"whether there is no folder", "what is in it", "what is below it"},
    ),
    "a file below that is new": (lambda path: (path / "in" / "c.txt").write_text(""), {"what is below it"}),
    "a file that is gone": (
        lambda path: (path / "a.txt").unlink(),
        {"whether it is a file", "its size", "its owners", "what it contains", "what a link contains",
         "what is in it", "what is below it"},
    ),
    "another mode": (lambda path: (path / "a.txt").chmod(0o606), {"its owners"}),
    "a link elsewhere": (
        lambda path: relinked(path / "to_a", "in/b.txt"),
        {"what a link contains", "where a link leads"},
    ),
    "a folder that becomes a link": (
        lambda path: ((path / "in").rename(path / "on"), (path / "in").symlink_to("on")),
        {"what is in it", "what is below it", "where it is in a link"},
    ),
    "a file that becomes a link": (
        lambda path: ((path / "a.txt").rename(path / "in" / "d.txt"), (path / "a.txt").symlink_to("in/d.txt")),
        {"what is in it", "what is below it", "where it is", "where a link leads"},
    ),
    "a file that becomes a pipe": (
        lambda path: ((path / "a.txt").unlink(), os.mkfifo(path / "a.txt")),
        {"whether it is a file", "its size", "its owners", "what it contains", "what a link contains",
         "what is in it", "what is below it"},
    ),
}  # fmt: skip


def edited_in_place(path: Path) -> None:
    """Change a file but not its size, and set its time back."""
    before = path.stat()
    with path.open("r+") as file:
        file.write("two")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    aside = path.with_suffix(".new")
    aside.write_bytes(path.read_bytes())
    aside.replace(path)


def relinked(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_noticed_where_it_changes_an_answer(change: str, folder: Path) -> None:
    make, expected = CHANGES[change]
    kept = {name: recorded(ask, folder) for name, ask in QUESTIONS.items()}
    time.sleep(0.02)  # more than a tick of the clock of files
    make(folder)
    assert {name for name, one in kept.items() if disk.still_hold(one) is None} == expected


def test_an_edit_within_a_tick_of_the_clock_is_noticed(folder: Path) -> None:
    """Neither time, size nor number of a file may differ after an edit that follows at once."""
    path = folder / "a.txt"
    kept = recorded(QUESTIONS["what it contains"], folder, later=False)
    known = kept["paths"][str(path)]
    assert known[0] == reads.UNCERTAIN
    path.write_text("two")
    assert disk.still_hold(kept) is None


def test_the_test_above_would_notice_a_signature_that_is_believed_too_early(folder: Path) -> None:
    kept = recorded(QUESTIONS["what it contains"], folder)
    path = folder / "a.txt"
    path.write_text("two")
    kept["paths"][str(path)][0] = reads.signature_of(str(path))  # as an edit in the same tick leaves it
    assert disk.still_hold(kept) is True


def test_signatures_are_replaced_after_a_touch(folder: Path) -> None:
    kept = recorded(QUESTIONS["what it contains"], folder)
    long_ago = time.time_ns() - 100 * reads.GRANULE
    os.utime(folder / "a.txt", ns=(long_ago, long_ago))
    assert disk.still_hold(kept) is False  # its other time is now: it stays uncertain
    assert kept["paths"][str(folder / "a.txt")][0] == reads.UNCERTAIN


def test_a_question_with_two_answers_is_not_repeatable(folder: Path) -> None:
    with reads.recording() as found:
        disk.read_bounded(folder / "a.txt", 100)
        (folder / "a.txt").write_text("longer")
        disk.read_bounded(folder / "a.txt", 100)
    assert not found.repeatable


def test_what_is_asked_inside_is_asked_outside_too(folder: Path) -> None:
    with reads.recording() as outer:
        with reads.recording() as inner:
            disk.is_file(folder / "a.txt")
            reads.note_unrepeatable()
        disk.is_file(folder / "in")
    assert set(inner.paths) < set(outer.paths)
    assert not outer.repeatable
    assert reads.recorded() is None


def test_errors_are_answers(folder: Path) -> None:
    def ask(path: Path) -> None:
        for attempt in (disk.names, disk.size, lambda one: disk.read_bounded(one, 10)):
            with pytest.raises(FileNotFoundError):
                attempt(path / "none")
        with pytest.raises(OSError, match="larger"):
            disk.read_bounded(path / "a.txt", 2)
        with pytest.raises(IsADirectoryError):
            disk.read_bounded(path / "in", 2)

    kept = recorded(ask, folder)
    assert disk.still_hold(kept) is True
    (folder / "a.txt").write_text("1")
    assert disk.still_hold(kept) is None


def test_a_huge_file_counts_as_changed_when_it_is_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = recorded(lambda path: disk.note_read(path / "a.txt"), folder)
    os.utime(folder / "a.txt", ns=(OLD, OLD))
    assert disk.still_hold(kept) is False
    monkeypatch.setattr(disk, "MAXIMUM_DIGESTED_BYTES", 2)
    kept = recorded(lambda path: disk.note_read(path / "a.txt"), folder)
    assert disk.still_hold(kept) is True
    os.utime(folder / "a.txt", ns=(OLD + 1, OLD + 1))
    assert disk.still_hold(kept) is None


def test_a_walk_is_that_of_the_system(folder: Path) -> None:
    (folder / "in" / "deep").mkdir()
    (folder / "in" / "deep" / "c.txt").write_text("")

    def found(walk: Any) -> list[Any]:
        seen = []
        for parent, folders, files in walk(folder):
            folders[:] = sorted(folders)
            seen.append((parent, list(folders), sorted(files)))
        return seen

    assert found(disk.walk) == found(os.walk)
    for parent, folders, _ in disk.walk(folder):
        assert parent == str(folder)
        folders.clear()


def test_of_a_large_folder_only_some_entries_are_taken(folder: Path) -> None:
    assert len(disk.entries(folder, 2)) == 2
    assert [one.name for one in disk.entries(folder, 9)] == ["a.txt", "in", "to_a", "to_in"]
    assert [one.is_folder() for one in disk.entries(folder)] == [False, True, False, True]
    assert [one.is_regular() for one in disk.entries(folder)] == [True, False, True, False]
