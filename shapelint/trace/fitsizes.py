"""Sizes as formulas of the image size, derived from runs at many sizes.

The formulas are a constant, a multiple of `B`, `(H+a)//b`, a share of H, and the width of a flattened map,
`c*((H+a)//b)*((W+a)//b)`.

Pure Python. A share occurs in a model that accepts only multiples of a number. Any other formula is used only if no
other fits: the runs have to cover every remainder by `b`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from shapelint.common.frozen import frozen
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Shape, ShapeOrStructure, StructureValue
from shapelint.trace.meta import Untraceable
from shapelint.trace.symbolic import Observation, ObservedLayer

MAXIMUM_DIVISOR = 64
SHIFTS = range(-16, MAXIMUM_DIVISOR)


@frozen
class FitSizes:
    """Observations of one module without symbols, and the sizes of the axes `B`, `H` and `W` in each.

    If they are `complete`, they include every size that runs, and any formula that fits is exact.
    """

    seen: Sequence[Observation]
    points: Sequence[Mapping[str, int]]
    complete: bool = False

    def observation(self) -> Observation:
        """One observation in symbols; a layer that follows no formula is left without shapes. Raises Untraceable."""
        first = self.seen[0]
        return replace(
            first,
            inputs=tuple(self._shape(shapes) for shapes in zip(*(one.inputs for one in self.seen))),
            output=self._value([one.output for one in self.seen]),
            layers={name: self._layer([one.layers[name] for one in self.seen]) for name in first.layers},
            counts=tuple(self._shape(shapes) for shapes in zip(*(one.counts for one in self.seen))),
        )

    def _layer(self, layers: Sequence[ObservedLayer]) -> ObservedLayer:
        outputs = [layer.output for layer in layers if layer.output is not None]
        if len(outputs) != len(layers):
            return ObservedLayer(layers[0].kind)
        try:
            inputs = tuple(self._shape(shapes) for shapes in zip(*(layer.inputs for layer in layers)))
            return ObservedLayer(layers[0].kind, inputs, self._value(outputs))
        except Untraceable:
            return ObservedLayer(layers[0].kind)

    def _value(self, values: Sequence[ShapeOrStructure]) -> ShapeOrStructure:
        first = values[0]
        if isinstance(first, StructureValue):
            structures = [value for value in values if isinstance(value, StructureValue)]
            columns = zip(*(structure.elements for structure in structures))
            return replace(first, elements=tuple(self._value(column) for column in columns))
        return self._shape([value for value in values if isinstance(value, tuple)])

    def _shape(self, shapes: Sequence[Shape]) -> Shape:
        if len({len(shape) for shape in shapes}) != 1:
            raise Untraceable("changes the number of axes with the image size")
        return tuple(self._dim(column) for column in zip(*shapes))

    def _dim(self, values: Sequence[Dim]) -> Dim:
        numbers = [value for value in values if isinstance(value, int)]
        if len(set(numbers)) == 1:
            return numbers[0]
        shares = {Fraction(number, point["B"]) for number, point in zip(numbers, self.points)}
        if len(shares) == 1 and (share := shares.pop()).denominator == 1:
            return dims.symbol("B") * share.numerator
        for name in ("H", "W"):
            ratios = {Fraction(number, point[name]) for number, point in zip(numbers, self.points)}
            if len(ratios) == 1:
                (ratio,) = ratios
                return dims.symbol(name) * ratio.numerator // ratio.denominator
        fits: list[Dim] = []
        for name in ("H", "W"):
            for divisor in range(1, MAXIMUM_DIVISOR + 1):
                gaps = [divisor * number - point[name] for number, point in zip(numbers, self.points)]
                fits += [(dims.symbol(name) + more) // divisor for more in range(max(gaps), min(gaps) + divisor)]
        fits = fits or list(self._areas(numbers))
        if len(fits) == 1 or (fits and self.complete):
            return fits[0]
        raise Untraceable("has sizes that follow the image size in no simple way")

    def _areas(self, numbers: Sequence[int]) -> Iterator[Dim]:
        """Multiples of the area of a map whose sides both follow from the image's in the same way."""
        for divisor in range(1, MAXIMUM_DIVISOR + 1):
            for shift in SHIFTS:
                sides = ([(point[name] + shift) // divisor for name in ("H", "W")] for point in self.points)
                ratios = (divmod(number, height * width or 1) for number, (height, width) in zip(numbers, sides))
                first = next(ratios)
                if first[0] > 0 and first[1] == 0 and all(ratio == first for ratio in ratios):
                    height, width = ((dims.symbol(name) + shift) // divisor for name in ("H", "W"))
                    yield height * width * first[0]
