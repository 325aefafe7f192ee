"""The shapes of the tensors that the statements of a program name or give back, for an editor to show."""

from __future__ import annotations

import ast
from typing import Union

from shapelint.python.state.run import Run
from shapelint.python.state.values import Items, Scope, Tensor, Unknown, Value
from shapelint.shapes.signatures import ShapeOrStructure, StructureValue
from shapelint.text.source import Span

LineShapes = dict[Span, Union[ShapeOrStructure, None]]
SeenShape = tuple[Span, ShapeOrStructure]
"""The place of an expression, and the shape of its tensors."""


def note(run: Run, node: ast.expr, value: Value, scope: Scope) -> None:
    """Remember what an expression gives; nothing is shown where that differs, or was once not known."""
    if scope.file is None or not scope.file.main or scope.kind == "class":
        return
    shape = _shape(value)
    if shape is None and not isinstance(value, (Tensor, Unknown)):
        return
    place = scope.file.span(node)
    run.line_shapes[place] = shape if run.line_shapes.get(place, shape) == shape else None


def without_guesses(shapes: LineShapes, before: LineShapes) -> LineShapes:
    """Leave out what was not known where functions were called with guessed arguments: a real call may follow."""
    return {place: shape for place, shape in shapes.items() if shape is not None or place in before}


def seen(run: Run) -> tuple[SeenShape, ...]:
    """Return the shapes that are known, in the order of the text."""
    known = ((place, shape) for place, shape in run.line_shapes.items() if shape is not None)
    return tuple(sorted(known, key=lambda one: one[0].start))


def _shape(value: Value) -> ShapeOrStructure | None:
    """The shape of a tensor, or those of a tuple of tensors, if all are known."""
    if isinstance(value, Tensor):
        return value.shape
    if not isinstance(value, Items) or value.rest is not None or value.shape_of is not None or not value.items:
        return None
    shapes = tuple(_shape(item) for item in value.items if isinstance(item, Tensor))
    known = tuple(shape for shape in shapes if shape is not None)
    return StructureValue(value.kind, known) if len(known) == len(value.items) else None
