"""`shapelint clean`, where there is nothing to remove, or where it cannot be removed."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from shapelint.cli import clean
from shapelint.common.cache_folder import VARIABLE


def kept(folder: Path) -> Path:
    """Write a file as a run keeps it."""
    path = folder / "results" / "a.run"
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"1" * 2048)
    return path


def test_there_is_no_cache(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert clean.run(None) == 0
    assert capsys.readouterr().out == "There is no cache.\n"


def test_what_is_kept_is_removed_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = kept(tmp_path)
    assert clean.run(str(tmp_path)) == 0
    assert not path.exists()
    assert capsys.readouterr().out.startswith("Removed 1 file (2 KiB) ")


def test_what_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept(tmp_path)

    def refused(name: str) -> None:
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(os, "unlink", refused)
    with pytest.raises(click.ClickException, match=f"cannot remove {path}: Permission denied"):
        clean.run(str(tmp_path))
