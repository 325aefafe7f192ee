"""A misfit in a live module, and what made the tensor that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapelint.common.frozen import frozen
from shapelint.live.live_layers import KnownLayer
from shapelint.shapes.notation import Ellipsis_, Pattern
from shapelint.shapes.signatures import Misfit

MODEL_INPUT = "input"

METHOD = "byol"
"""The method whose roles and loss are assumed."""


@frozen
class Change:
    """An edit: the new value of a constructor argument of a layer, which is given by its dotted name."""

    layer: str
    argument: str
    value: Any


@frozen
class Maker:
    """What gave a tensor its width: a layer of a component; the component `input` is the model's input."""

    component: str
    layer: str = ""
    label: str = ""


NOBODY = Maker("")
"""The maker of a tensor whose width no layer set."""


@frozen
class Fault:
    """One misfit: the layer that cannot take its input, the two numbers, and the maker of the tensor.

    `kind` is "axis", "rank", "condition" or "type". `change` is the edit that lets the layer take its input, `out` the
    output width of a Linear. `are_logits` is whether a classifier's scores are used as features; then the two numbers
    may be equal.
    """

    consumer: Maker
    producer: Maker
    kind: str
    expected: Any = None
    actual: Any = None
    axis: int = 0
    rank: int = 0
    expected_rank: int | None = None
    expected_shape: str = "?"
    actual_shape: str = "?"
    is_variadic: bool = False
    condition: str = ""
    change: Change | None = None
    out: str = "..."
    are_logits: bool = False

    @property
    def key(self) -> tuple[Any, ...]:
        """The identity of a misfit: equal for the same misfit of the same layer, however often it is called."""
        return (self.consumer, self.kind, self.expected, self.actual, self.condition)

    @property
    def about_batch(self) -> bool:
        """Whether a condition fails because the batch is too small for its statistics."""
        return self.kind == "condition" and "B" in self.condition.replace("*", " ").replace("(", " ").split()

    @property
    def about_size(self) -> bool:
        """Whether the image does not fit, rather than a width."""
        spatial = self.kind == "axis" and self.axis >= 2 and self.rank > 3 and not self.is_variadic
        return spatial or (self.kind == "condition" and not self.about_batch)


@frozen
class FeatureWidth:
    """The number of features in a component's output, and the layer that made them."""

    size: int
    maker: Maker


def fault_of(consumer: Maker, layer: KnownLayer, misfit: Misfit, tensor: torch.Tensor, shown: str) -> Fault:
    """The fault of a layer that gets a tensor of the shape `shown`, with the call that would accept it."""
    pattern = misfit.alternative.inputs[misfit.input]
    is_axis = misfit.kind == "axis"
    return Fault(
        consumer,
        maker_of(tensor),
        misfit.kind,
        misfit.expected if is_axis else misfit.condition or pattern_text(pattern),
        misfit.actual if is_axis else shown,
        misfit.axis,
        tensor.dim(),
        actual_shape=shown,
        condition=misfit.condition,
        change=_change(consumer, layer, misfit, tensor.dim()),
        out=str(layer.values.get("out_features", "...")),
        **declared(layer, misfit.input),
    )


def _change(consumer: Maker, layer: KnownLayer, misfit: Misfit, rank: int) -> Change | None:
    """The edit of the constructor argument that sets the axis at fault; None if no argument does."""
    if misfit.kind != "axis":
        return None
    position = layer.signature.alternatives.index(misfit.alternative)
    axes = _spread(layer.template.alternatives[position].inputs[misfit.input], rank, layer.values)
    name, index = axes[misfit.axis]
    if name not in layer.values:
        return None
    value = layer.values[name]
    if isinstance(value, tuple):
        return Change(consumer.layer, name, (*value[:index], misfit.actual, *value[index + 1 :]))
    return Change(consumer.layer, name, misfit.actual)


def _spread(pattern: Pattern, rank: int, values: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The name of every axis of an input, with its index in the list argument of that name."""
    named = [axis.name if isinstance(axis, Ellipsis_) else str(axis) for axis in pattern.axes]
    counts = [len(values[name]) if isinstance(values.get(name), tuple) else 1 for name in named]
    free = rank - sum(count for count, name in zip(counts, named) if name)
    return [(name, index) for name, count in zip(named, counts) for index in range(count if name else free)]


def declared(layer: KnownLayer, position: int = 0) -> dict[str, Any]:
    """The input of a layer's usual alternative, as fields of a Fault."""
    pattern = layer.signature.alternatives[0].inputs[position]
    variadic = is_variadic(pattern)
    return {
        "expected_rank": 2 if variadic else pattern.rank,
        "expected_shape": pattern_text(pattern),
        "is_variadic": variadic,
    }


def pattern_text(pattern: Pattern) -> str:
    """A pattern as people write shapes: `(B, 512)`."""
    axes = ["B" if isinstance(axis, Ellipsis_) and index == 0 else str(axis) for index, axis in enumerate(pattern.axes)]
    return f"({', '.join(axes)})"


def is_variadic(pattern: Pattern) -> bool:
    """Whether a pattern takes any leading axes before those that it names."""
    return len(pattern.axes) > 1 and isinstance(pattern.axes[0], Ellipsis_)


def mark(tensor: torch.Tensor, maker: Maker) -> None:
    """Record what gave a (fake) tensor its width."""
    tensor.shapelint_maker = maker  # type: ignore[attr-defined]


def maker_of(tensor: torch.Tensor | None) -> Maker:
    """What gave a tensor its width; a maker without names if that is unknown."""
    maker: Maker = getattr(tensor, "shapelint_maker", NOBODY)
    return maker


def inherit(tensor: torch.Tensor, source: torch.Tensor | None) -> None:
    """Pass the maker of one tensor on to another."""
    if source is not None and maker_of(source) != NOBODY:
        mark(tensor, maker_of(source))
