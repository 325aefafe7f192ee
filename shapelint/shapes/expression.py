"""A restricted expression language, evaluated over dimensions and facts: never `eval`.

It is used for the dimensions of a signature (`(H-1)//32+1`), its conditions (`H % 16 == 0`), and what a rule requires
(`consumer.input.features == producer.output.features`). Python's own parser reads it; an allowlist of nodes evaluates
it. Logic has three values: `None` means "cannot be known", as in SQL.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from shapelint.common import bounds, syntax_trees
from shapelint.shapes.dims import UNKNOWN_DIM, Expression, equal, is_known, symbol
from shapelint.shapes.functions import FUNCTIONS, product

MAXIMUM_EXPRESSION_LENGTH = bounds.EXPRESSION_LENGTH
LONGEST_QUOTED = 80
ELLIPSIS_PRODUCT = "prod(...)"
"""The name of the product of the axes that `...` stands for."""


Evaluation = Callable[[Mapping[str, Any]], Any]
"""Returns the value of an expression for the names in it; raises ExpressionError."""


class ExpressionError(ValueError):
    """The text is not an expression of the restricted language, or names something that does not exist."""


class OperandError(ExpressionError):
    """An operation on a value that it is not defined for, such as arithmetic on a text: its author is at fault."""


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
    """Parse an expression; raises ExpressionError with the reason."""
    if len(text) > MAXIMUM_EXPRESSION_LENGTH:
        raise ExpressionError(f"expression longer than {MAXIMUM_EXPRESSION_LENGTH} characters")
    try:
        node = syntax_trees.expression(text.strip())
    except SyntaxError as error:
        raise ExpressionError(f"not an expression: {quoted(text)} ({error.msg})") from None
    if _is_deep(node):
        raise ExpressionError(f"expression nested too deeply: {quoted(text)}")
    return node


def _is_deep(node: ast.expr) -> bool:
    """Whether there are more levels than can be evaluated and written within any stack."""
    level: list[ast.AST] = [node]
    for _ in range(bounds.EXPRESSION_DEPTH):
        level = [child for part in level for child in ast.iter_child_nodes(part)]
        if not level:
            return False
    return True


def quoted(text: str) -> str:
    """A text as a message quotes it: its beginning, if it is long."""
    return repr(text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}...")


def misuses(node: ast.expr) -> Iterator[str]:
    """What the language does not have, wherever an expression uses it."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and _function(part) is None:
            yield f"call not allowed: {ast.unparse(part)}"
        elif _is_foreign_operation(part):
            yield f"operator not allowed: {ast.unparse(part)}"
        elif isinstance(part, ast.expr) and type(part) not in _HANDLERS:
            yield f"{type(part).__name__} is not allowed in an expression: {ast.unparse(part)}"


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression; names come from `names`, unknown values are `None` or `UNKNOWN_DIM`.

    >>> evaluate("(n + 2*p - 3)//2 + 1", {"n": 224, "p": 1})
    112
    """
    try:
        return _compiled(text)(names)
    except RecursionError:  # the stack was nearly full before
        raise ExpressionError("expression nested too deeply") from None


@lru_cache(maxsize=4096)
def conjuncts(text: str) -> tuple[str, ...]:
    """The conditions that an `and` joins at the top of an expression; none for an empty text.

    >>> conjuncts("H > 2 and (W > 2 or B > 1)")
    ('H > 2', 'W > 2 or B > 1')
    """
    if not text.strip():
        return ()
    node = parse(text)
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        try:
            return tuple(ast.unparse(value) for value in node.values)
        except RecursionError:
            raise ExpressionError("expression nested too deeply") from None
    return (text.strip(),)


def _is_foreign_operation(node: ast.AST) -> bool:
    """Whether a node applies an operator that the language does not have."""
    if isinstance(node, ast.BinOp):
        return type(node.op) not in _OPERATORS
    return isinstance(node, ast.UnaryOp) and not isinstance(node.op, (ast.Not, ast.USub))


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Evaluation:
    return _compile(parse(text))


def _compile(node: ast.expr) -> Evaluation:
    """What evaluates a node; one that the language does not have raises when it is evaluated."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return _refusal(f"{type(node).__name__} is not allowed in an expression: {ast.unparse(node)}")
    return handler(node)


