"""The folder of the cache: only this user's own is believed, the oldest files go first, and it can be emptied."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from shapelint.common import cache_folder as cache
from shapelint.common.cache_folder import VARIABLE, cached_in, clean, is_private, keep, make_room


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "results"


def test_the_folder_is_that_of_the_platform_the_variable_or_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    monkeypatch.delenv(VARIABLE)
    assert cache.cache_folder() == "/xdg/shapelint"
    monkeypatch.setenv(VARIABLE, "elsewhere")
    assert cache.cache_folder() == "elsewhere"
    with cached_in("named"):
        assert cache.cache_folder() == "named"
    with cached_in(""):
        assert cache.cache_folder() is None
    monkeypatch.setenv(VARIABLE, "")
    assert cache.cache_folder() is None


def test_what_is_kept_is_for_this_user_alone(part: Path) -> None:
    keep(str(part / "a.run"), b"content")
    assert (part / "a.run").read_bytes() == b"content"
    assert part.stat().st_mode & 0o777 == 0o700
    assert is_private(str(part))
    part.chmod(0o755)
    assert not is_private(str(part))
    keep(str(part / "b.run"), b"content")
    assert not (part / "b.run").exists()


def test_no_link_is_followed(part: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    part.parent.mkdir()
    part.symlink_to(tmp_path / "mine")
    keep(str(part / "a.run"), b"content")
    assert list((tmp_path / "mine").iterdir()) == []


def test_what_cannot_be_written_is_not_kept(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(str(part / "a.run"), b"one")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    keep(str(part / "a.run"), b"two")
    assert {path.name: path.read_bytes() for path in part.iterdir()} == {"a.run": b"one"}
    keep("/dev/null/no/a.run", b"two")
    keep("/proc/no/a.run", b"two")


def test_the_oldest_go_first(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    for number in range(10):
        keep(str(part / f"{number}.run"), b"x" * 100)
        os.utime(part / f"{number}.run", (now - number, now - number))
    make_room(str(part))
    assert len(list(part.iterdir())) == 10
    monkeypatch.setattr(cache, "BYTES_OF_A_PART", 800)
    make_room(str(part))
    assert sorted(path.name for path in part.iterdir()) == [f"{number}.run" for number in range(6)]
    monkeypatch.setattr(cache, "FILES_OF_A_PART", 4)
    make_room(str(part))
    assert sorted(path.name for path in part.iterdir()) == ["0.run", "1.run", "2.run"]


def test_what_killed_processes_left_is_removed(part: Path) -> None:
    keep(str(part / "a.run"), b"content")
    (part / "a.run.123.new").write_bytes(b"half")
    (part / "a.run.124.new").write_bytes(b"half")
    os.utime(part / "a.run.123.new", (0, 0))
    make_room(str(part))
    assert sorted(path.name for path in part.iterdir()) == ["a.run", "a.run.124.new"]


def test_only_what_is_kept_is_removed(part: Path) -> None:
    keep(str(part / "a.run"), b"content")
    keep(str(part.parent / "signatures" / "b.json"), b"{}")
    (part.parent / "mine.txt").write_text("mine")
    assert clean(str(part.parent)) == (2, 9)
    assert [path.name for path in part.parent.iterdir()] == ["mine.txt"]
    assert clean(str(part.parent)) == (0, 0)
