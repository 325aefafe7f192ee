"""The rules in the form that the build of a wheel writes: the same content, and nothing else is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

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