def _refusal(reason: str) -> Evaluation:
    def evaluate(names: Mapping[str, Any]) -> Any:
        raise ExpressionError(reason)

    return evaluate


def _constant(node: ast.Constant) -> Evaluation:
    value = node.value
    return lambda names: value


def _name(node: ast.Name) -> Evaluation:
    name = node.id

    def evaluate(names: Mapping[str, Any]) -> Any:
        try:
            return names[name]
        except KeyError:
            raise ExpressionError(f"unknown name {name!r}") from None

    return evaluate


def _attribute(node: ast.Attribute) -> Evaluation:
    of, name = _compile(node.value), node.attr

    def evaluate(names: Mapping[str, Any]) -> Any:
        owner = of(names)
        if owner is None:
            return None
        if name.startswith("_") or not hasattr(type(owner), "__annotations__"):
            raise ExpressionError(f"no fact {ast.unparse(node)!r}")
        try:
            return getattr(owner, name)
        except AttributeError:
            raise ExpressionError(f"no fact {ast.unparse(node)!r}") from None

    return evaluate


def _subscript(node: ast.Subscript) -> Evaluation:
    """An element of an argument; like torch, read one integer as the same value for every axis.

    An element that a list argument lacks is unknown.
    """
    of, at = _compile(node.value), _compile(node.slice)

    def evaluate(names: Mapping[str, Any]) -> Any:
        owner, index = of(names), at(names)
        if isinstance(owner, Expression):
            return symbol(f"{owner}[{index}]") if is_known(owner) else owner
        if owner is None or isinstance(owner, int):
            return owner
        try:
            return owner[index]
        except IndexError:
            return UNKNOWN_DIM
        except (KeyError, TypeError):
            raise OperandError(f"{ast.unparse(node)} has no element {index!r}") from None

    return evaluate


def _list(node: ast.Tuple | ast.List) -> Evaluation:
    elements = [_compile(element) for element in node.elts]
    return lambda names: tuple(element(names) for element in elements)


def _boolean(node: ast.BoolOp) -> Evaluation:
    decisive = isinstance(node.op, ast.Or)
    operands = [_compile(operand) for operand in node.values]

    def evaluate(names: Mapping[str, Any]) -> bool | None:
        result: bool | None = not decisive
        for operand in operands:
            value = _truth(operand(names))
            if value is decisive:
                return decisive
            if value is None:
                result = None
        return result

    return evaluate


def _unary(node: ast.UnaryOp) -> Evaluation:
    operand = _compile(node.operand)
    if isinstance(node.op, ast.Not):
        return lambda names: _negate(_truth(operand(names)))
    if isinstance(node.op, ast.USub):
        return lambda names: _negative(operand(names), node)

    def refuse(names: Mapping[str, Any]) -> Any:
        operand(names)
        raise ExpressionError(f"operator not allowed: {ast.unparse(node)}")

    return refuse


def _negative(value: Any, node: ast.UnaryOp) -> Any:
    if value is not None and not isinstance(value, (int, float, Expression)):
        raise OperandError(f"{ast.unparse(node)}: no number")
    return UNKNOWN_DIM if value is None else -value


def _power(left: Any, right: Any) -> Any:
    """Powers of plain numbers, within the range of sizes."""
    plain = isinstance(left, int) and isinstance(right, int)
    return left**right if plain and abs(left) <= 2**64 and 0 <= right <= 64 else UNKNOWN_DIM


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}


def _binary(node: ast.BinOp) -> Evaluation:
    one, other, operation = _compile(node.left), _compile(node.right), _OPERATORS.get(type(node.op))

    def evaluate(names: Mapping[str, Any]) -> Any:
        left, right = one(names), other(names)
        if operation is None:
            raise ExpressionError(f"operator not allowed: {ast.unparse(node)}")
        if left is None or right is None:
            return UNKNOWN_DIM
        if not isinstance(left, (int, Expression)) or not isinstance(right, (int, Expression)):
            raise OperandError(f"{ast.unparse(node)}: not integers")
        try:
            return operation(left, right)
        except ZeroDivisionError:
            return UNKNOWN_DIM

    return evaluate


