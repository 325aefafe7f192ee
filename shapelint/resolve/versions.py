"""Which libraries stand beside shapelint, and whether a stored signature was verified with their versions."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec


@cache
def installed(library: str) -> str | None:
    """The version of an installed library, without importing it; None where it is not installed."""
    if find_spec(library) is None:
        return None
    from importlib import metadata

    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def missing(*libraries: str) -> list[str]:
    """Those of the libraries that are not installed."""
    return [library for library in dict.fromkeys(libraries) if installed(library) is None]


@cache
def difference(library: str, verified: tuple[str, ...]) -> str:
    """Why signatures verified with some versions may not hold for the installed library; empty where they hold."""
    version = installed(library)
    if version is None:
        return ""
    from packaging.specifiers import SpecifierSet

    ranges = [text if text[0] in "<>=!~" else f"=={text}" for text in verified]
    if any(SpecifierSet(text, prereleases=True).contains(version) for text in ranges):
        return ""
    return f"{library} {version} is installed"
