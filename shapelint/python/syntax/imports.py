"""Imports: library names stay names; local modules are read from disk and interpreted, never imported."""

from __future__ import annotations

import ast
from pathlib import Path

from shapelint.knowledge import rules_folder
from shapelint.python.objects import absences, attributes
from shapelint.python.state import model_scan, named_objects
from shapelint.python.state.class_lookup import namespace
from shapelint.python.state.run import Run
from shapelint.python.state.values import UNKNOWN, Library, Scope, SourceFile, Value
from shapelint.text.source import Elsewhere, Span

MAXIMUM_MODULES = 400


def import_(run: Run, node: ast.Import, scope: Scope) -> None:
    """Execute `import a.b` or `import a.b as c`."""
    run.touch(scope)
    for alias in node.names:
        name = alias.name
        local = load(run, name, 0, scope) if not named_objects.is_library(run, name) else None
        if alias.asname is not None or "." not in name:
            scope.names[alias.asname or name] = namespace(local) if local is not None else Library(name)
            continue
        top = name.partition(".")[0]
        if local is not None:
            package: Scope | None = _package(run, name, local, scope)
        elif named_objects.is_library(run, top):
            package = None
        else:
            package = load(run, top, 0, scope) or run.modules.get(f"package {top}")
        scope.names[top] = namespace(package) if package is not None else Library(top)


def _package(run: Run, dotted: str, module: Scope, scope: Scope) -> Scope:
    """Return the top package of a local module that was imported as `a.b.c`: each is an attribute of the one above it.

    A folder without an `__init__.py` is a package that has nothing but its modules.
    """
    parts = dotted.split(".")
    for length in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:length])
        package = load(run, name, 0, scope) or run.modules.setdefault(
            f"package {name}", Scope({}, None, scope.file, "module")
        )
        assert package is not None
        run.touch(package)
        package.names[parts[length]] = namespace(module)
        module = package
    return module


def import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    """Execute `from a.b import c as d`, `from . import x` or `from m import *`."""

    run.touch(scope)
    module = node.module or ""
    if not node.level and (named_objects.is_library(run, module) or not module):
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
            scope.stars += local.stars if local else ["." * node.level + module]
            continue
        value: Value | None = local.names.get(alias.name) if local else None
        if value is None:
            # A folder without an `__init__.py` is a package, too.
            inner = load(run, f"{module}.{alias.name}".strip("."), node.level, scope)
            value = (
                namespace(inner) if inner is not None else UNKNOWN if local else _absent(run, module, alias.name, node)
            )
        scope.names[alias.asname or alias.name] = value


def _absent(run: Run, module: str, name: str, node: ast.ImportFrom) -> Value:
    """Return a name of a module that was not read: of an installed library, if there was room for another module."""
    if len(run.modules) < MAXIMUM_MODULES:
        return Library(f"{module}.{name}")
    return run.unknown(f"more than {MAXIMUM_MODULES} local modules are imported before {name}", node)


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

    edited = run.others.edited(path)
    tree = model_scan.parsed(path) if edited is None else model_scan.parsed_text(edited)
    if tree is None:
        return None

    def span(node: ast.AST) -> Span:
        anchor = run.anchors[-1] if run.anchors else Span(0, 0)
        return Elsewhere(anchor.start, anchor.end, key, getattr(node, "lineno", 0))

    def home(node: ast.AST) -> Span | None:
        return None if path.is_relative_to(rules_folder.folder()) else run.others.span(path, node)

    file = SourceFile(key, span, main=False, script=script, home=home)
    inner = Scope({}, None, file, "module", serial=run.new_serial())
    run.modules[key] = inner
    depth, run.depth = run.depth, run.depth + 1
    try:
        if depth < 20:
            run.execute(tree.body, inner)
    finally:
        run.depth = depth
    return inner
