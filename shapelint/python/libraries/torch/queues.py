"""Queues of features that a moving pointer writes: the last write goes past the end of one of no multiple of the batch.

`queue[:, ptr : ptr + n] = keys.T` and `ptr = (ptr + n) % K`, with `K % n`: torch refuses the slice that is cut short,
as it does `queue[:, ptr : ptr + n].copy_(keys.T)` and `queue.narrow(1, ptr, n).copy_(keys.T)`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from shapelint.common.frozen import frozen, replace
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Failure, QueueWrite, Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Node, Scope, Tensor, Value
from shapelint.python.tensors import row_faults
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.spec.spec import Problem, Step

MOST_WRITES = 200_000
"""The writes that are counted at most."""
DECIDES = (ast.If, ast.IfExp, ast.While)


@frozen
class QueueSlice:
    """A slice of a queue: what it is cut from, along which axis, from where on, and how many rows."""

    owner: ast.expr
    axis: int
    pointer: ast.expr
    rows: ast.expr


def observed(run: Run, name: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Record a write by `copy_`, and leave it to the other observers, too."""
    value = arguments.positional[0].value if name == "copy_" and arguments.positional else None
    if isinstance(value, Tensor) and isinstance(site.node, ast.Call) and isinstance(site.node.func, ast.Attribute):
        note_write(run, tensor, value, replace(site, node=site.node.func.value))
    return False


def note_write(run: Run, place: Value, value: Tensor, site: Site) -> None:
    """Record a write that certainly goes past the end of a queue, in one of the iterations that are run."""
    if run.feeds not in ("", "first", "last", "shorter") or not isinstance(site.node, (ast.Subscript, ast.Call)):
        return
    around = site.scope.function.node if site.scope.function is not None else run.tree
    if row_faults.place(run, site) is None:
        return
    write = _write(run, site.node, value, around, site.scope)
    if write is None or not _wraps(run, around, write, site.scope):
        return
    from_zero = _begins_at_zero(run.tree, around, write.pointer)
    if run.fed is not None:
        failure = _failure(run, write, write.fitting * write.rows, site.node)
        again = run.queue_writes.get(write.span)
        if again is not None and again[0].turn == write.turn:
            write = replace(write, epochs=0, goes_on=False)  # It is done several times for a batch.
        run.queue_writes[write.span] = (write, from_zero, failure)
    if run.feeds in ("last", "shorter") or write.given < 2 or write.length % write.rows == 0:
        return
    if _writes(run) >= (1 if from_zero else 2) * (write.fitting + 1):
        run.failures.append(_failure(run, write, write.fitting * write.rows, site.node))


