"""Models in YAML: find the mappings that describe one, and read them as ModelSpec."""

from __future__ import annotations

import os
from collections.abc import Sequence as List
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from shapelint.common.frozen import frozen, replace
from shapelint.common.value_words import describe
from shapelint.documents.composing import composed_once
from shapelint.documents.defaults import compose_defaults
from shapelint.documents.nodes import Composition, Mapping, Scalar, Sequence, YamlNode, is_open_call, pairs
from shapelint.documents.overrides import Override, Sweep, swept
from shapelint.knowledge import methods
from shapelint.knowledge.schema.widths import is_width
from shapelint.read.components import Reader, look_up, unread
from shapelint.read.extras import read_extras
from shapelint.read.interpolations import References
from shapelint.read.recognition import Lookup, Named, candidates, method_of, misspelt, roles_of
from shapelint.shapes import dims
from shapelint.spec.spec import ComponentSpec, InputSpec, ModelSpec, Problem
from shapelint.text.source import Source

if TYPE_CHECKING:
    from shapelint.documents.hydra import Missing

_INPUT_AXES = ("channels", "height", "width")


@frozen
class FoundModel:
    """One model of a text: the mapping that describes it, with the path of keys to it, and its document.

    `method` is what is said of its method above it; `references` are the paths that its values refer to.
    """

    spec: ModelSpec
    mapping: Mapping
    path: tuple[str, ...]
    document: int
    method: Named
    references: frozenset[str]


@frozen
class Reading:
    """A YAML text as read: its models, and the documents that they were found in, composed with their Hydra parts."""

    source: Source
    lookup: Lookup
    found: tuple[FoundModel, ...]
    roots: tuple[YamlNode, ...]
    composition: Composition

    @property
    def sweep(self) -> Sweep:
        """What the config says of runs with other values; its groups are in its own folder."""
        found = swept(self.roots[0], self.source) if len(self.roots) == 1 else ()
        return Sweep(os.path.dirname(self.source.path), found)

    @property
    def models(self) -> tuple[ModelSpec, ...]:
        """The models in the order in which they stand."""
        return tuple(one.spec for one in self.found)


def read_models(
    source: Source, lookup: Lookup, default_method: str = methods.DEFAULT, overrides: List[Override] = ()
) -> Reading:
    """All models of a YAML text, composed with what its defaults name; raises InvalidYamlError where it is no YAML."""
    found: list[FoundModel] = []
    roots = []
    whole = composed_once(Source(source.path, source.own_text))
    documents = whole.documents
    for number, document in enumerate(documents, 1):
        root, missing = compose_defaults(source, document, overrides) if len(documents) == 1 else (document, ())
        roots.append(root)
        for path, mapping, method in candidates(root, lookup, (), Named(default_method)):
            name = ".".join(path) or PurePath(source.path).stem
            if len(documents) > 1:
                name = f"document {number}" + (f".{'.'.join(path)}" if path else "")
            reader = Reader(source, partial(look_up, root), lookup.parameters, References(mapping, path))
            method = replace(method, is_told=method.span in {one.method.span for one in found})
            model = read_model(reader, mapping, name, method, lookup)
            absent = [_absent(one) for one in missing if one.package == path[: len(one.package)]]
            model = replace(model, problems=(*model.problems, *absent))
            found.append(FoundModel(model, mapping, path, number - 1, method, frozenset(reader.references)))
    return Reading(source, lookup, tuple(found), tuple(roots), whole)


def _absent(missing: Missing) -> Problem:
    """The problem of a file that is part of a model's defaults but is missing."""
    help = "if it lies in a package or is registered in code, what it sets is known at run time only"
    return Problem("SL901", f"{missing.cover.text}: what it sets is not known", missing.cover.span, help=help)


