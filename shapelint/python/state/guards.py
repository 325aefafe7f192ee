"""Statements that a program guards: a failure in them is expected, or they run in some cases only."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from shapelint.common.patterns import pattern
from shapelint.common.while_it_lives import while_it_lives
from shapelint.common.words import words
from shapelint.python.state.run import Run

PASSES_THROUGH = words(
    """
    KeyboardInterrupt GeneratorExit SystemExit OSError IOError FileNotFoundError PermissionError KeyError IndexError
    StopIteration EOFError MemoryError
    """
)
"""Exceptions that no missing name and no wrong argument raises."""
ASKS = pattern(r"version|attr|callable|available|support|legacy|compat|install|find_spec|signature|inspect|\b_?has_")
"""Conditions that ask what a library or an object has."""
EXPECTS = pattern(r"raises|suppress")
"""Context managers in which a failure is expected."""
FOLLOWED = frozenset({"hasattr", "getattr", "delattr"})
"""Functions that give no object an attribute, or take one away where that is followed."""
NAMING = frozenset({"setattr", "__setattr__", "register_parameter", "register_buffer", "register_module", "add_module"})
"""Functions and methods that give an object an attribute of a name."""
HOLDING = frozenset({"__dict__", "_parameters", "_buffers", "_modules"})
"""Attributes that hold other attributes by name."""
CONDITIONAL = (ast.If, ast.IfExp, ast.While, ast.BoolOp, ast.Match, ast.comprehension)
BLOCK_EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
ENTRY_NAME = "__name__"


def expected(tree: ast.Module) -> frozenset[ast.AST]:
    """Every node whose failure the program expects: in a `try`, or where it asked first what is there."""
    return _inside(tree, every=False)


def conditional(tree: ast.Module) -> frozenset[ast.AST]:
    """Those, and every node that does not run in all cases: in or behind a condition."""
    return _inside(tree, every=True)


@while_it_lives
def given_names(tree: ast.Module) -> dict[str, int]:
    """The attributes that a program sets or deletes, by the first line that does, and what it names in a text, by 0."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found[node.attr] = min(node.lineno, found.get(node.attr, node.lineno))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found[node.value] = 0
    return found


@while_it_lives
def names_given_unseen(tree: ast.Module) -> frozenset[str]:
    """The attributes that a program may set or take away in ways that are not followed: `type(model).head = None`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and not _is_followed(node.value):
            found.add(node.attr)
        elif isinstance(node, ast.Call) and not _is_followed_call(node):
            found |= _texts(node.args)
    return frozenset(found)


@while_it_lives
def names_given_to_others(tree: ast.Module) -> frozenset[str] | None:
    """The attributes that a program gives objects other than `self`; None if it gives some whose names are not written.

    What it names in a text may be such a name.
    """
    found = {name for name, line in given_names(tree).items() if not line}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in HOLDING:
            return None
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found |= set() if ast.unparse(node.value) == "self" else {node.attr}
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "vars" or (name in NAMING and not _texts(node.args)):
                return None
    return frozenset(found)


def _texts(nodes: Iterable[ast.expr]) -> set[str]:
    return {one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def _is_followed_call(node: ast.Call) -> bool:
    name = ast.unparse(node.func)
    return name in FOLLOWED or (name == "setattr" and bool(node.args) and _is_followed(node.args[0]))


def _is_followed(node: ast.AST) -> bool:
    """Whether an object is a variable, or an attribute of one."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def read_names(tree: ast.Module) -> frozenset[str]:
    """The attributes that a program reads, and whatever it names in a text."""
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(read | texts)


def _inside(tree: ast.Module, every: bool) -> frozenset[ast.AST]:
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node not in found and _is_guard(node, every):
            found.update(ast.walk(node))
        for statement in _behind(node, every):
            found.update(ast.walk(statement))
    return frozenset(found)


def _is_guard(node: ast.AST, every: bool) -> bool:
    if isinstance(node, ast.Try):
        return any(_catches(handler) for handler in node.handlers)
    if isinstance(node, (ast.With, ast.AsyncWith)):
        return any(EXPECTS.search(ast.unparse(item.context_expr)) for item in node.items)
    return isinstance(node, CONDITIONAL) and _asks(node, every)


def _asks(node: ast.AST, every: bool) -> bool:
    test = getattr(node, "test", node)
    if isinstance(test, (ast.Constant, ast.Compare)) and ENTRY_NAME in ast.unparse(test):
        return False
    return every or ASKS.search(ast.unparse(test)) is not None


def _behind(node: ast.AST, every: bool) -> Iterator[ast.stmt]:
    """The statements after a condition that leaves the block, or after an assertion of what is there."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        guarded = False
        for statement in block if isinstance(block, list) else []:
            if guarded:
                yield statement
            guarded = guarded or _leaves(statement, every)


def _leaves(statement: ast.stmt, every: bool) -> bool:
    if isinstance(statement, ast.Assert):
        return ASKS.search(ast.unparse(statement.test)) is not None
    if not isinstance(statement, ast.If) or not _asks(statement, every):
        return False
    return any(isinstance(part, BLOCK_EXITS) for part in ast.walk(statement))


def _catches(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes what a missing name or a wrong argument raises, and goes on."""
    if isinstance(handler.body[-1], ast.Raise):
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = [ast.unparse(kind).rpartition(".")[2] if kind is not None else "" for kind in kinds]
    return any(name not in PASSES_THROUGH for name in names)


def is_certain(run: Run) -> bool:
    """Return whether the current statement runs in all cases, and nothing catches what it raises."""
    return all(frame.takes and "raise" not in frame.takes and not frame.left for frame in run.journal.frames)