def _compare(node: ast.Compare) -> Evaluation:
    first = _compile(node.left)
    others = [(comparison, _compile(right)) for comparison, right in zip(node.ops, node.comparators, strict=True)]

    def evaluate(names: Mapping[str, Any]) -> bool | None:
        result: bool | None = True
        left = first(names)
        for comparison, other in others:
            right = other(names)
            value = _compare_values(comparison, left, right)
            if value is False:
                return False
            if value is None:
                result = None
            left = right
        return result

    return evaluate


_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _compare_values(comparison: ast.cmpop, left: Any, right: Any) -> bool | None:
    if isinstance(comparison, (ast.Is, ast.IsNot)):
        if any(isinstance(value, Expression) and not is_known(value) for value in (left, right)):
            return None
        return (left is right) == isinstance(comparison, ast.Is)
    if left is None or right is None:
        return None
    if isinstance(comparison, (ast.In, ast.NotIn)):
        if not isinstance(right, (tuple, list, str)) or (isinstance(right, str) and not isinstance(left, str)):
            raise OperandError(f"cannot look for {left!r} in {right!r}")
        return _contains(right, left) if isinstance(comparison, ast.In) else _negate(_contains(right, left))
    if isinstance(comparison, (ast.Eq, ast.NotEq)):
        same = _same(left, right)
        return same if isinstance(comparison, ast.Eq) else _negate(same)
    if isinstance(left, Expression) or isinstance(right, Expression):
        if not all(isinstance(value, (int, Expression)) for value in (left, right)):
            return None
        difference = left - right
        if isinstance(difference, Expression):
            return None
        left, right = difference, 0
    try:
        return _ORDER[type(comparison)](left, right)
    except TypeError:
        raise OperandError(f"cannot order {left!r} and {right!r}") from None


def _same(left: Any, right: Any) -> bool | None:
    """Whether two values are equal; unknown if a dimension is, also compared with a value of another type."""
    if all(isinstance(value, (int, Expression)) for value in (left, right)):
        return equal(left, right)
    if any(isinstance(value, Expression) and not is_known(value) for value in (left, right)):
        return None
    return bool(left == right)


def _contains(container: tuple[Any, ...] | list[Any] | str, value: Any) -> bool | None:
    if isinstance(container, str):
        return value in container
    found = [_same(element, value) for element in container]
    return True if True in found else None if None in found else False


def _negate(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _condition(node: ast.IfExp) -> Evaluation:
    test, body, otherwise = _compile(node.test), _compile(node.body), _compile(node.orelse)

    def evaluate(names: Mapping[str, Any]) -> Any:
        truth = _truth(test(names))
        if truth is None:
            return UNKNOWN_DIM
        return body(names) if truth else otherwise(names)

    return evaluate


def _call(node: ast.Call) -> Evaluation:
    function = _function(node)
    if function is None:
        return _refusal(f"call not allowed: {ast.unparse(node)}")
    arguments = [_compile(argument) for argument in node.args]

    def evaluate(names: Mapping[str, Any]) -> Any:
        operands = tuple(argument(names) for argument in arguments)
        if function is product and operands == (...,):
            return _ellipsis_product(names)
        try:
            return function(*operands)
        except TypeError as error:
            raise OperandError(f"{ast.unparse(node)}: {error}") from None

    return evaluate


def _function(node: ast.Call) -> Callable[..., Any] | None:
    """The function that a call names and whose number of arguments it has; None if there is none."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    function, arity = FUNCTIONS.get(name, (None, None))
    counts = (arity,) if arity else range(1, MAXIMUM_EXPRESSION_LENGTH)
    return function if not node.keywords and len(node.args) in counts else None


def _ellipsis_product(names: Mapping[str, Any]) -> Any:
    try:
        return names[ELLIPSIS_PRODUCT]
    except KeyError:
        raise ExpressionError(f"{ELLIPSIS_PRODUCT} without '...' in the shape") from None


def _truth(value: Any) -> bool | None:
    return None if value is None or isinstance(value, Expression) else bool(value)


_HANDLERS: dict[type[ast.expr], Callable[[Any], Evaluation]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Tuple: _list,
    ast.List: _list,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.IfExp: _condition,
    ast.Call: _call,
}
