"""Mutants of a file: each differs from it in one node of the syntax tree, in a function."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

OTHERS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
"""What an operator becomes."""
HINTS = {"annotation", "returns", "decorator_list", "args", "type_params"}
"""The fields of a function or an assignment that are no code of it."""


@dataclass(frozen=True)
class Mutant:
    """A change of one node."""

    path: Path
    tree: ast.Module
    before: ast.AST
    after: ast.AST
    lines: range
    """Those that a test has to reach: from the statement's first to the node's last."""

    def compiled(self) -> CodeType:
        """Return the code of the changed file."""
        tree = copy.deepcopy(self.tree, {id(self.before): self.after})
        return compile(ast.fix_missing_locations(tree), str(self.path), "exec", dont_inherit=True)

    def described(self, root: Path) -> str:
        """Return the place and the change."""
        before, after = (" ".join(ast.unparse(one).split())[:200] for one in (self.before, self.after))
        return f"{self.path.relative_to(root)}:{self.before.lineno}: {before}  =>  {after}"


def of_package(folder: Path) -> list[Mutant]:
    """Return all mutants of the files of a package."""
    return [mutant for path in sorted(folder.rglob("*.py")) for mutant in of_file(path)]


def of_file(path: Path) -> Iterator[Mutant]:
    """Give all mutants of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outer = [one for node in tree.body for one in (node.body if isinstance(node, ast.ClassDef) else [node])]
    for function in outer:
        if isinstance(function, ast.FunctionDef):
            for statement, node in (pair for one in function.body for pair in inside(one, one)):
                for after in changes(node):
                    lines = range(statement.lineno, (node.end_lineno or 0) + 1)
                    yield Mutant(path, tree, node, ast.copy_location(after, node), lines)


def inside(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.stmt, ast.expr | ast.stmt]]:
    """Give the nodes at and below one, each with its statement; docstrings and annotations are none."""
    statement = node if isinstance(node, ast.stmt) else statement
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, (ast.expr, ast.stmt)):
        yield statement, node
    for name, value in ast.iter_fields(node):
        if name not in HINTS or isinstance(node, ast.Call):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, ast.AST):
                    yield from inside(one, statement)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Give what a node becomes."""
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)) and type(node.op) in OTHERS:
        yield _with(node, op=OTHERS[type(node.op)]())
    elif isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            yield _with(node, ops=[*node.ops[:at], OTHERS[type(operator)](), *node.ops[at + 1 :]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, str)):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + type(node.value)(1))
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)) and not isinstance(node.test, (ast.Compare, ast.UnaryOp)):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Return) and not isinstance(node.value, (ast.Constant, type(None))):
        yield _with(node, value=ast.Constant(None))
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield ast.Pass()
    elif isinstance(node, (ast.Continue, ast.Break)):
        yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    elif isinstance(node, ast.Call):
        for at in range(len(node.keywords)):
            yield _with(node, keywords=node.keywords[:at] + node.keywords[at + 1 :])
    elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
        for at, part in enumerate(node.generators):
            if part.ifs:
                rest = [*node.generators[:at], _with(part, ifs=[]), *node.generators[at + 1 :]]
                yield _with(node, generators=rest)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """Return a node like another, except for some fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed
