"""Overrides of a Hydra config, as a command line or a sweep gives them: `net=resnet18`, `+x=1`, `~x`, `dim=256,512`.

What may stand behind the `=` is read in `override_values.py`.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from shapelint.common import disk
from shapelint.common.frozen import frozen, replace
from shapelint.common.patterns import pattern
from shapelint.common.whole_numbers import whole_number
from shapelint.documents.merging import EMPTY
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, YamlNode, pairs
from shapelint.documents.nodes import Sequence as List
from shapelint.documents.override_values import MAXIMUM_VALUES, NOWHERE, Glob, OverrideValues, scalar_of, shown
from shapelint.shapes.dims import UNKNOWN_DIM
from shapelint.text.source import Source, Span

REFUSED = "Hydra refuses"
"""How the message about an override begins that Hydra does not accept for a config."""
_OVERRIDE = pattern(r"(?P<mode>\+\+|\+|~)?(?P<key>[\w./@$-]+)(?P<given>=(?P<value>.*))?", re.DOTALL)


class RefusedOverrideError(InvalidYamlError):
    """An override that Hydra does not accept for a config."""


@frozen
class Override:
    """One key with the values that it is given one after the other; `values` are nodes at their place in the text.

    `mode` is what stands before the key: `+`, `++`, `~` or nothing. A value of a command line is in no text.
    """

    mode: str
    key: str
    values: tuple[YamlNode, ...] = ()
    glob: Glob | None = None
    is_sweep: bool = False

    @property
    def text(self) -> str:
        """The override as it is written."""
        return f"{self.mode}{self.key}" + (f"={shown(self.values[0])}" if self.values else "")

    def alone(self, value: YamlNode) -> Override:
        """Return the override with one of its values."""
        return replace(self, values=(value,), is_sweep=False)


@frozen
class Sweep:
    """What a config is run over, and the folder in which its groups are."""

    folder: str = ""
    overrides: tuple[Override, ...] = ()


NO_SWEEP = Sweep()


def parse(text: str) -> Override:
    """Return the override that a word of a command line is; raises InvalidYamlError."""
    match = _OVERRIDE.fullmatch(text.strip())
    if match is None or (match["given"] is None and match["mode"] != "~"):
        raise InvalidYamlError(f"{text!r} is no override: expected key=value, +key=value or ~key", NOWHERE)
    made = Override(match["mode"] or "", match["key"])
    return made if match["given"] is None else _with_values(made, match["value"], None, NOWHERE)


def swept(root: YamlNode, source: Source) -> tuple[Override, ...]:
    """Return what the `hydra.sweeper.params` of a config sweep over; raises InvalidYamlError."""
    node: YamlNode | None = root
    for name in ("hydra", "sweeper", "params"):
        entries = pairs(node) if isinstance(node, Mapping) else ()
        node = next((value for key, value in entries if key.text == name), None)
    found = []
    for key, value in pairs(node) if isinstance(node, Mapping) else ():
        match = _OVERRIDE.fullmatch(key.text)
        if match is None or match["given"] is not None:
            continue
        made = Override(match["mode"] or "", match["key"])
        if isinstance(value, Scalar) and isinstance(value.value, str):
            found.append(_with_values(made, value.text, _start(value, source), value.span))
        else:
            found.append(replace(made, values=(value,)))
    return tuple(one for one in found if not is_of_hydra(one))


def is_of_hydra(override: Override) -> bool:
    """Return whether an override is about Hydra itself, not about the config of the program."""
    return re.match(r"hydra\b", override.key) is not None


def _start(value: Scalar, source: Source) -> int | None:
    """Return the offset at which the text of a scalar is written as it is."""
    for start in (value.origin.start, value.origin.start + 1):
        if source.text.startswith(value.text, start):
            return start
    return None


def expanded(override: Override, folders: Iterable[str]) -> Override:
    """Return an override with the names for its `glob(...)`: the files of the group in the first folder that has it."""
    if override.glob is None:
        return override
    group = override.key.partition("@")[0]
    for folder in folders:
        place = os.path.join(folder, *group.split("/"))
        if disk.is_folder(place):
            stems = sorted({name.rpartition(".")[0] for name in disk.names(place) if name.endswith((".yaml", ".yml"))})
            kept = [name for name in stems if _matches(name, override.glob)]
            return replace(override, values=tuple(scalar_of(name, name, NOWHERE) for name in kept), glob=None)
    return override


def _matches(name: str, glob: Glob) -> bool:
    included = any(fnmatchcase(name, pattern) for pattern in glob.include)
    return included and not any(fnmatchcase(name, pattern) for pattern in glob.exclude)


def combined(overrides: Sequence[Override]) -> Iterator[tuple[Override, ...]]:
    """Yield every combination of the values of overrides; the last of equal keys counts, as in Hydra."""
    last = {one.key: one for one in overrides}
    ways = [[one.alone(value) for value in one.values] if one.values else [one] for one in last.values()]
    return itertools.product(*ways)


def at(node: YamlNode, place: YamlNode) -> YamlNode:
    """Return a value of a command line at the place of the value that it replaces."""
    if isinstance(node, Scalar):
        if node.origin != NOWHERE:
            return node
        origin = place.origin if isinstance(place, Scalar) else place.span
        return replace(node, span=place.span, home=place.home, origin=origin)
    if node.span != NOWHERE:
        return node
    if isinstance(node, List):
        return replace(node, span=place.span, home=place.home, items=tuple(at(item, place) for item in node.items))
    entries = tuple((at(key, place), at(value, place)) for key, value in node.entries)
    return replace(node, span=place.span, home=place.home, entries=entries)


def _with_values(override: Override, text: str, start: int | None, whole: Span) -> Override:
    parser = OverrideValues(text, start, whole)
    values, glob, is_sweep = parser.sweep()
    return replace(override, values=tuple(values[:MAXIMUM_VALUES]), glob=glob, is_sweep=is_sweep)


def changed(root: YamlNode, override: Override) -> YamlNode:
    """Return a config with a value overridden; raises InvalidYamlError where Hydra refuses it."""
    if not isinstance(root, Mapping):
        return root
    value = override.values[0] if override.values else None
    return _changed(root, _path(override.key), override, value)


def _path(key: str) -> list[str]:
    return [name for name in key.split(".") if name]


def _changed(node: YamlNode, path: Sequence[str], override: Override, value: YamlNode | None) -> YamlNode:
    name, rest = path[0], path[1:]
    if isinstance(node, List):
        return _changed_item(node, path, override, value)
    if not isinstance(node, Mapping):
        return node if _is_open(node, override) else _added(EMPTY, path, override, value, node)
    entries = {key.text: (key, held) for key, held in pairs(node)}
    if name not in entries:
        return _added(node, path, override, value, node)
    key, held = entries[name]
    if rest:
        entries[name] = (key, _changed(held, rest, override, value))
    elif override.mode == "~":
        if shown(held) in ("", "null", "???"):
            raise refused(override, f"there is no {override.key} in the config", node)
        if value is not None and shown(held) != shown(value):
            raise refused(override, f"the value of {override.key} is {shown(held)}", node)
        del entries[name]
    else:
        entries[name] = (key, _replaced(held, override, value))
    return replace(node, entries=tuple(entries.values()))


def _is_open(node: YamlNode, override: Override) -> bool:
    """Return whether it is not known what is in a value, such as a missing file, or is removed in another place.

    What is set or added in the place of a reference replaces it, as Hydra does.
    """
    if not isinstance(node, Scalar):
        return False
    return node.value is UNKNOWN_DIM or (override.mode == "~" and "${" in node.text)


def _changed_item(node: List, path: Sequence[str], override: Override, value: YamlNode | None) -> YamlNode:
    place = whole_number(path[0])
    if place is None or place >= len(node.items) or override.mode == "~":
        raise refused(override, f"there is no {override.key}", node)
    items = list(node.items)
    held = items[place]
    new = _changed(held, path[1:], override, value) if path[1:] else _replaced(held, override, value)
    items[place] = new
    return replace(node, items=tuple(items))


def _replaced(held: YamlNode, override: Override, value: YamlNode | None) -> YamlNode:
    assert value is not None
    if override.mode == "+" and not isinstance(value, (Mapping, List)) and shown(held) not in ("", "null", "???"):
        raise refused(override, f"{override.key} is there already; write it without +", held)
    value = at(value, held)
    if not isinstance(held, Mapping) or not isinstance(value, Mapping):
        return value
    entries = {key.text: (key, one) for key, one in pairs(held)}
    inner = replace(override, mode="++" if override.mode else "")
    for key, one in pairs(value):
        if key.text not in entries and not override.mode and not held.open:
            raise refused(
                override, f"there is no {key.text} in {override.key}; to add it, write +{override.text}", held
            )
        entries[key.text] = (key, _replaced(entries[key.text][1], inner, one) if key.text in entries else one)
    return replace(held, entries=tuple(entries.values()))


def _added(node: Mapping, path: Sequence[str], override: Override, value: YamlNode | None, place: YamlNode) -> YamlNode:
    if override.mode in ("", "~") and not node.open:
        hint = f"; to add it, write +{override.key}" if override.mode == "" else ""
        raise refused(override, f"there is no {override.key} in the config{hint}", place)
    if value is None:
        return node
    made = at(value, place)
    for name in reversed(path):
        key = scalar_of(name, name, place.span)
        made = Mapping(((key, made),), place.span, Span(place.span.start, place.span.start))
    return replace(node, entries=(*node.entries, *made.entries)) if isinstance(made, Mapping) else node


def refused(override: Override, why: str, place: YamlNode) -> InvalidYamlError:
    """Return the error for an override that Hydra does not accept."""
    first = Span(place.span.start, min(place.span.end, place.span.start + 1))
    return RefusedOverrideError(f"{REFUSED} {override.text}: {why}", first)
