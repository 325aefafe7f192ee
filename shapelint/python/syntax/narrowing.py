"""What a guard says of tensors and numbers that were not known: behind it, it holds, or the program has stopped.

`assert x.shape[-1] == 256`, `if x.ndim != 2: raise ...`, and `b, c, h, w = x.shape`, which stops at any other number of
axes. What is known already stays as it is, the symbols of an image included.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.state import names
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, sequence, truth
from shapelint.python.state.values import UNKNOWN, Const, Library, Scope, Tensor, Unknown, Value, birth
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import fed_batches
from shapelint.python.tensors.axes import Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Step

MAXIMUM_GUARDED_RANK = 8


def condition(run: Run, node: ast.expr, scope: Scope) -> bool | None:
    """Evaluate a condition; None if it is not known. A tensor is one only if it has a single element."""
    value = run.evaluate(node, scope)
    if isinstance(value, Tensor):
        run.observe_operation("__bool__", value, Arguments(), Site(node, scope))
    known = truth(value)
    return _decided(node) if known is None else known


def _decided(node: ast.expr) -> bool | None:
    """Return what a written-out True or False decides: `debugging and False`."""
    decisive = isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
    parts = node.values if isinstance(node, ast.BoolOp) else []
    return decisive if any(isinstance(one, ast.Constant) and one.value is decisive for one in parts) else None


def behind(run: Run, test: ast.expr, outcome: bool, scope: Scope) -> None:
    """Take over what holds where a condition has this outcome."""
    equal = [pair for left, right in _equalities(test, outcome) for pair in ((left, right), (right, left))]
    for left, right in equal:
        _take_rank(run, left, right, scope)
    for left, right in equal:
        _take_size(run, left, right, scope)


def unpacked(run: Run, node: ast.Assign, scope: Scope) -> None:
    """Take over the number of axes that an assignment like `b, c = x.shape` needs."""
    (target, *others) = node.targets
    if others or not isinstance(target, (ast.Tuple, ast.List)):
        return
    tensor = _whole_shape(node.value)
    if tensor is not None and not any(isinstance(one, ast.Starred) for one in target.elts):
        _set_shape(run, tensor, [None] * len(target.elts), node, scope)


def _equalities(test: ast.expr, outcome: bool) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield the pairs of expressions that are equal where a condition has this outcome."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _equalities(test.operand, not outcome)
    elif isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And if outcome else ast.Or):
        for part in test.values:
            yield from _equalities(part, outcome)
    elif isinstance(test, ast.Compare) and (outcome or len(test.ops) == 1):
        sides = [test.left, *test.comparators]
        for left, operator, right in zip(sides, test.ops, sides[1:]):
            if isinstance(operator, ast.Eq if outcome else ast.NotEq):
                yield left, right


def _take_rank(run: Run, left: ast.expr, right: ast.expr, scope: Scope) -> None:
    """Take over a number of axes, or sizes of which it follows."""
    whole, end, ranked, one = _whole_shape(left), _end_of_shape(left), _ranked(left), _size(left)
    if ranked is not None and isinstance(rank := integer(run.evaluate(right, scope)), int):
        _set_shape(run, ranked, [None] * rank, left, scope)
    elif one is not None and _is_flattened(one[0], scope):
        _set_shape(run, one[0], [None] * 2, left, scope)
    elif whole is not None or end is not None:
        items = sequence(run.evaluate(right, scope))
        if items is None or items.rest is not None or items.shape_of is not None:
            return
        sizes = [_known(item) for item in items.items]
        if whole is not None:
            _set_shape(run, whole, sizes, left, scope)
        elif end is not None:
            _set_shape(run, end[0], [*[None] * end[1], *sizes], left, scope)


def _take_size(run: Run, left: ast.expr, right: ast.expr, scope: Scope) -> None:
    """Take over the size of an axis, or a number."""
    size = _known(run.evaluate(right, scope))
    if size is None:
        return
    value, axis = run.evaluate(left, scope), _size(left)
    number = value.number if isinstance(value, Unknown) else integer(value)
    if axis is not None and axis[1] == -1:
        _set_last(run, axis[0], size, left, scope)
    if number is not None and (name := _alone(number)):
        _substitute(run, name, size, left, scope)
    elif isinstance(left, ast.Name) and (value == UNKNOWN or isinstance(value, Library)):
        _put(run, left, Const(size), scope)


def _known(value: Value) -> Dim | None:
    size = integer(value)
    return size if size is not None and dims.is_known(size) else None


def _alone(size: Dim) -> str:
    """Return the name of an unknown size that stands alone; empty for any other."""
    found = sorted(dims.names(size))
    is_one = len(found) == 1 and found[0] != "?" and found[0][:1] == "?" and size == dims.symbol(found[0])
    return found[0] if is_one else ""


def _whole_shape(node: ast.expr) -> ast.Name | None:
    """Return `x` in `x.shape`, `x.size()`, `tuple(x.shape)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tuple", "list"):
        return _whole_shape(node.args[0]) if len(node.args) == 1 else None
    if isinstance(node, ast.Call) and not node.args and not node.keywords:
        return _named(node.func, "size")
    return _named(node, "shape")


def _end_of_shape(node: ast.expr) -> tuple[ast.Name, int] | None:
    """Return `x` and 1 in `x.shape[1:]`."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Slice):
        return None
    tensor, start = _whole_shape(node.value), node.slice.lower
    is_plain = node.slice.upper is None and node.slice.step is None and isinstance(start, ast.Constant)
    if tensor is None or not is_plain or not isinstance(start, ast.Constant) or type(start.value) is not int:
        return None
    return tensor, start.value


def _ranked(node: ast.expr) -> ast.Name | None:
    """Return `x` in `x.ndim`, `x.dim()`, `len(x.shape)`."""
    if not isinstance(node, ast.Call):
        return _named(node, "ndim")
    if isinstance(node.func, ast.Name) and node.func.id == "len" and len(node.args) == 1:
        return _whole_shape(node.args[0])
    return None if node.args else _named(node.func, "dim", "ndimension")


def _size(node: ast.expr) -> tuple[ast.Name, int] | None:
    """Return `x` and 1 in `x.shape[1]` or `x.size(1)`."""
    if isinstance(node, ast.Subscript):
        tensor, index = _whole_shape(node.value), node.slice
    elif isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        tensor, index = _named(node.func, "size"), node.args[0]
    else:
        return None
    found = re.fullmatch(r"-?\d", ast.unparse(index))
    return (tensor, int(found[0])) if tensor is not None and found is not None else None


def _is_flattened(tensor: ast.Name, scope: Scope) -> bool:
    """Return whether the last statement of a function that assigns a tensor makes it one of two axes."""
    whole = scope.function.node if scope.function is not None else None
    if whole is None or isinstance(whole, ast.Lambda):
        return False
    before = [part for part in ast.walk(whole) if _assigns(part, tensor)]
    last = max(before, key=lambda part: getattr(part, "lineno", 0), default=None)
    return isinstance(last, ast.Assign) and last in whole.body and _flattens(last.value)


def _assigns(part: ast.AST, tensor: ast.Name) -> bool:
    """Return whether something before a use of a tensor binds its name."""
    if not isinstance(part, (ast.stmt, ast.NamedExpr)) or part.lineno >= tensor.lineno:
        return False
    targets = [part.target] if isinstance(part, (ast.AugAssign, ast.AnnAssign, ast.For, ast.NamedExpr)) else []
    targets += part.targets if isinstance(part, ast.Assign) else []
    return any(isinstance(name, ast.Name) and name.id == tensor.id for one in targets for name in ast.walk(one))


def _flattens(node: ast.expr) -> bool:
    """Return whether an expression is `x.flatten(1)`, `torch.flatten(x, 1)`, or `x.view(rows, -1)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    first = 1 if ast.unparse(node.func.value) == "torch" else 0
    arguments = [ast.unparse(one) for one in (*node.args[first:], *(keyword.value for keyword in node.keywords))]
    if node.func.attr == "flatten":
        return arguments == ["1"]
    return node.func.attr in ("view", "reshape") and len(arguments) == 2 and arguments[-1] == "-1"


