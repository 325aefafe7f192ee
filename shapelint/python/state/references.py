"""`${...}` in configs that OmegaConf reads: looked up from the root of the config whenever the value is read."""

from __future__ import annotations

import re

from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.python.state.values import ConfigReference, Const, Items, Table, Unknown, Value
from shapelint.spec.spec import Cause

_PATH = pattern(r"\$\{\s*(\.*)([A-Za-z_][\w-]*(?:\.[\w-]+|\[\w+\])*)\s*\}")
_NAME = pattern(r"[\w-]+")
_CALL = pattern(r"""\$\{\s*([A-Za-z_][\w.]*)\s*:((?:'[^'$]*'|"[^"$]*"|[^{}$'"])*)\}""")
"""The call of a resolver whose arguments are known: `${eval:'128 * 4'}`, `${times:128,4}`."""
_QUOTED = pattern(r"""'[^']*'|"[^"]*\"""")
_ARGUMENT = pattern(r"""(?:'[^']*'|"[^"]*"|[^,'"])+""")
_WORDS = {"true": True, "false": False, "null": None}
_WHOLE, _FLOAT = pattern(r"[+-]?\d+"), pattern(r"[+-]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?", re.IGNORECASE)
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
    if len(texts) < len(found) or depth >= MAXIMUM_DEPTH:
        return _unknown(value.text)
    remaining = iter(texts)
    text = _PATH.sub(lambda match: next(remaining), value.text)
    called = _CALL.search(text)
    if called is not None:
        return _resolved(replace(value, text=text), called, depth)
    return settled(replace(value, text=text), depth + 1) if found and "${" in text else _plain(text)


def _plain(text: str) -> Value:
    return _unknown(text) if "${" in text else Const(text)


def _resolved(reference: ConfigReference, called: re.Match[str], depth: int) -> Value:
    """Return a text of a config with what a resolver gives in it; that alone if the text is nothing else."""
    resolver = reference.root.resolvers.get(called[1])
    if resolver is None or any(mark in _QUOTED.sub("", called[2]) for mark in "[]{}"):
        return _unknown(reference.text)
    words = [word.strip() for word in _ARGUMENT.findall(called[2])] if called[2].strip() else []
    found = resolver([Const(_word(word)) for word in words])
    if called[0] == reference.text.strip() or not isinstance(found, Const):
        if isinstance(found, Const) and (found.computed or (found.place is None and found.literal is None)):
            return replace(found, place=reference.place, literal=None, computed=True)
        return found if isinstance(found, (Const, Items, Table)) else _unknown(reference.text)
    text = reference.text.replace(called[0], str(found.value))
    return settled(replace(reference, text=text), depth + 1)


def _word(text: str) -> str | int | float | bool | None:
    """Return an argument of a resolver as OmegaConf reads it: a quoted text, a number, or a text."""
    if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1:
        return text[1:-1]
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _WHOLE.fullmatch(text) else float(text) if _FLOAT.fullmatch(text) else text


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
