"""Statements: what they do to the names in scope. Branches on unknown conditions are both taken, and joined."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from shapelint import dims
from shapelint.read.python import arithmetic, assigning, expressions, imports, libraries
from shapelint.read.python.calling import decorate
from shapelint.read.python.joins import merge
from shapelint.read.python.run import MAXIMUM_ELEMENTS, Run, State
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Const,
    Data,
    Function,
    Instance,
    Items,
    Library,
    Scope,
    Tensor,
    UserClass,
    Value,
    sequence,
    truth,
)

Signal = Literal["return", "break", "continue", "raise"]
LOADER = re.compile(r"loader|dataset|batches|iterator|_dl\b|\bdl_?|\bdata_iter|train_data", re.IGNORECASE)
TRAINING = frozenset({"backward", "zero_grad", "manual_backward"})


def execute(run: Run, body: Sequence[ast.stmt], scope: Scope) -> Signal | None:
    """Run statements in order; the signal says how they were left early."""
    for statement in body:
        run.step()
        handler = _HANDLERS.get(type(statement))
        signal = handler(run, statement, scope) if handler else None
        if signal is not None:
            return signal
    return None


def _function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    value: Value = Function(
        node,
        scope,
        tuple(expressions.evaluate(run, default, scope) for default in node.args.defaults),
        tuple(None if d is None else expressions.evaluate(run, d, scope) for d in node.args.kw_defaults),
    )
    for decorator in reversed(node.decorator_list):
        value = decorate(run, expressions.evaluate(run, decorator, scope), value, decorator, scope)
    scope.names[node.name] = value


def _base(run: Run, node: ast.expr, scope: Scope) -> Value:
    """A base class; for one of a library, its stand-in where there is one."""
    value = expressions.evaluate(run, node, scope)
    return (libraries.stand_in(run, value.name) or value) if isinstance(value, Library) else value


def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    bases = tuple(_base(run, base, scope) for base in node.bases if not isinstance(base, ast.Starred))
    inner = Scope({}, scope, scope.file, "class", serial=run.new_serial())
    cls = UserClass(node.name, bases, inner, node)
    execute(run, node.body, inner)
    for value in inner.names.values():
        if isinstance(value, Function) and value.owner is None:
            value.owner = cls
    for decorator in node.decorator_list:
        found = expressions.evaluate(run, decorator.func if isinstance(decorator, ast.Call) else decorator, scope)
        if isinstance(found, Library) and found.name in ("dataclasses.dataclass", "attr.s", "attrs.define"):
            cls.dataclass = True
    scope.names[node.name] = cls


def _return(run: Run, node: ast.Return, scope: Scope) -> Signal:
    value = expressions.evaluate(run, node.value, scope) if node.value else NONE
    if run.returns:
        run.returns[-1].append(value)
    return "return"


def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    value = expressions.evaluate(run, node.value, scope)
    for target in node.targets:
        assigning.bind(run, target, value, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assigning.bind(run, node.target, expressions.evaluate(run, node.value, scope), scope)
    elif scope.kind == "class" and isinstance(node.target, ast.Name):
        scope.names.setdefault(node.target.id, UNKNOWN)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    load = expressions.loaded(node.target)
    old, new = expressions.evaluate(run, load, scope), expressions.evaluate(run, node.value, scope)
    if isinstance(old, Items) and isinstance(node.op, ast.Add) and old.kind == "list":
        arithmetic.extend(run, old, new)
        return
    assigning.bind(run, node.target, arithmetic.binary(run, node.op, old, new, node, scope), scope)


def _if(run: Run, node: ast.If, scope: Scope) -> Signal | None:
    known = truth(expressions.evaluate(run, node.test, scope))
    if known is not None:
        return execute(run, node.body if known else node.orelse, scope)
    return branch(run, [node.body, node.orelse], scope)


def branch(run: Run, bodies: Sequence[Sequence[ast.stmt]], scope: Scope) -> Signal | None:
    """Take every way from here, and go on from all of them that are not left early."""
    before = State.capture(run, scope)
    live: list[State] = []
    signals: list[Signal] = []
    run.uncertain += 1
    for body in bodies:
        before.restore(scope)
        signal = execute(run, body, scope)
        if signal is None:
            live.append(State.capture(run, scope))
        else:
            signals.append(signal)
    run.uncertain -= 1
    if not live:
        before.restore(scope)
        return "return" if "return" in signals else signals[0]
    merge(run, scope, live)
    return None


def _for(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> Signal | None:
    iterable = expressions.evaluate(run, node.iter, scope)
    items = elements(run, iterable, node.iter)
    if items is None:
        return _once(run, node, UNKNOWN, scope)
    training = any(isinstance(n, ast.Attribute) and n.attr in TRAINING for part in node.body for n in ast.walk(part))
    if items.rest is not None or len(items.items) > MAXIMUM_ELEMENTS or (training and len(items.items) > 1):
        numbers = all(isinstance(item, Const) and not isinstance(item.value, str) for item in items.items)
        filler = items.rest if items.rest is not None else Const(dims.UNKNOWN) if numbers else UNKNOWN
        if training and items.items and (isinstance(items.items[0], Items) or not numbers):
            filler = items.items[0]
        for item in items.items[: 0 if training else MAXIMUM_ELEMENTS]:
            assigning.bind(run, node.target, item, scope, own=False)
            execute(run, node.body, scope)
        return _once(run, node, filler, scope)
    for item in items.items:
        run.step()
        assigning.bind(run, node.target, item, scope, own=False)
        signal = execute(run, node.body, scope)
        if signal == "break":
            return None
        if signal in ("return", "raise"):
            return signal
    return execute(run, node.orelse, scope)


def _once(run: Run, node: ast.For | ast.AsyncFor | ast.While, element: Value, scope: Scope) -> Signal | None:
    """A loop of unknown length: its first turn, joined with none at all.

    A tensor that is gathered in turns from nothing (None, 0, an empty tensor) is what the first turn made it: without
    any there would be no tensor.
    """
    before = State.capture(run, scope)
    if isinstance(node, (ast.For, ast.AsyncFor)):
        assigning.bind(run, node.target, element, scope)
    run.uncertain += 1
    execute(run, node.body, scope)
    run.uncertain -= 1
    after = State.capture(run, scope)
    for name, value in after.names.items():
        if isinstance(value, Tensor) and _is_nothing(before.names.get(name)):
            before.names[name] = value
    merge(run, scope, [after, before])
    return None


def _is_nothing(value: Value | None) -> bool:
    if isinstance(value, Tensor):
        return value.shape == (0,)
    return isinstance(value, Const) and not isinstance(value.value, dims.Expression) and value.value in (None, 0)


def elements(run: Run, iterable: Value, node: ast.expr) -> Items | None:
    """What a loop runs over; an unknown that is called a loader gives batches."""
    items = sequence(iterable) or expressions.rows(run, iterable, 0)
    if items is None and LOADER.search(ast.unparse(node)[:200]):
        from shapelint.read.python.transforms import BATCH

        return Items([], "list", Data(BATCH))
    return items


def _while(run: Run, node: ast.While, scope: Scope) -> Signal | None:
    for _ in range(MAXIMUM_ELEMENTS):
        known = truth(expressions.evaluate(run, node.test, scope))
        if known is False:
            return execute(run, node.orelse, scope)
        if known is None:
            return _once(run, node, UNKNOWN, scope)
        signal = execute(run, node.body, scope)
        if signal == "break":
            return None
        if signal in ("return", "raise"):
            return signal
    return None


def _with(run: Run, node: ast.With | ast.AsyncWith, scope: Scope) -> Signal | None:
    frozen = 0
    for item in node.items:
        value = expressions.evaluate(run, item.context_expr, scope)
        text = ast.unparse(item.context_expr)[:60]
        frozen += "no_grad" in text or "inference_mode" in text
        if item.optional_vars is not None:
            assigning.bind(run, item.optional_vars, value, scope)
    run.no_grad += frozen
    try:
        return execute(run, node.body, scope)
    finally:
        run.no_grad -= frozen


def _try(run: Run, node: ast.Try, scope: Scope) -> Signal | None:
    """The body as if nothing was raised; names that only a handler gives are unknown."""
    before = set(scope.names)
    signal = execute(run, node.body, scope)
    if signal is None:
        signal = execute(run, node.orelse, scope)
    for handler in node.handlers:
        for inner in ast.walk(handler):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id not in before:
                scope.names.setdefault(inner.id, UNKNOWN)
    final = execute(run, node.finalbody, scope)
    return final or (None if signal == "raise" and node.handlers else signal)


def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    expressions.evaluate(run, node.value, scope)


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.names.pop(target.id, None)
        elif isinstance(target, ast.Attribute):
            owner = expressions.evaluate(run, target.value, scope)
            if isinstance(owner, Instance):
                owner.attributes.pop(target.attr, None)


def _match(run: Run, node: ast.Match, scope: Scope) -> Signal | None:
    subject = expressions.evaluate(run, node.subject, scope)
    for case in node.cases:
        pattern = case.pattern
        values = _alternatives(run, pattern, scope) if case.guard is None else None
        wild = isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None
        if not isinstance(subject, Const) or (values is None and not wild):
            return branch(run, [case.body for case in node.cases], scope)
        if wild or subject.value in (values or []):
            return execute(run, case.body, scope)
    return None


def _alternatives(run: Run, pattern: ast.pattern, scope: Scope) -> list[Any] | None:
    """The constants that a pattern stands for, None for a pattern of another kind."""
    if isinstance(pattern, ast.MatchSingleton):
        return [pattern.value]
    if isinstance(pattern, ast.MatchValue):
        value = expressions.evaluate(run, pattern.value, scope)
        return [value.value] if isinstance(value, Const) else None
    if isinstance(pattern, ast.MatchOr):
        found = [_alternatives(run, one, scope) for one in pattern.patterns]
        return None if None in found else [value for values in found for value in values or []]
    return None


def _assert(run: Run, node: ast.Assert, scope: Scope) -> Signal | None:
    """A condition on numbers, as constructors have them; what tests assert calls half a project."""
    if any(isinstance(part, ast.Call) for part in ast.walk(node.test)):
        return None
    return "raise" if truth(expressions.evaluate(run, node.test, scope)) is False else None


def _scoped(run: Run, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    scope.globals_.update(node.names)


def _import(run: Run, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    """What a local module builds while it is imported stands, for this file, at the import."""
    main = scope.file is not None and scope.file.main
    if main and scope.file:
        run.anchors.append(scope.file.span(node))
    try:
        if isinstance(node, ast.Import):
            imports.import_(run, node, scope)
        else:
            imports.import_from(run, node, scope)
    finally:
        if main:
            run.anchors.pop()


_HANDLERS: dict[type[ast.AST], Callable[[Run, Any, Scope], Signal | None]] = {
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Return: _return,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Expr: _expression,
    ast.Delete: _delete,
    ast.Match: _match,
    ast.Global: _scoped,
    ast.Nonlocal: _scoped,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assert: _assert,
    ast.Raise: lambda run, node, scope: "raise",
    ast.Break: lambda run, node, scope: "break",
    ast.Continue: lambda run, node, scope: "continue",
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = _try
