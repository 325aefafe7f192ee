"""Parse a call string such as `BYOLProjectionHead(512, 1024, output_dim=256)` as a component; nothing is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from itertools import takewhile
from typing import Any

from shapelint.common import bounds, syntax_trees
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.shapes import dims, expression
from shapelint.spec.spec import Argument, ComponentSpec, Insertion
from shapelint.text.source import Span

NAME = pattern(r"[A-Za-z_][\w.-]*(/[\w.-]+)*")
CALL = pattern(r"\s*[A-Za-z_][\w.]*\s*\(")

Locate = Callable[[int, int], tuple[Span, "Span | None"]]
"""Map a range of offsets in the call's text to the place of use and the place to edit (None if there is none)."""


class CallError(ValueError):
    """The text is not a call; `start` and `end` are the offending offsets in it."""

    def __init__(self, message: str, start: int, end: int):
        super().__init__(message)
        self.message, self.start, self.end = message, start, end


def parse_call(text: str, locate: Locate, named: Mapping[str, Argument | None] | None = None) -> ComponentSpec:
    """Parse a call string; raises CallError.

    `named` are the names in it that stand for a value which is written elsewhere, None where that is not known.
    """
    if len(text) > bounds.CALL_LENGTH:
        raise CallError(f"a call longer than {bounds.CALL_LENGTH} characters", 0, len(text))
    try:
        body = syntax_trees.expression(text)
        if not isinstance(body, ast.Call):
            raise CallError("not a call: expected Name(argument, ...)", 0, len(text))
        return _Reader(text, locate, named or {}).component(body)
    except SyntaxError as error:
        start = max(0, min(len(text) - 1, (error.offset or 1) - 1))
        raise CallError(f"not a call: {error.msg}", start, start + 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, CallError):
            raise
        raise CallError("not a call that can be read", 0, len(text)) from None


class _Reader:
    def __init__(self, text: str, locate: Locate, named: Mapping[str, Argument | None]):
        self.text = text
        self.named = named
        self.values = {name: argument.value for name, argument in named.items() if argument is not None}
        self.locate = locate
        self.lines = text.splitlines(keepends=True) or [""]

    def component(self, node: ast.Call) -> ComponentSpec:
        start, end = self.range(node)
        _, head_end = self.range(node.func)
        if not isinstance(node.func, (ast.Name, ast.Attribute)) or not NAME.fullmatch(ast.unparse(node.func)):
            raise CallError("not a call of a named component", start, head_end)
        span, home = self.locate(start, end)
        starred = not all(map(_is_plain, node.args)) or any(keyword.arg is None for keyword in node.keywords)
        return ComponentSpec(
            spelling="call",
            target=ast.unparse(node.func),
            span=span,
            head=self.locate(start, head_end)[0],
            positional=tuple(self.argument(value) for value in takewhile(_is_plain, node.args)),
            keywords=tuple(
                (keyword.arg, self.argument(keyword.value, self.keyword_name(keyword)))
                for keyword in node.keywords
                if keyword.arg
            ),
            insertion=self.insertion(node, home),
            note="its arguments are unpacked from elsewhere" if starred else "",
        )

    def argument(self, node: ast.expr, key: Span | None = None) -> Argument:
        if isinstance(node, ast.Name) and (known := self.named.get(node.id)) is not None:
            return replace(known, key=key)
        span, home = self.locate(*self.range(node))
        listed = node.elts if isinstance(node, (ast.Tuple, ast.List)) else []
        return Argument(self.value(node), span, home, key, elements=tuple(self.argument(item) for item in listed))

    def value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Call):
            is_open = any(isinstance(part, ast.Name) and part.id in self.named for part in ast.walk(node.func))
            return dims.UNKNOWN_DIM if is_open else self.component(node)
        if isinstance(node, (ast.Tuple, ast.List)):
            return tuple(self.value(element) for element in node.elts)
        if isinstance(node, ast.Constant):
            return node.value
        try:
            return expression.evaluate(ast.unparse(node), self.values)
        except (expression.ExpressionError, TypeError, OverflowError):
            return dims.UNKNOWN_DIM

    def keyword_name(self, keyword: ast.keyword) -> Span:
        start = self.offset(keyword.lineno, keyword.col_offset)
        return self.locate(start, start + len(keyword.arg or ""))[0]

    def insertion(self, node: ast.Call, home: Span | None) -> Insertion | None:
        if home is None:
            return None
        closing = self.range(node)[1] - 1
        before = self.text[:closing].rstrip()
        prefix = "" if before.endswith("(") else " " if before.endswith(",") else ", "
        _, place = self.locate(closing, closing)
        return Insertion(place.start, prefix, "=") if place else None

    def range(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def offset(self, line: int, column: int) -> int:
        """Convert an offset: `ast` counts columns in bytes of UTF-8."""
        before = sum(len(text) for text in self.lines[: line - 1])
        return before + len(self.lines[line - 1].encode()[:column].decode())


def _is_plain(node: ast.expr) -> bool:
    """Whether an argument is one argument, not `*unpacked`: the position of what follows an unpacked one is unknown."""
    return not isinstance(node, ast.Starred)
