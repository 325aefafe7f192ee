"""Decide from imports whether a file can hold a model: it reaches a library that models are built from.

It may import the library itself or through a local module. Scanning imports costs a fraction of an interpretation, and
rules out most of the Python files of a repository.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from shapelint.common import disk, gitignore, package_folders, syntax_trees
from shapelint.common.patterns import pattern
from shapelint.common.reads import remembered
from shapelint.common.words import words

MAXIMUM_SCANNED_FILES = 40
MAXIMUM_SCANNED_BYTES = 512 * 1024
BUILT_FROM = words(
    """
    torch torchvision timm lightly pytorch_lightning lightning transformers torchmetrics hydra lightly_train
    """
)

MODEL_WORDS = pattern(
    r"projection|projector|predict|lightly|backbone|encoder|trunk|neck|head|byol|simclr|simsiam|moco|dino|vicreg|barlow|swav"
    r"|convnet|teacher|tico|mmcr|nnclr|densecl|smog|\bpred\b|\bmae|simmim|jepa|mask_token|\bclip|siglip|logit_scale|tower|instantiate"
    r"|import_module|registry|hydra\.main|lightningcli",
    re.IGNORECASE,
)
"""A text without any of these words describes no model, and is not interpreted."""


def can_hold_a_model(tree: ast.Module, folder: Path | None) -> bool:
    """Return whether a file reaches one of those libraries through its imports, including those inside functions."""
    seen: set[Path] = set()
    waiting = [(tree, folder, True)]
    while waiting:
        module, home, whole = waiting.pop(0)
        for name, level in _imports(module, whole):
            if not level and name.partition(".")[0] in BUILT_FROM:
                return True
            foreign = home is None or (not level and name.partition(".")[0] in sys.stdlib_module_names)
            path = None if foreign or home is None else find(name, level, home)
            if path is not None and path not in seen and len(seen) < MAXIMUM_SCANNED_FILES:
                seen.add(path)
                inner = parsed(path)
                if inner is not None:
                    waiting.append((inner, path.parent, False))
    return False


def find(module: str, level: int, folder: Path, hops: int = 3) -> Path | None:
    """Find the file of a local module: relative to the folder of the importing file, or in it and its parents.

    If it is in none of the parents, it may be where the repository's pyproject.toml says that its packages are.
    """
    if any(not part.isidentifier() for part in module.split(".") if module):
        return None
    here = os.fspath(folder)
    bases = [os.path.join(here, *([".."] * (level - 1)))] if level else [here, *map(str, list(folder.parents)[:hops])]
    found = _found(module, bases)
    if found is None and not level and hops and module.partition(".")[0] not in sys.stdlib_module_names:
        above = gitignore.upward(os.path.abspath(here))
        found = _found(module, [os.path.join(one, inner) for one in above for inner in package_folders.declared(one)])
    return found


def _found(module: str, bases: list[str]) -> Path | None:
    relative = module.replace(".", os.sep)
    for base in bases:
        for candidate in (f"{relative}.py" if relative else "", os.path.join(relative, "__init__.py")):
            path = os.path.join(base, candidate)
            if candidate and disk.is_file(path):
                return Path(disk.real(path))
    return None


def parsed(path: Path) -> ast.Module | None:
    """Return the syntax tree of a local module, parsed once per process; None if it cannot be read."""
    try:
        changed, size = disk.stamp(path)
    except OSError:
        return None
    return _parsed(path, changed, size) if size <= MAXIMUM_SCANNED_BYTES else None


@remembered(maxsize=512)
def _parsed(path: Path, changed: int, size: int) -> ast.Module | None:
    try:
        return parsed_text.__wrapped__(disk.read_text_bounded(path, MAXIMUM_SCANNED_BYTES))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=64)
def parsed_text(text: str) -> ast.Module | None:
    """Return the syntax tree of a text; None if it does not parse."""
    try:
        return syntax_trees.module(text)
    except SyntaxError:
        return None


def _imports(module: ast.Module, whole: bool) -> Iterator[tuple[str, int]]:
    """Yield the imports of a module, each with its level; those inside its functions only if `whole` is set."""
    for node in ast.walk(module) if whole else _top(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            name = node.module or ""
            yield name, node.level
            yield from ((f"{name}.{alias.name}".strip("."), node.level) for alias in node.names if alias.name != "*")


def _top(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a module that run when it is imported."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.expr)):
            yield child
            yield from _top(child)
