"""Which constructor argument governs which dimension: derived from traces with the arguments changed one at a time.

Pure Python. A trial is one assignment of integers to the arguments; trial 0 is the base, trial i changes the i-th
argument alone, and the last changes all of them at once, which distinguishes sums from products and proves the formula.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace

from shapelint.common.frozen import frozen
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim, Expression, Product
from shapelint.shapes.signatures import Shape, ShapeOrStructure, StructureValue
from shapelint.trace.symbolic import Held, Observation, ObservedLayer

Trial = Mapping[str, int]


class Unfitted(Exception):
    """A dimension follows none of the formulas of the arguments that are tried."""


def fit(values: Sequence[Dim], trials: Sequence[Trial], prefer: Sequence[str] = ()) -> Dim:
    """The dimension as a formula in the arguments, of sums and products. Raises Unfitted.

    Arguments that are equal in every trial cannot be distinguished: the one named in `prefer` is used, else the first.

    >>> fit((12, 14, 15), ({"a": 5, "b": 7}, {"a": 7, "b": 7}, {"a": 5, "b": 10}))
    a+b
    """
    if all(value == values[0] for value in values):
        return values[0]
    if all(isinstance(value, int) for value in values):
        return _fit_integers([int(value) for value in values if isinstance(value, int)], trials, prefer)
    terms = [_coefficients(value) for value in values]
    if any(set(term) != set(terms[0]) for term in terms):
        raise Unfitted
    total: Dim = 0
    for product in terms[0]:
        coefficient = _fit_integers([term[product] for term in terms], trials, prefer)
        total = total + Expression(((product, 1),)) * coefficient if product else total + coefficient
    return total


def _coefficients(value: Dim) -> dict[Product, int]:
    return dict(value.terms) if isinstance(value, Expression) else {(): value}


def _fit_integers(values: Sequence[int], trials: Sequence[Trial], prefer: Sequence[str]) -> Dim:
    """A sum of multiples of arguments, of which two or three may be multiplied with each other."""
    if len(set(values)) == 1:
        return values[0]
    slopes = _slopes(values, trials, prefer)
    for count in range(4):
        for factors in itertools.combinations(slopes, count):
            candidate = _candidate(slopes, factors, trials[0]) if count != 1 else None
            if candidate is None:
                continue
            candidate = candidate + values[0] - _evaluate(candidate, trials[0])
            if all(_evaluate(candidate, trial) == value for value, trial in zip(values, trials)):
                return candidate
    raise Unfitted


def _candidate(slopes: Mapping[str, int], factors: Sequence[str], base: Trial) -> Dim | None:
    """The formula with a product of `factors`, each of whose slopes is a multiple of the product of the others."""
    total: Dim = 0
    for name, slope in slopes.items():
        if name not in factors:
            total = total + dims.symbol(name) * slope
    if not factors:
        return total
    others = {name: math.prod(base[other] for other in factors if other != name) for name in factors}
    multiples = {divmod(slopes[name], others[name]) for name in factors if others[name]}
    if len(multiples) != 1 or next(iter(multiples))[1]:
        return None
    product: Dim = next(iter(multiples))[0]
    for name in factors:
        product = product * dims.symbol(name)
    return total + product


def _slopes(values: Sequence[int], trials: Sequence[Trial], prefer: Sequence[str]) -> dict[str, int]:
    """By how much the value grows with each argument, from the trials that change it (and its equals) alone."""
    base = trials[0]
    slopes: dict[str, int] = {}
    for trial, value in zip(trials[1:], values[1:]):
        changed = [name for name in base if trial[name] != base[name]]
        if value == values[0] or len({trial[name] - base[name] for name in changed}) != 1:
            continue
        if any(name in slopes for name in changed):
            continue
        name = next((name for name in prefer if name in changed), changed[0])
        slope, rest = divmod(value - values[0], trial[name] - base[name])
        if rest:
            raise Unfitted
        slopes[name] = slope
    return slopes


def _evaluate(dim: Dim, trial: Trial) -> Dim:
    return dims.substitute(dim, dict(trial))


@frozen
class Experiment:
    """A base observation, the same module with other arguments, and the arguments of each.

    With `point`, the others were run at these sizes of the free axes, without symbols.
    """

    base: Observation
    others: Sequence[Observation]
    trials: Sequence[Trial]
    point: Mapping[str, int] = field(default_factory=dict)
    prefer: Sequence[str] = ()

    def generalise(self) -> Observation:
        """The base observation with arguments by name; raises Unfitted if an input or output follows no formula."""
        return replace(
            self.base,
            inputs=tuple(self._shape(*shapes) for shapes in self._columns("inputs")),
            output=self._value(self.base.output, *(other.output for other in self.others)),
            counts=tuple(self._shape(*shapes) for shapes in self._columns("counts")),
            parameters=tuple(self._shape(*shapes) for shapes in self._columns("parameters")),
            layers={name: self._layer(name) for name in self.base.layers},
            tensors=self._tensors(),
        )

    def _tensors(self) -> Mapping[str, Held]:
        """The tensors with arguments by name; none if their names differ, or a shape follows no formula."""
        everyone = (self.base.tensors, *(other.tensors for other in self.others))
        if len({tuple(tensors) for tensors in everyone}) != 1:
            return {}
        try:
            return {
                name: replace(held, shape=self._shape(*(tensors[name].shape for tensors in everyone)))
                for name, held in self.base.tensors.items()
            }
        except Unfitted:
            return {}

    def _columns(self, field: str) -> Iterator[tuple[Shape, ...]]:
        columns = [getattr(seen, field) for seen in (self.base, *self.others)]
        if len({len(column) for column in columns}) != 1:
            raise Unfitted
        return zip(*columns)

    def _layer(self, name: str) -> ObservedLayer:
        layers = [seen.layers.get(name) for seen in (self.base, *self.others)]
        base, *others = [layer for layer in layers if layer is not None and layer.output is not None] or [
            ObservedLayer("")
        ]
        if len(others) != len(self.others) or base.output is None:
            return ObservedLayer(self.base.layers[name].kind)
        try:
            inputs = tuple(self._shape(*shapes) for shapes in zip(base.inputs, *(other.inputs for other in others)))
            outputs = [other.output for other in others if other.output is not None]
            return ObservedLayer(base.kind, inputs, self._value(base.output, *outputs))
        except Unfitted:
            return ObservedLayer(base.kind)

    def _shape(self, base: Shape, *others: Shape) -> Shape:
        if any(len(other) != len(base) for other in others):
            raise Unfitted
        return tuple(self._dim(*column) for column in zip(base, *others))

    def _dim(self, base: Dim, *others: Dim) -> Dim:
        at_point = dims.substitute(base, dict(self.point))
        return base if all(other == at_point for other in others) else fit((base, *others), self.trials, self.prefer)

    def _value(self, base: ShapeOrStructure, *others: ShapeOrStructure) -> ShapeOrStructure:
        shapes = [other for other in others if isinstance(other, tuple)]
        structures = [other for other in others if isinstance(other, StructureValue)]
        if isinstance(base, tuple) and not structures:
            return self._shape(base, *shapes)
        if (
            isinstance(base, tuple)
            or shapes
            or any((other.keys, len(other.elements)) != (base.keys, len(base.elements)) for other in structures)
        ):
            raise Unfitted
        columns = zip(base.elements, *(structure.elements for structure in structures))
        return replace(base, elements=tuple(self._value(*column) for column in columns))
