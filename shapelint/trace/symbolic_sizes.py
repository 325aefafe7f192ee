"""Convert torch's symbolic sizes to dimensions of the notation.

Pure Python: sympy's expressions are read by the names of their classes, which do not change between torch versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Shape, ShapeOrStructure, StructureValue
from shapelint.trace.meta import Untraceable


def shape_of(tensor: Any, names: Mapping[str, str]) -> Shape:
    """The shape of a tensor in named dimensions."""
    return tuple(to_dim(size, names) for size in tensor.shape)


def value_of(output: Any, names: Mapping[str, str]) -> ShapeOrStructure:
    """The shapes in a tensor, tuple, list or dict; None inside them is left out. Raises Untraceable for others."""
    if hasattr(output, "shape"):
        return shape_of(output, names)
    if isinstance(output, dict):
        items = {str(key): element for key, element in output.items() if element is not None}
        return StructureValue("dict", tuple(value_of(item, names) for item in items.values()), tuple(items))
    if isinstance(output, (tuple, list)):
        kind = "list" if isinstance(output, list) else "tuple"
        return StructureValue(kind, tuple(value_of(element, names) for element in output if element is not None))
    raise Untraceable(f"returns a {type(output).__name__}, in which no shapes are seen")


def product(sizes: Iterable[Dim]) -> Dim:
    """The number of values along these axes."""
    result: Dim = 1
    for size in sizes:
        result = result * size
    return result


def to_dim(size: Any, names: Mapping[str, str]) -> Dim:
    """A size of a fake tensor as a dimension; raises Untraceable for one that the notation cannot express."""
    if isinstance(size, int):
        return size
    return _convert(size.node.expr, names)


def _convert(expression: Any, names: Mapping[str, str]) -> Dim:
    if expression.count_ops() > MAXIMUM_OPERATIONS:
        raise Untraceable(f"has sizes that take formulas too long to be read (such as {str(expression)[:60]}...)")
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol:
        if str(expression) not in names:
            raise Untraceable(f"has a size that depends on data ({expression})")
        return dims.symbol(names[str(expression)])
    kind = expression.func.__name__
    if kind in ("FloorToInt", "TruncToInt", "CeilToInt"):
        return _rounded(kind, expression.args[0], names)
    operands = [_convert(argument, names) for argument in expression.args] if kind in (*_OPERATIONS, "Pow") else []
    if kind == "Pow":
        base, exponent = operands
        if isinstance(exponent, int) and exponent > 0:
            return product([base] * exponent)
    elif kind in _OPERATIONS:
        return _OPERATIONS[kind](*operands)
    raise Untraceable(f"has a size that the notation cannot say ({expression})")


def _rounded(kind: str, quotient: Any, names: Mapping[str, str]) -> Dim:
    """`floor(a / b)` and `ceil(a / b)` of positive integers."""
    if quotient.func.__name__ not in ("IntTrueDiv", "FloatTrueDiv") or len(quotient.args) != 2:
        return _convert(quotient, names)
    left, right = (_convert(argument, names) for argument in quotient.args)
    return 0 - (0 - left) // right if kind == "CeilToInt" else left // right


def _sum(*operands: Dim) -> Dim:
    total: Dim = 0
    for operand in operands:
        total = total + operand
    return total


MAXIMUM_OPERATIONS = 60

_OPERATIONS: dict[str, Callable[..., Dim]] = {
    "Add": _sum,
    "Mul": lambda *operands: product(operands),
    "FloorDiv": lambda left, right: left // right,
    "CleanDiv": lambda left, right: left // right,
    "CeilDiv": lambda left, right: 0 - (0 - left) // right,
    "Mod": lambda left, right: left % right,
    "PythonMod": lambda left, right: left % right,
    "Max": lambda *operands: dims.extreme(max, operands),
    "Min": lambda *operands: dims.extreme(min, operands),
    "ToFloat": lambda operand: operand,
    "Identity": lambda operand: operand,
}
