"""Statements: what they do to the names in scope. If a condition is unknown, both branches run and are joined."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from shapelint.common.patterns import pattern
from shapelint.python.builtins import arithmetic
from shapelint.python.objects import classes, dicts, laziness, lists
from shapelint.python.state import class_lookup, names
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.journal import EXITS, Exit, State
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Scope,
    Table,
    Tensor,
    UserClass,
    Value,
)
from shapelint.python.syntax import (
    assignment,
    caught_faults,
    decorators,
    expressions,
    imports,
    loops,
    match_statement,
    narrowing,
    own_guards,
    raising,
)
from shapelint.python.tensors import line_shapes, trail

TRAINING_CONTEXTS = pattern(
    r"autocast|record_function|profile|open\(|suppress|catch_warnings|torch\.device|tqdm|no_sync"
)
"""Context managers under which gradients are computed for certain."""
SWALLOWS = pattern(r"suppress\(|\braises\(|assertRaises")
"""Context managers behind which a program goes on after an exception."""


def execute(run: Run, body: Sequence[ast.stmt], scope: Scope) -> bool:
    """Execute statements in order; return True if they exit early, to be continued after an enclosing frame."""
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
        tuple(run.evaluate(default, scope) for default in node.args.defaults),
        tuple(None if d is None else run.evaluate(d, scope) for d in node.args.kw_defaults),
    )
    for decorator in reversed(node.decorator_list):
        value = decorators.decorate(run, run.evaluate(decorator, scope), value, decorator, scope)
    names.put(run, scope, node.name, value)


def _base(run: Run, node: ast.expr, scope: Scope) -> Value:
    """Evaluate a base class; a library class is replaced by its stand-in if there is one."""
    value = run.evaluate(node, scope)
    return (run.stand_in(value.name) or value) if isinstance(value, Library) else value


def _bases(run: Run, node: ast.expr, scope: Scope) -> list[Value]:
    """Evaluate a base class, or all those that a starred expression gives."""
    if not isinstance(node, ast.Starred):
        return [_base(run, node, scope)]
    items = sequence(run.evaluate(node.value, scope))
    return items.items if items is not None and items.rest is None else [UNKNOWN]


def _class(run: Run, node: ast.ClassDef, scope: Scope) -> None:
    bases = tuple(one for base in node.bases for one in _bases(run, base, scope))
    inner = Scope({}, scope, scope.file, "class", serial=run.new_serial())
    cls = UserClass(node.name, bases, inner, node)
    execute(run, node.body, inner)
    inner.names = {names.private(node.name, name): value for name, value in inner.names.items()}
    for value in inner.names.values():
        if isinstance(value, Function):
            for function in (value, value.setter):
                if function is not None and function.owner is None:
                    function.owner = cls
    names.put(run, scope, node.name, classes.made(run, cls, scope))


def _return(run: Run, node: ast.Return, scope: Scope) -> bool:
    value = run.evaluate(node.value, scope) if node.value else NONE
    if node.value is not None:
        line_shapes.note(run, node.value, value, scope)
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
    if isinstance(node.targets[0], (ast.Tuple, ast.List)):
        laziness.unpack(run, node.value)
        narrowing.unpacked(run, node, scope)
    value = run.evaluate(node.value, scope)
    line_shapes.note(run, node.value, value, scope)
    if isinstance(value, Tensor) and isinstance(node.value, ast.Name):
        value = trail.renamed(value, node, scope)
    for target in node.targets:
        run.bind(target, value, scope)


def _annotated(run: Run, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        value = run.evaluate(node.value, scope)
        line_shapes.note(run, node.value, value, scope)
        run.bind(node.target, value, scope)
    elif scope.kind == "class" and isinstance(node.target, ast.Name):
        run.touch(scope)
        scope.names.setdefault(node.target.id, UNKNOWN)


def _augmented(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    load = expressions.loaded(node.target)
    old, new = run.evaluate(load, scope), run.evaluate(node.value, scope)
    if isinstance(old, Items) and isinstance(node.op, ast.Add) and old.kind == "list":
        lists.extend(run, old, new)
        return
    if isinstance(old, Table) and isinstance(node.op, ast.BitOr):
        dicts.update(run, old, new)
        return
    value = arithmetic.binary(run, node.op, old, new, Site(node, scope))
    line_shapes.note(run, node.value, value, scope)
    run.bind(node.target, value, scope)


def _if(run: Run, node: ast.If, scope: Scope) -> bool:
    if isinstance(node.body[-1], ast.Raise):
        with own_guards.with_calls_made(run, node.test, scope) as test:
            guard = node if test is node.test else ast.copy_location(ast.If(test, node.body, node.orelse), node)
            return _decided(run, guard, scope)
    return _decided(run, node, scope)


def _decided(run: Run, node: ast.If, scope: Scope) -> bool:
    known = narrowing.condition(run, node.test, scope)
    if known:
        own_guards.note_raise(run, node, scope)
    if known is not None:
        return execute(run, node.body if known else node.orelse, scope)
    if branch(run, [node.body, node.orelse], scope):
        return True
    if isinstance(node.body[-1], ast.Raise) and own_guards.is_about_sizes(node.test):
        narrowing.behind(run, node.test, False, scope)
    return False


def branch(run: Run, bodies: Sequence[Sequence[ast.stmt]], scope: Scope) -> bool:
    """Run each body as a branch, and continue from all of them that do not exit early."""
    live: list[State] = []
    for body in bodies:
        with run.journal.frame() as frame:
            if not execute(run, body, scope):
                live.append(run.journal.state(frame))
            run.journal.undo(frame)
    run.step(sum(len(state) for state in live))
    run.journal.merge(live)
    return not live


def _with(run: Run, node: ast.With | ast.AsyncWith, scope: Scope) -> bool:
    """Run the body between the methods of its context managers; if one may suppress exceptions, run it as a `try`."""
    frozen, managers, swallows = 0, [], False
    caught: ast.expr | None = None
    for item in node.items:
        value = run.evaluate(item.context_expr, scope)
        text = ast.unparse(item.context_expr)[:60]
        frozen += not TRAINING_CONTEXTS.search(text)
        if SWALLOWS.search(text) and isinstance(item.context_expr, ast.Call):
            swallows, caught = True, ast.Tuple(item.context_expr.args, ast.Load())
        if (
            isinstance(value, Instance)
            and value.cls is not None
            and class_lookup.find(value.cls, "__exit__") is not None
        ):
            managers.append(value)
            swallows = swallows or _may_swallow(value)
            value = _manage(run, value, "__enter__", item.context_expr, scope)
        if item.optional_vars is not None:
            run.bind(item.optional_vars, value, scope)
    run.no_grad += frozen
    try:
        if swallows:
            every = ast.copy_location(ast.ExceptHandler(caught, None, [ast.Pass()]), node)
            gone = _try(run, ast.copy_location(ast.Try(node.body, [every], [], []), node), scope)
        else:
            gone = execute(run, node.body, scope)
    finally:
        run.no_grad -= frozen
    for manager in managers:
        _manage(run, manager, "__exit__", node.items[0].context_expr, scope)
    return gone


def _manage(run: Run, manager: Value, name: str, node: ast.expr, scope: Scope) -> Value:
    method = run.attribute(manager, name, Site(node, scope))
    nothing = [Given(NONE, NO_SPAN)] * (3 if name == "__exit__" else 0)
    return run.call(method, Arguments(tuple(nothing)), Site(node, scope))


def _may_swallow(manager: Instance) -> bool:
    """Return whether the `__exit__` of a context manager returns anything, and may thus suppress exceptions."""
    found = class_lookup.find(manager.cls, "__exit__") if manager.cls is not None else None
    if not isinstance(found, Function):
        return True
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(found.node))


def _try(run: Run, node: ast.Try, scope: Scope) -> bool:
    """Run the body, joined with what each handler does after it; `finally` runs on every exit."""
    if not node.finalbody:
        return _caught(run, node, scope)
    with run.journal.frame(*EXITS) as frame:
        gone = _caught(run, node, scope)
        left = list(frame.left)
        ended = [] if gone else [run.journal.state(frame)]
        frame.left.clear()
        run.journal.undo(frame)
    live = [_finally(run, node, scope, exit_, state) for exit_, state in left]
    live += [_finally(run, node, scope, None, state) for state in ended]
    states = [state for state in live if state is not None]
    run.journal.merge(states)
    return not states


def _finally(run: Run, node: ast.Try, scope: Scope, exit_: Exit | None, before: State) -> State | None:
    """Run `finally` on one exit, and then continue that exit; return the state if execution goes on instead."""
    with run.journal.frame() as frame:
        run.journal.merge([before])
        ended = execute(run, node.finalbody, scope)
        if not ended and exit_ is not None:
            run.journal.leave(exit_)
        after = None if ended or exit_ is not None else run.journal.state(frame)
        run.journal.undo(frame)
    return after


def _caught(run: Run, node: ast.Try, scope: Scope) -> bool:
    """Run the body and its handlers: an exception may be raised before any statement of the body, or after the last."""
    live: list[State] = []
    before, goes_on = caught_faults.count(run), caught_faults.handler(node, in_loop=bool(run.rounds))
    with run.journal.frame() as whole:
        partway: list[State] = [{}]
        with run.journal.frame(*(("raise",) if node.handlers else ())) as frame:
            gone = False
            for statement in node.body:
                gone = execute(run, [statement], scope)
                partway.append(run.journal.state(frame))
                if gone:
                    break
            raised = frame.states
        if goes_on is not None:
            caught_faults.forgive(run, before, goes_on, scope)
        if not gone and not execute(run, node.orelse, scope):
            live.append(run.journal.state(whole))
        run.journal.undo(whole)
    for handler in node.handlers:
        entries = [*raised, *(partway if raising.may_be_caught(run, node, handler, scope) else [])]
        if not entries:
            continue
        with run.journal.frame() as frame:
            run.journal.merge(entries)
            if handler.name:
                run.bind(ast.Name(handler.name, ast.Store()), UNKNOWN, scope)
            if not execute(run, handler.body, scope):
                live.append(run.journal.state(frame))
            run.journal.undo(frame)
    run.journal.merge(live)
    return not live


def _expression(run: Run, node: ast.Expr, scope: Scope) -> bool:
    run.effect = node.value
    run.evaluate(node.value, scope)
    asserted = own_guards.torch_assertion(run, node, scope)
    if asserted is not None:
        return _assert(run, asserted, scope)
    function = node.value.func if isinstance(node.value, ast.Call) else None
    if (
        not isinstance(function, (ast.Name, ast.Attribute))
        or ast.unparse(function).rpartition(".")[2] not in raising.ENDS
    ):
        return False
    if run.evaluate(function, scope) not in raising.ENDING:
        return False
    run.journal.leave("raise")
    return True


def _delete(run: Run, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        assignment.delete(run, target, scope)


def _assert(run: Run, node: ast.Assert, scope: Scope) -> bool:
    """Execute an assertion about numbers, as in constructors.

    One that calls more than a size, or a network of whose output it asks one, is skipped: in tests, these call half a
    project.
    """
    with own_guards.with_calls_made(run, node.test, scope) as test:
        if not own_guards.is_about_sizes(test):
            return False
        outcome = narrowing.condition(run, test, scope)
        if outcome is None:
            narrowing.behind(run, test, True, scope)
        if outcome is not False:
            return False
        own_guards.note_assertion(run, ast.copy_location(ast.Assert(test, node.msg), node), scope)
    run.journal.leave("raise")
    return True


def _scoped(run: Run, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    (scope.globals_ if isinstance(node, ast.Global) else scope.nonlocals).update(node.names)


def _type_alias(run: Run, node: Any, scope: Scope) -> None:
    run.bind(node.name, UNKNOWN, scope)


def _import(run: Run, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    """Execute an import; what a local module builds while it is imported is located at the import."""
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
    ast.For: loops.for_,
    ast.AsyncFor: loops.for_,
    ast.While: loops.while_,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Expr: _expression,
    ast.Delete: _delete,
    ast.Match: match_statement.match,
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
if hasattr(ast, "TypeAlias"):
    _HANDLERS[ast.TypeAlias] = _type_alias
