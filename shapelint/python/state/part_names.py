"""Names of the parts of a library model."""

from __future__ import annotations

from shapelint.python.state.values import Component


def own_name(part: Component) -> str:
    """Return the dotted name of a part within its model."""
    return part.spec.note.removeprefix("part ")


def inner_names(owner: Component) -> list[str]:
    """Return the names directly below a part."""
    row = owner.resolved.row if owner.resolved else None
    return [name for name in (row.parts if row else {}) if "." not in name]
