"""Whether a signature from outside can be used: all of its lines parse, and its conditions name what there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.shapes import dims, expression, notation
from shapelint.shapes.dims import Expression
from shapelint.shapes.notation import Alternative, Ellipsis_, Pattern


def is_sound(component: ComponentSignature) -> bool:
    """Whether every line of a signature can be read, and evaluated once its arguments are known."""
    try:
        return not list(faults(component))
    except (ValueError, SyntaxError, AssertionError, RecursionError, MemoryError):
        return False


def faults(component: ComponentSignature) -> Iterator[str]:
    """What the conditions of a signature name that is not there.

    Raises ValueError, SyntaxError or AssertionError if a line does not parse.
    """
    parameters = {parameter.name for parameter in component.parameters}
    for row in component.rows:
        if row.shapes:
            for alternative in notation.parse_signature(row.shapes).alternatives:
                yield from _undefined(alternative.where, parameters | _axis_names(alternative))
                if any(_is_open_twice(pattern, parameters) for pattern in alternative.inputs):
                    yield "more than one '...' in a shape"
        yield from _undefined(row.when, parameters)
        yield from _undefined(str(row.weights), parameters)
        _read_tables(row)


def _undefined(text: str, names: set[str]) -> Iterator[str]:
    if not text:
        return
    node = expression.parse(text)
    yield from expression.misuses(node)
    functions = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and id(part) not in functions and part.id not in names:
            yield f"unknown name {part.id!r}"


def _is_open_twice(pattern: Pattern, parameters: set[str]) -> bool:
    """Whether a shape has two places for any number of axes, which no argument fills."""
    places = [axis.name for axis in pattern.axes if isinstance(axis, Ellipsis_)]
    return len(places) > 1 and not parameters.issuperset(filter(None, places))


def _axis_names(alternative: Alternative) -> set[str]:
    """The symbols in the axes that an alternative takes."""
    axes = [axis for pattern in alternative.inputs for axis in pattern.axes]
    named = (axis.name for axis in axes if isinstance(axis, Ellipsis_))
    return {*named, *(name for axis in axes if isinstance(axis, Expression) for name in dims.names(axis))}


def _read_tables(row: SignatureRow) -> None:
    """Read the lines of the parts and the tensors."""
    for line in row.parts.values():
        _, colon, shapes = line.partition(": ")
        if colon:
            notation.parse_signature(shapes)
    for text in row.tensors.values():
        for entry in filter(None, map(str.strip, text.replace(";", ",").split(","))):
            notation.parse_shape(entry.partition(" ")[2])
