"""Built-in functions on numbers, strings and truth values: `int`, `max`, `sum`, `all` and the like."""

from __future__ import annotations

import math
from collections.abc import Callable

from shapelint.common.frozen import replace
from shapelint.python.builtins.iteration import BuiltinHandler, any_of
from shapelint.python.state import unknown_numbers
from shapelint.python.state.arguments import Keywords
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import elements, integer, truth
from shapelint.python.state.values import UNKNOWN, Const, Items, Tensor, Unknown, Value
from shapelint.shapes import dims
from shapelint.shapes.dims import Expression


def _int(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0].value if len(values) == 1 and isinstance(values[0], Const) else None
    if isinstance(value, Expression):
        return values[0]
    characters = values[0].characters if values and isinstance(values[0], Const) else None
    if characters is not None and isinstance(value, str) and value.isdecimal():
        return Const(int(value), characters, computed=True)
    if values and not isinstance(values[0], Const):
        return unknown_numbers.converted(values[0])
    try:
        return replace(values[0], value=int(value)) if isinstance(value, (int, float, str)) else UNKNOWN
    except (ValueError, OverflowError):
        return UNKNOWN


def _float(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0].value if values and isinstance(values[0], Const) else None
    try:
        if isinstance(value, (int, float, str)):
            return Const(float(value))
        return replace(unknown_numbers.converted(values[0] if values else UNKNOWN), number=None)
    except (ValueError, OverflowError):
        return UNKNOWN


def _str(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else Const("")
    return Const(str(value.value)) if isinstance(value, Const) and isinstance(value.value, (str, int)) else UNKNOWN


def _bool(run: Run, values: list[Value], keywords: Keywords) -> Value:
    known = truth(values[0]) if values else False
    return Unknown(is_number=True) if known is None else Const(known)


def _extreme(choose: Callable[..., int]) -> BuiltinHandler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        items = elements(values[0]) if len(values) == 1 else Items(values)
        if items is None or items.rest is not None or not items.items or "key" in keywords:
            return UNKNOWN
        sizes = [item.value if isinstance(item, Const) else None for item in items.items]
        if all(isinstance(size, (int, float)) for size in sizes):
            return Const(choose(sizes))
        known = [size for size in sizes if isinstance(size, (int, Expression))]
        return Const(dims.extreme(choose, tuple(known))) if len(known) == len(sizes) else UNKNOWN

    return handler


def _sum(run: Run, values: list[Value], keywords: Keywords) -> Value:
    items = elements(values[0]) if values else None
    if items is None or items.rest is not None or not items.items:
        found = items.rest if items is not None and not items.items else None
        return found if isinstance(found, Tensor) else UNKNOWN
    start = [*values[1:], *(given.value for given in keywords.values())]
    if all(isinstance(item, Tensor) for item in items.items):
        return any_of(items)
    sizes = [integer(item) for item in (*items.items, *start)]
    return UNKNOWN if None in sizes else Const(sum(size for size in sizes if size is not None))


def _abs(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else UNKNOWN
    return Const(abs(value.value)) if isinstance(value, Const) and isinstance(value.value, (int, float)) else UNKNOWN


def _all(decisive: bool) -> BuiltinHandler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        items = elements(values[0]) if values else None
        if items is None or items.rest is not None:
            return UNKNOWN
        found = [truth(item) for item in items.items]
        return Const(decisive) if decisive in found else UNKNOWN if None in found else Const(not decisive)

    return handler


def _round(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if len(values) == 1 else UNKNOWN
    return (
        Const(round(value.value))
        if isinstance(value, Const) and isinstance(value.value, (int, float)) and math.isfinite(value.value)
        else UNKNOWN
    )


def _divmod(run: Run, values: list[Value], keywords: Keywords) -> Value:
    left, right = (integer(value) for value in values) if len(values) == 2 else (None, None)
    if not isinstance(left, int) or not isinstance(right, int) or not right:
        return Items([UNKNOWN, UNKNOWN], "tuple")
    return Items([Const(left // right), Const(left % right)], "tuple")


NUMBER_FUNCTIONS: dict[str, BuiltinHandler] = {
    "divmod": _divmod,
    "int": _int,
    "float": _float,
    "str": _str,
    "bool": _bool,
    "max": _extreme(max),
    "min": _extreme(min),
    "sum": _sum,
    "abs": _abs,
    "any": _all(True),
    "all": _all(False),
    "round": _round,
}
