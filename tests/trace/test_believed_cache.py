"""Entries of the cache that are broken, of something else or of somebody else are misses: no faults, not believed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shapelint.common import bounds
from shapelint.common.cache_folder import VARIABLE
from shapelint.common.notices import say_once
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.signatures import cache

HEAD = ComponentSignature(
    call="our.Head(width, bias=True)",
    rows=(SignatureRow(shapes="B width -> B 7", parts={"0": "our.Part: B width -> B 7"}),),
)

Content = dict[str, Any]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> cache.CachePlace:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    say_once.cache_clear()
    found = cache.place("torch", "our.Head", {"width": 3}, [])
    assert found is not None
    return found


def test_what_was_stored_is_found_again(place: cache.CachePlace) -> None:
    assert cache.load(place) is None
    cache.store(place, HEAD)
    assert cache.load(place) == HEAD
    assert cache.reason(place) == ""
    cache.store_reason(place, "it has no forward")
    assert cache.reason(place) == "it has no forward"
    assert (place.path.parent.stat().st_mode & 0o777) == 0o700


def with_row(**changes: Any) -> Callable[[Content], Content]:
    def change(content: Content) -> Content:
        content["component"]["rows"][0].update(changes)
        return content

    return change


def with_call(call: str) -> Callable[[Content], Content]:
    return lambda content: {**content, "component": {**content["component"], "call": call}}


WRONG: dict[str, Callable[[Content], object]] = {
    "another key": lambda content: {**content, "key": content["key"].replace("our", "my")},
    "no key": lambda content: {"component": content["component"]},
    "the form of before": lambda content: content["component"],
    "a list": lambda content: [content],
    "no signature": lambda content: {**content, "component": "our.Head"},
    "a foreign field": with_row(weight=3),
    "brackets": with_row(shapes="B width -> B ((("),
    "brackets in a condition": with_row(when="((("),
    "brackets in a call": with_call("our.Head((("),
    "another statement in a call": with_call("our.Head(): pass\nimport os\ndef x()"),
    "brackets in a part": with_row(parts={"0": "our.Part: B ((( -> B"}),
    "brackets in a tensor": with_row(tensors={"": "weight ((("}),
    "many signs": with_row(shapes=f"B width -> B {'-' * 1900}1"),
    "a name that is not there": with_row(shapes="B width -> B 7 where depth > 3"),
    "a name that is not there, for the weights": with_row(weights="depth*3"),
    "a call of a function": with_row(when="open('x') == 1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_entry_that_does_not_validate_is_a_miss(name: str, place: cache.CachePlace) -> None:
    cache.store(place, HEAD)
    place.path.write_text(json.dumps(WRONG[name](json.loads(place.path.read_text()))))
    assert cache.load(place) is None
    cache.store(place, HEAD)
    assert cache.load(place) == HEAD


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


BROKEN: dict[str, Callable[[Path], object]] = {
    "cut off": lambda path: path.write_bytes(b'{"key": "x'),
    "binary": lambda path: path.write_bytes(b"\xff\x00"),
    "empty": lambda path: path.write_bytes(b""),
    "deep": lambda path: path.write_bytes(b"[" * 1_000_000),
    "large": lambda path: path.write_bytes(b" " * bounds.CACHE_ENTRY_BYTES + b"{}"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": a_pipe,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_a_miss(name: str, place: cache.CachePlace) -> None:
    place.path.parent.mkdir(parents=True, mode=0o700)
    for suffix in (".json", cache.FAILED):
        BROKEN[name](place.path.with_suffix(suffix))
    assert cache.load(place) is None
    assert cache.reason(place) == ""
    cache.store(place, HEAD)
    cache.store_reason(place, "why")


def test_an_entry_is_read_up_to_its_bound(place: cache.CachePlace) -> None:
    cache.store(place, HEAD)
    content = place.path.read_bytes()
    place.path.write_bytes(content + b" " * (bounds.CACHE_ENTRY_BYTES - len(content)))
    assert cache.load(place) == HEAD
    place.path.write_bytes(content + b" " * (bounds.CACHE_ENTRY_BYTES - len(content) + 1))
    assert cache.load(place) is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes of files say nothing here")
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702, 0o755])
def test_a_folder_that_others_can_open_is_not_believed(
    mode: int, place: cache.CachePlace, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.store(place, HEAD)
    place.path.parent.chmod(mode)
    assert cache.load(place) is None
    before = place.path.read_bytes()
    cache.store(place, HEAD.changed(call="our.Other(width)"))
    assert place.path.read_bytes() == before
    assert cache.load(place) is None
    assert capsys.readouterr().err.count("is not used: it is no folder that only this user may read and write") == 1
    place.path.parent.chmod(0o700)
    assert cache.load(place) == HEAD


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives folders away")
def test_a_folder_of_somebody_else_is_not_believed(place: cache.CachePlace) -> None:
    cache.store(place, HEAD)
    os.chown(place.path.parent, 4321, 4321)
    assert cache.load(place) is None


def test_a_link_to_a_folder_is_not_believed(place: cache.CachePlace, tmp_path: Path) -> None:
    cache.store(place, HEAD)
    shutil.move(place.path.parent, tmp_path / "elsewhere")
    place.path.parent.symlink_to(tmp_path / "elsewhere")
    assert cache.load(place) is None
