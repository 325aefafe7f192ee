"""Arithmetic and comparisons of values: numbers and dimensions, strings, lists, and tensors by their shapes."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.python.objects import dicts, lists, strings
from shapelint.python.state import unknown_numbers
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import elements, integer, is_number
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Bound,
    Component,
    Const,
    Data,
    Given,
    Items,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import collected_rows, image_sizes, mask_counts, tensor_operations
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Expression

MAXIMUM_NUMBER = 2**40
MAXIMUM_SHIFT = 40


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    **unknown_numbers.SIZE_OPERATIONS,
    ast.Mod: operator.mod,
    ast.Div: operator.truediv,
}


_BITS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.MatMult: "matmul",
    ast.Pow: "pow",
    ast.Mod: "remainder",
    ast.FloorDiv: "floor_divide",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.BitXor: "bitwise_xor",
}


def _combine_data(left: Value, right: Value) -> Value:
    """Combine the output of a loader with another value; combined with a plain number, it keeps its size."""
    data, other = (left, right) if isinstance(left, Data) else (right, left)
    assert isinstance(data, Data)
    if isinstance(other, Const) or is_number(other):
        return data
    return replace(data, sizes=image_sizes.together([data, other]) if isinstance(other, Data) else ())


def binary(run: Run, op: ast.operator, left: Value, right: Value, site: Site) -> Value:
    """Evaluate `left op right`."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        name = _NAMES.get(type(op), "")
        if isinstance(site.node, ast.AugAssign) and not isinstance(op, ast.MatMult):
            name = name and f"{name}_"
        if name:
            run.observe_operation(name, left, Arguments((Given(right, NO_SPAN),)), site)
        result = tensors(op, left, right)
        if isinstance(site.node, ast.AugAssign) and isinstance(left, Tensor):
            mask_counts.forget(left)
        return result
    if isinstance(left, Data) or isinstance(right, Data):
        return _combine_data(left, right)
    if isinstance(op, ast.Div) and (divide := run.kind_of(left).divide or run.kind_of(right).divide) is not None:
        return divide(run, left, right)
    if isinstance(op, ast.Mod) and isinstance(left, Const) and isinstance(left.value, str):
        return strings.percent(
            left.value, right.items if isinstance(right, Items) and right.kind == "tuple" else [right]
        )
    if isinstance(left, Const) and isinstance(right, Const):
        return _constants(op, left.value, right.value)
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(op, ast.Add):
        result = Items(list(left.items), left.kind, left.rest)
        lists.extend(run, result, right)
        return result
    if isinstance(op, ast.Mult) and (isinstance(left, Items) or isinstance(right, Items)):
        items, count = (left, right) if isinstance(left, Items) else (right, left)
        times = integer(count)
        assert isinstance(items, Items)
        if isinstance(times, int) and items.rest is None and 0 <= times * len(items.items) <= MAXIMUM_ELEMENTS:
            return Items(items.items * times, items.kind)
        repeated = collected_rows.repeated(items, times) if isinstance(times, int) and times > 0 else None
        if repeated is not None:
            return repeated
    if isinstance(op, ast.BitOr) and isinstance(left, Table) and isinstance(right, Table):
        table = Table(dict(left.items), left.open)
        dicts.update(run, table, right)
        return table
    return unknown_numbers.combined(op, left, right)


def _constants(op: ast.operator, left: Any, right: Any) -> Value:
    numbers = all(isinstance(value, (int, float, Expression)) for value in (left, right))
    try:
        if isinstance(op, ast.Pow) and numbers and not any(isinstance(value, Expression) for value in (left, right)):
            return _number(left**right) if abs(right) <= 64 and abs(left) < 2**20 else UNKNOWN
        if isinstance(op, ast.Pow) and isinstance(left, Expression) and right == 2:
            return Const(left * left)
        if (
            type(op) in _BITS
            and all(type(value) in (int, bool) for value in (left, right))
            and (right <= MAXIMUM_SHIFT or not isinstance(op, ast.LShift))
        ):
            return _number(_BITS[type(op)](left, right))
        if numbers and type(op) in _BINARY:
            inexact = isinstance(op, ast.Div) or any(isinstance(value, float) for value in (left, right))
            if inexact and any(isinstance(value, Expression) for value in (left, right)):
                return UNKNOWN
            return _number(_BINARY[type(op)](left, right))
        if isinstance(left, str) and isinstance(right, str) and isinstance(op, ast.Add):
            return Const((left + right)[:1000])
        if isinstance(op, ast.Mult) and isinstance(left, str) and isinstance(right, int) and len(left) * right < 1000:
            return Const(left * right)
    except (ArithmeticError, ValueError, TypeError):
        pass
    return UNKNOWN


def _number(value: Any) -> Value:
    if isinstance(value, complex):
        return UNKNOWN
    if isinstance(value, int) and abs(value) > MAXIMUM_NUMBER:
        return UNKNOWN
    return Const(value)


def total(run: Run, values: Value, site: Site) -> Value | None:
    """Return the sum of a list of tensors; None for any other values."""
    items = values.items if isinstance(values, Items) and values.rest is None else []
    if not items or not all(isinstance(item, Tensor) for item in items):
        return None
    return functools.reduce(lambda left, right: binary(run, ast.Add(), left, right, site), items)


