"""Expressions: from a node of the syntax tree to a value."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.python.builtins import arithmetic
from shapelint.python.objects import dicts, generators, laziness, lists
from shapelint.python.state import causes, gradients, names
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.joins import join
from shapelint.python.state.references import settled
from shapelint.python.state.run import MAXIMUM_NESTING, Run
from shapelint.python.state.value_facts import blamed, truth, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Chained,
    Component,
    ConfigReference,
    Const,
    Data,
    Function,
    Given,
    Items,
    Library,
    NumpyArray,
    Scope,
    Table,
    Tensor,
    Value,
)
from shapelint.python.syntax import calls, comprehensions, narrowing
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import mask_counts, trail
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes.dims import Dim, Expression
from shapelint.text.source import Span

NUMBERS = pattern(r"[\s,;:x_-]*\d+(?:[\s,;:x_-]+\d+)*[\s,;:x_-]*")
COMPUTING = (ast.BinOp, ast.Call, ast.Attribute, ast.Subscript)


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Value:
    """Evaluate an expression; nothing that a file can contain makes it raise, except that the budget may run out."""
    run.step()
    if run.nesting > MAXIMUM_NESTING:
        return run.unknown("nested too deeply", node, scope.file)
    run.nesting += 1
    try:
        handler = _HANDLERS.get(type(node))
        value = handler(run, node, scope) if handler else UNKNOWN
        if isinstance(value, ConfigReference):
            value = settled(value)
        if run.no_grad and not isinstance(node, ast.Name):
            value = gradients.stopped(value)
        return _placed(value, node, scope) if isinstance(value, Const) and value.place is None else value
    finally:
        run.nesting -= 1


def _placed(value: Const, node: ast.expr, scope: Scope) -> Const:
    """Give a number that no literal gives the span of the expression that computes it."""
    if type(value.value) is not int or not isinstance(node, COMPUTING) or scope.file is None or not scope.file.main:
        return value
    return replace(value, place=scope.file.span(node), computed=True)


def _constant(run: Run, node: ast.Constant, scope: Scope) -> Value:
    main = scope.file is not None and (scope.file.main or scope.file.script)
    number = isinstance(node.value, int) and not isinstance(node.value, bool)
    if number and abs(node.value) > arithmetic.MAXIMUM_NUMBER:  # type: ignore[arg-type]
        return UNKNOWN
    if isinstance(node.value, str):
        return Const(node.value, characters=_characters(run, node, scope))
    literal = (scope.file, node) if number and scope.file and not scope.file.main else None
    return Const(node.value, scope.file.span(node) if number and main and scope.file else None, literal=literal)


def _characters(run: Run, node: ast.Constant, scope: Scope) -> Span | None:
    """Return the span of a number or a list of numbers in a string of the linted file that is written without escapes.

    >>> bool(NUMBERS.fullmatch("512-1024")), bool(NUMBERS.fullmatch("resnet18"))
    (True, False)
    """
    if scope.file is None or not scope.file.main or not NUMBERS.fullmatch(node.value):  # type: ignore[arg-type]
        return None
    whole = scope.file.span(node)
    inside = Span(whole.start + 1, whole.end - 1)
    return inside if run.text[inside.start : inside.end] == node.value else None


def _name(run: Run, node: ast.Name, scope: Scope) -> Value:
    return lookup(run, node.id, scope, node)


def lookup(run: Run, name: str, scope: Scope, node: ast.AST | None = None) -> Value:
    """Look up a name; functions in a class body do not see the names of the class."""
    here: Scope | None = names.home(scope, name)
    while here is not None:
        if name in here.names and (here.kind != "class" or here is scope):
            if run.recording and here is not scope:
                run.readings.append((here, name, here.names[name]))
            return here.names[name]
        starred = next((f"{module}.{name}" for module in here.stars if run.knows(f"{module}.{name}")), None)
        if starred:
            return Library(starred)
        here = here.parent
    if name == "__name__":
        return Const("__main__" if scope.file and (scope.file.main or scope.file.script) else "module")
    if name in calls.BUILTINS:
        return Library(f"builtins.{name}")
    if name == "__file__" and scope.file is not None:
        return Const(os.path.abspath(scope.file.path))
    if name == "__class__" and scope.function and scope.function.owner:
        return scope.function.owner
    return run.unknown(f"{name} is not defined in what can be read", node, scope.file)


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Value:
    owner = evaluate(run, node.value, scope)
    value = run.attribute(owner, names.mangled(scope, node.attr), Site(node, scope))
    return trail.after(value, [owner], node, scope) if isinstance(owner, Tensor) else blamed(value, owner)


def _items(run: Run, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Value:
    result = Items([], type(node).__name__.lower())
    for element in node.elts:
        if isinstance(element, ast.Starred):
            laziness.unpack(run, element.value)
            lists.extend(run, result, evaluate(run, element.value, scope))
        else:
            lists.append(run, result, evaluate(run, element, scope))
    return result


def _dict(run: Run, node: ast.Dict, scope: Scope) -> Value:
    table = Table({})
    for key, value in zip(node.keys, node.values):
        if key is None:
            dicts.update(run, table, evaluate(run, value, scope))
        else:
            name = evaluate(run, key, scope)
            dicts.put(run, table, name, evaluate(run, value, scope))
    return table


def _binop(run: Run, node: ast.BinOp, scope: Scope) -> Value:
    left, right = evaluate(run, node.left, scope), evaluate(run, node.right, scope)
    return blamed(arithmetic.binary(run, node.op, left, right, Site(node, scope)), left, right)


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Value:
    if isinstance(node.op, ast.Not):
        known = narrowing.condition(run, node.operand, scope)
        return UNKNOWN if known is None else Const(not known)
    value = evaluate(run, node.operand, scope)
    if isinstance(value, Tensor):
        return replace(value, ones=mask_counts.inverted(value) if isinstance(node.op, ast.Invert) else None)
    if isinstance(value, Const) and isinstance(value.value, (int, float, Expression)):
        place = scope.file.span(node) if value.place and scope.file and scope.file.main else None
        return Const(-value.value, place, value.computed) if isinstance(node.op, ast.USub) else value
    return blamed(UNKNOWN, value)


def _boolean(run: Run, node: ast.BoolOp, scope: Scope) -> Value:
    decisive = isinstance(node.op, ast.Or)
    result: Value = NONE
    for place, operand in enumerate(node.values):
        result = evaluate(run, operand, scope)
        known = truth(result)
        if known is decisive:
            return result
        if known is None and place < len(node.values) - 1:
            later = [evaluate_conditionally(run, one, scope) for one in node.values[place + 1 :]]
            is_settled = any(truth(one) is decisive for one in later) and all(map(_is_truth, node.values))
            return Const(decisive) if is_settled else unknown_among(result, *later)
    return result


def _is_truth(node: ast.expr) -> bool:
    """Return whether an expression gives True or False and nothing else: a comparison of shapes or names does."""
    return isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


def evaluate_conditionally(run: Run, node: ast.expr, scope: Scope) -> Value:
    """Evaluate an expression that may not be evaluated at all: its changes are conditional."""
    with run.journal.conditional():
        return evaluate(run, node, scope)


COMPARISONS = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}
"""The operations of torch that the operators are."""


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Value:
    left = evaluate(run, node.left, scope)
    result: bool | None = True
    for op, comparator in zip(node.ops, node.comparators):
        right = evaluate(run, comparator, scope)
        if isinstance(left, Tensor) and not isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)):
            if isinstance(op, (ast.Eq, ast.NotEq)) and _is_no_number(right):
                return Const(isinstance(op, ast.NotEq))  # with None or a text, Python compares and not torch
            run.observe_operation(COMPARISONS[type(op)], left, Arguments((Given(right, NO_SPAN),)), Site(node, scope))
            compared = gradients.stopped(arithmetic.tensors(ast.Add(), left, right))
            if not isinstance(compared, Tensor):
                return compared
            number = right.value if isinstance(right, Const) else None
            ones = mask_counts.with_number(COMPARISONS[type(op)], left, number)
            return replace(compared, is_mask=True, is_index=False, ones=ones)
        one = arithmetic.compared(op, left, right)
        if one is False:
            return Const(False)
        result = None if one is None else result
        left = right
    return UNKNOWN if result is None else Const(result)


def _is_no_number(value: Value) -> bool:
    return isinstance(value, Const) and isinstance(value.value, (str, type(None)))


def _conditional(run: Run, node: ast.IfExp, scope: Scope) -> Value:
    known = narrowing.condition(run, node.test, scope)
    if known is not None:
        return evaluate(run, node.body if known else node.orelse, scope)
    return join(evaluate_conditionally(run, node.body, scope), evaluate_conditionally(run, node.orelse, scope))


def _call(run: Run, node: ast.Call, scope: Scope) -> Value:
    laziness.hand_over(run, node)
    return calls.evaluate_call(run, node, scope)


def _subscript(run: Run, node: ast.Subscript, scope: Scope) -> Value:
    owner = evaluate(run, node.value, scope)
    value = run.element(owner, evaluate(run, node.slice, scope), Site(node, scope))
    if isinstance(owner, Tensor):
        if isinstance(node.slice, ast.Tuple) and len(axes_of(owner) or ()) > 2:
            run.chosen.add(owner.flow.maker.role)
        if isinstance(value, Tensor):
            value = causes.of_operation(run, value, [owner], Site(node, scope))
        return trail.after(value, [owner], node, scope)
    if isinstance(owner, (Items, Chained)):
        trail.cut(value, owner, node, scope)
    return blamed(value, owner)


def _slice(run: Run, node: ast.Slice, scope: Scope) -> Value:
    parts = [evaluate(run, part, scope) if part else NONE for part in (node.lower, node.upper, node.step)]
    return Items(parts, "slice")


def _lambda(run: Run, node: ast.Lambda, scope: Scope) -> Value:
    return Function(
        node,
        scope,
        tuple(evaluate(run, default, scope) for default in node.args.defaults),
        tuple(None if d is None else evaluate(run, d, scope) for d in node.args.kw_defaults),
    )


def _named(run: Run, node: ast.NamedExpr, scope: Scope) -> Value:
    value = evaluate(run, node.value, scope)
    home = scope
    while home.kind == "comprehension" and home.parent is not None:
        home = home.parent
    names.put(run, home, node.target.id, value)
    return value


def _comprehension(run: Run, node: ast.expr, scope: Scope) -> Value:

    return comprehensions.evaluate(run, node, scope)


def _text(run: Run, node: ast.JoinedStr, scope: Scope) -> Value:
    pieces = [_piece(run, part, scope) for part in node.values]
    known = [piece for piece in pieces if piece is not None]
    return Const("".join(known)[:1000]) if len(known) == len(pieces) else UNKNOWN


def _template(run: Run, node: Any, scope: Scope) -> Value:
    for part in node.values:
        _piece(run, part, scope)
    return UNKNOWN


def _piece(run: Run, part: Any, scope: Scope) -> str | None:
    """Evaluate a part of an f-string or t-string; return its text if it is a plain string or integer."""
    plain = isinstance(part, ast.Constant)
    value = evaluate(run, part if plain else part.value, scope)
    if not plain and part.format_spec is not None:
        evaluate(run, part.format_spec, scope)
    plain = plain or (part.format_spec is None and part.conversion == -1)
    return str(value.value) if plain and isinstance(value, Const) and isinstance(value.value, (str, int)) else None


def _starred(run: Run, node: ast.Starred, scope: Scope) -> Value:
    return evaluate(run, node.value, scope)


def _yield(run: Run, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value:

    if isinstance(node, ast.Yield):
        return generators.yielded(run, node, scope)
    return generators.yielded_from(run, node, scope)


def _await(run: Run, node: ast.Await, scope: Scope) -> Value:
    return evaluate(run, node.value, scope)


def loaded(target: ast.expr) -> ast.expr:
    """Return the target of an assignment as an expression that reads it."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def rows(run: Run, value: Value, count: int) -> Items | None:
    """Return the rows of a tensor or the layers of a part of a model as a sequence; None for any other value."""

    if isinstance(value, Component):
        children = run.children(value)
        return None if children is None else Items([child for _, child in children], "tuple")
    if isinstance(value, NumpyArray):
        inside = rows(run, value.tensor, count)
        pieces: list[Value] = (
            [NumpyArray(one) for one in inside.items if isinstance(one, Tensor)] if inside is not None else []
        )
        rest = inside.rest if inside is not None else None
        return Items(pieces, "tuple", NumpyArray(rest) if isinstance(rest, Tensor) else None)
    if not isinstance(value, Tensor):
        return None
    axes = axes_of(value)
    if not axes:
        return Items([], "tuple", Tensor(Flow(None, (), value.flow.maker), value.trains))
    row = Tensor(ax.flow(axes[1:], value.flow.maker), value.trains)
    size: Dim = axes[0].size
    if isinstance(size, int) and size <= 64:
        return Items([row] * size, "tuple")
    return Items([], "tuple", row)


_HANDLERS: dict[type[ast.expr], Callable[[Run, Any, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.Dict: _dict,
    ast.BinOp: _binop,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _compare,
    ast.IfExp: _conditional,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Lambda: _lambda,
    ast.NamedExpr: _named,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.JoinedStr: _text,
    ast.Starred: _starred,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Await: _await,
}
if hasattr(ast, "TemplateStr"):
    _HANDLERS[ast.TemplateStr] = _template
_ = Data
