"""The top-level values of a Python config, as the nodes of `nodes.py`: assignments are followed, nothing is executed.

A value keeps the place where it is written, whatever names it went through. What is not a literal, a name of one, or
arithmetic on numbers is unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import Any

from shapelint.common import bounds, syntax_trees
from shapelint.common.frozen import replace
from shapelint.documents.merging import EMPTY, unknown
from shapelint.documents.nodes import MAXIMUM_NODES, TUPLE_TAG, InvalidYamlError, Mapping, Scalar, Sequence, YamlNode
from shapelint.documents.shared_nodes import New, containers, copied, depth, exchanged
from shapelint.shapes import expression
from shapelint.text.source import Span, line_starts

QUOTED = "'"
"""The style of a text: it is no call and no number, whatever stands in it."""
IMPORTED = "imported"
"""The style of a name that is imported: its value is its dotted name."""
COMPUTED = "computed"
"""The style of a number that an expression computes; its place is that of the expression."""
BASES_KEY = "_base_"
_READING = frozenset((
    "abs", "all", "any", "bool", "enumerate", "float", "format", "get", "int", "isinstance", "items", "join", "keys",
    "len", "max", "min", "print", "range", "repr", "round", "set", "sorted", "str", "sum", "type", "values", "zip",
))  # fmt: skip
"""Functions and methods that change none of the values that they are given."""

Merge = Callable[["YamlNode | None", YamlNode], YamlNode]
"""Merge one value over another."""


class Values:
    """The values of a module by name; `base` is what `_base_` stands for in it, `imports` loads a module of values.

    `shift` is the offset of the module's text in the source. `merge` is what the method `merge` of a dictionary does.
    """

    def __init__(
        self, text: str, shift: int, merge: Merge, imports: Callable[[ast.ImportFrom], dict[str, YamlNode]]
    ) -> None:
        self.text = text
        self.shift = shift
        self.merge = merge
        self.imports = imports
        self.base: Mapping = EMPTY
        self.names: dict[str, YamlNode] = {}
        self.has_read_base = False
        self.count = 0
        self.starts = line_starts(text)

    def run(self, module: ast.Module) -> dict[str, YamlNode]:
        """The values after all statements of a module."""
        try:
            for statement in module.body:
                self.statement(statement)
            too_deep = depth(self.names.values()) > bounds.YAML_DEPTH
        except RecursionError:
            too_deep = True
        if too_deep:
            raise InvalidYamlError(
                f"nested more than {bounds.YAML_DEPTH} levels deep", Span(self.shift, self.shift + 1)
            )
        return self.names

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            value = self.value(node.value)
            for target in node.targets:
                self.assign(target, value)
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None:
                self.assign(node.target, self.value(node.value))
        elif isinstance(node, ast.Expr):
            self.effect(node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self.imported(node)
        elif isinstance(node, ast.With) and _is_read_base(node):
            for inner in node.body:
                if isinstance(inner, ast.ImportFrom):
                    self.has_read_base = True
                    found = self.imports(inner)
                    self.names.update((name, self.unshared(value, inner)) for name, value in found.items())
        else:
            self.forget(_changed(node), node)

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        module = (node.module or "") + "." if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.names[name] = self.scalar(module + alias.name, node, IMPORTED)

    def assign(self, target: ast.expr, value: YamlNode) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            items = value.items if isinstance(value, Sequence) and len(value.items) == len(target.elts) else ()
            for index, one in enumerate(target.elts):
                self.assign(one, items[index] if items else self.unknown(one))
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            self.put(_path(target), value, target)

    def put(self, path: tuple[Any, ...] | None, value: YamlNode, target: ast.expr) -> None:
        """Set an item of a list or dictionary, wherever that is held."""
        owner = self.at(self.names.get(path[0]), path[1:-1]) if path else None
        name = path[-1] if path else None
        if isinstance(owner, Sequence) and isinstance(name, int) and -len(owner.items) <= name < len(owner.items):
            items = list(owner.items)
            items[name] = value
            self.exchange({id(owner): replace(owner, items=tuple(items))}, target)
        elif isinstance(owner, Mapping) and isinstance(name, str):
            entries = {key.text: (key, old) for key, old in owner.entries if isinstance(key, Scalar)}
            key, _ = entries.get(name, (self.scalar(name, target), value))
            entries[name] = (key, value)
            new = replace(owner, entries=tuple(entries.values()), home=_nowhere(owner.span))
            self.exchange({id(owner): new}, target)
        else:
            self.forget_containers(target)

    def exchange(self, new: New, node: ast.AST) -> None:
        self.spend(exchanged(self.names, new), node)

    def effect(self, node: ast.expr) -> None:
        """What a call by itself does to the value whose method it is."""
        method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and method in ("update", "merge"):
            path = _path(node.func.value)
            before = self.at(self.names.get(path[0]), path[1:]) if path else None
            given = self.value(node.args[0]) if len(node.args) == 1 else None if node.args else EMPTY
            if isinstance(before, Mapping) and isinstance(given, Mapping) and not self.is_of_two_kinds(before, method):
                given = _updated(given, self.mapping_of(node, node.keywords))
                after = self.merge(before, given) if method == "merge" else _updated(before, given)
                self.exchange({id(before): replace(after, home=_nowhere(before.span))}, node)
                return
        self.value(node)

    def is_of_two_kinds(self, before: Mapping, method: str) -> bool:
        """Whether `update` may go into the dictionaries in one: that of what `read_base` imports does."""
        holds = any(isinstance(value, Mapping) for _, value in before.entries)
        return method == "update" and self.has_read_base and holds

    def unshared(self, node: YamlNode, place: ast.AST) -> YamlNode:
        """A value with a copy of each list and dictionary for each place in it, as `read_base` makes it."""
        self.spend(1, place)
        if isinstance(node, Scalar):
            return node
        if isinstance(node, Sequence):
            return replace(node, items=tuple(self.unshared(item, place) for item in node.items))
        return replace(node, entries=tuple((key, self.unshared(value, place)) for key, value in node.entries))

    def forget(self, names: Iterable[str], node: ast.AST) -> None:
        """Make names unknown, and the lists and dictionaries that they lead to wherever they are held."""
        forgotten = [name for name in names if name in self.names]
        if forgotten:
            unknown = self.unknown(node)
            self.exchange({id(one): unknown for one in containers(self.names[name] for name in forgotten)}, node)
            self.names.update(dict.fromkeys(forgotten, unknown))

    def forget_containers(self, node: ast.AST) -> None:
        """Make the lists and dictionaries unknown that an expression names: who is given them may change them."""
        self.forget((name for name in _changed(node) if not isinstance(self.names.get(name), Scalar)), node)

    def spend(self, count: int, node: ast.AST) -> None:
        self.count += count
        if self.count > MAXIMUM_NODES:
            raise InvalidYamlError(f"more than {MAXIMUM_NODES} values", self.span(node))

    # Expressions ------------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> YamlNode:
        self.spend(1, node)
        if isinstance(node, ast.Constant):
            return self.scalar(node.value, node, QUOTED if isinstance(node.value, (str, bytes)) else "")
        if isinstance(node, ast.Dict):
            return self.dictionary(node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return self.sequence(node)
        if isinstance(node, ast.Set):
            return self.substituted(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Name):
            if node.id == BASES_KEY:
                return self.base
            return self.names.get(node.id) or self.unknown(node)
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            return self.part(node)
        return self.computed(node)

    def sequence(self, node: ast.List | ast.Tuple) -> YamlNode:
        items: list[YamlNode] = []
        for element in node.elts:
            value = self.value(element.value if isinstance(element, ast.Starred) else element)
            if not isinstance(element, ast.Starred):
                items.append(value)
            elif isinstance(value, Sequence):
                items += value.items
            else:
                return self.unknown(node)
        tag = TUPLE_TAG if isinstance(node, ast.Tuple) else ""
        return Sequence(tuple(items), self.span(node), self.span(node), flow=True, tag=tag)

    def dictionary(self, node: ast.Dict) -> YamlNode:
        whole = self.mapping_of(node, [])
        for key, value in zip(node.keys, node.values):
            inner = self.value(value)
            if key is None:
                whole = self.unpacked(whole, inner, value)
            elif isinstance(key, ast.Constant) and isinstance(key.value, (str, int)):
                whole = _updated(whole, replace(EMPTY, entries=((self.scalar(str(key.value), key), inner),)))
            else:
                whole = replace(whole, open="a key is known at run time only")
        return whole

    def mapping_of(self, node: ast.expr, keywords: list[ast.keyword]) -> Mapping:
        whole = Mapping((), self.span(node), self.span(node), flow=True)
        for keyword in keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                whole = self.unpacked(whole, value, keyword.value)
                continue
            start = self.offset(keyword.lineno, keyword.col_offset)
            place = Span(start, start + len(keyword.arg))
            key = Scalar(keyword.arg, keyword.arg, place, place, place, QUOTED)
            whole = _updated(whole, replace(EMPTY, entries=((key, value),)))
        return replace(whole, span=self.span(node), home=self.span(node))

    def unpacked(self, whole: Mapping, value: YamlNode, node: ast.expr) -> Mapping:
        if isinstance(value, Mapping):
            return replace(_updated(whole, value), open=whole.open or value.open)
        return replace(whole, open=f"{ast.unparse(node)} is known at run time only")

    def substituted(self, node: ast.Set) -> YamlNode:
        """`{{_base_.x}}`: the value of a base."""
        inner = node.elts[0] if len(node.elts) == 1 else None
        if isinstance(inner, ast.Set) and len(inner.elts) == 1:
            return self.value(inner.elts[0])
        return self.unknown(node)

    def call(self, node: ast.Call) -> YamlNode:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        first = self.value(node.args[0]) if len(node.args) == 1 else None
        if name in ("dict", "ConfigDict") and (not node.args or isinstance(first, Mapping)):
            whole = self.mapping_of(node, node.keywords)
            return _updated(first, whole) if isinstance(first, Mapping) else whole
        if name in ("list", "tuple") and isinstance(first, Sequence):
            return copied(first, deep=False)
        if (method in ("copy", "deepcopy") or name == "deepcopy") and not node.keywords:
            if first is None and isinstance(node.func, ast.Attribute) and not node.args:
                first = self.value(node.func.value)
            if first is not None:
                return copied(first, deep="deepcopy" in (method, name))
        if name not in _READING and method not in _READING:
            self.forget_containers(node)
        return self.unknown(node)

    def part(self, node: ast.Attribute | ast.Subscript) -> YamlNode:
        owner = self.value(node.value)
        if isinstance(owner, Scalar) and owner.style == IMPORTED and isinstance(node, ast.Attribute):
            return self.scalar(f"{owner.value}.{node.attr}", node, IMPORTED)
        name = node.attr if isinstance(node, ast.Attribute) else _index(node.slice)
        return self.at(owner, (name,)) or self.unknown(node)

    def at(self, node: YamlNode | None, path: tuple[Any, ...]) -> YamlNode | None:
        """What stands at a path in a value."""
        for name in path:
            if isinstance(node, Mapping):
                node = next(
                    (value for key, value in node.entries if isinstance(key, Scalar) and key.text == name), None
                )
            elif isinstance(node, Sequence) and isinstance(name, int) and -len(node.items) <= name < len(node.items):
                node = node.items[name]
            else:
                return None
        return node

    def computed(self, node: ast.expr) -> YamlNode:
        """Arithmetic on numbers, and sums of lists."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left), self.value(node.right)
            if isinstance(left, Sequence) and isinstance(right, Sequence):
                return Sequence((*left.items, *right.items), self.span(node), self.span(node), flow=True)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            value: Any = node.operand.value
            return self.scalar(-value, node) if type(value) in (int, float) else self.unknown(node)
        if any(isinstance(inner, ast.BoolOp) for inner in ast.walk(node)):
            return self.unknown(node)  # `or` and `and` give one of their operands
        known = {name: value.value for name, value in self.names.items() if isinstance(value, Scalar)}
        try:
            value = expression.evaluate(ast.unparse(node), known)
        except (expression.ExpressionError, TypeError, ValueError, OverflowError):
            return self.unknown(node)
        return self.scalar(value, node, COMPUTED) if isinstance(value, int) else self.unknown(node)

    # Places -----------------------------------------------------------------------------------------------------------

    def scalar(self, value: Any, node: ast.AST, style: str = "") -> Scalar:
        span = self.span(node)
        text = value if isinstance(value, str) else self.text[span.start - self.shift : span.end - self.shift]
        return Scalar(value, text, span, span, span, style)

    def unknown(self, node: ast.AST) -> Scalar:
        span = self.span(node)
        text = self.text[span.start - self.shift : span.end - self.shift].partition("\n")[0]
        return unknown(span, f"{text} is known at run time only")

    def span(self, node: Any) -> Span:
        return Span(self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset))

    def offset(self, line: int, column: int) -> int:
        """Convert a place: `ast` counts columns in bytes of UTF-8."""
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        row = self.text[start:end]
        before = column if row.isascii() else len(row.encode()[:column].decode())
        return self.shift + start + before


