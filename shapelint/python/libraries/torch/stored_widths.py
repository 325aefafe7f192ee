"""Buffers whose sizes are numbers in the file: a queue that is made for other features is shown at its number."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from shapelint.common.frozen import replace
from shapelint.python.libraries.torch import constructing
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import BankCall, Run, StoredAxis
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Component, Const, Given, Node, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.spec.spec import ComponentSpec

MAKERS = frozenset({"randn", "rand", "zeros", "ones", "empty"})
"""Functions that make a tensor of sizes."""


def located(run: Run, owner: Node, name: str, tensor: Tensor, site: Site) -> Tensor:
    """Return the tensor of a buffer, whose axes know where their sizes are written."""
    axes, sizes = axes_of(tensor), list(_sizes(site.node))
    if axes is None or len(sizes) != len(axes) or site.scope.file is None or not site.scope.file.main:
        return tensor
    values = [run.evaluate(size, site.scope) for size in sizes]
    placed: list[Axis] = []
    for axis, size, value in zip(axes, sizes, values):
        is_number = isinstance(value, Const) and value.place is not None and not value.computed
        if not isinstance(value, Const) or not is_number or integer(value) != axis.size or axis.origin.component:
            placed.append(axis)
            continue
        argument = constructing.argument(Given(value, site.scope.file.span(size)), False)
        run.stored[argument.span] = StoredAxis(owner, name, argument, tuple(one.size for one in axes))
        placed.append(replace(axis, origin=replace(axis.origin, place=argument.span)))
    return replace(tensor, flow=ax.flow(tuple(placed), tensor.flow.maker))


def _sizes(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the sizes with which the only tensor in a call of `register_buffer` is made, if they are plain ones."""
    given = node.args[1] if isinstance(node, ast.Call) and len(node.args) > 1 else None
    calls = [part for part in ast.walk(given) if isinstance(part, ast.Call)] if given is not None else []
    made = [call for call in calls if ast.unparse(call.func).rpartition(".")[2] in MAKERS]
    sizes: Sequence[ast.expr] = made[0].args if len(made) == 1 else ()
    if len(sizes) == 1 and isinstance(sizes[0], (ast.Tuple, ast.List)):
        sizes = sizes[0].elts
    if not any(isinstance(part, (ast.Call, ast.Starred)) for size in sizes for part in ast.walk(size)):
        yield from sizes


def note(run: Run, axes: tuple[Axis, Axis], operands: Sequence[Value], site: Site) -> bool:
    """Record the width of a buffer that differs from that of the features in an operation; return whether it is one.

    A buffer that has the width of the features as another axis is turned the wrong way, and its numbers may be right.
    """
    stored = next((run.stored[one.origin.place] for one in axes if one.origin.place in run.stored), None)
    features = next((one for one in operands if isinstance(one, Tensor) and _made(axes_of(one))), None)
    have = axes_of(features) if features is not None else None
    if stored is None or features is None or have is None or site.scope.file is None or not site.scope.file.main:
        return False
    width = have[-1].size
    if width not in [one.size for one in axes] or width in stored.sizes or not isinstance(width, int):
        return False
    span = stored.argument.span
    component = Component(stored.name, spec=ComponentSpec("call", stored.name, span, span))
    run.banks.append(BankCall(component, stored.argument, features.flow, owner=stored.owner))
    return True


def _made(axes: Axes | None) -> bool:
    """Return whether a component set the last axis of a tensor."""
    return bool(axes) and axes is not None and axes[-1].origin.component is not None
