"""Functions of the standard library on numbers and containers: `itertools`, `functools`, `operator`, `math`."""

from __future__ import annotations

import ast
import itertools
import math
import re
from collections.abc import Callable

from shapelint.python.builtins import arithmetic
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.joins import all_of
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import integer, sequence
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Const, Given, Items, Library, Scope, Value

StandardLibraryHandler = Callable[[Run, Arguments], Value]


def apply(run: Run, function: Value, *values: Value) -> Value:
    """Call a function with positional arguments."""
    return run.call(
        function, Arguments(tuple(Given(value, NO_SPAN) for value in values)), Site(ast.Constant(None), Scope({}))
    )


def number(function: Callable[[float], float]) -> StandardLibraryHandler:
    """Return a handler that applies a function of one number."""

    def handler(run: Run, arguments: Arguments) -> Value:
        value = arguments.positional[0].value if len(arguments.positional) == 1 else UNKNOWN
        if isinstance(value, Const) and isinstance(value.value, (int, float)):
            try:
                return Const(function(value.value))
            except (ValueError, OverflowError):
                return UNKNOWN
        return UNKNOWN

    return handler


def product(run: Run, arguments: Arguments) -> Value:
    """Evaluate `math.prod` or `numpy.prod`."""
    items = (
        sequence(arguments.positional[0].value) if len(arguments.positional) == 1 and not arguments.keywords else None
    )
    sizes = [integer(item) for item in items.items] if items is not None and items.rest is None else [None]
    return UNKNOWN if None in sizes else Const(math.prod(size for size in sizes if size is not None))


def _substituted_text(run: Run, arguments: Arguments) -> Value:
    """Evaluate `re.sub(r"^module\\.", "", key)`, where nothing in the pattern can repeat."""
    texts = [value.value if isinstance(value, Const) else None for value in arguments.values]
    pattern, new, text = texts if len(texts) == 3 and not arguments.keywords else (None, None, None)
    if not (isinstance(pattern, str) and isinstance(new, str) and isinstance(text, str)):
        return UNKNOWN
    is_plain = re.fullmatch(r"\^?(?:[\w\-/. ]|\\[.\-/])+\$?", pattern) is not None and "\\" not in new
    return Const(re.sub(pattern, new, text)) if is_plain else UNKNOWN


def _binary(function: str) -> StandardLibraryHandler:
    def handler(run: Run, arguments: Arguments) -> Value:

        if len(arguments.positional) != 2:
            return UNKNOWN
        left, right = (given.value for given in arguments.positional)
        return arithmetic.binary(run, OPERATORS[function](), left, right, Site(ast.Constant(None), Scope({})))

    return handler


def _chain(run: Run, arguments: Arguments) -> Value:
    parts = [sequence(given.value) for given in arguments.positional]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return Items([], "iterator", UNKNOWN)
    rests = [part.rest for part in known if part.rest is not None]
    items = [item for part in known for item in part.items]
    return Items([], "iterator", all_of([*items, *rests])) if rests else Items(items[:MAXIMUM_ELEMENTS], "iterator")


def _from_iterable(run: Run, arguments: Arguments) -> Value:
    items = sequence(arguments.positional[0].value) if arguments.positional else None
    if items is None or items.rest is not None:
        return Items([], "iterator", UNKNOWN)
    return _chain(run, Arguments(tuple(Given(item, NO_SPAN) for item in items.items)))


def _pairwise(run: Run, arguments: Arguments) -> Value:
    items = sequence(arguments.positional[0].value) if arguments.positional else None
    if items is None or items.rest is not None:
        return Items([], "iterator", Items([UNKNOWN, UNKNOWN], "tuple"))
    return Items([Items([one, two], "tuple") for one, two in zip(items.items, items.items[1:])], "iterator")


def _all_pairs(run: Run, arguments: Arguments) -> Value:
    parts = [sequence(given.value) for given in arguments.positional]
    known = [part.items for part in parts if part is not None and part.rest is None]
    size = math.prod(len(part) for part in known)
    if len(known) < len(parts) or arguments.keywords or size > MAXIMUM_ELEMENTS:
        return Items([], "iterator", Items([UNKNOWN] * len(parts), "tuple"))
    return Items([Items(list(row), "tuple") for row in itertools.product(*known)], "iterator")


def _reduce(run: Run, arguments: Arguments) -> Value:
    items = sequence(arguments.positional[1].value) if len(arguments.positional) > 1 else None
    if items is None or items.rest is not None or arguments.keywords:
        return UNKNOWN
    values = [*(given.value for given in arguments.positional[2:3]), *items.items]
    result = values[0] if values else UNKNOWN
    for value in values[1:MAXIMUM_ELEMENTS]:
        result = apply(run, arguments.positional[0].value, result, value)
    return result


def _accumulate(run: Run, arguments: Arguments) -> Value:
    items = sequence(arguments.positional[0].value) if arguments.positional else None
    if items is None or items.rest is not None or arguments.keywords:
        return Items([], "iterator", UNKNOWN)
    function = arguments.positional[1].value if len(arguments.positional) > 1 else Library("operator.add")
    found: list[Value] = []
    for item in items.items:
        found.append(apply(run, function, found[-1], item) if found else item)
    return Items(found, "iterator")


def _repeat(run: Run, arguments: Arguments) -> Value:
    times = integer(arguments.positional[1].value) if len(arguments.positional) > 1 else None
    if not arguments.positional or not isinstance(times, int) or not 0 <= times <= MAXIMUM_ELEMENTS:
        return Items([], "iterator", arguments.positional[0].value if arguments.positional else UNKNOWN)
    return Items([arguments.positional[0].value] * times, "iterator")


def _set_item(run: Run, arguments: Arguments) -> Value:
    """Perform `operator.setitem(owner, index, value)`."""

    if len(arguments.positional) == 3:
        owner, index, value = (given.value for given in arguments.positional)
        run.assign_element(owner, index, value)
    return UNKNOWN


OPERATORS: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "floordiv": ast.FloorDiv,
    "truediv": ast.Div,
    "mod": ast.Mod,
    "pow": ast.Pow,
    "matmul": ast.MatMult,
    "lshift": ast.LShift,
    "rshift": ast.RShift,
}
STANDARD_LIBRARY_FUNCTIONS: dict[str, StandardLibraryHandler] = {
    **{f"operator.{name}": _binary(name) for name in OPERATORS},
    "operator.setitem": _set_item,
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _from_iterable,
    "itertools.pairwise": _pairwise,
    "itertools.product": _all_pairs,
    "itertools.repeat": _repeat,
    "itertools.accumulate": _accumulate,
    "functools.reduce": _reduce,
    "math.sqrt": number(math.sqrt),
    "math.ceil": number(math.ceil),
    "math.floor": number(math.floor),
    "math.log2": number(math.log2),
    "math.isqrt": number(lambda value: math.isqrt(int(value))),
    "math.prod": product,
    "re.sub": _substituted_text,
}
