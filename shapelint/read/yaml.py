"""Models in YAML: find the mappings that describe one, and read them as ModelSpec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from shapelint.common.frozen import frozen
from shapelint.common.value_words import describe
from shapelint.knowledge import methods
from shapelint.knowledge.schema.method_packs import MethodPack
from shapelint.knowledge.schema.widths import is_width
from shapelint.read.components import Reader, look_up
from shapelint.read.composing import composed_once
from shapelint.read.defaults import compose_defaults
from shapelint.read.extras import read_extras
from shapelint.read.nodes import Composition, Mapping, Scalar, Sequence, YamlNode, is_open_call, pairs
from shapelint.shapes import dims
from shapelint.spec.roles import HEADS
from shapelint.spec.spec import ComponentSpec, InputSpec, ModelSpec, Problem
from shapelint.text.source import Source

if TYPE_CHECKING:
    from shapelint.read.hydra import Missing

_INPUT_AXES = ("channels", "height", "width")


@frozen
class Lookup:
    """What the reader needs to know about components: a class's arguments, and whether a name is a known SSL head."""

    parameters: Callable[[str], frozenset[str]]
    head_role: Callable[[str], str | None]


@frozen
class FoundModel:
    """One model of a text: the mapping that describes it, with the path of keys to it, and its document.

    `method` is the one that is named in it or above it; `references` are the paths that its values refer to.
    """

    spec: ModelSpec
    mapping: Mapping
    path: tuple[str, ...]
    document: int
    method: str
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
    def models(self) -> tuple[ModelSpec, ...]:
        """The models in the order in which they stand."""
        return tuple(one.spec for one in self.found)


def read_models(source: Source, lookup: Lookup, default_method: str = methods.DEFAULT) -> Reading:
    """All models of a YAML text, composed with what its defaults name; raises InvalidYamlError where it is no YAML."""
    found = []
    roots = []
    whole = composed_once(Source(source.path, source.own_text))
    documents = whole.documents
    for number, document in enumerate(documents, 1):
        root, missing = compose_defaults(source, document) if len(documents) == 1 else (document, ())
        roots.append(root)
        for path, mapping, method in candidates(root, lookup, (), default_method):
            name = ".".join(path) or PurePath(source.path).stem
            if len(documents) > 1:
                name = f"document {number}" + (f".{'.'.join(path)}" if path else "")
            reader = Reader(source, partial(look_up, root), lookup.parameters)
            model = read_model(reader, mapping, name, method, lookup)
            absent = [_absent(one) for one in missing if one.package == path[: len(one.package)]]
            model = replace(model, problems=(*model.problems, *absent))
            found.append(FoundModel(model, mapping, path, number - 1, method, frozenset(reader.references)))
    return Reading(source, lookup, tuple(found), tuple(roots), whole)


def _absent(missing: Missing) -> Problem:
    """The problem of a file that is part of a model's defaults but is missing."""
    help = "if it lies in a package or is registered in code, what it sets is known at run time only"
    return Problem("SL901", f"{missing.cover.text}: what it sets is not known", missing.cover.span, help=help)


def candidates(
    node: YamlNode, lookup: Lookup, path: tuple[str, ...], method: str
) -> Iterator[tuple[tuple[str, ...], Mapping, str]]:
    """The mappings under a node that describe a model, with their key paths and the method that is named above them."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from candidates(item, lookup, (*path, str(index)), method)
    if not isinstance(node, Mapping):
        return
    entries = {key.text: value for key, value in pairs(node)}
    named = method_name(entries)
    method = named or method
    roles = _roles(entries, _pack(method), lookup)
    if roles and _is_model(entries, roles, named is not None, lookup):
        yield path, node, method
        return
    for key, value in entries.items():
        yield from candidates(value, lookup, (*path, key), method)


def method_name(entries: dict[str, YamlNode]) -> str | None:
    """The method that a mapping names, if it is one that is known."""
    value = entries.get("method")
    if isinstance(value, Scalar) and isinstance(value.value, str) and methods.pack(value.value):
        return value.value.lower()
    return None


def _pack(method: str) -> MethodPack:
    pack = methods.pack(method)
    assert pack is not None
    return pack


def _roles(entries: dict[str, YamlNode], pack: MethodPack, lookup: Lookup) -> dict[str, str]:
    """The key of each role: the canonical key first, then aliases, then any key that holds a known SSL head."""
    filled: dict[str, str] = {}
    for key in sorted(entries, key=lambda key: key not in pack.roles):
        role = pack.role_of(key)
        if role and role not in filled:
            filled[role] = key
    for key, value in entries.items():
        role = head_role(value, lookup)
        if role in pack.roles and role not in filled and pack.role_of(key) is None:
            filled[role] = key
    return filled


def _is_model(entries: dict[str, YamlNode], roles: dict[str, str], method_is_named: bool, lookup: Lookup) -> bool:
    if method_is_named or not HEADS.isdisjoint(entries):
        return True
    heads = (key for role, key in roles.items() if role != "backbone")
    return "backbone" in roles and any(head_role(entries[key], lookup) for key in heads)


def head_role(node: YamlNode, lookup: Lookup) -> str | None:
    """The role of a known SSL head, from the name of its class."""
    if isinstance(node, Mapping):
        values = {key.text: value for key, value in pairs(node)}
        node = next(
            (values[key] for key in ("_target_", "class_path", "type", "target", "name") if key in values), node
        )
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    name = node.value.partition("(")[0].strip()
    return lookup.head_role(name) if name.isidentifier() or "." in name else None


def read_model(reader: Reader, mapping: Mapping, name: str, method: str, lookup: Lookup) -> ModelSpec:
    """The model that a mapping describes."""
    pack = _pack(method)
    entries = {key.text: value for key, value in pairs(mapping)}
    reader.check_keys(mapping)
    components: dict[str, ComponentSpec] = {}
    for role, key in _roles(entries, pack, lookup).items():
        node = entries[key]
        if isinstance(node, Scalar) and is_open_call(node):
            reader.role = role
            reader.invalid(node.span, "a parenthesis is opened and not closed", actual=node.text)
            continue
        component = reader.component(node, role, pack.roles[role].default)
        if component is not None:
            components[role] = component
    reader.role = ""
    image = _input(reader, entries)
    if "batch_size" in entries:
        _width(reader, reader.follow(entries["batch_size"]), "batch_size")
    extras = read_extras(reader, entries, pack)
    return ModelSpec(name, method, image, mapping.span, components, tuple(reader.problems), extras)


def _input(reader: Reader, entries: dict[str, YamlNode]) -> InputSpec:
    """`input: [3, 224, 224]`, `input: {channels: 3, ...}`, or `image_size: 224`; open axes are symbols."""
    open_input = InputSpec(3, dims.symbol("H"), dims.symbol("W"))
    if "input" in entries:
        node = reader.follow(entries["input"])
        if isinstance(node, Sequence):
            return _input_list(reader, node, open_input)
        if isinstance(node, Mapping):
            return _input_mapping(reader, node, open_input)
        if isinstance(node, Scalar) and node.value not in (None, dims.UNKNOWN_DIM):
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
    if value is dims.UNKNOWN_DIM or (isinstance(value, str) and "${" in value):
        return dims.UNKNOWN_DIM
    if isinstance(value, int) and is_width(value):
        return value
    reader.invalid(node.span, f"{name} must be a positive integer, found {describe(value)}", actual=str(value))
    return dims.UNKNOWN_DIM
