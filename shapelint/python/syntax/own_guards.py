"""Assertions and conditional `raise`s of the program's own about shapes that certainly stop it (SL117).

Only what a component or the program made is compared: the size of an image that nobody passes is an assumption. A
network of whose output a condition asks the size, `assert net(x).shape[1] == 512`, is called once, and the condition
goes on with its output, by the text of the call as a name.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from shapelint.chain.chain import Flow
from shapelint.python.state import guards
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.value_facts import sequence, truth
from shapelint.python.state.values import (
    Const,
    Data,
    Dataset,
    Instance,
    Items,
    Library,
    Method,
    Node,
    Scope,
    Tensor,
    Value,
)
from shapelint.python.tensors import row_faults
from shapelint.shapes.dims import Expression
from shapelint.spec.spec import Problem

SIZE_ATTRIBUTES = frozenset({"shape", "ndim"})
SIZE_CALLS = frozenset({"size", "dim", "ndimension", "numel", "len", "tuple", "list", "Size"})
"""Functions and methods that a condition may call and still be about sizes."""
ASSERTING = frozenset({"_assert"})
"""Functions of torch that are an `assert`."""


def is_about_sizes(test: ast.expr) -> bool:
    """Return whether evaluating a condition does no more than ask for sizes."""
    return all(_called(part) in SIZE_CALLS for part in ast.walk(test) if isinstance(part, ast.Call))


def torch_assertion(run: Run, node: ast.Expr, scope: Scope) -> ast.Assert | None:
    """Return `torch._assert(condition, message)` as the statement that it stands for; None for anything else."""
    call = node.value
    if not isinstance(call, ast.Call) or _called(call) not in ASSERTING or not call.args or call.keywords:
        return None
    if run.evaluate(call.func, scope) != Library(f"torch.{_called(call)}"):
        return None
    return ast.copy_location(ast.Assert(call.args[0], call.args[1] if len(call.args) > 1 else None), node)


def note_assertion(run: Run, node: ast.Assert, scope: Scope) -> None:
    """Record an assertion that certainly fails."""
    text = run.evaluate(node.msg, scope) if node.msg is not None and not _calls(node.msg) else None
    _note(run, node, _deciding(run, node.test, False, scope), "AssertionError", text, scope)


def note_raise(run: Run, node: ast.If, scope: Scope) -> None:
    """Record a `raise` directly behind a condition that certainly holds."""
    stop = next((one for one in node.body if isinstance(one, ast.Raise) and one.exc is not None), None)
    if stop is None or not is_about_sizes(node.test):
        return
    call = stop.exc.args[0] if isinstance(stop.exc, ast.Call) and stop.exc.args else None
    name = stop.exc.func if isinstance(stop.exc, ast.Call) else stop.exc
    text = run.evaluate(call, scope) if call is not None and not _calls(call) else None
    _note(run, stop, _deciding(run, node.test, True, scope), ast.unparse(name) if name is not None else "", text, scope)


def _note(run: Run, node: ast.stmt, found: ast.expr | None, error: str, text: Value | None, scope: Scope) -> None:
    if found is None or scope.file is None or not scope.file.main or not guards.is_certain(run):
        return
    of_tensors = any(_is_made(run, part, scope) for part in _sources(run, found, scope))
    if not of_tensors and not _is_of_arguments(run, found, scope):
        return
    parts = (found.left, *found.comparators) if isinstance(found, ast.Compare) else (found,)
    sides = [(ast.unparse(side), _shown(run.evaluate(side, scope))) for side in parts]
    said = " and ".join(f"{name} is {size}" for name, size in sides if name != size)
    words = f"{error}: {text.value}" if isinstance(text, Const) and isinstance(text.value, str) else error
    span = scope.file.span(found)
    of_a_queue = _is_of_a_queue(run, found, scope)
    code = "SL116" if of_a_queue else "SL117"
    what = row_faults.of_batch(run, f"the program stops here, because {said}")
    if run.feeds in ("shorter", "half") and run.fed is not None:
        code, what = "SL211", row_faults.of_one_size("a check of the program", run.fed)
        run.uneven |= {span} if of_a_queue else set()
    problem = Problem(code, what, span, label=f"raises {words}")
    owner = next((one for one in reversed(run.receivers) if isinstance(one, Node)), None)
    run.failures.append(Failure(node, owner, problem))


def _is_of_arguments(run: Run, found: ast.expr, scope: Scope) -> bool:
    """Return whether a condition is one of a constructor on whole numbers that were passed to it: `dim % heads`."""
    if scope.function is None or scope.function.name != "__init__":
        return False
    names = [part for part in ast.walk(found) if isinstance(part, ast.Name)]
    values = [run.evaluate(name, scope) for name in names]
    return bool(names) and not _calls(found) and all(_is_passed(value) for value in values)


def _is_passed(value: Value) -> bool:
    return isinstance(value, Const) and type(value.value) is int and value.place is not None


def _is_of_a_queue(run: Run, found: ast.expr, scope: Scope) -> bool:
    """Return whether a number has to be a multiple of what a tensor has: `K % keys.shape[0] == 0`."""
    whole = found.left if isinstance(found, ast.Compare) else found
    if not isinstance(whole, ast.BinOp) or not isinstance(whole.op, ast.Mod):
        return False
    return any(_sources(run, whole.right, scope)) and not any(_sources(run, whole.left, scope))


def _deciding(run: Run, test: ast.expr, outcome: bool, scope: Scope) -> ast.expr | None:
    """Return the comparison because of which a condition certainly has this outcome; None if it may have the other.

    A number is one as well: that it is not 0.
    """
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _deciding(run, test.operand, not outcome, scope)
    if isinstance(test, ast.BoolOp):
        found = [_deciding(run, part, outcome, scope) for part in test.values]
        one_is_enough = isinstance(test.op, ast.Or) is outcome
        return next(filter(None, found), None) if one_is_enough or all(found) else None
    is_so = isinstance(test, (ast.Compare, ast.BinOp)) and truth(run.evaluate(test, scope)) is outcome
    return test if is_so else None


def _sources(run: Run, found: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """Yield the expressions whose size a comparison asks for, also through names: `rows, width = h.shape`."""
    names = {part.id for part in ast.walk(found) if isinstance(part, ast.Name)}
    yield from _asked(found)
    for part in ast.walk(scope.function.node if scope.function is not None else run.tree):
        if isinstance(part, ast.Assign) and names & {one.id for one in ast.walk(part) if isinstance(one, ast.Name)}:
            targets = {name.id for target in part.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
            if names & targets:
                yield from _asked(part.value)


def _asked(found: ast.expr) -> Iterator[ast.expr]:
    for part in ast.walk(found):
        if isinstance(part, ast.Attribute) and part.attr in SIZE_ATTRIBUTES:
            yield part.value
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in SIZE_CALLS:
            yield part.func.value
        elif isinstance(part, ast.Call) and _called(part) == "len" and part.args:
            yield part.args[0]


def _is_made(run: Run, source: ast.expr, scope: Scope) -> bool:
    """Return whether a component or the program made a tensor; calls are not run again."""
    if _calls(source):
        return False
    value = run.evaluate(source, scope)
    if isinstance(value, Dataset) or (isinstance(value, Instance) and value.cls is not None):
        return True  # How many samples there are: a class of the program says it, or the data of a library.
    if run.feeds and isinstance(value, (Data, Tensor)):
        return True
    if isinstance(value, Items):
        return value.rest is None and any(isinstance(item, (Data, Tensor)) for item in value.items)
    return isinstance(value, Tensor) and (value.flow.maker.component is not None or _is_no_image(value.flow))


def _is_no_image(flow: Flow) -> bool:
    """Return whether the program itself made a tensor of known shape, and no image is assumed in it."""
    return isinstance(flow.value, tuple) and all(one.role != "input" for one in (flow.maker, *flow.origins))


def _calls(node: ast.expr) -> bool:
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


def _called(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return ast.unparse(call.func).rpartition(".")[2]


def _shown(value: Value) -> str:
    if isinstance(value, Const):
        return str(value.value) if isinstance(value.value, (int, Expression)) else repr(value.value)
    items = sequence(value)
    return f"({', '.join(_shown(item) for item in items.items)})" if items is not None else "something else"


@contextmanager
def with_calls_made(run: Run, test: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """Yield a condition on the outputs of the networks that it calls, if it calls nothing else; else as it is."""
    calls = list(_outermost_calls(test))
    if not calls or isinstance(test, ast.BoolOp) or not all(_is_of_a_network(run, call, scope) for call in calls):
        yield test
        return
    names: dict[str, Value] = {ast.unparse(call): run.evaluate(call, scope) for call in calls}
    run.touch(scope)
    scope.names.update(names)
    try:
        yield _Renamed(names).visit(copy.deepcopy(test))
    finally:
        run.touch(scope)
        for name in names:
            scope.names.pop(name, None)


def _outermost_calls(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls in a condition that do more than ask for a size, none of them inside another."""
    if isinstance(node, ast.Call) and _called(node) not in SIZE_CALLS:
        yield node
        return
    for part in ast.iter_child_nodes(node):
        yield from _outermost_calls(part)


def _is_of_a_network(run: Run, call: ast.Call, scope: Scope) -> bool:
    """Return whether a network is called, or a method of one."""
    parts: Sequence[ast.AST] = list(ast.walk(call.func))
    if any(isinstance(part, (ast.Call, ast.Lambda, ast.NamedExpr)) for part in parts):
        return False
    function = run.evaluate(call.func, scope)
    return isinstance(function, Node) or (isinstance(function, Method) and isinstance(function.receiver, Node))


class _Renamed(ast.NodeTransformer):
    """Puts names in the place of calls with the same text."""

    def __init__(self, names: dict[str, Value]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace a call, or look into it."""
        text = ast.unparse(node)
        if text in self.names:
            return ast.copy_location(ast.Name(text, ast.Load()), node)
        return self.generic_visit(node)
