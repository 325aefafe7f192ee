"""Numbers that are not known but are the same wherever they are used: parameters that nothing passes, and settings.

Two layers that are built from the same one fit each other, whatever it is.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from shapelint.common.frozen import replace
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, is_number
from shapelint.python.state.values import UNKNOWN, Unknown, Value, birth
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

LONGEST_NAME = 60

SIZE_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
"""The arithmetic that a size which is not known takes part in."""


def part(run: Run, owner: Unknown, name: str = "") -> Unknown:
    """Return `owner.name` or `owner[name]`: the same number each time, until something unknown may have changed.

    Without a name it is any part.
    """
    names = sorted(dims.names(owner.number)) if owner.number is not None else []
    is_whole = len(names) == 1 and owner.number == dims.symbol(names[0]) and len(names[0]) <= LONGEST_NAME
    owner = replace(owner, is_number=False)
    if not name or not is_whole or "#" in name:
        return replace(owner, number=None, choice=None)
    whole, _, serial = names[0].removeprefix("?").partition("#")
    number = dims.unknown(whole + name, f"{serial.partition('~')[0]}~{run.rewritten}")
    return replace(owner, number=number, choice=None)


def held(run: Run, value: Value, name: str, own: bool) -> Value:
    """Return the value of a variable: one that is not known is one number from here on; a loop has many of them."""
    if not isinstance(value, Unknown) or value.number is not None or not own or run.iterating:
        return value
    return replace(value, number=dims.unknown(name, f"held{birth()}"))


def combined(op: ast.operator, left: Value, right: Value) -> Unknown:
    """Return `left op right` if one of them is unknown."""
    one, two = _number(left), _number(right)
    plain = is_number(left) and is_number(right)
    if one is None or two is None or type(op) not in SIZE_OPERATIONS:
        return Unknown(is_number=plain)
    try:
        return Unknown(number=SIZE_OPERATIONS[type(op)](one, two), is_number=plain)
    except ZeroDivisionError:
        return UNKNOWN


def converted(value: Value) -> Unknown:
    """Return `int(value)`, `float(value)` or the like of a value that is not known."""
    if not isinstance(value, Unknown):
        return Unknown(is_number=True)
    return Unknown(value.cause, number=value.number, is_number=True)


def _number(value: Value) -> Dim | None:
    return value.number if isinstance(value, Unknown) else integer(value)
