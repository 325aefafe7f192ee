"""The version of an installed library, and what it depends on: the name of a folder, or a file of metadata."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from shapelint.common.reads import recording
from shapelint.signatures import versions

METADATA = "Metadata-Version: 2.1\nName: own_library\nVersion: {}\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_library").mkdir()
    (tmp_path / "own_library" / "__init__.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def installed() -> str | None:
    """Return the version as a new process would find it."""
    importlib.invalidate_caches()
    versions.installed.cache_clear()
    return versions.installed("own_library")


def test_a_library_without_metadata_has_no_version(path: Path) -> None:
    assert installed() is None
    assert versions.missing("own_library", "torch", "no_such_library") == ["own_library", "no_such_library"]


def test_the_name_of_a_folder_tells_the_version(path: Path) -> None:
    (path / "own_library-2.5.1.dist-info").mkdir()
    assert installed() == "2.5.1"


@pytest.mark.parametrize("name", ["own_library.egg-info/PKG-INFO", "own_library-1.0.dist-info/METADATA"])
def test_metadata_tells_the_version_and_is_noted(name: str, path: Path) -> None:
    place = path / name
    place.parent.mkdir()
    if name.endswith("METADATA"):
        (path / "own_library-0.9.dist-info").mkdir()  # of two folders, the metadata decide
        (path / "own_library-0.9.dist-info" / "METADATA").write_text(METADATA.format("0.9"))
    place.write_text(METADATA.format("1.0"))
    with recording() as reads:
        found = installed()
    assert found in ("1.0", "0.9")
    noted = [one for one, (_, answers) in reads.paths.items() if any("content" in question for question in answers)]
    assert any(Path(one).name == place.name for one in noted)
    with recording() as again:
        versions.installed("own_library")  # it is known by now
    assert again.paths.keys() == reads.paths.keys()
