"""Strings: their methods, and their formatting with numbers."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.common.patterns import pattern
from shapelint.common.words import words
from shapelint.python.state.values import UNKNOWN, Const, Items, Value
from shapelint.text.source import Span

MAXIMUM_LENGTH = 1000
DIRECTIVE = pattern(r"%[disr]")
OF_TEXT = words(
    """
    lower upper title capitalize strip lstrip rstrip startswith endswith replace removeprefix removesuffix
    isdigit isdecimal isnumeric isalpha isupper islower
    """
)
"""Methods with a result that depends on nothing but strings."""
FIELD = pattern(r"\{(\d{0,2})\}")


def call_method(owner: Const, name: str, values: list[Value]) -> Value:
    """Call a method of a string; the result is unknown if it depends on anything but strings, except for `format`."""
    text = owner.value
    if not isinstance(text, str) or len(text) > MAXIMUM_LENGTH:
        return UNKNOWN
    if name == "format":
        return _format(text, values)
    if name in ("startswith", "endswith") and len(values) == 1 and isinstance(values[0], Items):
        ends = [call_method(owner, name, [one]) for one in values[0].items]
        return Const(Const(True) in ends) if values[0].rest is None and UNKNOWN not in ends else UNKNOWN
    if name in ("split", "rsplit") and len(values) == 2:
        return _split(owner, name, values)
    plain = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, str)]
    if len(plain) < len(values):
        return UNKNOWN
    if name in ("partition", "rpartition") and len(plain) == 1 and plain[0]:
        return Items(_located(owner, getattr(text, name)(plain[0])), "tuple")
    if name in OF_TEXT:
        try:
            return Const(getattr(text, name)(*plain))
        except TypeError:
            return UNKNOWN
    if name in ("split", "rsplit"):
        return Items(_located(owner, text.split(plain[0] if plain else None)))
    return UNKNOWN


def _split(owner: Const, name: str, values: list[Value]) -> Value:
    """Split a string at most as many times as is said."""
    separator, count = (value.value if isinstance(value, Const) else "" for value in values)
    if not isinstance(separator, (str, type(None))) or separator == "" or type(count) is not int:
        return UNKNOWN
    return Items(_located(owner, getattr(owner.value, name)(separator, count)))


def _located(owner: Const, parts: Sequence[str]) -> list[Value]:
    """Return the parts of a string in their order, each located in the literal."""
    found: list[Value] = []
    offset = 0
    for part in parts:
        offset = owner.value.index(part, offset)
        start = owner.characters.start + offset if owner.characters else 0
        found.append(Const(part, characters=Span(start, start + len(part)) if owner.characters else None))
        offset += len(part)
    return found


def percent(text: str, values: list[Value]) -> Value:
    """Evaluate `"layer%d" % 3`; the result is unknown for directives with widths or flags."""
    filled, directives = _plain(values), DIRECTIVE.findall(text)
    if filled is None or text.count("%") != len(directives):
        return UNKNOWN
    try:
        return Const((text % tuple(filled))[:MAXIMUM_LENGTH])
    except TypeError:
        return UNKNOWN


def _format(text: str, values: list[Value]) -> Value:
    """Evaluate `"layer{}".format(3)`; the result is unknown for fields with names, attributes or format specs."""
    filled, fields = _plain(values), FIELD.findall(text)
    if filled is None or not text.count("{") == text.count("}") == len(fields):
        return UNKNOWN
    try:
        return Const(text.format(*filled)[:MAXIMUM_LENGTH])
    except (IndexError, ValueError):
        return UNKNOWN


def _plain(values: list[Value]) -> list[str | int] | None:
    found = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, (str, int))]
    return found if len(found) == len(values) else None
