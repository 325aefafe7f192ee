"""Configs that a Hydra defaults list composes from several files; the reader of such lists is loaded on demand."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.documents.nodes import Mapping, YamlNode, pairs
from shapelint.text.source import Source, read_source

if TYPE_CHECKING:
    from shapelint.documents.fragments import Find, Fragment
    from shapelint.documents.hydra import Missing


def join_defaults(source: Source, read: Callable[[Path], Source] = read_source) -> Source:
    """Join to a config the files that its defaults list names, directly or through others; `read` reads one."""
    if "defaults" not in source.text:
        return source
    from shapelint.documents import hydra

    return hydra.gathered(source, read)


def compose_defaults(source: Source, document: YamlNode) -> tuple[YamlNode, tuple[Missing, ...]]:
    """Compose a document from the joined files that its defaults list names; also return what was not found."""
    if not isinstance(document, Mapping) or all(key.text != "defaults" for key, _ in pairs(document)):
        return document, ()
    from shapelint.documents import hydra

    whole = hydra.composed(source, document)
    return whole.root, whole.missing


def compose_fragment(own: Fragment, find: Find, choices: Map[str, tuple[str, ...]]) -> YamlNode:
    """Compose a file with its defaults; `choices` are names that overrides choose for groups (`+`: new ones)."""
    from shapelint.documents import hydra

    return hydra.compose(own, find, choices).root
