"""The imports between the modules of shapelint, read from their text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "shapelint"

Sources = Mapping[str, str]
"""The text of every module, by its dotted name."""


class Import(NamedTuple):
    """An imported module; `lazy` says that the import is inside a function."""

    importer: str
    imported: str
    lazy: bool

    @property
    def is_own(self) -> bool:
        """Whether the imported module belongs to shapelint."""
        return self.imported.partition(".")[0] == PACKAGE


def sources() -> dict[str, str]:
    """Return the text of every module of shapelint."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def imports(modules: Sources) -> list[Import]:
    """Return every import, including those inside functions and under `TYPE_CHECKING`."""
    return [one for name, text in modules.items() for one in _imports(name, text, modules)]


def _imports(name: str, text: str, modules: Sources) -> Iterator[Import]:
    for module, taken, lazy in _written(name, text):
        inner = f"{module}.{taken}"
        yield Import(name, inner if taken and inner in modules else module, lazy)


@cache
def _written(name: str, text: str) -> list[tuple[str, str, bool]]:
    """The imports of a module as written: the module, what is taken from it, and whether it is inside a function."""
    tree = ast.parse(text)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    lazy = {id(inner) for function in functions for inner in ast.walk(function)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "", id(node) in lazy) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            found += [(str(node.module), alias.name, id(node) in lazy) for alias in node.names]
    return found


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Return groups of modules that import each other, directly or not (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = lowest[node] = len(index)
        stack.append(node)
        for following in sorted(graph.get(node, ())):
            if following not in index:
                visit(following)
            if following in stack:
                lowest[node] = min(lowest[node], lowest[following])
        if lowest[node] == index[node]:
            circle = set(stack[stack.index(node) :])
            del stack[stack.index(node) :]
            if len(circle) > 1:
                found.append(circle)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found
