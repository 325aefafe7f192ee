"""The files that `shapelint/knowledge/class_attributes.py` reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from shapelint.knowledge import rules_folder


def own_attributes(module: Any) -> list[str]:
    """Return the attributes of a module that not every `nn.Module` has, in the order of their letters."""
    from torch import nn

    return sorted(name for name in set(dir(module)) - set(dir(nn.Module())) if not name.startswith("_"))


def write_rows(file: str, header: str, rows: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write the attributes of each class."""
    lines = [header, *(f"{name}\t{' '.join(attributes)}" for name, attributes in rows)]
    (rules_folder.folder() / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
