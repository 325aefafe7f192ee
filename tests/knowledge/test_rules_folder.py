"""The rules in the form that the build of a wheel writes: the same content, and nothing else is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from shapelint.knowledge import rules_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    caches = (rules_folder.load, rules_folder._compact)
    monkeypatch.setattr(rules_folder, "folder", lambda: tmp_path)
    for one in caches:
        one.cache_clear()
    yield tmp_path
    for one in caches:
        one.cache_clear()


def written_compactly(folder: Path, contents: dict[str, Any]) -> None:
    """Write the file of a wheel by hand, as the build does: places of bytes in the first line, then the contents."""
    places, body = {}, b""
    for name, content in contents.items():
        text = json.dumps(content).encode()
        places[name] = (len(body), len(text))
        body += text
    (folder / rules_folder.COMPACT).write_bytes(json.dumps(places).encode() + b"\n" + body)


def test_each_content_of_the_compact_form_is_found_at_its_place(folder: Path) -> None:
    contents = {
        "methods/a.yaml": {"name": "größe", "sizes": [1, None]},
        "SL998-one.md": [{"code": "SL998"}, "Its prose\nin two lines."],
        "empty.yaml": None,
        "SL999-other.md": [{"code": "SL999"}, ""],
        "last.yaml": [1.5, True],
    }
    written_compactly(folder, contents)
    for name in ("methods/a.yaml", "empty.yaml", "last.yaml"):
        assert rules_folder.load(name) == contents[name]
    assert rules_folder.compact_pages() == [
        (folder / "SL998-one.md", {"code": "SL998"}, "Its prose\nin two lines."),
        (folder / "SL999-other.md", {"code": "SL999"}, ""),
    ]


def test_what_the_compact_form_lacks_is_read_as_a_file_and_what_it_has_is_not(folder: Path) -> None:
    written_compactly(folder, {"both.yaml": {"from": "the compact form"}})
    (folder / "both.yaml").write_text("from: a file\n")
    (folder / "file.yaml").write_text("from: a file\n")
    assert rules_folder.load("both.yaml") == {"from": "the compact form"}
    assert rules_folder.load("file.yaml") == {"from": "a file"}
    assert rules_folder.load("neither.yaml") is None
    assert rules_folder.compact_pages() == []


def test_the_compact_form_is_read_instead_of_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hatchling")
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    from compact_rules import compact

    page = "---\ncode: SL999\nwidth: 3\n---\nWhat it does.\n"
    (folder / "methods").mkdir()
    (folder / "methods" / "a.yaml").write_text("name: one\nsizes: [1, 2, {b: null}]\n")
    (folder / "SL999-own.md").write_text(page)
    (folder / rules_folder.COMPACT).write_bytes(compact(folder))
    for path in (folder / "methods" / "a.yaml", folder / "SL999-own.md"):
        path.unlink()
    assert rules_folder.load("methods/a.yaml") == {"name": "one", "sizes": [1, 2, {"b": None}]}
    assert rules_folder.compact_pages() == [(folder / "SL999-own.md", {"code": "SL999", "width": 3}, "What it does.")]


def test_a_checkout_has_no_compact_form(folder: Path) -> None:
    (folder / "a.yaml").write_text("x: 1\n")
    assert rules_folder.compact_pages() == []
    assert rules_folder.load("a.yaml") == {"x": 1}


@pytest.mark.parametrize("name", ["../a.yaml", "/etc/passwd", "b.yaml", "a\nb", "", "a/../a.yaml"])
def test_a_name_leads_nowhere_else(name: str, folder: Path) -> None:
    (folder / "a.yaml").write_text("x: 1\n")
    assert rules_folder.load(name) is None
