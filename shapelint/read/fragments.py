"""The files that a Hydra config is composed of: found by their names, on disk or among those joined to a source."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from shapelint import gitignore
from shapelint.frozen import frozen
from shapelint.read.merging import EMPTY, moved
from shapelint.read.nodes import InvalidYamlError, Mapping, compose
from shapelint.read.text import Source, Span, UnreadableError, read_source

MAXIMUM_FILES = 200

_HEADER = re.compile(r"(?:\s*\n|\s*#\s*@(?!package)[^\n]*\n)*\s*#\s*@package[ ]+(\S+)[ ]*(?:\n|\Z)")

Find = Callable[[str], "Fragment | None"]
"""From a name such as `backbone/resnet18` to the file of that name, or None."""


@frozen
class Fragment:
    """One file: what it holds, and the package that its header asks for (None: that of its folder)."""

    path: str
    root: Mapping
    header: str | None = None


def on_disk(source: Source, texts: dict[str, str]) -> Find:
    """Find fragments around the file of a source; what is read is kept in `texts`, by its path."""
    roots = list(_roots(source.path))

    def find(name: str) -> Fragment | None:
        for path in _candidates(name, roots):
            if path not in texts and os.path.isfile(path) and "\n" not in path and len(texts) < MAXIMUM_FILES:
                try:
                    texts[path] = read_source(Path(path)).text
                except UnreadableError:
                    return None
            if path in texts:
                return _fragment(path, texts[path])
        return None

    return find


def among(source: Source) -> Find:
    """Find fragments among the files that are joined to a source, at their offsets in it."""
    roots = list(_roots(source.path))
    parts = {part.path: part for part in source.parts[1:]}

    def find(name: str) -> Fragment | None:
        part = next((parts[path] for path in _candidates(name, roots) if path in parts), None)
        return _fragment(part.path, source.slice(part.span), part.span.start) if part else None

    return find


def _fragment(path: str, text: str, start: int = 0) -> Fragment:
    try:
        documents = compose(Source(path, text))
    except InvalidYamlError as error:
        raise InvalidYamlError(error.message, Span(error.span.start + start, error.span.end + start)) from None
    root = moved(documents[0], start) if documents else EMPTY
    return Fragment(path, root if isinstance(root, Mapping) else EMPTY, header(text))


def header(text: str) -> str | None:
    """The package that the header of a file asks for, if it has one."""
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


def _candidates(name: str, roots: list[str]) -> Iterator[str]:
    parts = name.removesuffix(".yaml").removesuffix(".yml").split("/")
    if all(part and part not in (".", "..") for part in parts):
        for root in roots:
            for suffix in (".yaml", ".yml"):
                yield os.path.join(root, *parts) + suffix
