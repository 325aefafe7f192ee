"""Which versions of libraries the stand-ins in `rules/python/` were verified with."""

from __future__ import annotations

from shapelint.knowledge import rules_folder
from shapelint.signatures import versions


def notice(file: str) -> str:
    """Return what is to be said of a stand-in where another version of its library is installed; or ""."""
    verified = rules_folder.load("stand_ins.yaml").get(file)
    if verified is None:
        return ""
    differs = versions.difference(verified["library"], tuple(verified["versions"]))
    known = f"{verified['library']} {', '.join(verified['versions'])}"
    return f"{differs}: its networks are read as those of {known}" if differs else ""
