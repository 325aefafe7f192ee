"""The files that compose a Hydra config: found by their names, on disk or among those joined to a source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from shapelint.common import disk, gitignore
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.documents.composing import composed_once
from shapelint.documents.merging import EMPTY, moved
from shapelint.documents.nodes import InvalidYamlError, Mapping, Sequence
from shapelint.text.source import Source, Span, UnreadableError, read_source

MAXIMUM_FRAGMENT_FILES = 200
OPEN = "/???"

_HEADER = pattern(r"(?:[^\S\n]*(?:#[^\S\n]*@(?!package)[^\n]*)?\n)*[^\S\n]*#[^\S\n]*@package[ ]+(\S+)[ ]*(?:\n|\Z)")

Find = Callable[[str], "Fragment | None"]
"""Find the file of a name such as `backbone/resnet18`, or None.

For an open choice, `experiment/???`, it is a file of that folder which sets more than its own group, or None.
"""

Read = Callable[[Path], Source]
"""Reads a file; raises UnreadableError."""


@frozen
class Fragment:
    """One file: its content, and the package that its header asks for (None: that of its folder).

    The file of a group may hold a list.
    """

    path: str
    root: Mapping | Sequence
    header: str | None = None


def on_disk(source: Source, texts: dict[str, str], read: Read = read_source) -> Find:
    """Find fragments around the file of a source; what is read is kept in `texts`, by its path."""
    roots = list(_roots(source.path))

    def find(name: str) -> Fragment | None:
        if name.endswith(OPEN):
            found = _far_reaching(name, roots, _listed(name, roots, read))
            texts.update(found)
            return _unread(found)
        for path in _candidates(name, roots):
            if path not in texts and disk.is_file(path) and "\n" not in path and len(texts) < MAXIMUM_FRAGMENT_FILES:
                try:
                    texts[path] = read(Path(path)).text
                except UnreadableError:
                    return None
            if path in texts:
                return fragment(path, texts[path])
        return None

    return find


def among(source: Source) -> Find:
    """Find fragments among the files that are joined to a source, at their offsets in it."""
    roots = list(_roots(source.path))
    parts = {part.path: part for part in source.parts[1:]}

    def find(name: str) -> Fragment | None:
        if name.endswith(OPEN):
            files = ((path, source.slice(part.span)) for path, part in parts.items())
            return _unread(_far_reaching(name, roots, files))
        places = _candidates(name, roots) if parts else ()
        part = next((parts[path] for path in places if path in parts), None)
        return fragment(part.path, source.slice(part.span), part.span.start) if part else None

    return find


def _unread(files: dict[str, str]) -> Fragment | None:
    """The first of some files, if any, without its content: only the package of its header."""
    return next((Fragment(path, EMPTY, header(text)) for path, text in files.items()), None)


def fragment(path: str, text: str, start: int = 0) -> Fragment:
    """Return the fragment that a text is, at its offset in a joined one; raises InvalidYamlError."""
    try:
        documents = composed_once(Source(path, text)).documents
    except InvalidYamlError as error:
        raise InvalidYamlError(error.message, Span(error.span.start + start, error.span.end + start)) from None
    root = moved(documents[0], start) if documents else EMPTY
    return Fragment(path, root if isinstance(root, (Mapping, Sequence)) else EMPTY, header(text))


def _far_reaching(name: str, roots: list[str], files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The first file of a folder that has a package of its own or may override other groups, with its text."""
    folders = {os.path.dirname(path) for path in _candidates(name, roots)}
    for path, text in files:
        if os.path.dirname(path) in folders and (header(text) not in (None, "_group_") or "override" in text):
            return {path: text}
    return {}


def _listed(name: str, roots: list[str], read: Read) -> Iterator[tuple[str, str]]:
    """The files of a folder of configs, with their texts."""
    for folder in dict.fromkeys(os.path.dirname(path) for path in _candidates(name, roots)):
        names = disk.names(folder) if disk.is_folder(folder) else []
        for name in [name for name in names if name.endswith((".yaml", ".yml"))][:MAXIMUM_FRAGMENT_FILES]:
            path = os.path.join(folder, name)
            try:
                yield path, read(Path(path)).text
            except UnreadableError:
                continue


def header(text: str) -> str | None:
    """The package that the header of a file asks for, if any."""
    found = _HEADER.match(text)
    return found[1] if found else None


def _roots(path: str) -> Iterator[str]:
    """The folder of a file and those above it, up to the root of the repository, or to the user's home."""
    folder = os.path.dirname(path)
    absolute = os.path.abspath(folder)
    top = gitignore.repository(absolute) or os.path.expanduser("~")
    while True:
        yield folder
        parent = os.path.dirname(absolute)
        if absolute in (top, parent):
            return
        folder, absolute = os.path.normpath(os.path.join(folder, "..")), parent


def has_folder(path: str, groups: Iterable[str]) -> bool:
    """Return whether one of some groups of configs is a folder beside a file or above it."""
    roots = list(_roots(path))
    return any(disk.is_folder(os.path.join(root, *group.split("/"))) for group in groups for root in roots)


def _candidates(name: str, roots: list[str]) -> Iterator[str]:
    parts = name.removesuffix(".yaml").removesuffix(".yml").split("/")
    if all(part and part not in (".", "..") for part in parts):
        for root in roots:
            for suffix in (".yaml", ".yml"):
                yield os.path.join(root, *parts) + suffix