def tensors(op: ast.operator, left: Value, right: Value) -> Value:
    """Evaluate `left op right` for operands of which at least one is a tensor."""
    if isinstance(op, ast.MatMult):
        if isinstance(left, Tensor) and isinstance(right, Tensor):
            return tensor_operations.apply("matmul", left, Arguments((Given(right, NO_SPAN),), {}))
        return UNKNOWN
    tensor, other = (left, right) if isinstance(left, Tensor) else (right, left)
    assert isinstance(tensor, Tensor)
    bits = isinstance(op, (ast.BitAnd, ast.BitOr, ast.BitXor))
    if isinstance(other, Const) or is_number(other):
        number = other.value if isinstance(other, Const) else None
        ones = mask_counts.with_number(_NAMES.get(type(op), ""), tensor, number, is_left=left is other)
        return replace(tensor, is_mask=tensor.is_mask and bits, ones=ones)
    if not isinstance(other, Tensor):
        return Tensor(Flow(None, (), tensor.flow.maker), tensor.trains)
    one, two = axes_of(tensor), axes_of(other)
    both = ax.broadcast(one, two) if one is not None and two is not None else None
    is_mask = bits and tensor.is_mask and other.is_mask
    is_index = tensor.is_index and other.is_index and not isinstance(op, ast.Div)
    flow = ax.flow(both, tensor.flow.maker)
    ones = mask_counts.difference(tensor, other) if isinstance(op, ast.Sub) else None
    return Tensor(flow, tensor.trains | other.trains, is_mask=is_mask, is_index=is_index, ones=ones)


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def compared(op: ast.cmpop, left: Value, right: Value) -> bool | None:
    """Evaluate the comparison `left op right`; None if the result is unknown."""
    if isinstance(op, (ast.Is, ast.IsNot)):
        if any(_may_be_any(one) for one in (left, right)):
            return None
        one, two = (value.value if isinstance(value, Const) else value for value in (left, right))
        return (one is two) == isinstance(op, ast.Is)
    if isinstance(op, (ast.In, ast.NotIn)):
        inside = _contains(right, left)
        return inside if inside is None or isinstance(op, ast.In) else not inside
    if isinstance(op, (ast.Eq, ast.NotEq)) and _differ_in_kind(left, right):
        return isinstance(op, ast.NotEq)
    if isinstance(op, (ast.Eq, ast.NotEq)) and isinstance(left, Items) and isinstance(right, Items):
        alike = _alike(left, right)
        return alike if alike is None or isinstance(op, ast.Eq) else not alike
    if not (isinstance(left, Const) and isinstance(right, Const)):
        return None
    if isinstance(op, (ast.Eq, ast.NotEq)):
        if any(isinstance(value.value, Expression) for value in (left, right)):
            both = all(isinstance(value.value, (int, Expression)) for value in (left, right))
            same = dims.equal(left.value, right.value) if both else None
        else:
            same = left.value == right.value
        return same if same is None or isinstance(op, ast.Eq) else not same
    try:
        if any(isinstance(value.value, Expression) for value in (left, right)):
            return None
        return _ORDER[type(op)](left.value, right.value)
    except (TypeError, KeyError):
        return None


def _may_be_any(value: Value) -> bool:
    """Return whether an object is not known: an attribute of a model of a library may be None."""
    of_library = isinstance(value, Bound) and isinstance(value.owner, Component)
    return isinstance(value, Unknown) or of_library or (isinstance(value, Data) and value.may_end)


def _alike(left: Items, right: Items) -> bool | None:
    """Return whether two tuples, or two lists, are equal; None if that is not known."""
    if left.kind != right.kind or left.kind not in ("tuple", "list") or left.rest or right.rest:
        return None
    if len(left.items) != len(right.items):
        return False
    pairs = [compared(ast.Eq(), one, two) for one, two in zip(left.items, right.items)]
    return False if False in pairs else None if None in pairs else True


def _differ_in_kind(left: Value, right: Value) -> bool:
    """Return whether one value is a list or a dict and the other a text or None: these are never equal."""
    kinds = [(one, other) for one, other in ((left, right), (right, left)) if isinstance(one, (Items, Table))]
    return any(isinstance(other, Const) and isinstance(other.value, (str, type(None))) for _, other in kinds)


def _contains(container: Value, value: Value) -> bool | None:
    if not isinstance(value, Const) or isinstance(value.value, Expression):
        return None
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(value.value, str):
        return value.value in container.value
    if isinstance(container, Table):
        if value.value in container.items:
            return None if _may_be_missing(container, value.value) else True
        return None if container.open else False
    items = elements(container)
    if items is None:
        return None
    if any(item.value == value.value for item in items.items if isinstance(item, Const)):
        return True
    return False if items.rest is None and all(isinstance(item, Const) for item in items.items) else None


def _may_be_missing(container: Table, key: str | int | bool | float | None) -> bool:
    """Return whether a key may not be there, or its value be `???`, which OmegaConf takes for none."""
    item = container.items[key]
    is_given_later = (isinstance(item, Unknown) and item.cause is None) or (
        isinstance(item, Const) and item.value == "???"
    )
    return key in container.maybe_missing or (container.converts == "any" and is_given_later)