def note_uneven(first: Run, last: Run) -> None:
    """Record the writes past the end of a queue that shorter last batches lead to, which move the pointer, too.

    `first` and `last` are the runs that feed the first and the last batch: both must come to the write.
    """
    for span, (short, from_zero, failure) in last.queue_writes.items():
        whole = first.queue_writes[span][0] if span in first.queue_writes else None
        epochs = min(short.epochs, whole.epochs if whole is not None else 0)
        if whole is None or not epochs or whole.length != short.length:
            continue
        full = next((one for one in last.loaders if (one.size, one.of("last")) == (whole.given, short.given)), None)
        if full is None or full.samples is None:
            continue
        writes = ([whole] * full.full_batches + [short]) * min(epochs, MOST_WRITES // (full.full_batches + 1))
        starts = range(1) if from_zero else range(whole.length)
        if len(starts) * len(writes) > MOST_WRITES:
            continue
        stops = [_stop(writes, start) for start in starts]
        if stops and all(one is not None for one in stops) and stops[0] is not None:
            count, at = stops[0]
            what = (
                f"a queue of {whole.length} is written past its end: {count} rows from {at} on, after shorter batches"
            )
            label = f"{whole.length - at} rows are left here" if from_zero else ""
            problem = replace(failure.problem, message=what, label=label, actual=count)
            last.failures.append(replace(failure, problem=problem))


def note_of_one_size(first: Run, shorter: Run) -> None:
    """Record the writes to a queue that a shorter last batch moves, so that a later one goes past the end."""
    for span, (short, _, failure) in shorter.queue_writes.items():
        whole = first.queue_writes[span][0] if span in first.queue_writes else None
        if whole is None or short.given == whole.given or whole.length % whole.rows or short.rows == whole.rows:
            continue
        loader = next((one for one in shorter.loaders if one.size == whole.given and one.of("shorter")), None)
        if loader is None or not (short.epochs > 1 or short.goes_on):
            continue
        what = row_faults.of_one_size(f"a queue of {whole.length}", loader)
        steps = (Step(loader.place, f"batches of {loader.size}"),) if loader.place is not None else ()
        problem = replace(failure.problem, code="SL211", message=what, label="rows are written here", steps=steps)
        shorter.failures.append(replace(failure, problem=problem))
        shorter.uneven.add(span)


def _stop(writes: list[QueueWrite], start: int) -> tuple[int, int] | None:
    """Return the rows and the place of the first of several writes that goes past the end; None if all fit.

    A slice that is cut short takes as many rows as are left, and one row for all of them.
    """
    for write in writes:
        left = write.length - start
        if write.rows > left and write.given not in (1, left):
            return write.given, start
        start = (start + write.rows) % write.length
    return None


def _failure(run: Run, write: QueueWrite, start: int, node: ast.AST) -> Failure:
    what = f"a queue of {write.length} is no multiple of the batch: "
    what += f"{write.rows} rows from {start} on go past its end"
    batch, size = (run.fed.place, run.fed.size) if run.fed is not None else (None, 0)
    steps = (Step(batch, f"batches of {size}"),) if batch is not None else ()
    owner = next((one for one in reversed(run.receivers) if isinstance(one, Node)), None)
    label = f"{write.length - start} rows are left here"
    problem = Problem("SL116", what, write.span, label=label, steps=steps, expected=write.length, actual=write.rows)
    return Failure(node, owner, problem)


def _write(run: Run, target: ast.expr, value: Tensor, around: ast.AST, scope: Scope) -> QueueWrite | None:
    """Return a write of the form `queue[..., ptr : ptr + n] = value`; None for any other."""
    cut = _sliced(target, around)
    owner, have = run.evaluate(cut.owner, scope) if cut is not None else None, axes_of(value)
    axes = axes_of(owner) if isinstance(owner, Tensor) else None
    if cut is None or axes is None or have is None or len(have) != len(axes) or scope.file is None:
        return None
    if not -len(axes) <= cut.axis < len(axes):
        return None
    rows, length = integer(run.evaluate(cut.rows, scope)), axes[cut.axis].size
    if not isinstance(rows, int) or not isinstance(length, int):
        return None
    given = have[cut.axis].size
    if not isinstance(given, int) or given not in (1, rows) or not 0 < rows < length:
        return None
    is_of_loader = run.fed_level >= 0 and run.fed_level == len(run.rounds) - 1
    epochs = math.prod(run.rounds[:-1]) if is_of_loader else 0
    goes_on = run.open_loops > 0 or run.fed_level < 0
    return QueueWrite(cut.pointer, rows, length, given, scope.file.span(target), epochs, run.fed_turns, goes_on)


def _sliced(target: ast.expr, function: ast.AST) -> QueueSlice | None:
    """Return the slice that an expression is: `queue[:, ptr : ptr + n]`, `queue.narrow(1, ptr, n)`."""
    if isinstance(target, ast.Call):
        return _narrowed(target)
    if not isinstance(target, ast.Subscript):
        return None
    parts = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
    for index, part in enumerate(parts):
        added = _added(part, function)
        if isinstance(part, ast.Slice) and part.lower is not None and added is not None:
            return QueueSlice(target.value, index, part.lower, added)
    return None


def _narrowed(call: ast.Call) -> QueueSlice | None:
    """Return the slice that `queue.narrow(1, ptr, n)` is."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "narrow" or len(call.args) != 3:
        return None
    axis, pointer, rows = call.args
    if not isinstance(axis, ast.Constant) or type(axis.value) is not int:
        return None
    return QueueSlice(call.func.value, axis.value, pointer, rows)


def _added(part: ast.expr, function: ast.AST) -> ast.expr | None:
    """Return what `n` is in `ptr : ptr + n`."""
    upper = _meant(part.upper, function) if isinstance(part, ast.Slice) and part.step is None else None
    if not isinstance(part, ast.Slice) or not isinstance(upper, ast.BinOp) or not isinstance(upper.op, ast.Add):
        return None
    if not isinstance(part.lower, (ast.Name, ast.Attribute)):
        return None
    lower = ast.unparse(part.lower)
    others = [side for side in (upper.left, upper.right) if ast.unparse(side) != lower]
    return others[0] if len(others) == 1 else None


def _meant(node: ast.expr | None, function: ast.AST) -> ast.expr | None:
    """Return what a name stands for that a function assigns once; any other expression as it is."""
    if not isinstance(node, ast.Name):
        return node
    given = [
        part.value
        for part in ast.walk(function)
        if isinstance(part, ast.Assign) and [ast.unparse(target) for target in part.targets] == [node.id]
    ]
    return given[0] if len(given) == 1 else node


def _wraps(run: Run, function: ast.AST, write: QueueWrite, scope: Scope) -> bool:
    """Return whether a function moves the pointer by the rows, back to the start at the end, and decides nothing.

    It decides by a condition, or by how many rows are left: `min(n, K - ptr)`.
    """
    pointer = ast.unparse(write.pointer)
    tests = (ast.unparse(one.test) for one in ast.walk(function) if isinstance(one, DECIDES))
    if any(pointer in test for test in tests):
        return False
    left = (one for one in ast.walk(function) if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Sub))
    if any(ast.unparse(part) == pointer for one in left for part in (one.left, one.right)):
        return False
    for part in ast.walk(function):
        moved = _meant(part.left, function) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Mod) else None
        if not isinstance(part, ast.BinOp) or not isinstance(moved, ast.BinOp):
            continue
        sides = [side for side in (moved.left, moved.right) if ast.unparse(side) != pointer]
        if isinstance(moved.op, ast.Add) and len(sides) == 1 and _is(run, sides[0], write.rows, scope):
            return _is(run, part.right, write.length, scope)
    return False


def _is(run: Run, node: ast.expr, number: int, scope: Scope) -> bool:
    return integer(run.evaluate(node, scope)) == number


def _begins_at_zero(tree: ast.AST, function: ast.AST, pointer: ast.expr) -> bool:
    """Return whether a pointer begins at 0: a buffer or an attribute that a function reads, or a name of a script."""
    if function is tree:
        given = [value for one in ast.walk(tree) if isinstance(one, ast.Assign) for value in _given(one, pointer)]
        return len(given) == 2 and ast.unparse(given[0]) == "0" and isinstance(given[1], ast.BinOp)
    read = {part.attr for part in ast.walk(function) if isinstance(part, ast.Attribute)}
    return any(name in read for name in _zeros(tree))


def _given(statement: ast.Assign, pointer: ast.expr) -> Iterator[ast.expr]:
    """Yield what an assignment gives to a pointer, also next to others: `queue, pointer = torch.zeros(8, 64), 0`."""
    for target in statement.targets:
        several = isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple)
        pairs = zip(target.elts, statement.value.elts) if several else [(target, statement.value)]  # type: ignore[attr-defined]
        yield from (value for name, value in pairs if ast.unparse(name) == ast.unparse(pointer))


def _zeros(tree: ast.AST) -> Iterator[str]:
    for part in ast.walk(tree):
        if isinstance(part, ast.Call) and ast.unparse(part.func).endswith("register_buffer") and len(part.args) > 1:
            if isinstance(part.args[0], ast.Constant) and "zeros(" in ast.unparse(part.args[1]):
                yield str(part.args[0].value)
        elif isinstance(part, ast.Assign) and ast.unparse(part.value).startswith(("0", "torch.zeros(")):
            yield from (target.attr for target in part.targets if isinstance(target, ast.Attribute))


def _writes(run: Run) -> int:
    """Return how often the current statement is run for certain, with the same number of rows each time."""
    if run.fed is None:
        return math.prod(run.rounds)
    fed = run.fed
    is_even = fed.samples is not None and (fed.drops_last is True or fed.samples % fed.size == 0)
    return math.prod(run.rounds) if is_even else fed.full_batches


QUEUE_OBSERVER = Observer(copy=note_write, operation=observed)
