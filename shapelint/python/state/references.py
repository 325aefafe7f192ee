"""`${...}` in configs that OmegaConf reads: looked up from the root of the config whenever the value is read."""

from __future__ import annotations

import re
from dataclasses import replace

from shapelint.python.state.values import ConfigReference, Const, Items, Table, Unknown, Value
from shapelint.spec.spec import Cause

_PATH = re.compile(r"\$\{\s*(\.*)([A-Za-z_][\w-]*(?:\.[\w-]+|\[\w+\])*)\s*\}")
_NAME = re.compile(r"[\w-]+")
MAXIMUM_DEPTH = 20


def settled(value: Value, depth: int = 0) -> Value:
    """Return what a reference stands for; any other value is returned as it is."""
    if not isinstance(value, ConfigReference):
        return value
    whole = _PATH.fullmatch(value.text.strip())
    if depth < MAXIMUM_DEPTH and whole:
        return _looked_up(value, whole, depth)
    found = [_looked_up(value, one, depth + 1) for one in _PATH.finditer(value.text)] if depth < MAXIMUM_DEPTH else []
    texts = [str(one.value) for one in found if isinstance(one, Const)]
    if not found or len(texts) < len(found):
        return _unknown(value.text)
    remaining = iter(texts)
    text = _PATH.sub(lambda match: next(remaining), value.text)
    return settled(replace(value, text=text), depth + 1) if "${" in text else Const(text)


def _looked_up(reference: ConfigReference, match: re.Match[str], depth: int) -> Value:
    dots, names = len(match[1]), _NAME.findall(match[2])
    if dots > len(reference.path):
        return _unknown(reference.text)
    value: Value = reference.root
    for name in [*(reference.path[: len(reference.path) - dots] if dots else ()), *names]:
        value = settled(_child(value, name), depth + 1)
    return value


def _child(owner: Value, name: str) -> Value:
    if isinstance(owner, Table) and not owner.maybe_missing:
        if name in owner.items:
            return owner.items[name]
        if name.isdigit() and int(name) in owner.items:
            return owner.items[int(name)]
    if isinstance(owner, Items) and owner.rest is None and name.isdigit() and int(name) < len(owner.items):
        return owner.items[int(name)]
    return owner if isinstance(owner, Unknown) else _unknown(name)


def _unknown(text: str) -> Unknown:
    return Unknown(Cause(f"{text} of the config is not known before the program runs"))
