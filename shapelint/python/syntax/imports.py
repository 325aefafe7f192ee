"""Imports: library names stay names; local modules are read from disk and interpreted, never imported."""

from __future__ import annotations

import ast
from pathlib import Path

from shapelint.python.objects import absences, attributes
from shapelint.python.state import model_scan
from shapelint.python.state.class_lookup import namespace
from shapelint.python.state.run import Run
from shapelint.python.state.values import UNKNOWN, Library, Scope, SourceFile, Value
from shapelint.text.source import Elsewhere, Span

MAXIMUM_MODULES = 40


def import_(run: Run, node: ast.Import, scope: Scope) -> None:
    """Execute `import a.b` or `import a.b as c`."""
    run.touch(scope)
    for alias in node.names:
        top = alias.name.partition(".")[0]
        name = alias.name if alias.asname else top
        local = load(run, name, 0, scope) if not run.libraries.claim(name) else None
        if local is not None and alias.asname is None and "." in alias.name:
            load(run, alias.name, 0, scope)
        scope.names[alias.asname or top] = namespace(local) if local is not None else Library(name)


def import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    """Execute `from a.b import c as d`, `from . import x` or `from m import *`."""

    run.touch(scope)
    module = node.module or ""
    if not node.level and (run.libraries.claim(module) or not module):
        if any(alias.name == "*" for alias in node.names):
            scope.stars.append(module)
            return
        absences.note_import(run, module, node, scope)
        for alias in node.names:
            scope.names[alias.asname or alias.name] = attributes.of_library(run, f"{module}.{alias.name}")
        return
    local = load(run, module, node.level, scope)
    for alias in node.names:
        if alias.name == "*":
            public = local.names if local else {}
            scope.names.update({name: value for name, value in public.items() if not name.startswith("_")})
            continue
        value: Value | None = local.names.get(alias.name) if local else None
        if value is None:
            inner = load(run, f"{module}.{alias.name}".strip("."), node.level, scope) if local or node.level else None
            value = namespace(inner) if inner is not None else UNKNOWN if local else Library(f"{module}.{alias.name}")
        scope.names[alias.asname or alias.name] = value


def load(run: Run, module: str, level: int, scope: Scope) -> Scope | None:
    """Return the names of a local module; None if there is none near the importing file."""
    if run.folder is None:
        return None
    importer = Path(scope.file.path).parent if scope.file and not scope.file.main else run.folder
    path = model_scan.find(module, level, importer)
    return None if path is None else load_file(run, path)


def load_file(run: Run, path: Path, script: bool = False) -> Scope | None:
    """Interpret a file as a module and return its names; None if it cannot be read."""
    key = str(path)
    if key in run.modules:
        return run.modules[key]
    if len(run.modules) >= MAXIMUM_MODULES:
        return None

    tree = model_scan.parsed(path)
    if tree is None:
        return None

    def span(node: ast.AST) -> Span:
        anchor = run.anchors[-1] if run.anchors else Span(0, 0)
        return Elsewhere(anchor.start, anchor.end, key, getattr(node, "lineno", 0))

    inner = Scope({}, None, SourceFile(key, span, main=False, script=script), "module", serial=run.new_serial())
    run.modules[key] = inner
    depth, run.depth = run.depth, run.depth + 1
    try:
        if depth < 20:
            run.execute(tree.body, inner)
    finally:
        run.depth = depth
    return inner
