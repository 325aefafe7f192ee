"""Convert observations to rows of a signature file: the notation, the number of weights, the table of parts.

Pure Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Alternative, Ellipsis_, OutputPattern, Pattern, Structure, format_axis
from shapelint.shapes.signatures import Shape, ShapeOrStructure, StructureValue
from shapelint.trace.symbolic import Held, ObservedLayer


def alternative(inputs: Iterable[Shape], output: ShapeOrStructure, where: str = "") -> Alternative:
    """One alternative of a signature."""
    return Alternative(tuple(Pattern(shape) for shape in inputs), pattern(output), where)


def pattern(value: ShapeOrStructure) -> OutputPattern:
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


PART_DEPTH = 2
"""How many modules deep the parts of a stored signature are listed, other than those around its first layer."""


def parts(layers: Mapping[str, ObservedLayer], depth: int, any_axes: bool = False) -> dict[str, str]:
    """The children in order down to a depth, each as `class: shapes`, or as `class` alone if it is never called.

    The layer that takes the images, which people replace for other channels, is listed at any depth, with those that
    follow it in the same module. With `any_axes` the batch axis that leads everywhere is written `...`.
    """
    found = {}
    stem = next((name for name in layers if not any(other.startswith(f"{name}.") for other in layers)), "")
    for name, layer in layers.items():
        if name.count(".") >= depth and name.rpartition(".")[0] != stem.rpartition(".")[0]:
            continue
        if layer.output is None:
            found[name] = layer.kind
            continue
        shapes = alternative(layer.inputs, layer.output)
        found[name] = f"{layer.kind}: {(with_ellipsis(shapes, ['B']) or shapes) if any_axes else shapes}"
    return found


def tensors(held: Mapping[str, Held]) -> dict[str, str]:
    """The tensors of each module: `weight 64, bias 64; running_mean 64, running_var 64, num_batches_tracked`."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for name, one in held.items():
        owner, _, own = name.rpartition(".")
        text = " ".join([own, *map(format_axis, one.shape)])
        found.setdefault(owner, ([], []))[0 if one.is_parameter else 1].append(text)
    return {owner: "; ".join(map(", ".join, texts)).removesuffix("; ") for owner, texts in found.items()}


LEADING = {1: [], 2: ["B"], 3: ["B", "L"], 4: ["B", "H", "W"], 5: ["B", "D", "H", "W"]}
"""The free axes before the features, by rank."""


def collapse(found: list[Alternative]) -> list[Alternative]:
    """Merge alternatives of all ranks that differ only in their number of leading axes into one with `...`, first."""
    short = [_any_rank(one) for one in found]
    for general in short:
        ranks = {len(one.inputs[0].axes) for one, other in zip(found, short) if other == general}
        if general is not None and ranks == set(LEADING):
            return [general, *(one for one, other in zip(found, short) if other != general)]
    return found


def _any_rank(one: Alternative) -> Alternative | None:
    axes = one.inputs[0].axes
    if one.where or len(one.inputs) != 1 or len(axes) not in LEADING:
        return None
    if all(str(axis) in _FREE for axis in axes):
        return Alternative((Pattern((Ellipsis_(),)),), Pattern((Ellipsis_(),))) if one.inputs[0] == one.output else None
    return with_ellipsis(one, LEADING[len(axes)])


_FREE = {"B", "C", "D", "H", "L", "W"}


def with_ellipsis(one: Alternative, leading: list[str]) -> Alternative | None:
    """The alternative with `...` for the leading axes of every shape in it; None if they do not lead everywhere."""

    def shorten(value: OutputPattern) -> OutputPattern:
        if isinstance(value, Structure):
            return Structure(value.kind, tuple(shorten(element) for element in value.elements), value.keys)
        if [str(axis) for axis in value.axes[: len(leading)]] != leading:
            raise ValueError
        return Pattern((Ellipsis_(), *value.axes[len(leading) :]))

    try:
        inputs = tuple(pattern for pattern in map(shorten, one.inputs) if isinstance(pattern, Pattern))
        return Alternative(inputs, shorten(one.output), one.where)
    except ValueError:
        return None
