"""Models of images as literal classifiers and as feature extractors.

The class count is found by tracing with another one; the feature extractor is the model whose layers that the class count
governs are replaced by Identity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapelint import dims
from shapelint.resolve import rows
from shapelint.resolve.govern import Experiment, Unfitted
from shapelint.resolve.images import Passage, passages
from shapelint.resolve.meta import Untraceable, build
from shapelint.resolve.symbolic import observe
from shapelint.schema import SignatureRow

if TYPE_CHECKING:
    from torch import nn

DEPTH = 2
CLASSES = (1000, 1013, 17)
"""The class counts that are tried: the default of every classifier, and two that are no width of any model."""

Make = Callable[..., Any]


def literal_row(make: Make, arguments: Mapping[str, Any], channels: int, own: tuple[int, int] | None = None) -> SignatureRow:
    """The row of a model as it is, with its class count written `num_classes`. Raises Untraceable."""
    base, *others = [build(lambda: make(**{**arguments, "num_classes": count})) for count in CLASSES]  # noqa: B023
    found = [_governed(passage, others) for passage in passages(base, channels, own)]
    return row(found)


def _governed(passage: Passage, others: list[nn.Module]) -> Passage:
    point = {"B": 3, "H": 331, "W": 299}
    (shape,) = passage.seen.inputs
    sizes = [int(str(dims.substitute(dim, dict(point)))) for dim in shape]
    trials = [{"num_classes": count} for count in CLASSES]
    try:
        return replace(passage, seen=Experiment(passage.seen, [observe(m, sizes) for m in others], trials, point).generalise())
    except Unfitted as error:
        raise Untraceable("does otherwise with another num_classes") from error


def features_row(make: Make, channels: int, own: tuple[int, int] | None = None) -> SignatureRow:
    """The row of a model with its classification layers replaced by Identity. Raises Untraceable."""
    module, other = (build(lambda: make(num_classes=count)) for count in CLASSES[:2])  # noqa: B023
    remove_classifier(module, other)
    return row(list(passages(module, channels, own)))


def remove_classifier(module: nn.Module, other: nn.Module) -> None:
    """Put Identity in the place of every layer whose parameters differ from those in `other`, of another class count.

    Raises Untraceable where there is no such layer.
    """
    from torch import nn

    shapes = {name: parameter.shape for name, parameter in other.named_parameters()}
    governed = {name.rpartition(".")[0] for name, p in module.named_parameters() if shapes.get(name) != p.shape}
    if not governed:
        raise Untraceable("has no layer that its class count governs")
    for name in governed:
        owner, _, child = name.rpartition(".")
        setattr(module.get_submodule(owner), child, nn.Identity())


def row(found: list[Passage]) -> SignatureRow:
    """All passages as alternatives of one row; weights and parts are those of the first."""
    first = found[0].seen
    shapes = " | ".join(str(rows.alternative(p.seen.inputs, p.seen.output, p.where)) for p in found)
    weights = rows.weights(first.parameters)
    return SignatureRow(shapes=shapes, weights=weights if isinstance(weights, int) else str(weights), parts=rows.parts(first.layers, DEPTH))
