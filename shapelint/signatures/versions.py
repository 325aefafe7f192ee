"""Which libraries are installed, and whether a stored signature was verified with their versions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from shapelint.common import disk
from shapelint.common.reads import remembered

DISTRIBUTIONS = {"open_clip": "open_clip_torch"}
"""What a library is installed as, where that is another name."""


@remembered()
def installed(library: str) -> str | None:
    """The version of an installed library, without importing it; None if it is not installed."""
    found = find_spec(library)
    if found is None:
        return None
    distribution = DISTRIBUTIONS.get(library, library)
    return _version_of_folder(distribution, found.submodule_search_locations) or _version_by_metadata(distribution)


def _version_of_folder(library: str, locations: Iterable[str] | None) -> str | None:
    """The version in the name of the one `.dist-info` folder next to the package: `importlib.metadata` takes 40 ms."""
    for location in locations or ():
        found = [path.name for path in Path(location).parent.glob(f"{library}-*.dist-info")]
        if len(found) == 1:
            return found[0].removesuffix(".dist-info").partition("-")[2]
    return None


def _version_by_metadata(library: str) -> str | None:
    from importlib import metadata

    try:
        found = metadata.distribution(library)
    except metadata.PackageNotFoundError:
        return None
    folder = getattr(found, "_path", None)
    for name in ("METADATA", "PKG-INFO"):
        if folder is not None and disk.is_file(path := os.path.join(folder, name)):
            disk.note_read(path)
    return found.version


def missing(*libraries: str) -> list[str]:
    """Those of the libraries that are not installed."""
    return [library for library in dict.fromkeys(libraries) if installed(library) is None]


@remembered()
def difference(library: str, verified: tuple[str, ...]) -> str:
    """Why signatures verified with some versions may not hold for the installed library; empty if they hold."""
    version = installed(library)
    if version is None or version in verified:
        return ""
    from packaging.specifiers import SpecifierSet

    ranges = [text if text[0] in "<>=!~" else f"=={text}" for text in verified]
    if any(SpecifierSet(text, prereleases=True).contains(version) for text in ranges):
        return ""
    return f"{library} {version} is installed"
