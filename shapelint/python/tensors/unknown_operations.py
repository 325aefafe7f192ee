"""Operations of torch that no table lists: torch itself runs them, if the tensors are known and the rest is literal."""

from __future__ import annotations

import ast
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.run import Run
from shapelint.python.state.values import Const, Items, Tensor, Value
from shapelint.python.tensors import signature_calls
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.trace import asking

MAXIMUM_META_ELEMENTS = 16


class _Open(Exception):
    """Raised for an argument that is neither a tensor of known shape nor a literal."""


def ask(run: Run, name: str, arguments: Arguments, node: ast.AST) -> Tensor | None:
    """Return the result of an operation; None if it is unknown. A run without leave to trace is marked as untraced."""
    tensors: list[Tensor] = []
    if not asking.is_asked(name) or not isinstance(node, ast.Call) or _has_star(node):
        return None
    try:
        places = [_plain(given.value, tensors) for given in arguments.positional]
        named = {key: _plain(given.value, tensors) for key, given in arguments.keywords.items()}
    except _Open:
        return None
    flows = [tensor.flow for tensor in tensors]
    sizes = [flow.value for flow in flows if isinstance(flow.value, tuple)]
    if not tensors:
        return None
    if not run.may_trace and not asking.is_answered(name, sizes, places, named):
        run.untraced = True
        return None
    shapes = asking.ask(name, sizes, places, named)
    result = signature_calls.apply(shapes, flows, {}, flows[0].maker) if shapes else None
    return Tensor(result) if isinstance(result, Flow) else None


def _has_star(node: ast.Call) -> bool:
    """Return whether a call unpacks arguments, some of which may be unseen."""
    return any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords)


def _plain(value: Value, tensors: list[Tensor]) -> Any:
    """Convert an argument for torch; a tensor is appended to `tensors` and represented by its position."""
    if isinstance(value, Const) and isinstance(value.value, (int, float, str, bool, type(None))):
        return value.value
    if (
        isinstance(value, Items)
        and value.rest is None
        and value.kind != "slice"
        and len(value.items) <= MAXIMUM_META_ELEMENTS
    ):
        return [_plain(item, tensors) for item in value.items]
    axes = axes_of(value) if isinstance(value, Tensor) else None
    if not isinstance(value, Tensor) or axes is None or not all(dims.is_known(axis.size) for axis in axes):
        raise _Open
    tensors.append(value)
    return asking.Operand(len(tensors) - 1)
