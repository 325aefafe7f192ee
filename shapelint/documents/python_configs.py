"""OpenMMLab's configs as nodes: a Python, YAML, JSON or TOML file over the files that its `_base_` names.

    _base_ = ['../models/byol.py', '../schedule.yaml']     configs that this one changes
    model = dict(backbone=dict(depth=18))                  merged into theirs, key by key
    model = dict(neck=dict(_delete_=True, type='...'))     in the place of theirs
    x = {{_base_.model.neck}}, x = _base_.x                a value of theirs
    with read_base(): from .models.byol import *           the same as imports

The rules are those of mmengine 0.10, `mmengine/config/config.py`.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from dataclasses import field
from functools import partial

from shapelint.common.frozen import frozen, record, replace
from shapelint.documents.data_files import form_of, read_nodes
from shapelint.documents.merging import EMPTY, moved, opened
from shapelint.documents.nodes import Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.documents.python_values import BASES_KEY, Values, parsed
from shapelint.text.source import Source, Span

_MAXIMUM_DEPTH = 30
_DELETE = "_delete_"

FindText = Callable[[str], "tuple[str, int] | None"]
"""Find the text of a file, and its offset in the source."""


@frozen
class AbsentBase:
    """A base that is not found: what to say of it, and the place where it is named."""

    message: str
    span: Span


@record
class BasedConfigs:
    """Reads a config and its bases; a base that is not found is noted as `absent`."""

    find: FindText
    absent: list[AbsentBase] = field(default_factory=list)
    depth: int = 0

    def config(self, path: str, text: str, shift: int = 0) -> Mapping:
        """Return the values of a file, merged over those of its bases; raises InvalidYamlError."""
        if not path.endswith(".py"):
            return self.data(path, text, shift)
        tree = parsed(text, shift)
        values = Values(text, shift, merged, partial(self.imported, path, shift))
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == BASES_KEY:
                values.base = self.bases(path, values.value(node.value))
        values.run(tree)
        names = [(name, value) for name, value in values.names.items() if not name.startswith("_")]
        own = [(Scalar(name, name, value.span, value.span, value.span), value) for name, value in names]
        return merged(values.base, replace(EMPTY, entries=tuple(own)))

    def data(self, path: str, text: str, shift: int) -> Mapping:
        """Return the values of a YAML, JSON or TOML file, merged over those of its bases."""
        root = read_nodes(Source(path, text), form_of(path))
        if not isinstance(root, Mapping):
            return EMPTY
        whole = moved(root, shift)
        assert isinstance(whole, Mapping)
        written = next((value for key, value in pairs(whole) if key.text == BASES_KEY), None)
        return whole if written is None else merged(self.bases(path, written), without(whole, BASES_KEY))

    def bases(self, path: str, written: YamlNode) -> Mapping:
        """Return the values of the files that `_base_` names; of equal names, those of the later file."""
        base = EMPTY
        for item in written.items if isinstance(written, Sequence) else (written,):
            name = item.value if isinstance(item, Scalar) and isinstance(item.value, str) else ""
            found = self.base(path, name)
            if found is None:
                why = f"{name or BASES_KEY} names no file here"
                self.absent.append(AbsentBase(f"{why}: what it sets is not known", item.span))
                base = replace(base, open=why)
                continue
            kept = {key.text: (key, value) for key, value in pairs(base)}
            kept.update((key.text, (key, value)) for key, value in pairs(found))
            base = replace(base, entries=tuple(kept.values()), open=base.open or found.open)
        return base

    def base(self, path: str, name: str) -> Mapping | None:
        """Return the values of one base, None if there is no such file."""
        if not name or "::" in name or "{{" in name or self.depth >= _MAXIMUM_DEPTH:
            return None
        whole = os.path.normpath(os.path.join(os.path.dirname(path), name))
        found = self.find(whole)
        if found is None:
            return None
        self.depth += 1
        try:
            return self.config(whole, *found)
        finally:
            self.depth -= 1

    def imported(self, path: str, shift: int, node: ast.ImportFrom) -> dict[str, YamlNode]:
        """Return the values that an import under `read_base()` brings."""
        up = [".."] * (node.level - 1) if node.level else []
        name = "/".join([*up, *(node.module or "").split(".")]) + ".py"
        found = self.base(path, name) if node.level else None
        if found is None:
            message = f"{'.' * node.level}{node.module} is no file here: what it sets is not known"
            self.absent.append(AbsentBase(message, Span(shift, shift)))
            return {}
        values = {key.text: value for key, value in pairs(found)}
        if any(alias.name == "*" for alias in node.names):
            return values
        return {alias.asname or alias.name: values[alias.name] for alias in node.names if alias.name in values}


def merged(base: YamlNode | None, over: YamlNode) -> Mapping:
    """Merge a mapping over another, key by key, unless it says `_delete_=True`; all else replaces what was there."""
    before = base if isinstance(base, Mapping) else EMPTY
    entries = {key.text: (key, value) for key, value in pairs(before)}
    for key, value in pairs(over) if isinstance(over, Mapping) else ():
        old = entries.get(key.text)
        if isinstance(value, Mapping):
            deleted = any(one.text == _DELETE and isinstance(it, Scalar) and it.value for one, it in pairs(value))
            if old is not None and isinstance(old[1], Mapping) and not deleted:
                value = merged(old[1], value)
            else:
                value = without(value, _DELETE)
                value = opened(value, before.open) if old is None and not deleted else value
        elif key.text == _DELETE:
            continue
        entries[key.text] = (key, value)
    whole = over if isinstance(over, Mapping) and over.entries else before
    is_open = before.open or (over.open if isinstance(over, Mapping) else "")
    home = whole.home if whole is before or not before.entries else Span(whole.span.start, whole.span.start)
    return replace(whole, entries=tuple(entries.values()), home=home, open=is_open)


def without(node: Mapping, name: str) -> Mapping:
    """Return a mapping without a key, at any depth."""
    entries = tuple(
        (key, without(value, name) if isinstance(value, Mapping) else value)
        for key, value in pairs(node)
        if key.text != name
    )
    return replace(node, entries=entries)
