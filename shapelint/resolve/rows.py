"""From observations to rows of a signature file: the notation, the number of weights, the table of parts.

Pure Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.dims import Dim
from shapelint.resolve.symbolic import Layer
from shapelint.shapes import Alternative, Output, Pattern, Shape, Structure, StructureValue, Value


def alternative(inputs: Iterable[Shape], output: Value, where: str = "") -> Alternative:
    """One alternative of a signature."""
    return Alternative(tuple(Pattern(shape) for shape in inputs), pattern(output), where)


def pattern(value: Value) -> Output:
    """Shapes as an output pattern."""
    if isinstance(value, StructureValue):
        return Structure(value.kind, tuple(pattern(element) for element in value.elements), value.keys)
    return Pattern(value)


def weights(parameters: Iterable[Shape]) -> Dim:
    """The number of learnable parameters."""
    total: Dim = 0
    for shape in parameters:
        count: Dim = 1
        for dim in shape:
            count = count * dim
        total = total + count
    return total


def parts(layers: Mapping[str, Layer], depth: int) -> dict[str, str]:
    """The children in order down to a depth, each `class: shapes`; one that is never called, `class` alone."""
    found = {}
    for name, layer in layers.items():
        if name.count(".") >= depth:
            continue
        found[name] = layer.kind if layer.output is None else f"{layer.kind}: {alternative(layer.inputs, layer.output)}"
    return found
