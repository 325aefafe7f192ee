"""Python's own functions, and the methods of its containers and texts."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from shapelint import dims
from shapelint.dims import Expression
from shapelint.read.python import calling, operations
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.joins import join
from shapelint.read.python.run import MAXIMUM_ELEMENTS, Run
from shapelint.read.python.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Component,
    Const,
    Data,
    Given,
    Instance,
    Items,
    Library,
    Scope,
    Table,
    Tensor,
    UserClass,
    Value,
    integer,
    sequence,
    truth,
)

Handler = Callable[[Run, list[Value], Keywords], Value]


def call(run: Run, name: str, positional: Arguments, keywords: Keywords, node: ast.AST, scope: Scope) -> Value:
    """Call a built-in function by its name."""
    values = [given.value for given in positional]
    if name in ("map", "filter"):
        return _map(run, name, values, node, scope)
    if name in ("getattr", "setattr", "hasattr"):
        return attribute(run, name, values, node, scope)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(run, values, keywords)
    for value in values:
        run.escape(value)
    return UNKNOWN


def _map(run: Run, name: str, values: list[Value], node: ast.AST, scope: Scope) -> Value:
    items = sequence(values[1]) if len(values) == 2 else None
    if items is None:
        return UNKNOWN
    if name == "filter":
        return Items([], "list", any_of(items))

    def one(item: Value) -> Value:
        return calling.call(run, values[0], [Given(item, NO_SPAN)], {}, node, scope)

    rest = one(items.rest) if items.rest is not None else None
    return Items([one(item) for item in items.items[:MAXIMUM_ELEMENTS]], "list", rest)


def any_of(items: Items) -> Value:
    found = items.rest
    for item in items.items:
        found = item if found is None else join(found, item)
    return UNKNOWN if found is None else found


def attribute(run: Run, name: str, values: list[Value], node: ast.AST, scope: Scope) -> Value:
    from shapelint.read.python import attributes, statements

    key = values[1].value if len(values) > 1 and isinstance(values[1], Const) else None
    if not isinstance(key, str):
        return UNKNOWN
    if name == "setattr":
        if len(values) > 2:
            statements.assign_attribute(run, values[0], key, values[2])
        return NONE
    if name == "hasattr":
        owner = values[0]
        if isinstance(owner, Instance) and key in owner.attributes:
            return Const(True)
        return UNKNOWN
    found = attributes.get(run, values[0], key, node, scope)
    return found


def _len(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else UNKNOWN
    if isinstance(value, Tensor):
        axes = operations.axes_of(value)
        return Const(axes[0].size) if axes else UNKNOWN
    if isinstance(value, Data):
        return Const(value.rows if value.joined else dims.symbol("V"))
    items = sequence(value)
    if items is None or (isinstance(value, Table) and value.open):
        return UNKNOWN
    return Const(len(items.items)) if items.rest is None else Const(dims.symbol("V")) if not items.items else UNKNOWN


def _range(run: Run, values: list[Value], keywords: Keywords) -> Value:
    bounds = [integer(value) for value in values]
    numbers = [bound for bound in bounds if isinstance(bound, int)]
    if not numbers or len(numbers) < len(bounds) or (len(numbers) == 3 and numbers[2] == 0):
        return Items([], "list", Const(dims.UNKNOWN))
    whole = range(*numbers)
    if len(whole) > MAXIMUM_ELEMENTS:
        return Items([], "list", Const(dims.UNKNOWN))
    return Items([Const(number) for number in whole])


def _int(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0].value if values and isinstance(values[0], Const) else None
    if isinstance(value, Expression):
        return values[0]
    try:
        return Const(int(value), values[0].place) if isinstance(value, (int, float, str)) else UNKNOWN  # type: ignore[union-attr]
    except (ValueError, OverflowError):
        return UNKNOWN


def _float(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0].value if values and isinstance(values[0], Const) else None
    try:
        return Const(float(value)) if isinstance(value, (int, float, str)) else UNKNOWN
    except (ValueError, OverflowError):
        return UNKNOWN


def _str(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else Const("")
    return Const(str(value.value)) if isinstance(value, Const) and isinstance(value.value, (str, int)) else UNKNOWN


def _bool(run: Run, values: list[Value], keywords: Keywords) -> Value:
    known = truth(values[0]) if values else False
    return UNKNOWN if known is None else Const(known)


def _collect(kind: str) -> Handler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        if not values:
            return Items([], kind)
        from shapelint.read.python import expressions

        items = sequence(values[0]) or expressions.rows(run, values[0], 0)
        return Items(list(items.items), kind, items.rest) if items is not None else Items([], kind, UNKNOWN)

    return handler


def _dict(run: Run, values: list[Value], keywords: Keywords) -> Value:
    table = Table({name: given.value for name, given in keywords.items()})
    if values:
        source = values[0]
        pairs = sequence(source) if not isinstance(source, Table) else None
        if isinstance(source, Table):
            table.items, table.open = {**source.items, **table.items}, source.open
        elif pairs is None or pairs.rest is not None:
            table.open = True
        else:
            for pair in pairs.items:
                key = pair.items[0] if isinstance(pair, Items) and len(pair.items) == 2 else None
                if isinstance(key, Const) and isinstance(key.value, (str, int)):
                    table.items[key.value] = pair.items[1]  # type: ignore[union-attr]
                else:
                    table.open = True
    return table


def _zip(run: Run, values: list[Value], keywords: Keywords) -> Value:
    all_items = [sequence(value) for value in values]
    if not all_items or any(items is None for items in all_items):
        return Items([], "list", Items([UNKNOWN] * len(values), "tuple")) if values else Items([])
    known = [items for items in all_items if items is not None]
    if all(items.rest is None for items in known):
        return Items([Items(list(row), "tuple") for row in zip(*(items.items for items in known))])
    return Items([], "list", Items([any_of(items) for items in known], "tuple"))


def _enumerate(run: Run, values: list[Value], keywords: Keywords) -> Value:
    from shapelint.read.python import expressions

    items = (sequence(values[0]) or expressions.rows(run, values[0], 0)) if values else None
    if items is None:
        return UNKNOWN
    start = integer(values[1]) if len(values) > 1 else 0
    first = start if isinstance(start, int) else 0
    pairs: list[Value] = [Items([Const(first + i), item], "tuple") for i, item in enumerate(items.items)]
    rest = Items([Const(dims.UNKNOWN), items.rest], "tuple") if items.rest is not None else None
    return Items(pairs, "list", rest)


def _reversed(run: Run, values: list[Value], keywords: Keywords) -> Value:
    items = sequence(values[0]) if values else None
    return UNKNOWN if items is None else Items(list(reversed(items.items)), "list", items.rest)


def _same_items(run: Run, values: list[Value], keywords: Keywords) -> Value:
    return values[0] if values and sequence(values[0]) is not None else UNKNOWN


def _extreme(choose: Callable[..., int]) -> Handler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        items = sequence(values[0]) if len(values) == 1 else Items(values)
        if items is None or items.rest is not None or not items.items:
            return UNKNOWN
        sizes = [item.value if isinstance(item, Const) else None for item in items.items]
        if all(isinstance(size, (int, float)) for size in sizes):
            return Const(choose(sizes))
        known = [size for size in sizes if isinstance(size, (int, Expression))]
        return Const(dims.extreme(choose, tuple(known))) if len(known) == len(sizes) else UNKNOWN

    return handler


def _sum(run: Run, values: list[Value], keywords: Keywords) -> Value:
    items = sequence(values[0]) if values else None
    if items is None or items.rest is not None or not items.items:
        found = items.rest if items is not None and not items.items else None
        return found if isinstance(found, Tensor) else UNKNOWN
    if all(isinstance(item, Tensor) for item in items.items):
        return any_of(items)
    sizes = [integer(item) for item in items.items]
    return UNKNOWN if None in sizes else Const(sum(size for size in sizes if size is not None))


def _abs(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if values else UNKNOWN
    return Const(abs(value.value)) if isinstance(value, Const) and isinstance(value.value, (int, float)) else UNKNOWN


def _isinstance(run: Run, values: list[Value], keywords: Keywords) -> Value:
    if len(values) != 2:
        return UNKNOWN
    names = values[1].items if isinstance(values[1], Items) else [values[1]]
    found = [_is_a(values[0], cls) for cls in names]
    return Const(True) if True in found else UNKNOWN if None in found else Const(False)


_KINDS = {"int": int, "float": float, "str": str, "bool": bool}


def _is_a(value: Value, cls: Value) -> bool | None:
    from shapelint.read.python import attributes

    if isinstance(value, Const) and isinstance(cls, Library):
        kind = _KINDS.get(cls.name.rpartition(".")[2])
        if isinstance(value.value, Expression):
            return True if kind is int else None
        return isinstance(value.value, kind) if kind else False
    if isinstance(value, Items) and isinstance(cls, Library) and cls.name.startswith("builtins."):
        return cls.name == f"builtins.{value.kind}"
    if isinstance(value, Tensor) and isinstance(cls, Library):
        return cls.name in ("torch.Tensor", "torch.FloatTensor")
    if isinstance(value, Instance) and isinstance(cls, UserClass) and value.cls is not None:
        return cls in attributes.linear(value.cls)
    if isinstance(value, Component) and isinstance(cls, Library) and cls.name.startswith("torch.nn."):
        return value.spec.target.rpartition(".")[2] == cls.name.rpartition(".")[2] or None
    return None


def _next(run: Run, values: list[Value], keywords: Keywords) -> Value:
    items = sequence(values[0]) if values else None
    if isinstance(values[0] if values else None, Data):
        return values[0]
    return any_of(Items(items.items[:1], "list", items.rest)) if items is not None else UNKNOWN


def _type(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if len(values) == 1 else UNKNOWN
    return value.cls if isinstance(value, Instance) and value.cls is not None else UNKNOWN


def _all(decisive: bool) -> Handler:
    def handler(run: Run, values: list[Value], keywords: Keywords) -> Value:
        items = sequence(values[0]) if values else None
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


_HANDLERS: dict[str, Handler] = {
    "len": _len,
    "range": _range,
    "int": _int,
    "float": _float,
    "str": _str,
    "bool": _bool,
    "list": _collect("list"),
    "tuple": _collect("tuple"),
    "set": _collect("set"),
    "iter": _same_items,
    "sorted": _same_items,
    "dict": _dict,
    "zip": _zip,
    "enumerate": _enumerate,
    "reversed": _reversed,
    "max": _extreme(max),
    "min": _extreme(min),
    "sum": _sum,
    "abs": _abs,
    "isinstance": _isinstance,
    "next": _next,
    "type": _type,
    "any": _all(True),
    "all": _all(False),
    "round": _round,
    "print": lambda run, values, keywords: NONE,
}