def _named(node: ast.expr, *attributes: str) -> ast.Name | None:
    is_so = isinstance(node, ast.Attribute) and node.attr in attributes and isinstance(node.value, ast.Name)
    return node.value if is_so and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else None


def _blank(run: Run, tensor: ast.Name, scope: Scope) -> Tensor | None:
    """Return a tensor of which no size is known; None for any other value."""
    value = run.evaluate(tensor, scope)
    if isinstance(value, Unknown) and not value.inside and value.choice is None:
        return Tensor(Flow(None, (), Origin("", cause=value.cause)))
    is_blank = isinstance(value, Tensor) and (value.flow.value is None or value.loose)
    return value if isinstance(value, Tensor) and is_blank else None


def _set_shape(run: Run, tensor: ast.Name, sizes: Sequence[Dim | None], node: ast.AST, scope: Scope) -> None:
    """Give a tensor of which no size is known these sizes; what is None is one size that is not known."""
    blank = _blank(run, tensor, scope)
    if blank is None or not 0 < len(sizes) <= MAXIMUM_GUARDED_RANK:
        return
    last = blank.flow.value[-1] if isinstance(blank.flow.value, tuple) else None
    known = [*sizes[:-1], last if sizes[-1] is None and not isinstance(last, str) else sizes[-1]]
    serial = f"guard{birth()}"
    axes = tuple(
        Axis(dims.unknown(f"{tensor.id}.shape[{index}]", serial), blank.flow.maker)
        if size is None
        else Axis(size, _asserted(blank.flow.maker, size, node, scope))
        for index, size in enumerate(known)
    )
    _put(run, tensor, replace(blank, flow=ax.flow(axes, blank.flow.maker), loose=False), scope)


