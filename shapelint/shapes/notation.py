"""The notation of shape signatures: parse and print.

It resembles that of einops and jaxtyping:

    B in_channels H W -> B out_channels ((H-1)//2+1) ((W-1)//2+1) where H > 2 and W > 2

Axes are separated by spaces; an axis is an integer, a name, or an integer expression written without spaces or in
parentheses. `...` (once per shape) stands for any number of axes and `prod(...)` for their product, `*name` for the
axes of a list argument. Alternatives are separated by `|`, several inputs by `,`; a tuple, list or dict output is
written `(B 512, B 7)`, `(B 512,)`, `[B 512]`, `{feature: B 512}`, and an object with such attributes
`Name{feature: B 512}`. A name is a constructor argument if one of that name is substituted, otherwise a free axis.
Every axis is at least 1, so a kernel that does not fit needs no condition. The number of its positions along an axis is
`window(size,kernel,stride,padding,dilation)`, see `shapelint.shapes.functions`.

Pure Python: no torch, no YAML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Union

from shapelint.common.frozen import frozen, replace
from shapelint.shapes import dims, expression
from shapelint.shapes.dims import Expression


class SignatureError(ValueError):
    """A text is not in the notation of shape signatures."""


@frozen
class Ellipsis_:
    """`...` (any number of axes, `name` empty) or `*name` (the axes of a list argument)."""

    name: str = ""

    def __str__(self) -> str:
        return f"*{self.name}" if self.name else "..."


PatternAxis = Union[int, Expression, Ellipsis_]


@frozen
class Pattern:
    """The axes of one tensor, of which at most one is an ellipsis."""

    axes: tuple[PatternAxis, ...]

    def __str__(self) -> str:
        return " ".join(format_axis(axis) for axis in self.axes)

    @property
    def rank(self) -> int | None:
        """The number of axes, or None if an ellipsis leaves it open."""
        return None if any(isinstance(axis, Ellipsis_) for axis in self.axes) else len(self.axes)


@frozen
class Structure:
    """An output other than one tensor: a tuple, list or dict of outputs, or an object of the class called `kind`."""

    kind: str
    elements: tuple[OutputPattern, ...]
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        texts = [str(element) for element in self.elements]
        if self.keys:
            named = ", ".join(f"{key}: {text}" for key, text in zip(self.keys, texts, strict=True))
            return f"{'' if self.kind == 'dict' else self.kind}{{{named}}}"
        if self.kind == "list":
            return f"[{', '.join(texts)}]"
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


OutputPattern = Union[Pattern, Structure]


@frozen
class Alternative:
    """One way to call a component: input patterns, output pattern, and the condition under which it runs."""

    inputs: tuple[Pattern, ...]
    output: OutputPattern
    where: str = ""

    def __str__(self) -> str:
        text = f"{', '.join(str(pattern) for pattern in self.inputs)} -> {self.output}"
        return f"{text} where {self.where}" if self.where else text


@frozen
class Signature:
    """What a component does to shapes: every alternative that torch accepts, the usual one first."""

    alternatives: tuple[Alternative, ...]
    arguments: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return " | ".join(str(alternative) for alternative in self.alternatives)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in its axes."""
        return frozenset(
            name for axis in self._axes for name in ((axis.name,) if isinstance(axis, Ellipsis_) else dims.names(axis))
        )

    @cached_property
    def arguments_named(self) -> frozenset[str]:
        """The names in its axes, those with an index without it."""
        return frozenset(name.partition("[")[0] for name in self.names)

    @cached_property
    def axis_texts(self) -> frozenset[str]:
        """The axes as they are written; those of a list are its name."""
        return frozenset(axis.name if isinstance(axis, Ellipsis_) else str(axis) for axis in self._axes)

    @property
    def _axes(self) -> Iterator[PatternAxis]:
        for alternative in self.alternatives:
            for value in (*alternative.inputs, alternative.output):
                yield from _axes(value)

    @cached_property
    def answers(self) -> dict[Any, Any]:
        """What was worked out from it, by what it was worked out for: it is asked the same again and again."""
        return {}


def _axes(value: OutputPattern) -> Iterator[PatternAxis]:
    if isinstance(value, Structure):
        for element in value.elements:
            yield from _axes(element)
    else:
        yield from value.axes


