"""Models of images as literal classifiers and as feature extractors.

The class count is found by tracing with another one; the feature extractor is the model in which Identity replaces the
layers that the class count governs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Union

from shapelint.knowledge.schema.signature_files import SignatureRow
from shapelint.trace import signature_rows
from shapelint.trace.governing_arguments import Experiment, Unfitted
from shapelint.trace.images import Passage, evaluate, passages
from shapelint.trace.meta import Untraceable, build
from shapelint.trace.symbolic import observe

if TYPE_CHECKING:
    from torch import nn

CLASSES = (1000, 1013, 17)
"""The class counts to try: the default of most classifiers, and two that are not a width of any model."""

Make = Callable[..., Any]
ImageSize = Union[tuple[int, int], None]
"""The one image size that a row is needed for; None for all."""


def literal_row(make: Make, arguments: Mapping[str, Any], channels: int, at: ImageSize = None) -> SignatureRow:
    """The row of an unchanged model, with its class count written `num_classes` if it has one. Raises Untraceable."""
    module = build(lambda: make(**arguments))
    given = arguments.get("num_classes", default_classes(module))
    try:
        if not isinstance(given, int) or given < 1:
            raise Untraceable("without classes")
        base, *others = [build(lambda: make(**{**arguments, "num_classes": count})) for count in CLASSES]  # noqa: B023
    except Untraceable:
        return row(passages(module, channels, own_size(module), at))
    return row([_governed(passage, others) for passage in passages(base, channels, own_size(base), at)])


def default_classes(module: nn.Module) -> int:
    """The default number of classes of a library's model: for timm's, that of its weights, or none."""
    count = (getattr(module, "pretrained_cfg", None) or {}).get("num_classes")
    return count if isinstance(count, int) else CLASSES[0]


def _governed(passage: Passage, others: list[nn.Module]) -> Passage:
    point = {"B": 3, "H": passage.size[0], "W": passage.size[1]}
    shape = evaluate(passage.seen.inputs[0], point)
    assert isinstance(shape, tuple)
    sizes = [size for size in shape if isinstance(size, int)]
    trials = [{"num_classes": count} for count in CLASSES]
    try:
        seen = Experiment(passage.seen, [observe(other, sizes) for other in others], trials, point).generalise()
        return replace(passage, seen=seen)
    except Unfitted as error:
        raise Untraceable("does otherwise with another num_classes") from error


def features_row(make: Make, arguments: Mapping[str, Any], channels: int, at: ImageSize = None) -> SignatureRow:
    """The row of a model with Identity for its classification layers, auxiliary ones off. Raises Untraceable."""

    def plain(count: int) -> nn.Module:
        try:
            return build(lambda: make(**arguments, num_classes=count, aux_logits=False))
        except Untraceable:
            return build(lambda: make(**arguments, num_classes=count))

    module = plain(CLASSES[0])
    remove_classifier(module, plain(CLASSES[1]))
    return row(passages(module, channels, own_size(module), at))


def headless_row(make: Make, arguments: Mapping[str, Any], channels: int, at: ImageSize = None) -> SignatureRow:
    """The row of a model whose library can leave the classifier off: `num_classes=0`. Raises Untraceable."""
    module = build(lambda: make(**{**arguments, "num_classes": 0}))
    return row(passages(module, channels, own_size(module), at))


def own_size(module: nn.Module) -> tuple[int, int]:
    """The image size that a model was made for: its own attribute, or its library's, or 224."""
    size = getattr(module, "image_size", None) or getattr(getattr(module, "patch_embed", None), "img_size", None)
    size = size or (getattr(module, "default_cfg", None) or {}).get("input_size", (3, 224, 224))[-2:]
    pair = (size, size) if isinstance(size, int) else tuple(size)
    return (int(pair[0]), int(pair[1]))


def remove_classifier(module: nn.Module, other: nn.Module) -> None:
    """Replace by Identity every layer whose parameters differ from those in `other`, which has another class count.

    Raises Untraceable if there is no such layer.
    """
    from torch import nn

    shapes = {name: parameter.shape for name, parameter in other.named_parameters()}
    governed = {name.rpartition(".")[0] for name, p in module.named_parameters() if shapes.get(name) != p.shape}
    if not governed:
        raise Untraceable("has no layer that its class count governs")
    for name in governed:
        owner, _, child = name.rpartition(".")
        setattr(module.get_submodule(owner), child, nn.Identity())


def row(found: Sequence[Passage]) -> SignatureRow:
    """All passages as alternatives of one row, an empty one if there are none; the rest is that of the first."""
    if not found:
        return SignatureRow(shapes="")
    first = found[0].seen
    shapes = " | ".join(str(signature_rows.alternative(p.seen.inputs, p.seen.output, p.where)) for p in found)
    weights = signature_rows.weights(first.parameters)
    return SignatureRow(
        shapes=shapes,
        weights=weights if isinstance(weights, int) else str(weights),
        parts=signature_rows.parts(first.layers, signature_rows.PART_DEPTH),
        tensors=signature_rows.tensors(first.tensors),
        listed=any(passage.is_alone for passage in found),
    )
