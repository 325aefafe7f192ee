"""The history of tensors and networks: operations, slices and cuts, recorded in what they changed.

A finding lists these places in addition to the two components, if they determined the conflicting size.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.state.values import Bound, Chained, Items, Library, Node, Scope, Tensor, Value
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import signatures
from shapelint.spec.spec import Step
from shapelint.text.source import Span

MAXIMUM_TRAIL_STEPS = 4
MAXIMUM_NAME = 40


def after(value: Value, operands: Iterable[Value], node: ast.AST, scope: Scope) -> Value:
    """Return the result of an operation, an index or a slice; axes that it made or moved record its place."""
    if not isinstance(value, (Tensor, Items)) or scope.file is None or not scope.file.main:
        return value
    if isinstance(value, Items):
        if value.kind != "tuple" or not all(isinstance(item, Tensor) for item in value.items):
            return value
        return Items([after(item, operands, node, scope) for item in value.items], "tuple", value.rest)
    axes = axes_of(value)
    if not axes:
        return value
    span, action = _place(node, scope)
    step = Step(span, action, value.flow.value)
    before = [known for operand in _tensors(operands) if (known := axes_of(operand)) is not None]
    origins = tuple(_decided(axes, index, before, step) for index in range(len(axes)))
    return replace(value, flow=replace(value.flow, origins=origins))


def renamed(value: Tensor, node: ast.Assign, scope: Scope) -> Tensor:
    """Return a tensor that is assigned to another name."""
    axes = axes_of(value)
    if not axes or scope.file is None or not scope.file.main:
        return value
    name = ast.unparse(node.targets[0])[:MAXIMUM_NAME]
    step = Step(scope.file.span(node), f"{name} is {signatures.format_shape(value.flow.value)} here", minor=True)
    origins = tuple(_with(axis, step) for axis in axes)
    return replace(value, flow=replace(value.flow, origins=origins))


def is_operation(function: Value) -> bool:
    """Return whether a function is a library operation on tensors, or a method of a tensor."""
    if isinstance(function, Bound):
        return isinstance(function.owner, Tensor)
    return isinstance(function, Library) and not function.name.startswith("builtins.")


def _tensors(values: Iterable[Value]) -> Iterator[Tensor]:
    """Yield the tensors among values, including those in lists."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Items):
            yield from (item for item in value.items if isinstance(item, Tensor))


def _place(node: ast.AST, scope: Scope) -> tuple[Span, str]:
    """Return where an operation is located, without the tensor before it, and its name."""
    assert scope.file is not None
    whole = scope.file.span(node)
    if isinstance(node, ast.Subscript):
        brackets = ast.unparse(ast.Subscript(ast.Name("x"), node.slice)).removeprefix("x")
        return Span(scope.file.span(node.value).end, whole.end), brackets
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Attribute):
        return Span(scope.file.span(function).end - len(function.attr), whole.end), function.attr
    return whole, ast.unparse(function)


def _decided(axes: Axes, index: int, before: list[Axes], step: Step) -> Origin:
    """Return the origin of an axis after a step, which is recorded if it made or moved the axis."""
    axis = axes[index]
    same = [
        _moved(place, len(other), index, len(axes))
        for other in before
        for place, known in enumerate(other)
        if known.origin is axis.origin and known.size == axis.size
    ]
    weight = min(same, default=2)
    return axis.origin if not weight else _with(axis, replace(step, minor=weight == 1))


def _moved(before: int, rank_before: int, after: int, rank: int) -> int:
    """Return 0 for an axis that was not moved, 1 if others were added or removed, 2 if it became the feature axis."""
    if (before, rank_before) == (after, rank):
        return 0
    return 2 if after == _features(rank) and before != _features(rank_before) else 1


def _features(rank: int) -> int:
    """Return the feature axis: the channels of a feature map, otherwise the last axis."""
    return 1 if rank > 3 else rank - 1


def _with(axis: Axis, step: Step) -> Origin:
    earlier = (known for known in axis.origin.steps if known.span != step.span)
    return replace(axis.origin, steps=(step, *earlier)[:MAXIMUM_TRAIL_STEPS])


def cut(kept: Value, owner: Value, node: ast.Subscript, scope: Scope) -> None:
    """Record a cut in the modules taken from a list: in the first and the last one, if they were not so before."""
    whole, part = _listed(owner), _listed(kept) if isinstance(node.slice, ast.Slice) else [kept]
    if scope.file is None or not scope.file.main or not part or not len(part) < len(whole):
        return
    span, _ = _place(node, scope)
    step = Step(span, f"{len(part)} of {len(whole)} children {'are' if len(part) > 1 else 'is'} kept here")
    for module in _modules(part[:1] if whole[0] is not part[0] else []):
        module.first = _before(step, module.first)
    for module in _modules(part if whole[-1] is not part[-1] else []):
        module.last = _before(step, module.last)


def _listed(value: Value) -> list[Value]:
    """Return the elements of a list or of a sequence of modules, as far as they are known."""
    if isinstance(value, Chained):
        return list(value.children.values()) if value.kind == "Sequential" and value.rest is None else []
    return value.items if isinstance(value, Items) and value.rest is None else []


def listed(children: Items, node: ast.AST, scope: Scope) -> None:
    """Record in the last child of a network that the list of children omits what its forward does between them."""
    if scope.file is None or not scope.file.main or children.rest is not None:
        return
    span, name = _place(node, scope)
    step = Step(span, f"{name} leaves out what the network does between its children")
    for module in _modules(children.items[-1:]):
        module.first = _before(step, module.first)


def _before(step: Step, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return (step, *(known for known in steps if known.span != step.span))[:MAXIMUM_TRAIL_STEPS]


def _modules(values: Iterable[Value]) -> Iterator[Node]:
    """Yield the modules among values, including those in pairs with their names."""
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, Items) and value.kind == "tuple":
            yield from (item for item in value.items if isinstance(item, Node))


def placed(origin: Origin, node: Node, span: Span, consumes: bool = False) -> Origin:
    """Return an origin that is a module, with the places of its call and of cuts of the network around it."""
    steps = tuple(step for holder in reversed(node.path) for step in (holder.first if consumes else holder.last))
    return replace(origin, place=span, steps=tuple(dict.fromkeys((*origin.steps, *steps))))


def flow_of(flow: Flow, made_by: object, node: Node, span: Span) -> Flow:
    """Return the flow out of a module, with the place of the call."""
    origins = tuple(placed(one, node, span) if one.component is made_by else one for one in flow.origins)
    maker = replace(flow.maker, place=span) if flow.maker.component is made_by else flow.maker
    return replace(flow, origins=origins, maker=maker)