def read_model(reader: Reader, mapping: Mapping, name: str, above: Named, lookup: Lookup) -> ModelSpec:
    """The model that a mapping describes, with what is said of its method above it."""
    entries = {key.text: value for key, value in pairs(mapping)}
    method = method_of(entries) or above
    pack = method.pack
    reader.check_keys(mapping)
    components: dict[str, ComponentSpec] = {}
    for role, key in roles_of(entries, pack, lookup).items():
        node = entries[key]
        if isinstance(node, Scalar) and is_open_call(node):
            reader.role = role
            reader.invalid(node.span, "a parenthesis is opened and not closed", actual=node.text)
            components[role] = unread(node)
            continue
        component = reader.component(node, role, pack.roles[role].default)
        if component is not None:
            components[role] = component
    reader.role = ""
    if problem := misspelt(method):
        reader.problems.append(problem)
    image = _input(reader, entries)
    if "batch_size" in entries:
        _width(reader, reader.follow(entries["batch_size"]), "batch_size")
    extras = read_extras(reader, entries, pack)
    return ModelSpec(name, method.name, image, mapping.span, components, tuple(reader.problems), extras, method.span)


def _input(reader: Reader, entries: dict[str, YamlNode]) -> InputSpec:
    """`input: [3, 224, 224]`, `input: {channels: 3, ...}`, or `image_size: 224`; open axes are symbols."""
    open_input = InputSpec(3, dims.symbol("H"), dims.symbol("W"))
    if "input" in entries:
        node = reader.follow(entries["input"])
        if isinstance(node, Sequence):
            return _input_list(reader, node, open_input)
        if isinstance(node, Mapping):
            return _input_mapping(reader, node, open_input)
        if isinstance(node, Scalar) and type(node.value) in (int, float):
            reader.invalid(node.span, "expected input: [channels, height, width]", actual=str(node.value))
    if "image_size" in entries:
        return _sized(reader, reader.follow(entries["image_size"]), open_input)
    return open_input


def _input_list(reader: Reader, node: Sequence, image: InputSpec) -> InputSpec:
    if len(node.items) != 3:
        message = f"expected input: [channels, height, width], found {len(node.items)} numbers"
        reader.invalid(node.span, message, expected=3, actual=len(node.items))
        return image
    items = [reader.follow(item) for item in node.items]
    channels, height, width = (_width(reader, item, f"input {axis}") for item, axis in zip(items, _INPUT_AXES))
    return InputSpec(channels, height, width, node.span, tuple(item.span for item in items))


def _input_mapping(reader: Reader, node: Mapping, image: InputSpec) -> InputSpec:
    image = replace(image, span=node.span)
    for key, value in pairs(node):
        value = reader.follow(value)
        if key.text in _INPUT_AXES:
            position = _INPUT_AXES.index(key.text)
            spans = (*image.spans[:position], value.span, *image.spans[position + 1 :])
            axis: dict[str, Any] = {key.text: _width(reader, value, f"input {key.text}")}
            image = replace(image, spans=spans, **axis)
        elif key.text == "image_size":
            image = _sized(reader, value, image)
        else:
            message = f"unknown key {key.text!r} in input: expected channels, height, width or image_size"
            reader.invalid(key.span, message, actual=key.text)
    return image


def _sized(reader: Reader, node: YamlNode, image: InputSpec) -> InputSpec:
    items = list(node.items) if isinstance(node, Sequence) else [node]
    if len(items) not in (1, 2):
        reader.invalid(node.span, "expected image_size: one number, or [height, width]", actual=len(items))
        return image
    height, width = (_width(reader, reader.follow(item), "image_size") for item in (items[0], items[-1]))
    return replace(image, height=height, width=width, spans=(image.spans[0], items[0].span, items[-1].span))


def _width(reader: Reader, node: YamlNode, name: str) -> dims.Dim:
    value = node.value if isinstance(node, Scalar) else None
    if value is None or isinstance(value, (bool, dims.Expression)) or (isinstance(value, str) and _is_in_words(value)):
        return dims.UNKNOWN_DIM
    if isinstance(value, int) and is_width(value):
        return value
    reader.invalid(node.span, f"{name} must be a positive integer, found {describe(value)}", actual=str(value))
    return dims.UNKNOWN_DIM


def _is_in_words(text: str) -> bool:
    """Whether a text is more than a number: `224x224` and `auto` mean what the user's code takes them for."""
    try:
        float(text)
    except ValueError:
        return True
    return False
