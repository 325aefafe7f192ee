"""Features taken from inside a backbone: at a named layer, or at its last feature map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shapelint.common.frozen import frozen, replace
from shapelint.common.nearest_words import nearest_word
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.resolve.resolver import applied, resolve
from shapelint.shapes import notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Ellipsis_, Pattern, SignatureError
from shapelint.signatures import timm_signatures
from shapelint.spec.spec import ComponentSpec

VECTOR_AXES, TOKEN_AXES, MAP_AXES = 2, 3, 4
POOLS = ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d")


@frozen
class Found:
    """Whether a backbone has a layer: `name` is its full name, `nearest` the most similar name that it does have."""

    exists: bool | None
    name: str = ""
    nearest: str = ""


def find(component: Resolved, layer: str | int) -> Found:
    """Look up a layer by its dotted name, or by its position among the children, as byol-pytorch does."""
    names = layer_names(component)
    if not names:
        return Found(None)
    children = [name for name in names if "." not in name]
    if isinstance(layer, int):
        inside = -len(children) <= layer < len(children)
        return Found(inside, children[layer] if inside else "", children[-1])
    if layer in names:
        return Found(True, layer)
    # Nothing is known below a layer whose own children are not listed.
    parent = layer
    while "." in parent:
        parent = parent.rpartition(".")[0]
        if parent in names:
            listed = any(name.startswith(f"{parent}.") for name in names)
            if not listed or component.layers:
                return Found(None)
            break
    return Found(False, "", nearest_word(layer, names, likeness=0.5))


def layer_names(component: Resolved) -> list[str]:
    """The names of a component's layers in order; empty if they are not known."""
    if component.layers:
        return [str(index) for index in range(len(component.layers))]
    return list(component.row.parts) if component.row else []


def taken_at(component: Resolved, layer: str | int) -> Resolved:
    """The backbone with the flattened output of one layer as its features; unchanged if there is no such layer."""
    found = find(component, layer)
    if not found.exists:
        return component
    if component.layers:
        return replace(component, layers=(*component.layers[: int(found.name) + 1], *_flatten(component)))
    return _cut(component, found.name, flatten=True) or replace(component, template=None, signature=None)


def last_map(component: Resolved) -> Resolved:
    """The backbone without its pooling and classifier: its last feature map."""
    parts = component.row.parts if component.row else {}
    maps = []
    for name, text in parts.items():
        kind, _, _ = text.partition(":")
        output = _output(text)
        if "." not in name and output is not None:
            if output.rank != 4:
                break
            if kind.rpartition(".")[2] not in POOLS:
                maps.append(name)
    cut = _cut(component, maps[-1], flatten=False) if maps else None
    if cut is not None and not _has_channels_last(cut, component):
        return cut
    reason = "its last feature map has its channels last" if cut else "its last feature map is not known"
    return replace(component, template=None, signature=None, source="unknown", reason=reason)


def _has_channels_last(features: Resolved, pooled: Resolved) -> bool:
    """Whether the channels of a map are its last axis: they are as many as the backbone gives when it has pooled it."""
    places, vector = (one.signature.alternatives[0].output if one.signature else None for one in (features, pooled))
    if not isinstance(places, Pattern) or not isinstance(vector, Pattern) or vector.rank != VECTOR_AXES:
        return False
    return places.axes[1] != vector.axes[-1] == places.axes[-1]


def tokens(component: Resolved) -> Resolved:
    """The backbone without its pooling and classifier: all tokens of its last layer, or places of its last map."""
    output = component.template.alternatives[0].output if component.template else None
    if component.layers or component.signature is None or (isinstance(output, Pattern) and output.rank == TOKEN_AXES):
        return component
    if component.source == "declared":
        template = notation.parse_signature("B ... -> B tokens out_dim")
        return replace(component, template=template, signature=signatures.substitute(template, component.values))
    if component.spec.spelling == "name":
        given = _token_features(component) or _places(last_map(component))
        if given is not None:
            return given
    reason = "the tokens of its last layer are not known"
    return replace(component, template=None, signature=None, source="unknown", reason=reason)


def _token_features(component: Resolved) -> Resolved | None:
    """The backbone up to the last of its parts that gives tokens, or what timm's `forward_features` gives."""
    found = timm_signatures.find(component.spec, component.target, "forward_features")
    if found is not None:
        whole = applied(found[1], component.spec, component.target, "backbone", "stored")
        parts = {"": f": {whole.signature}"}
    else:
        whole, parts = component, component.row.parts if component.row else {}
    made = [name for name, text in parts.items() if (output := _output(text)) and output.rank == TOKEN_AXES]
    if not made:
        return None
    return whole if found is not None else _cut(whole, made[-1], flatten=False)


def _flatten(component: Resolved) -> tuple[Resolved, ...]:
    place = component.spec.head
    return (resolve(ComponentSpec("call", "torch.nn.Flatten", place, place), "", Options()),)


def _cut(component: Resolved, name: str, flatten: bool) -> Resolved | None:
    """The component cut off after one of its parts."""
    if component.row is None or component.template is None:
        return None
    output = _output(component.row.parts[name])
    if output is None or any(isinstance(axis, Ellipsis_) for axis in output.axes):
        return None
    axes: list[Any] = list(output.axes)
    if flatten and len(axes) > 2:
        axes = [axes[0], _product(axes[1:])]
    return _giving(component, axes)


def _product(axes: Sequence[Dim]) -> Dim:
    size: Dim = 1
    for axis in axes:
        size = size * axis
    return size


def _places(component: Resolved) -> Resolved | None:
    """A backbone that gives a map, with the places of the map as tokens; None if it gives none."""
    output = component.template.alternatives[0].output if component.template else None
    if not isinstance(output, Pattern) or output.rank != MAP_AXES:
        return None
    batch, channels, *places = (axis for axis in output.axes if not isinstance(axis, Ellipsis_))
    return _giving(component, [batch, _product(places), channels])


def _giving(component: Resolved, axes: Sequence[Any]) -> Resolved:
    """The component with other axes of what it gives."""
    assert component.row is not None
    assert component.template is not None
    first = component.template.alternatives[0]
    template = replace(component.template, alternatives=(replace(first, output=Pattern(tuple(axes))),))
    row = component.row.changed(shapes=str(template), weights="")
    return replace(
        component, template=template, signature=signatures.substitute(template, dict(component.values)), row=row
    )


def _output(text: str) -> Pattern | None:
    try:
        output = notation.parse_signature(text.partition(":")[2]).alternatives[0].output
    except (SignatureError, ValueError):
        return None
    return output if isinstance(output, Pattern) else None
