"""Outputs of modules other than one tensor: tuples, lists, dicts, and objects with attributes."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import replace
from shapelint.python.state.values import NONE, Items, Table, Tensor, Value
from shapelint.shapes.notation import OutputPattern, Pattern, Structure
from shapelint.shapes.signatures import Shape, ShapeOrStructure, StructureValue


def of_structure(value: StructureValue, maker: Origin, pattern: OutputPattern | None = None) -> Value:
    """Return several outputs as values, at any depth; `pattern` writes them by the names of constructor arguments."""
    known = pattern.elements if isinstance(pattern, Structure) else (None,) * len(value.elements)
    parts: list[Value] = [
        of_structure(part, maker, inner)
        if isinstance(part, StructureValue)
        else Tensor(Flow(part, _origins(part, maker, inner), maker))
        for part, inner in zip(value.elements, known, strict=True)
    ]
    if value.kind in ("tuple", "list"):
        return Items(parts, value.kind)
    table = dict(zip(value.keys, parts, strict=True))
    return Table(table) if value.kind == "dict" else Table(table, attributes=True, kind=value.kind)


def _origins(shape: Shape, maker: Origin, pattern: OutputPattern | None) -> tuple[Origin, ...]:
    """Return the origin of each axis: the argument that sets it, if it is one."""
    if not isinstance(pattern, Pattern) or pattern.rank != len(shape) or maker.component is None:
        return (maker,) * len(shape)
    names = [str(axis) for axis in pattern.axes]
    return tuple(replace(maker, parameter=name) if name in maker.component.given else maker for name in names)


def flow_of(value: Value) -> Flow | None:
    """Return the outputs of one call as what flows on when they are passed as one; None for any other value.

    The shape of each must be known, because nothing is said of a list that holds anything else.
    """
    makers = [one.flow.maker for one in _tensors(value)]
    shapes = _shapes(value)
    if not isinstance(shapes, StructureValue) or any(maker is not makers[0] for maker in makers):
        return None
    return Flow(shapes, (), makers[0])


def _shapes(value: Value) -> ShapeOrStructure | None:
    if isinstance(value, Tensor):
        return value.shape
    inside, kind = _inside(value)
    shapes = [_shapes(one) for one in inside.values()]
    known = tuple(shape for shape in shapes if shape is not None)
    keys = tuple(map(str, inside)) if isinstance(value, Table) else ()
    return StructureValue(kind, known, keys) if known and len(known) == len(shapes) else None


def _inside(value: Value) -> tuple[dict[object, Value], str]:
    """Return the values of a tuple, list or dict that are all known, and what it is; none of any other value."""
    if isinstance(value, Items) and value.kind in ("tuple", "list") and value.rest is None:
        return dict(enumerate(value.items)), value.kind
    if isinstance(value, Table) and not (value.open or value.namespace or value.maybe_missing):
        return {key: one for key, one in value.items.items() if one != NONE}, value.kind or "dict"
    return {}, ""


def _tensors(value: Value) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    for one in _inside(value)[0].values():
        yield from _tensors(one)
