"""Configs that a Hydra defaults list composes from several files; the reader of such lists is loaded on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.documents.nodes import Mapping, YamlNode, pairs
from shapelint.text.source import Source, read_source

if TYPE_CHECKING:
    from shapelint.documents.fragments import Find, Fragment
    from shapelint.documents.hydra import Missing
    from shapelint.documents.overrides import Override


def join_defaults(
    source: Source, read: Callable[[Path], Source] = read_source, overrides: Sequence[Override] = ()
) -> Source:
    """Join to a config the files that its defaults list names, directly or through others; `read` reads one.

    Overrides may name others.
    """
    if "defaults" not in source.text and not overrides:
        return source
    from shapelint.documents import hydra

    return hydra.gathered(source, read, overrides)


def compose_defaults(
    source: Source, document: YamlNode, overrides: Sequence[Override] = ()
) -> tuple[YamlNode, tuple[Missing, ...]]:
    """Compose a document from the joined files that its defaults list names; also return what was not found."""
    if not isinstance(document, Mapping):
        return document, ()
    if not overrides and all(key.text != "defaults" for key, _ in pairs(document)):
        return document, ()
    from shapelint.documents import hydra

    whole = hydra.composed(source, document, None, overrides)
    return whole.root, whole.missing


def compose_fragment(own: Fragment, find: Find, overrides: Sequence[Override]) -> tuple[YamlNode, tuple[Missing, ...]]:
    """Compose a file with its defaults and overrides; also return what was not found.

    Raises InvalidYamlError where Hydra refuses an override.
    """
    from shapelint.documents import hydra

    whole = hydra.compose(own, find, overrides)
    return whole.root, whole.missing
