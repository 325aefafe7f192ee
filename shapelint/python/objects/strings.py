"""Texts: their methods, and the ways to fill numbers into them."""

from __future__ import annotations

import re

from shapelint.python.state.values import UNKNOWN, Const, Items, Value

MAXIMUM_LENGTH = 1000
DIRECTIVE = re.compile(r"%[disr]")
FIELD = re.compile(r"\{(\d{0,2})\}")


def call_method(owner: Const, name: str, values: list[Value]) -> Value:
    """A method of a text; what depends on more than texts is unknown."""
    text = owner.value
    if not isinstance(text, str) or len(text) > MAXIMUM_LENGTH:
        return UNKNOWN
    if name == "format":
        return _format(text, values)
    plain = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, str)]
    if len(plain) < len(values):
        return UNKNOWN
    if name in ("lower", "upper", "strip", "startswith", "endswith", "replace", "removeprefix", "removesuffix"):
        try:
            return Const(getattr(text, name)(*plain))
        except TypeError:
            return UNKNOWN
    if name == "split":
        return Items([Const(part) for part in text.split(plain[0] if plain else None)])
    return UNKNOWN


def percent(text: str, values: list[Value]) -> Value:
    """`"layer%d" % 3`; directives with widths and flags are unknown."""
    filled, directives = _plain(values), DIRECTIVE.findall(text)
    if filled is None or text.count("%") != len(directives):
        return UNKNOWN
    try:
        return Const((text % tuple(filled))[:MAXIMUM_LENGTH])
    except TypeError:
        return UNKNOWN


def _format(text: str, values: list[Value]) -> Value:
    """`"layer{}".format(3)`; fields with names, attributes and format specifications are unknown."""
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
