"""The diagrams and tables of docs/ agree with the imports and folders of the code."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
from import_graph import PACKAGE, ROOT, imports, sources

ARROW = re.compile(r"^\s*(\w+) --> (\w+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)(?:/|\.py)` \|", re.MULTILINE)

PAGES = [("architecture.md", f"{PACKAGE}."), ("interpreter.md", f"{PACKAGE}.python.")]


def rooms_of(name: str, prefix: str) -> str:
    """Return the package of a module directly below a prefix, "" for a module elsewhere or at the top."""
    return name.removeprefix(prefix).partition(".")[0] if name.startswith(prefix) else ""


def real_arrows(prefix: str) -> set[tuple[str, str]]:
    """Return which package imports which."""
    pairs = {(rooms_of(one.importer, prefix), rooms_of(one.imported, prefix)) for one in imports(sources())}
    return {(a, b) for a, b in pairs if a and b and a != b and a != "__main__"}


def reachable(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return every pair of packages that are connected by arrows."""
    following = defaultdict(set)
    for a, b in arrows:
        following[a].add(b)
    found: set[tuple[str, str]] = set()
    for start in list(following):
        waiting = [*following[start]]
        while waiting:
            place = waiting.pop()
            if (start, place) not in found:
                found.add((start, place))
                waiting += following[place]
    return found


@pytest.mark.parametrize(("page", "prefix"), PAGES)
def test_the_diagram_agrees_with_the_imports(page: str, prefix: str) -> None:
    """Every arrow is an import, every import follows the arrows, and no arrow is redundant."""
    drawn = set(ARROW.findall((ROOT / "docs" / page).read_text(encoding="utf-8")))
    real = real_arrows(prefix)
    assert drawn - real == set()
    assert real - reachable(drawn) == set()
    assert [arrow for arrow in sorted(drawn) if arrow in reachable(drawn - {arrow})] == []


@pytest.mark.parametrize(("page", "prefix"), PAGES)
def test_every_package_is_in_the_table(page: str, prefix: str) -> None:
    rooms = {rooms_of(name, prefix) for name in sources()} - {"", "__main__"}
    assert set(ROW.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))) == rooms


def test_a_wrong_diagram_is_detected() -> None:
    real = real_arrows(f"{PACKAGE}.")
    assert ("shapes", "cli") not in real
    assert ("cli", "common") in reachable(real)
