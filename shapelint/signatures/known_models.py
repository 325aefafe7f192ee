"""The models whose features are known by name, as a table to search: what comes out, and how wide it is."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from shapelint.common.frozen import frozen
from shapelint.knowledge import named_rows, rules_folder, timm_rows
from shapelint.shapes import notation
from shapelint.shapes.notation import Pattern
from shapelint.signatures import stored, timm_signatures
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span

UNWRITTEN = Span(0, 0)
INTERPRETED = "known_features.tsv"
"""The models that are interpreted from stand-ins, and that have no signature."""


@frozen
class KnownModel:
    """A model as a feature extractor: its name as a config writes it, its signature, and the width of what it gives."""

    name: str
    shapes: str
    width: int


def known_models(pattern: str = "*", width: int | None = None) -> Iterator[KnownModel]:
    """The models whose name contains a text, or matches a pattern with `*` and `?`, and whose features are so wide."""
    for name in _names():
        if _matches(name, pattern) and (model := _model(name)) and width in (None, model.width):
            yield model
    for name in named_rows.names(INTERPRETED):
        if _matches(name, pattern) and (row := named_rows.find(INTERPRETED, name)):
            wide, _, shapes = row.partition("\t")
            if width in (None, int(wide)):
                yield KnownModel(name, shapes, int(wide))


def _matches(name: str, pattern: str) -> bool:
    searched = pattern if {"*", "?", "["} & {*pattern} else f"*{pattern}*"
    return fnmatchcase(name, searched) or fnmatchcase(name.partition("/")[2], searched)


def _names() -> Iterator[str]:
    for library in stored.libraries():
        place = rules_folder.folder() / "signatures" / library.module
        if library.features and place.is_dir():
            yield from (f"{library.features}/{path.stem}" for path in sorted(place.glob("*.yaml")))
    yield from (f"timm/{name}" for name in timm_rows.names())


def _model(name: str) -> KnownModel | None:
    """The model of a name; None if no one width is known of it."""
    spec = ComponentSpec("name", name, UNWRITTEN, UNWRITTEN)
    found = stored.find(name) or timm_signatures.find(spec, name)
    if found is None:
        return None
    shapes = found[1].rows[0].shapes.partition(" where ")[0].partition(" | ")[0]
    output = notation.parse_signature(shapes).alternatives[0].output
    axes = output.axes if isinstance(output, Pattern) else ()
    width = axes[1] if len(axes) in (2, 4) else axes[-1] if axes else None
    return KnownModel(name, shapes, width) if isinstance(width, int) else None