def _set_last(run: Run, tensor: ast.Name, size: Dim, node: ast.AST, scope: Scope) -> None:
    """Give a tensor of which nothing is known the size of its last axis."""
    blank = _blank(run, tensor, scope)
    if blank is not None and not blank.loose:
        origin = _asserted(blank.flow.maker, size, node, scope)
        flow = Flow((dims.UNKNOWN_DIM, size), (origin, origin), blank.flow.maker)
        _put(run, tensor, replace(blank, flow=flow, loose=True), scope)


def _asserted(origin: Origin, size: Dim, node: ast.AST, scope: Scope) -> Origin:
    """Return the origin of an axis of which a guard speaks."""
    if scope.file is None or not scope.file.main:
        return origin
    return replace(
        origin, steps=(Step(scope.file.span(node), f"the program makes sure that it is {size}"), *origin.steps)
    )


def _substitute(run: Run, name: str, size: Dim, node: ast.AST, scope: Scope) -> None:
    """Put a size in the place of one that was not known, wherever the names of a function have it."""
    run.touch(scope)
    for each, value in list(scope.names.items()):
        axes = axes_of(value) if isinstance(value, Tensor) else None
        if isinstance(value, Tensor) and axes is not None:
            asked = tuple(
                Axis(dims.substitute(axis.size, {name: size}), _asserted(axis.origin, size, node, scope))
                if name in dims.names(axis.size)
                else axis
                for axis in axes
            )
            scope.names[each] = replace(value, flow=ax.flow(asked, value.flow.maker))
        else:
            scope.names[each] = fed_batches.substituted(value, {name: size})


def _put(run: Run, target: ast.Name, value: Value, scope: Scope) -> None:
    """Give a name of the innermost scope another value."""
    if target.id in scope.names and names.home(scope, target.id) is scope:
        run.touch(scope)
        scope.names[target.id] = value
