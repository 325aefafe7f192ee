"""Loops: iteration by iteration if the elements are known, otherwise one iteration joined with none at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from typing import Any

from shapelint.common.patterns import pattern
from shapelint.python.state import frozen_modules, journal, paired_parameters, unknown_numbers
from shapelint.python.state.forgetting import forget
from shapelint.python.state.journal import Frame
from shapelint.python.state.run import MAXIMUM_ELEMENTS, MAXIMUM_REPEATS, Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    UNKNOWN,
    Const,
    Data,
    Function,
    Gathered,
    Items,
    Scope,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.syntax import narrowing
from shapelint.python.tensors import collected_rows, fed_batches
from shapelint.python.tensors.image_sizes import BATCH
from shapelint.shapes import dims

LOADER = pattern(r"loader|dataset|batches|iterator|_dl\b|\bdl_?|\bdata_iter|train_data", re.IGNORECASE)
BACKWARD_METHODS = frozenset({"backward", "zero_grad", "manual_backward"})
MAXIMUM_SWEEP = 8
"""Number of values up to which a loop that calls training functions tries each: its variable may be a width."""


def for_(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> bool:
    """Execute a `for` loop; return True if nothing after it runs."""
    iterable = run.evaluate(node.iter, scope)
    frozen_modules.note_loop(run, node, scope)
    paired_parameters.note_loop(run, node, scope)
    items = elements(run, iterable, node.iter)
    if items is None and isinstance(iterable, Unknown):
        items = Items([], rest=unknown_numbers.part(run, iterable))
    items, loader = fed_batches.of_loop(run, items or Items([], rest=UNKNOWN), node)
    before = run.fed, run.fed_level
    if loader is not None:
        run.fed, run.fed_level = loader, len(run.rounds)
    rounds = loader.full_batches if loader is not None else len(items.items)
    run.rounds.append(1 if fed_batches.may_leave(node.body) else max(rounds, 1))
    is_open = items.rest is not None and loader is None
    run.open_loops += is_open
    with run.journal.frame("break") as loop:
        ended = run.journal.resume(loop, _iterations(run, node, items, scope))
    run.open_loops -= is_open
    run.rounds.pop()
    run.fed, run.fed_level = before
    if isinstance(iterable, Items) and iterable.kind == "iterator":
        forget(run, iterable)
    return ended


def _iterations(run: Run, node: ast.For | ast.AsyncFor, items: Items, scope: Scope) -> bool:
    """Run the iterations of a loop and its `else`; in a training loop, one iteration stands for all."""
    iterations, filler = items.items[:MAXIMUM_ELEMENTS], items.rest
    numbers = all(isinstance(item, Const) and not isinstance(item.value, str) for item in items.items)
    training = (numbers or all(map(_is_batch, items.items))) and _trains(node.body)
    training = training or (numbers and len(items.items) > MAXIMUM_SWEEP and _calls_training(node, scope))
    if len(items.items) > MAXIMUM_ELEMENTS or (training and len(items.items) > 1):
        filler = filler if filler is not None else Const(dims.UNKNOWN_DIM) if numbers else UNKNOWN
    if training and filler is not None:
        filler = filler if numbers else items.items[0]
        iterations = []
    start = run.remaining
    for index, item in enumerate(iterations):
        run.step()
        if index and (start - run.remaining) / index * (len(iterations) - index) > run.remaining / 2:
            filler = filler or (Const(dims.UNKNOWN_DIM) if numbers else UNKNOWN)
            run.unknown("a loop of so many steps is not followed to its end", node, scope.file)
            break
        if _iteration(run, node, scope, item):
            return True
    if filler is not None:
        _once(run, node, filler, scope, fed_batches.whole_loader(run, items, node))
    return run.execute(node.orelse, scope)


def _trains(body: Sequence[ast.AST]) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr in BACKWARD_METHODS for part in body for n in ast.walk(part))


def _calls_training(node: ast.For | ast.AsyncFor, scope: Scope) -> bool:
    """Return whether a loop calls user-defined functions that train, by their names."""
    names = [n.func for part in node.body for n in ast.walk(part) if isinstance(n, ast.Call)]
    found = [_visible(scope, name.id) for name in names if isinstance(name, ast.Name)]
    return any(isinstance(one, Function) and _trains([one.node]) for one in found)


def _visible(scope: Scope, name: str) -> Value | None:
    """Return what a name means in a scope or in one around it."""
    around: Scope | None = scope
    while around is not None and name not in around.names:
        around = around.parent
    return around.names[name] if around is not None else None


def _is_batch(value: Value) -> bool:
    """Return whether an element of a loop is a batch, or contains one."""
    return any(map(_is_batch, value.items)) if isinstance(value, Items) else isinstance(value, (Data, Tensor, Unknown))


def _iteration(run: Run, node: ast.For | ast.AsyncFor | ast.While, scope: Scope, element: Value | None = None) -> bool:
    """Run one iteration of a loop; return True if no branch reaches the next one."""
    with run.journal.frame("continue") as iteration:
        if element is not None and isinstance(node, (ast.For, ast.AsyncFor)):
            run.bind(node.target, element, scope, own=False)
            run.fed_turns += run.fed_level == len(run.rounds) - 1
        run.iterating += 1
        try:
            return run.journal.resume(iteration, run.execute(node.body, scope))
        finally:
            run.iterating -= 1


def _once(
    run: Run, node: ast.For | ast.AsyncFor | ast.While, element: Value, scope: Scope, loader: int | None = None
) -> None:
    """Run a loop of unknown length: join its first iteration with none at all, and repeat while known values change.

    A tensor that is accumulated from nothing (None, 0, an empty tensor) keeps its value from the first iteration:
    without any iteration there would be no tensor. Lists that are filled from all batches of a `loader` know how much
    they hold.
    """
    lists: collected_rows.Lists | None = None
    tensors: collected_rows.Tensors | None = None
    turns = 0
    ended = False
    for _ in range(MAXIMUM_REPEATS):
        asleep, failures = {*run.asleep}, len(run.failures)
        with run.journal.frame("continue") as frame:
            ended = _iteration(run, node, scope, element)
            after = run.journal.state(frame)
            run.journal.undo(frame)
        changes = any(_changes(journal.content(holder), now) for holder, now in after.values())
        if run.feeds == "last" and run.fed_level == len(run.rounds) - 1 and {*run.asleep} != asleep:
            # The last batch comes after others, which have left the modules in another mode than before the loop.
            del run.failures[failures:]
            changes = True
        names = after[id(scope)][1][0] if id(scope) in after else {}
        if loader is not None and turns < 2:
            tensors = collected_rows.grown(scope.names, names, tensors)
            changes = changes or bool(tensors)
        turns += 1
        for name, value in names.items():
            if isinstance(value, Tensor) and collected_rows.is_nothing(scope.names.get(name)):
                run.touch(scope)
                scope.names[name] = collected_rows.of_any_length(value)
        lists = collected_rows.filled(after, lists) if loader is not None else {}
        run.journal.merge([{}] if ended else [after, {}])
        if ended or not changes:
            break
        collected_rows.set_to(run, ((holder, collected_rows.NO_ELEMENTS) for holder, _ in lists.values()))
    if loader is not None and not ended and turns > 1:
        _set_grown(run, scope, loader, tensors or {})
    if loader is not None and lists and not ended:
        whole = ((holder, collected_rows.in_an_epoch(run, loader, one)) for holder, one in lists.values())
        collected_rows.set_to(run, whole)


def _set_grown(run: Run, scope: Scope, loader: int, tensors: collected_rows.Tensors) -> None:
    """Give the names of tensors that grow with each batch of a loader what they are behind the loop."""
    run.touch(scope)
    for name, one in tensors.items():
        whole = collected_rows.over_an_epoch(run, loader, one)
        if whole is not None:
            scope.names[name] = whole


def _changes(before: journal.Content, after: journal.Content) -> bool:
    """Return whether something that was known, other than a tensor, became something else."""
    for one, two in zip(before, after):
        values: Iterable[tuple[Any, Any]] = [(one, two)]
        if isinstance(one, dict):
            values = [(value, two.get(name)) for name, value in one.items()]
        elif isinstance(one, list):
            values = zip(one, two)
            if len(one) != len(two):
                return True
        if any(old is not new and not isinstance(old, (Tensor, Unknown, Data, Gathered)) for old, new in values):
            return True
    return False


def elements(run: Run, iterable: Value, node: ast.expr) -> Items | None:
    """Return the elements that a loop iterates over; an unknown value that is named like a loader gives batches."""
    items = sequence(iterable) or run.rows(iterable, 0)
    if items is None and LOADER.search(ast.unparse(node)[:200]):
        return Items([], "list", Data(BATCH))
    if isinstance(iterable, Unknown) and iterable.inside:
        return Items([], "list", unknown_numbers.part(run, iterable))
    return items


def while_(run: Run, node: ast.While, scope: Scope) -> bool:
    """Execute a `while` loop; return True if nothing after it runs."""
    with run.journal.frame("break") as loop:
        return run.journal.resume(loop, _while_iterations(run, node, scope, loop))


def _while_iterations(run: Run, node: ast.While, scope: Scope, loop: Frame) -> bool:
    """Run iterations while the condition is known to hold.

    A loop that may exit early in any iteration is assumed to do so in one of the first.
    """
    for _ in range(MAXIMUM_ELEMENTS):
        known = narrowing.condition(run, node.test, scope)
        if known is None:
            _once(run, node, UNKNOWN, scope)
        if not known:
            return run.execute(node.orelse, scope)
        if _iteration(run, node, scope) or len(loop.left) >= MAXIMUM_REPEATS:
            return True
    far = run.journal.state(loop)
    run.journal.undo(loop)
    run.journal.merge([far, {}])
    return False
