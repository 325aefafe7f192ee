"""Hydra's `defaults:` lists: which files compose a config, where their contents go, and which are missing.

    defaults:
      - backbone: resnet18               backbone/resnet18.yaml, under `backbone`
      - /head@projection_head: byol      head/byol.yaml of a folder above, under `projection_head`
      - base                             base.yaml, at this level
      - optional extra: ${backbone}      none where there is none; the name chosen for another group
      - _self_                           this file's own values (last, if it is not listed)
      - override /optimiser: adam        chosen instead of what another list says

The rules are those of Hydra 1.3, `hydra/_internal/defaults_list.py` and `hydra/core/default_element.py`. The root
folder of the configs is not known: it is assumed to be that of the linted file, or the nearest one above that has the
named file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as List
from dataclasses import field

from shapelint.common.frozen import frozen, record, replace
from shapelint.common.patterns import pattern
from shapelint.documents.composing import composed_once
from shapelint.documents.fragments import (
    MAXIMUM_FRAGMENT_FILES,
    OPEN,
    Find,
    Fragment,
    Read,
    among,
    has_folder,
    header,
    on_disk,
)
from shapelint.documents.merging import EMPTY, merge, nested, unknown, with_unknown_values
from shapelint.documents.nodes import InvalidYamlError, Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.documents.override_values import shown
from shapelint.documents.overrides import Override, changed, is_of_hydra, refused
from shapelint.text.source import Source, Span, joined, read_source

_MAXIMUM_DEPTH = 30

_MENTIONED = pattern(r"""^["']?defaults["']?[ \t]*:""", re.MULTILINE)
_ENTRY = pattern(r"(?P<words>(?:(?:optional|override)\s+)*)(?P<name>[^\s@]+)(?:@(?P<package>[\w.]*))?")
_CHOICE = pattern(r"\$\{([^${}]+)\}")

Package = tuple[str, ...]


@frozen
class Missing:
    """An entry whose file is missing: `cover` marks what the file would set as unknown, at `package`.

    One that `is_absent` names a file that is not there; what others name is known at run time.
    """

    package: Package
    cover: Scalar
    is_absent: bool = False


@frozen
class Composed:
    """A file composed with its defaults."""

    root: YamlNode
    missing: tuple[Missing, ...] = ()


@frozen
class _Entry:
    """One element of a defaults list. `names` are the files of a group, or the file itself if `group` is None."""

    span: Span
    text: str
    group: str | None
    names: tuple[str, ...]
    package: str | None
    optional: bool = False
    override: bool = False


@frozen
class _Layer:
    """Contents that go to a package; later ones override earlier ones."""

    package: Package
    node: YamlNode


def gathered(source: Source, read: Read = read_source, overrides: List[Override] = ()) -> Source:
    """A YAML source with the files joined to it that its defaults name, directly or through others. Reads files.

    Overrides may name others than those that are joined to it already.
    """
    if source.language != "yaml" or not (overrides or (len(source.parts) == 1 and _MENTIONED.search(source.text))):
        return source
    groups = filter(_may_be_group, map(_group_of, overrides))
    if not _MENTIONED.search(source.text) and not has_folder(source.path, groups):
        return source
    before = {part.path: source.slice(part.span) for part in source.parts[1:]}
    texts = dict(before)
    try:
        documents = composed_once(Source(source.path, source.own_text)).documents
        if len(documents) == 1:
            composed(source, documents[0], on_disk(source, texts, read), overrides)
    except InvalidYamlError:
        pass  # reported when the joined text is read
    return joined(source, [one for one in texts.items() if one[0] not in before])


def composed(source: Source, root: YamlNode, find: Find | None = None, overrides: List[Override] = ()) -> Composed:
    """Compose the document of a file with its defaults; raises InvalidYamlError if one of the files is not YAML."""
    if not isinstance(root, Mapping) or (_defaults(root) is None and not overrides):
        return Composed(root)
    return compose(Fragment(source.path, root, header(source.own_text)), find or among(source), overrides)


def compose(own: Fragment, find: Find, overrides: List[Override] = ()) -> Composed:
    """Compose a file with its defaults and overrides of groups and values; raises InvalidYamlError where it cannot."""
    given = [one for one in overrides if not is_of_hydra(one)]
    groups = {one.key: one for one in given if _names_file(one, find)}
    composer = _layered(own, find, groups)
    _refuse_removals(given, composer.choices, own.root)
    open_groups = {one.key: one for one in given if one.key not in groups and one.key in composer.choices}
    if open_groups:  # of a group whose file is not found: it may be in a package, or registered in code
        groups |= open_groups
        composer = _layered(own, find, groups)
    for one in groups.values():
        if (one.key in composer.listed) == (one.mode == "+"):
            hint = f"write +{one.key}" if one.mode != "+" else "write it without +"
            is_there = "is" if one.mode == "+" else "is not"
            raise refused(one, f"{one.key} {is_there} in the defaults list; {hint}", own.root)
    root = composer.merged()
    for one in given:
        root = root if one.key in groups else changed(root, one)
    return Composed(root, tuple(composer.missing))


def _refuse_removals(given: List[Override], choices: dict[str, str], root: YamlNode) -> None:
    """Raise InvalidYamlError if an override removes another file of a group than the one that is chosen."""
    for one in given:
        chosen = choices.get(one.key)
        if one.mode == "~" and one.values and chosen is not None and chosen != shown(one.values[0]):
            raise refused(one, f"the defaults list has {one.key}: {chosen}", root)


def _group_of(override: Override) -> str:
    return override.key.partition("@")[0]


def _may_be_group(key: str) -> bool:
    """Whether a key may name a folder of configs, unlike one that leads to a value inside of others."""
    return "." not in key


def _names_file(override: Override, find: Find) -> bool:
    group = _group_of(override)
    return _may_be_group(group) and any(find(f"{group}/{name}") is not None for name in _chosen(override))


def _chosen(override: Override) -> tuple[str, ...]:
    """The names that an override chooses for a group: none where it removes the group."""
    value = override.values[0] if override.values and override.mode != "~" else None
    options = value.items if isinstance(value, Sequence) else (value,)
    return tuple(option.text for option in options if isinstance(option, Scalar) and option.value is not None)


def _layered(own: Fragment, find: Find, groups: dict[str, Override]) -> _Composer:
    """Walk the defaults of a file with the choices that overrides make for groups."""
    added = []
    for one in groups.values():
        if one.mode == "+":
            group, _, package = one.key.partition("@")
            added.append(_Entry(own.root.span, one.key, group, _chosen(one), package or None))
    chosen = {key: _chosen(one) for key, one in groups.items() if one.mode != "+"}
    composer = _Composer(find, chosen, added)
    composer.found = composer.layers(own, "", (), _package((), own.header, ""))
    return composer


def _defaults(root: Mapping) -> Sequence | None:
    found = next((value for key, value in pairs(root) if key.text == "defaults"), None)
    return found if isinstance(found, Sequence) and all(_entry(item) for item in found.items) else None


def _entry(item: YamlNode) -> _Entry | None:
    """One element of a defaults list, or None for anything else."""
    key: YamlNode = item
    names: tuple[str, ...] = ()
    span = item.span
    if isinstance(item, Mapping):
        entries = [(key, value) for key, value in pairs(item) if key.text != "optional"]
        if len(entries) != 1:
            return None
        key, value = entries[0]
        options = value.items if isinstance(value, Sequence) else (value,)
        if not all(isinstance(option, Scalar) for option in options):
            return None
        span = Span(key.span.start, value.span.end)
        names = tuple(option.text for option in options if isinstance(option, Scalar) and option.value is not None)
    match = _ENTRY.fullmatch(key.text.strip()) if isinstance(key, Scalar) and isinstance(key.value, str) else None
    if match is None:
        return None
    words, package = match["words"].split(), "" if match["package"] == "_here_" else match["package"]
    is_group = isinstance(item, Mapping)
    text = f"{match['name']}: {', '.join(names)}" if is_group else match["name"]
    group = match["name"] if is_group else None
    names = names if is_group else (match["name"],)
    return _Entry(span, text, group, names, package, "optional" in words, "override" in words)


def _package(parent: Package, asked: str | None, group: str) -> Package:
    """The package for contents: the one asked for, or the group's folders below the parent; `_global_` is the top."""
    whole = ".".join([*parent, *filter(None, [group.replace("/", ".") if asked is None else asked])])
    return tuple(filter(None, whole.rpartition("_global_")[2].split(".")))


def _join(base: str, name: str) -> str:
    return name[1:] if name.startswith("/") else "/".join(filter(None, [base, name]))


@record
class _Composer:
    """Walks the lists from the last entry to the first, as Hydra does, so that overrides are known before their use."""

    find: Find
    overrides: dict[str, tuple[str, ...]] = field(default_factory=dict)
    added: list[_Entry] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    found: list[_Layer] = field(default_factory=list)
    depth: int = 0
    count: int = 0

    def merged(self) -> YamlNode:
        """The contents that were found, one over the other."""
        merged: YamlNode = EMPTY
        for layer in self.found:
            if isinstance(layer.node, Scalar) and not layer.package:
                merged = with_unknown_values(merged, layer.node)
            else:
                merged = merge(merged, nested(layer.node, layer.package))
        return merged

    def layers(self, fragment: Fragment, base: str, parent: Package, package: Package) -> list[_Layer]:
        """The contents of a file and its defaults. `base` is its folder, relative to the root of the configs."""
        if isinstance(fragment.root, Sequence):
            return [_Layer(package, fragment.root)] if package else []
        kept = (one for one in fragment.root.entries if not (isinstance(one[0], Scalar) and one[0].text == "defaults"))
        own = replace(fragment.root, entries=tuple(kept))
        self.count += 1
        listed = _defaults(fragment.root)
        entries = [found for found in map(_entry, listed.items) if found] if listed else []
        added = self.added if not self.depth else []
        if self.depth > _MAXIMUM_DEPTH or self.count > MAXIMUM_FRAGMENT_FILES or not (entries or added):
            return [_Layer(package, own)]
        self.depth += 1
        if not any(entry.names == ("_self_",) for entry in entries):
            entries.append(_Entry(fragment.root.span, "_self_", None, ("_self_",), None))
        entries += added
        for entry in entries:
            if entry.override and entry.group:
                self.overrides.setdefault(_key(entry, base, package), entry.names)
        found: list[list[_Layer]] = [[] for _ in entries]
        later = []
        for index in reversed(range(len(entries))):
            entry = entries[index]
            names = self.overrides.get(_key(entry, base, package), entry.names) if entry.group else entry.names
            if entry.group and not entry.override and entry not in added:
                self.listed.add(_key(entry, base, package))
            if names == ("_self_",):
                found[index] = [_Layer(package, own)]
            elif any("${" in name for name in names):
                later.append((index, names))
            elif not entry.override:
                found[index] = self.entry(entry, names, base, package)
        for index, names in later:
            chosen = tuple(_CHOICE.sub(lambda match: self.choices.get(match[1], match[0]), name) for name in names)
            found[index] = self.entry(entries[index], chosen, base, package)
        self.depth -= 1
        return [layer for layers in found for layer in layers]

    def entry(self, entry: _Entry, names: tuple[str, ...], base: str, parent: Package) -> list[_Layer]:
        """The contents that one entry adds; a group may name several files."""
        found = []
        for name in names:
            written = name if entry.group is None else f"{entry.group}/{name}"
            whole = _join(base, written)
            folder = whole.rpartition("/")[0]
            if folder.partition("/")[0] == "hydra":
                continue
            if entry.group is not None:
                self.choices.setdefault(_key(entry, base, parent), name)
            group = written.lstrip("/").rpartition("/")[0]
            is_open = "${" in whole or name == "???"
            fragment = None if is_open else self.find(whole)
            asked = entry.package
            if is_open and asked is None and "${" not in folder and self.find(folder + OPEN):
                asked = "_global_"  # one of the files that may be chosen sets more than its group
            if asked is None and fragment is not None:
                asked = _absolute(fragment.header)
            package = _package(parent, asked and asked.replace("_group_", folder.replace("/", ".")), group)
            if fragment is not None:
                found += self.layers(fragment, folder, parent, package)
            elif not entry.optional:
                cover = unknown(entry.span, _why(entry, name))
                self.missing.append(Missing(package, cover, not is_open))
                found.append(_Layer(package, cover))
        return found


def _absolute(header: str | None) -> str | None:
    """Make a header's package absolute: it counts from the top, whatever list includes it; `_group_` is the default."""
    return None if header in (None, "_group_") else f"_global_.{header}"


def _why(entry: _Entry, name: str) -> str:
    if name == "???":
        return f"`{entry.group}` is chosen on the command line"
    if "${" in name:
        return f"what `{entry.text}` names is known at run time only"
    if entry.group is not None and name not in entry.names:
        return f"`{entry.group}={name}` names no file here"
    return f"`{entry.text}` in the defaults names no file here"


def _key(entry: _Entry, base: str, parent: Package) -> str:
    """The key of an override: the group's path, and its package if that is not the group's own."""
    group = _join(base, entry.group or "")
    own = group.replace("/", ".")
    package = ".".join(_package(parent, entry.package, (entry.group or "").lstrip("/")))
    return group if package == own else f"{group}@{package or '_global_'}"
