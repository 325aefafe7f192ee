"""Data files as nodes with spans: YAML, JSON and TOML, by their format."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from typing import Any

from shapelint.common.frozen import replace
from shapelint.documents.composing import composed_once
from shapelint.documents.nodes import InvalidYamlError, Mapping, Sequence, YamlNode
from shapelint.documents.toml_nodes import toml_nodes
from shapelint.text.source import Source, Span

DATA_SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}
"""The formats of data files, by suffix."""


def form_of(path: str) -> str:
    """Return the format of a file; one with another suffix is read as YAML."""
    return DATA_SUFFIXES.get(path[path.rfind(".") :].lower(), "yaml")


def read_nodes(source: Source, form: str) -> YamlNode | None:
    """Return the nodes of a text in a format, its first document; None if it is empty. Raises InvalidYamlError."""
    return _READERS[form](source)


def _yaml(source: Source) -> YamlNode | None:
    return next(iter(composed_once(source).documents), None)


def _json(source: Source) -> YamlNode | None:
    """Read JSON as the YAML that it is but for tabs between its values, and its numbers as JSON reads them."""
    import json

    try:
        json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise InvalidYamlError(f"not JSON: {error}", Span(0, min(1, len(source.text)))) from None
    node = _yaml(replace(source, text=source.text.replace("\t", " ")))
    return None if node is None else _as_json(node, json.loads)


def _as_json(node: YamlNode, number: Callable[[str], Any]) -> YamlNode:
    """The nodes with what is neither a list, a mapping nor a quoted text as JSON reads it."""
    if isinstance(node, Mapping):
        return replace(node, entries=tuple((key, _as_json(value, number)) for key, value in node.entries))
    if isinstance(node, Sequence):
        return replace(node, items=tuple(_as_json(item, number) for item in node.items))
    return node if node.style else replace(node, value=number(node.text))


_READERS: Map[str, Callable[[Source], YamlNode | None]] = {"yaml": _yaml, "json": _json, "toml": toml_nodes}