@lru_cache(maxsize=4096)
def parse_signature(text: str) -> Signature:
    """Parse the notation; raises SignatureError saying what is wrong.

    >>> str(parse_signature("B in_features -> B out_features"))
    'B in_features -> B out_features'
    """
    alternatives = tuple(_parse_alternative(part) for part in _split(text, "|"))
    if not alternatives:
        raise SignatureError("an empty signature")
    return Signature(alternatives)


def parse_shape(text: str) -> Pattern:
    """Parse one shape, such as `B 512 ((H-1)//32+1)`."""
    axes = tuple(_parse_axis(token) for token in _split(text, " "))
    if sum(isinstance(axis, Ellipsis_) and not axis.name for axis in axes) > 1:
        raise SignatureError(f"more than one '...' in {expression.quoted(text)}")
    return Pattern(axes)


def format_axis(axis: PatternAxis) -> str:
    """One axis in the notation: an expression is in parentheses."""
    text = str(axis)
    return text if not isinstance(axis, Expression) or re.fullmatch(r"[\w?\[\]]+", text) else f"({text})"


def _parse_alternative(text: str) -> Alternative:
    head, _, where = " ".join(text.split()).partition(" where ")
    inputs, arrow, output = head.partition("->")
    if not arrow:
        raise SignatureError(f"no '->' in {expression.quoted(text.strip())}")
    try:
        expression.conjuncts(where)
    except expression.ExpressionError as error:
        raise SignatureError(f"bad condition: {error}") from None
    return Alternative(
        tuple(parse_shape(part) for part in _split(inputs, ",")), _parse_output(output.strip()), where.strip()
    )


def _parse_output(text: str) -> OutputPattern:
    name = text.partition("{")[0]
    if name.isidentifier() and text.endswith("}"):
        inside = _parse_output(text[len(name) :])
        assert isinstance(inside, Structure)
        return replace(inside, kind=name)
    closing = {"(": ")", "[": "]", "{": "}"}.get(text[:1])
    if closing is None or not text.endswith(closing) or not _encloses(text):
        return parse_shape(text)
    parts = _split(text[1:-1], ",")
    if closing == "}":
        pairs = [part.partition(":") for part in parts]
        return Structure(
            "dict", tuple(_parse_output(v.strip()) for _, _, v in pairs), tuple(k.strip() for k, _, _ in pairs)
        )
    if closing == ")" and len(parts) == 1 and not text.rstrip(") ").endswith(",") and _is_axis(text):
        return parse_shape(text)
    return Structure("list" if closing == "]" else "tuple", tuple(_parse_output(part.strip()) for part in parts))


def _is_axis(text: str) -> bool:
    """Whether a text in parentheses is one axis, `(H-1)`, rather than a tuple of one tensor, `(B H)`."""
    try:
        _parse_axis(text)
    except SignatureError:
        return False
    return True


def _parse_axis(token: str) -> PatternAxis:
    if token == "...":
        return Ellipsis_()
    if token.startswith("*"):
        if not token[1:].isidentifier():
            raise SignatureError(f"bad axis {expression.quoted(token)}: not a name")
        return Ellipsis_(token[1:])
    try:
        value = expression.evaluate(token, _AnyName())
    except expression.ExpressionError as error:
        raise SignatureError(f"bad axis {expression.quoted(token)}: {error}") from None
    if isinstance(value, bool) or not isinstance(value, (int, Expression)):
        raise SignatureError(f"bad axis {expression.quoted(token)}: not a dimension")
    return value


class _AnyName(dict[str, Any]):
    def __missing__(self, name: str) -> Expression:
        return dims.symbol(name)


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator outside brackets; empty pieces are dropped."""
    pieces, depth, current = [], 0, ""
    for character in " ".join(text.split()):
        depth += (character in "([{") - (character in ")]}")
        if character == separator and depth == 0:
            pieces.append(current)
            current = ""
        else:
            current += character
    if depth:
        raise SignatureError(f"unbalanced brackets in {expression.quoted(text.strip())}")
    return [piece.strip() for piece in [*pieces, current] if piece.strip()]


def _encloses(text: str) -> bool:
    """Whether the first bracket is closed by the last character."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return index == len(text) - 1
    return False
