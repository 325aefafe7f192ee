"""Comprehensions, iteration by iteration; an iteration that may not happen makes its changes conditional."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from shapelint.common.frozen import frozen
from shapelint.python.objects import dicts, laziness, sets
from shapelint.python.state.forgetting import forget
from shapelint.python.state.joins import join
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import blamed
from shapelint.python.state.values import UNKNOWN, Gathered, Items, Library, Scope, Table, Value
from shapelint.python.syntax import loops, narrowing
from shapelint.python.tensors import collected_rows, fed_batches

Body = Callable[[bool], None]
"""What runs in each iteration; its argument says whether it certainly runs exactly once."""


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Value:
    """Evaluate a comprehension.

    The first iterable is evaluated in the enclosing scope, where a class body sees its own names.
    """
    inner = Scope({}, scope, scope.file, "comprehension", function=scope.function, serial=run.new_serial())
    if isinstance(node, ast.DictComp):
        return _dict(run, node, scope, inner)
    assert isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp))
    kind = {ast.SetComp: "set", ast.GeneratorExp: "iterator"}.get(type(node), "list")
    result = Items([], kind)

    lazy = isinstance(node, ast.GeneratorExp) and not laziness.to_the_end(run, node)
    known = not lazy or laziness.at_once(run, node) or _is_settled(run, node, scope)

    def body(certain: bool) -> None:
        value = run.evaluate(node.elt, inner) if known else UNKNOWN
        if certain and result.rest is None and len(result.items) < MAXIMUM_ELEMENTS:
            result.items.append(value)
        else:
            result.rest = value if result.rest is None else join(result.rest, value)

    whole = _iterate(run, Loops(tuple(node.generators), inner, lazy), scope, body)
    if whole is not None and not lazy and kind != "set" and not result.items:
        one = Gathered(1, collected_rows.rows_of(result.rest))
        result.collected = collected_rows.in_an_epoch(run, whole, one)
    return sets.distinct(result) if kind == "set" else result


def _dict(run: Run, node: ast.DictComp, scope: Scope, inner: Scope) -> Table:
    table = Table({})

    def body(certain: bool) -> None:
        key, value = run.evaluate(node.key, inner), run.evaluate(node.value, inner)
        if certain:
            dicts.put(run, table, key, value)
        else:
            dicts.lose_keys(run, table, key, value)

    _iterate(run, Loops(tuple(node.generators), inner), scope, body)
    return table


def _is_settled(run: Run, node: ast.expr, scope: Scope) -> bool:
    """Return whether a generator yields the same whenever it is consumed: it reads only its elements, unchanged."""
    assert isinstance(node, ast.GeneratorExp)
    parts = [node.elt, *(test for one in node.generators for test in one.ifs), *(g.iter for g in node.generators[1:])]
    own = {name.id for one in node.generators for name in ast.walk(one.target) if isinstance(name, ast.Name)}
    for inside in (inside for part in parts for inside in ast.walk(part)):
        free = isinstance(inside, ast.Name) and inside.id not in own
        if free and not isinstance(run.evaluate(inside, scope), Library):  # type: ignore[arg-type]
            return False
        read = inside.func if isinstance(inside, ast.Call) else getattr(inside, "value", None)
        if isinstance(read, ast.Name) and read.id in own:
            return False
    return True


@frozen
class Loops:
    """Loops of a comprehension, the scope that they bind names in, and whether the first one may run later."""

    generators: tuple[ast.comprehension, ...]
    inner: Scope
    lazy: bool = False

    @property
    def rest(self) -> Loops:
        """The loops inside the first one."""
        return Loops(self.generators[1:], self.inner)


def _iterate(run: Run, loop: Loops, scope: Scope, body: Body) -> int | None:
    """Run the body for each element; the first iterable is evaluated in `scope`.

    Return the loader, by number, if it runs once for each of its batches, and this run counts them.
    """
    if not loop.generators:
        body(True)
        return None
    first, inner = loop.generators[0], loop.inner
    iterable = run.evaluate(first.iter, scope)
    items = loops.elements(run, iterable, first.iter) or Items([], "list", blamed(UNKNOWN, iterable))
    items, loader = (items, None) if loop.lazy else fed_batches.of_loop(run, items, first)

    def run_iteration(item: Value, done: Body) -> None:
        run.step()
        run.bind(first.target, item, inner, own=False)

        def then(certain: bool) -> None:
            _iterate(run, loop.rest, inner, _if(certain, done))

        _tested(run, first.ifs, inner, then)

    for item in items.items[:MAXIMUM_ELEMENTS]:
        if loop.lazy:
            with run.journal.conditional():
                run_iteration(item, body)
        else:
            run_iteration(item, body)
    filler = items.rest if items.rest is not None or len(items.items) <= MAXIMUM_ELEMENTS else UNKNOWN
    if filler is not None:
        with fed_batches.feeding(run, loader), run.journal.conditional(*(() if loader is None else ("continue",))):
            run_iteration(filler, _if(False, body))
    if isinstance(iterable, Items) and iterable.kind == "iterator":
        forget(run, iterable)
    return fed_batches.whole_loader(run, items, first) if len(loop.generators) == 1 and not first.ifs else None


def _tested(run: Run, tests: Sequence[ast.expr], scope: Scope, done: Body) -> None:
    """Evaluate the conditions of an iteration, and run `done` if they hold."""
    for place, test in enumerate(tests):
        known = narrowing.condition(run, test, scope)
        if known is None:
            with run.journal.conditional():
                _tested(run, tests[place + 1 :], scope, _if(False, done))
        if not known:
            return
    done(True)


def _if(certain: bool, body: Body) -> Body:
    """Return a body that is certain to run only if `certain` is True as well."""
    return lambda happens: body(certain and happens)
