"""Whether the body of a `try` may raise what a handler catches, judged by its source without running anything."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from shapelint.common.words import words
from shapelint.python.state import model_scan, named_objects
from shapelint.python.state.run import Run
from shapelint.python.state.values import Library, Scope

ENDING = [Library(name) for name in ("sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort")]
"""Functions that end the program."""
ENDS = frozenset(library.name.rpartition(".")[2] for library in ENDING)
FROM_OUTSIDE = words("KeyboardInterrupt GeneratorExit")
"""Exceptions that no statement of a body raises by itself."""
OF_IMPORTS = words("ImportError ModuleNotFoundError")
ELSEWHERE = words("winreg msvcrt winsound nt _winapi _scproxy")
"""Modules of the standard library that only some systems have: https://docs.python.org/3/library/windows.html"""
OF_READING = words("YAMLError ScannerError ParserError JSONDecodeError TOMLDecodeError")
"""Exceptions that only a text raises which does not parse."""
CAUSES: dict[str, tuple[type[ast.AST], ...]] = {
    "KeyError": (ast.Subscript, ast.Attribute, ast.Call),
    "IndexError": (ast.Subscript, ast.Attribute, ast.Call),
    "AttributeError": (ast.Attribute, ast.Call),
    "NameError": (ast.Name,),
    "SystemExit": (ast.Call,),
}
"""Nodes that a body must contain to raise an exception: https://docs.python.org/3/library/exceptions.html"""
NODES_THAT_NEVER_RAISE = (
    ast.Import,
    ast.ImportFrom,
    ast.Constant,
    ast.Store,
    ast.Load,
    ast.Assign,
    ast.Name,
    ast.alias,
    ast.Pass,
)


def may_be_caught(run: Run, node: ast.Try, handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Return whether a handler may run."""
    inside = [part for statement in node.body for part in ast.walk(statement)]
    missing = any(not _is_there(run, name, level, scope) for name, level in _imports(inside))
    others = any(not isinstance(part, NODES_THAT_NEVER_RAISE) for part in inside)
    names = (name for name in caught(handler) if name not in OF_READING or run.failed_reads)
    return any(_may_raise(name, inside, missing, others) for name in names)


def _may_raise(name: str, inside: list[ast.AST], missing: bool, others: bool) -> bool:
    if name in FROM_OUTSIDE:
        return False
    if name in OF_IMPORTS:
        return missing or any(isinstance(part, ast.Call) and "import" in ast.unparse(part.func) for part in inside)
    return missing or (any(isinstance(part, CAUSES[name]) for part in inside) if name in CAUSES else others)


def caught(handler: ast.ExceptHandler) -> list[str]:
    """Return the names of the exceptions that a handler catches; a bare `except` catches all of them."""
    if handler.type is None:
        return ["BaseException"]
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return [ast.unparse(one).rpartition(".")[2] for one in types]


def _imports(inside: list[ast.AST]) -> Iterator[tuple[str, int]]:
    for part in inside:
        if isinstance(part, ast.Import):
            yield from ((alias.name, 0) for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            yield part.module or "", part.level


def _is_there(run: Run, module: str, level: int, scope: Scope) -> bool:
    """Return whether an import certainly works: of a known library, of the standard library, or of a local file."""
    top = module.partition(".")[0]
    if not level and top in ELSEWHERE:
        return False
    if not level and (named_objects.is_library(run, module) or top in sys.stdlib_module_names):
        return True
    home = Path(scope.file.path).parent if scope.file and not scope.file.main else run.folder
    return home is not None and (not module or model_scan.find(module, level, home) is not None)
