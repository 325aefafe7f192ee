"""Configs that a Hydra defaults list composes from several files; the reader of such lists is loaded on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.documents.nodes import Mapping, YamlNode, pairs
from shapelint.text.source import Source, read_source

if TYPE_CHECKING:
    from shapelint.read.hydra import Missing


def join_defaults(source: Source, read: Callable[[Path], Source] = read_source) -> Source:
    """Join to a config the files that its defaults list names, directly or through others; `read` reads one."""
    if "defaults" not in source.text:
        return source
    from shapelint.read import hydra

    return hydra.gathered(source, read)


def compose_defaults(source: Source, document: YamlNode) -> tuple[YamlNode, tuple[Missing, ...]]:
    """Compose a document from the joined files that its defaults list names; also return what was not found."""
    if not isinstance(document, Mapping) or all(key.text != "defaults" for key, _ in pairs(document)):
        return document, ()
    from shapelint.read import hydra

    whole = hydra.composed(source, document)
    return whole.root, whole.missing
