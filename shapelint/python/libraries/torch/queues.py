"""Queues of features that a moving pointer writes: the last write goes past the end of one of no multiple of the batch.

`queue[:, ptr : ptr + n] = keys.T` and `ptr = (ptr + n) % K`, with `K % n`: torch refuses the slice that is cut short,
as it does `queue[:, ptr : ptr + n].copy_(keys.T)` and `queue.narrow(1, ptr, n).copy_(keys.T)`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import replace

from shapelint.common.frozen import frozen
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Node, Scope, Tensor, Value
from shapelint.python.tensors import row_faults
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.spec.spec import Problem, Step
from shapelint.text.source import Span

DECIDES = (ast.If, ast.IfExp, ast.While)


@frozen
class QueueWrite:
    """A write of `rows` rows from a pointer on, into a queue of `length`; `span` is where the slice is written."""

    pointer: ast.expr
    rows: int
    length: int
    span: Span

    @property
    def fitting(self) -> int:
        """The writes that fit before the end."""
        return self.length // self.rows


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
    """Record a write that certainly goes past the end of a queue, in one of the iterations that are run.

    A last, shorter batch is written once in an epoch, where the batches before it have moved the pointer.
    """
    function = site.scope.function
    if (
        run.feeds not in ("", "first")
        or function is None
        or not isinstance(site.node, (ast.Subscript, ast.Call))
        or row_faults.place(run, site) is None
    ):
        return
    write = _write(run, site.node, value, site.scope)
    if write is None or write.length % write.rows == 0 or not _wraps(run, function.node, write, site.scope):
        return
    first = 1 if _begins_at_zero(run.tree, function.node) else 2
    if _writes(run) < first * (write.fitting + 1):
        return
    start = write.fitting * write.rows
    what = f"a queue of {write.length} is no multiple of the batch: "
    what += f"{write.rows} rows from {start} on go past its end"
    batch = run.fed.place if run.fed is not None else None
    steps = (Step(batch, f"batches of {write.rows}"),) if batch is not None else ()
    owner = next((one for one in reversed(run.receivers) if isinstance(one, Node)), None)
    label = f"{write.length - start} rows are left here"
    problem = Problem("SL116", what, write.span, label=label, steps=steps, expected=write.length, actual=write.rows)
    run.failures.append(Failure(site.node, owner, problem))


def _write(run: Run, target: ast.expr, value: Tensor, scope: Scope) -> QueueWrite | None:
    """Return a write of the form `queue[..., ptr : ptr + n] = value`; None for any other."""
    assert scope.function is not None
    cut = _sliced(target, scope.function.node)
    owner, have = run.evaluate(cut.owner, scope) if cut is not None else None, axes_of(value)
    axes = axes_of(owner) if isinstance(owner, Tensor) else None
    if cut is None or axes is None or have is None or len(have) != len(axes) or scope.file is None:
        return None
    if not -len(axes) <= cut.axis < len(axes):
        return None
    rows, length = integer(run.evaluate(cut.rows, scope)), axes[cut.axis].size
    if not isinstance(rows, int) or not isinstance(length, int):
        return None
    fits = 1 < rows < length and have[cut.axis].size == rows
    return QueueWrite(cut.pointer, rows, length, scope.file.span(target)) if fits else None


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
    """Return whether a function moves the pointer by the rows, back to the start at the end, and decides nothing."""
    pointer = ast.unparse(write.pointer)
    tests = (ast.unparse(one.test) for one in ast.walk(function) if isinstance(one, DECIDES))
    if any(pointer in test for test in tests):
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


def _begins_at_zero(tree: ast.AST, function: ast.AST) -> bool:
    """Return whether a buffer of zeros is read in a function, or an attribute that is set to 0."""
    read = {part.attr for part in ast.walk(function) if isinstance(part, ast.Attribute)}
    return any(name in read for name in _zeros(tree))


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