def parsed(text: str, shift: int = 0) -> ast.Module:
    """A Python text as a tree; raises InvalidYamlError where it is none."""
    try:
        return syntax_trees.module(text)
    except SyntaxError as error:
        lines = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
        start = lines[min((error.lineno or 1) - 1, len(lines) - 1)] + max((error.offset or 1) - 1, 0) + shift
        raise InvalidYamlError(error.msg, Span(start, start + 1)) from None


def _updated(base: Mapping, over: Mapping) -> Mapping:
    """A dictionary with the entries of another one in the place of its own."""
    entries = {key.text: (key, value) for key, value in base.entries if isinstance(key, Scalar)}
    entries.update({key.text: (key, value) for key, value in over.entries if isinstance(key, Scalar)})
    return replace(base, entries=tuple(entries.values()), open=base.open or over.open)


def _nowhere(span: Span) -> Span:
    return Span(span.start, span.start)


def _is_read_base(node: ast.With) -> bool:
    call = node.items[0].context_expr
    return isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "read_base"


def _changed(node: ast.AST) -> Iterator[str]:
    """The names that a statement or an expression may bind or change."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
            yield inner.name or ""
        elif isinstance(inner, ast.alias):
            yield inner.asname or inner.name.partition(".")[0]


def _path(node: ast.expr) -> tuple[Any, ...] | None:
    """`("model", "neck", 0)` for `model.neck[0]` and `model["neck"][0]`."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        owner = _path(node.value)
        name = node.attr if isinstance(node, ast.Attribute) else _index(node.slice)
        return (*owner, name) if owner is not None and name is not None else None
    return None


def _index(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
