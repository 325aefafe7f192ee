"""Statements: what they do to the names in scope. Branches on unknown conditions are both taken, and joined."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from shapelint import dims
from shapelint.read.python import (
    arithmetic,
    assigning,
    classes,
    expressions,
    imports,
    libraries,
    lists,
    raising,
    steps,
    tables,
)
from shapelint.read.python.calling import decorate
from shapelint.read.python.hiding import hide
from shapelint.read.python.journal import Exit, Frame, State
from shapelint.read.python.run import MAXIMUM_ELEMENTS, MAXIMUM_REPEATS, Run
from shapelint.read.python.values import (
    NONE,
    UNKNOWN,
    Const,
    Data,
    Function,
    Items,
    Library,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
    sequence,
    truth,
)

LOADER = re.compile(r"loader|dataset|batches|iterator|_dl\b|\bdl_?|\bdata_iter|train_data", re.IGNORECASE)
TRAINING = frozenset({"backward", "zero_grad", "manual_backward"})


def execute(run: Run, body: Sequence[ast.stmt], scope: Scope) -> bool:
    """Run statements in order; True where the way ends inside, and goes on from a frame around it."""
    for statement in body:
        run.step()
        handler = _HANDLERS.get(type(statement))
        if handler is not None and handler(run, statement, scope):
            return True
    return False


def _function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    value: Value = Function(
        node,
        scope,
        tuple(expressions.evaluate(run, default, scope) for default in node.args.defaults),
        tuple(None if d is None else expressions.evaluate(run, d, scope) for d in node.args.kw_defaults),
    )
    for decorator in reversed(node.decorator_list):
        value = decorate(run, expressions.evaluate(run, decorator, scope), value, decorator, scope)
    run.touch(scope)
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
        if isinstance(value, Function):
            for function in (value, value.setter):
                if function is not None and function.owner is None:
                    function.owner = cls
    run.touch(scope)
    scope.names[node.name] = classes.made(run, cls, scope)


def _return(run: Run, node: ast.Return, scope: Scope) -> bool:
    value = expressions.evaluate(run, node.value, scope) if node.value else NONE
    if run.returns:
        run.returns[-1].append(value)
    run.journal.leave("return")
    return True


def _leave(exit_: Exit) -> Callable[[Run, ast.stmt, Scope], bool]:
    def handler(run: Run, node: ast.stmt, scope: Scope) -> bool:
        run.journal.leave(exit_)
        return True

    return handler


def _assign(run: Run, node: ast.Assign, scope: Scope) -> None:
    value = expressions.evaluate(run, node.value, scope)
    if isinstance(value, Tensor) and isinstance(node.value, ast.Name):
        value = steps.renamed(value, node, scope)
    for target in node.targets:
        assigning.bind(run, target, value, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assigning.bind(run, node.target, expressions.evaluate(run, node.value, scope), scope)
    elif scope.kind == "class" and isinstance(node.target, ast.Name):
        run.touch(scope)
        scope.names.setdefault(node.target.id, UNKNOWN)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    load = expressions.loaded(node.target)
    old, new = expressions.evaluate(run, load, scope), expressions.evaluate(run, node.value, scope)
    if isinstance(old, Items) and isinstance(node.op, ast.Add) and old.kind == "list":
        lists.extend(run, old, new)
        return
    if isinstance(old, Table) and isinstance(node.op, ast.BitOr):
        tables.update(run, old, new, {})
        return
    assigning.bind(run, node.target, arithmetic.binary(run, node.op, old, new, node, scope), scope)


def _if(run: Run, node: ast.If, scope: Scope) -> bool:
    known = truth(expressions.evaluate(run, node.test, scope))
    if known is not None:
        return execute(run, node.body if known else node.orelse, scope)
    return branch(run, [node.body, node.orelse], scope)


def branch(run: Run, bodies: Sequence[Sequence[ast.stmt]], scope: Scope) -> bool:
    """Take every way from here, and go on from all of them that are not left early."""
    live: list[State] = []
    for body in bodies:
        with run.journal.frame() as frame:
            if not execute(run, body, scope):
                live.append(run.journal.state(frame))
            run.journal.undo(frame)
    run.step(sum(len(state) for state in live))
    run.journal.merge(live)
    return not live


def _for(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> bool:
    iterable = expressions.evaluate(run, node.iter, scope)
    items = elements(run, iterable, node.iter)
    with run.journal.frame("break") as loop:
        ended = run.journal.resume(loop, _turns(run, node, items or Items([], rest=UNKNOWN), scope))
    if isinstance(iterable, Items) and iterable.kind == "iterator":
        hide(run, iterable)
    return ended


def _turns(run: Run, node: ast.For | ast.AsyncFor, items: Items, scope: Scope) -> bool:
    """The turns of a loop, and what follows the last; of a training loop the first one stands for all."""
    turns, filler = items.items[:MAXIMUM_ELEMENTS], items.rest
    numbers = all(isinstance(item, Const) and not isinstance(item.value, str) for item in items.items)
    training = (numbers or all(map(_is_batch, items.items))) and _trains(node)
    if len(items.items) > MAXIMUM_ELEMENTS or (training and len(items.items) > 1):
        filler = filler if filler is not None else Const(dims.UNKNOWN) if numbers else UNKNOWN
    if training and filler is not None:
        filler = filler if numbers else items.items[0]
        turns = []
    for item in turns:
        run.step()
        if _turn(run, node, scope, item):
            return True
    if filler is not None:
        _once(run, node, filler, scope)
    return execute(run, node.orelse, scope)


def _trains(node: ast.For | ast.AsyncFor) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in TRAINING for part in node.body for n in ast.walk(part))


def _is_batch(value: Value) -> bool:
    """Whether an element of a loop is a batch, perhaps beside other things."""
    return any(map(_is_batch, value.items)) if isinstance(value, Items) else isinstance(value, (Data, Tensor, Unknown))


def _turn(run: Run, node: ast.For | ast.AsyncFor | ast.While, scope: Scope, element: Value | None = None) -> bool:
    """One turn of a loop; True where no way leads to the next one."""
    with run.journal.frame("continue") as turn:
        if element is not None and isinstance(node, (ast.For, ast.AsyncFor)):
            assigning.bind(run, node.target, element, scope, own=False)
        return run.journal.resume(turn, execute(run, node.body, scope))


def _once(run: Run, node: ast.For | ast.AsyncFor | ast.While, element: Value, scope: Scope) -> None:
    """A loop of unknown length: its first turn, joined with none at all.

    A tensor that is gathered in turns from nothing (None, 0, an empty tensor) is what the first turn made it: without
    any there would be no tensor.
    """
    with run.journal.frame() as frame:
        ended = _turn(run, node, scope, element)
        after = run.journal.state(frame)
        run.journal.undo(frame)
    names = after[id(scope)][1][0] if id(scope) in after else {}
    for name, value in names.items():
        if isinstance(value, Tensor) and _is_nothing(scope.names.get(name)):
            run.touch(scope)
            scope.names[name] = value
    run.journal.merge([{}] if ended else [after, {}])


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


def _while(run: Run, node: ast.While, scope: Scope) -> bool:
    with run.journal.frame("break") as loop:
        return run.journal.resume(loop, _while_turns(run, node, scope, loop))


def _while_turns(run: Run, node: ast.While, scope: Scope, loop: Frame) -> bool:
    """The turns while the condition is known; one that may be left in any turn is left in one of the first."""
    for _ in range(MAXIMUM_ELEMENTS):
        known = truth(expressions.evaluate(run, node.test, scope))
        if known is None:
            _once(run, node, UNKNOWN, scope)
        if not known:
            return execute(run, node.orelse, scope)
        if _turn(run, node, scope) or len(loop.left) >= MAXIMUM_REPEATS:
            return True
    return False


def _with(run: Run, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
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


def _try(run: Run, node: ast.Try, scope: Scope) -> bool:
    """The body, joined with what each handler makes of it where something in it may raise that."""
    with run.journal.frame("raise" if node.handlers else None) as frame:
        gone = execute(run, node.body, scope)
        raised = list(frame.left)
        frame.left.clear()
        partway = run.journal.state(frame)
        live: list[State] = []
        if not gone and not execute(run, node.orelse, scope):
            live.append(run.journal.state(frame))
        run.journal.undo(frame)
    for handler in node.handlers:
        certain = gone and raised
        ways = [*raised, *([{}, partway] if not certain and raising.may_be_caught(run, node, handler, scope) else [])]
        if not ways:
            continue
        with run.journal.frame() as frame:
            run.journal.merge(ways)
            if handler.name:
                assigning.bind(run, ast.Name(handler.name, ast.Store()), UNKNOWN, scope)
            if not execute(run, handler.body, scope):
                live.append(run.journal.state(frame))
            run.journal.undo(frame)
    run.journal.merge(live)
    final = execute(run, node.finalbody, scope)
    return final or not live


def _expression(run: Run, node: ast.Expr, scope: Scope) -> None:
    run.effect = node.value
    expressions.evaluate(run, node.value, scope)


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        assigning.delete(run, target, scope)


def _match(run: Run, node: ast.Match, scope: Scope) -> bool:
    subject = expressions.evaluate(run, node.subject, scope)
    for case in node.cases:
        pattern = case.pattern
        values = _alternatives(run, pattern, scope) if case.guard is None else None
        wild = isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None
        if not isinstance(subject, Const) or (values is None and not wild):
            return branch(run, [*(case.body for case in node.cases), []], scope)
        if wild or subject.value in (values or []):
            return execute(run, case.body, scope)
    return False


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


def _assert(run: Run, node: ast.Assert, scope: Scope) -> bool:
    """A condition on numbers, as constructors have them; what tests assert calls half a project."""
    if any(isinstance(part, ast.Call) for part in ast.walk(node.test)):
        return False
    if truth(expressions.evaluate(run, node.test, scope)) is not False:
        return False
    run.journal.leave("raise")
    return True


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


_HANDLERS: dict[type[ast.AST], Callable[[Run, Any, Scope], bool | None]] = {
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
    ast.Raise: _leave("raise"),
    ast.Break: _leave("break"),
    ast.Continue: _leave("continue"),
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = _try
