"""One model of an edited YAML text, read anew without the rest of the text: what reading all of it gives.

That holds where nothing outside of the model's mapping depends on what is in it, and what is in it depends on the rest
only through aliases and `${references}`. Where it does not hold for certain, there is no answer, and all is read.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.common.frozen import replace
from shapelint.documents.nodes import Mapping, Scalar, YamlNode, pairs, recomposed
from shapelint.read.components import Reader, child
from shapelint.read.interpolations import References, names
from shapelint.read.recognition import candidates, head_role, method_of
from shapelint.read.yaml import FoundModel, Reading, read_model
from shapelint.spec.spec import ModelSpec
from shapelint.text.source import Source, Span


def is_apart(reading: Reading, one: FoundModel) -> bool:
    """Whether no edit inside of a model's mapping changes what the rest of the document is."""
    node = one.mapping
    return (
        node.span == node.home
        and reading.source.slice(node.span)[:1] not in ("&", "!")
        and reading.roots[one.document] is reading.composition.documents[one.document]
        and not any(
            _within(known.node.span, node.span) and known.document == one.document and not _holds(node.span, offset)
            for offset, known in reading.composition.uses
        )
        and not any(
            _may_meet(names(path), one.path)
            for other in reading.found
            if other is not one and other.document == one.document
            for path in other.references
        )
    )


def reread(reading: Reading, one: FoundModel, source: Source) -> ModelSpec | None:
    """The model of a source that was edited inside of the model's mapping alone, which `is_apart`; None if in doubt."""
    growth = len(source.text) - len(reading.source.text)
    place = Span(one.mapping.span.start, one.mapping.span.end + growth)
    composed = recomposed(source, place, reading.composition, one.document)
    new = composed.documents[0] if composed else None
    if composed is None or not isinstance(new, Mapping) or new.flow != one.mapping.flow:
        return None
    inside = [known for known in reading.composition.definitions if _within(known.node.span, one.mapping.span)]
    inside = [known for known in inside if known.document == one.document]
    if [known.name for known in composed.definitions] != [known.name for known in inside]:
        return None
    if _method(new) != _method(one.mapping) or head_role(new, reading.lookup) != head_role(one.mapping, reading.lookup):
        return None
    if [found for found, *_ in candidates(new, reading.lookup, one.path, one.method)] != [one.path]:
        return None
    look_up = _among(reading, one, new, growth)
    reader = Reader(source, look_up, reading.lookup.parameters, References(new, one.path))
    return read_model(reader, new, one.spec.name, one.method, reading.lookup)


def _among(reading: Reading, one: FoundModel, new: Mapping, growth: int) -> Callable[[str], YamlNode | None]:
    """The way to a node of the document in which a mapping has taken the place of another one."""

    def find(path: str) -> YamlNode | None:
        node: YamlNode | None = reading.roots[one.document]
        is_new = node is one.mapping
        for name in names(path):
            node = child(new if node is one.mapping else node, name)
            is_new = is_new or node is one.mapping
        if isinstance(node, Scalar) and not is_new and node.origin.start >= one.mapping.span.end:
            return replace(node, origin=Span(node.origin.start + growth, node.origin.end + growth))
        return node

    return find


def _method(node: Mapping) -> str | None:
    named = method_of({key.text: value for key, value in pairs(node)})
    return named.name if named else None


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start < outer.end


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset < span.end


def _may_meet(path: list[str], other: tuple[str, ...]) -> bool:
    """Whether one path may lead into what the other one leads to."""
    return all(a == b for a, b in zip(path, other))
