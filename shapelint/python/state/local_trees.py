"""The syntax trees of a file and of the local modules that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from shapelint.common import disk
from shapelint.common.frozen import frozen
from shapelint.common.while_it_lives import while_it_lives
from shapelint.knowledge import rules_folder
from shapelint.python.state import model_scan
from shapelint.python.state.run import Run


@frozen
class TreeWords:
    """What occurs in a syntax tree: the kinds of its nodes, the last names of what is called, and all attributes."""

    kinds: frozenset[str]
    called: frozenset[str]
    attributes: frozenset[str]


@while_it_lives
def words(tree: ast.AST) -> TreeWords:
    """Return what occurs in a tree, by one walk."""
    kinds, called, attributes = set(), set(), set()
    for node in ast.walk(tree):
        kinds.add(type(node).__name__)
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
        elif isinstance(node, ast.Call):
            called.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return TreeWords(frozenset(kinds), frozenset(called), frozenset(attributes))


def of(run: Run) -> Iterator[ast.Module]:
    """Yield the syntax trees of a file and of the local modules that it imports."""
    yield run.tree
    main = disk.real(run.others.source.path)
    for path in (Path(key) for key in run.modules if key != main):
        edited = run.others.edited(path)
        tree = model_scan.parsed(path) if edited is None else model_scan.parsed_text(edited)
        if tree is not None and not path.is_relative_to(rules_folder.folder()):
            yield tree
