"""Data files that a program reads: found on disk, joined to the text of the program, and read as nodes.

A value of such a file has its place in the joined text, so that it is reported and repaired in the file that holds it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence as Sequence_
from pathlib import Path
from typing import TYPE_CHECKING

from shapelint.common import disk, gitignore
from shapelint.common.frozen import frozen, replace
from shapelint.documents.data_files import read_nodes
from shapelint.documents.defaults import compose_fragment
from shapelint.documents.fragments import Fragment, fragment
from shapelint.documents.nodes import TUPLE_TAG, InvalidYamlError, Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.documents.overrides import Override, RefusedOverrideError, swept
from shapelint.documents.python_configs import BasedConfigs
from shapelint.documents.python_values import COMPUTED, IMPORTED
from shapelint.python.state import command_words, guards
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import UNKNOWN, ConfigReference, Const, DataFile, Items, Table, Unknown, Value
from shapelint.shapes.dims import UNKNOWN_DIM
from shapelint.spec.spec import Cause
from shapelint.text.source import Part, Source, Span, UnreadableError, joined, read_source

if TYPE_CHECKING:
    from shapelint.documents.hydra import Missing

MAXIMUM_READ_FILES = 64
MAXIMUM_CHARACTERS = 300_000
OVERWRITTEN = "{}, which is read here, is written by the program itself"
MAXIMUM_PARENTS = 3
"""Number of folders above that of the program, outside a repository, in which a file may be for it to be read."""


class NotRead(Exception):
    """Raised with the reason, in plain words, if a data file is not read."""


@frozen
class _Place:
    """Where the values of a document are: the offset of the text of a file, and the root if OmegaConf reads it."""

    offset: int | None
    root: Table | None = None


def load(run: Run, file: DataFile, form: str, site: Site, attributes: bool = False) -> Value:
    """Return the contents of a file in a format; unknown with the reason if it cannot be read."""
    if is_overwritten(run, file.path):
        return run.unknown(OVERWRITTEN.format(file.path), site.node, site.scope.file)
    try:
        part = _part(run, file.path)
        nodes = read_nodes(Source(part.path, run.others.source.slice(part.span)), form)
    except NotRead as error:
        return unread(run, str(error), site)
    except InvalidYamlError as error:
        start = part.span.start
        place = Span(error.span.start + start, error.span.end + start)
        return unread(run, f"{_relative(part.path)} does not parse: {error.message}", site, place)
    if nodes is None:
        return Const(None)
    root = Table({}, attributes=True, converts="any", resolvers=run.resolvers) if attributes else None
    return _value(run, nodes, _Place(part.span.start, root), ())


def load_based(run: Run, path: str, site: Site) -> Value:
    """Return the contents of a config of OpenMMLab over those of its bases; unknown with the reason if not readable."""

    def find(wanted: str) -> tuple[str, int] | None:
        part = _part(run, wanted) if locate(run, wanted) is not None else None
        return None if part is None else (run.others.source.slice(part.span), part.span.start)

    try:
        part = _part(run, path)
        configs = BasedConfigs(find)
        node = configs.config(part.path, run.others.source.slice(part.span), part.span.start)
    except NotRead as error:
        return unread(run, str(error), site)
    except InvalidYamlError as error:
        return _unparsed(run, error, site)
    for absent in configs.absent:
        unread(run, absent.message, site, absent.span)
    return _value(run, node, _Place(0), ())


def unread(run: Run, reason: str, site: Site, place: Span | None = None) -> Unknown:
    """Return what a program reads of a file that is not there or does not parse; `place` is where it does not."""
    run.failed_reads += 1
    note = run.unknown(reason, site.node, site.scope.file)
    cause = Cause(reason, place or (note.cause.span if note.cause is not None else None), is_file=True)
    if guards.is_certain(run):
        run.unread.setdefault(reason, cause)
    return Unknown(cause)


def _unparsed(run: Run, error: InvalidYamlError, site: Site) -> Unknown:
    """Return what a program reads of several files, one of which does not parse."""
    path = run.others.source.location(error.span).path
    return unread(run, f"{_relative(path)} does not parse: {error.message}", site, error.span)


def compose(
    run: Run, folder: str, name: str, overrides: Sequence_[Override], site: Site
) -> tuple[Value, tuple[Override, ...]]:
    """Return the config of a name that Hydra composes of the files in a folder, and what it says of a sweep.

    An override of a group names another file; any other one is a value. The config is unknown with the reason if it
    cannot be composed.
    """
    try:
        node, missing = _composed(run, folder, name, overrides)
        sweep = swept(node, run.others.source)
    except NotRead as error:
        return unread(run, str(error), site), ()
    except RefusedOverrideError as error:
        run.refused = error.message if overrides is run.options.overrides else ""
        return run.unknown(error.message, site.node, site.scope.file), ()
    except InvalidYamlError as error:
        return _unparsed(run, error, site), ()
    for one in missing:
        if one.is_absent:
            unread(run, one.cover.text, site, one.cover.span)
    if not isinstance(node, Mapping):
        return UNKNOWN, ()
    own = tuple((key, value) for key, value in node.entries if not (isinstance(key, Scalar) and key.text == "hydra"))
    root = Table({}, attributes=True, resolvers=run.resolvers)
    return _value(run, replace(node, entries=own), _Place(0, root), ()), sweep


def _composed(run: Run, folder: str, name: str, overrides: Sequence_[Override]) -> tuple[YamlNode, tuple[Missing, ...]]:
    """Return the config that Hydra composes as nodes, and what was not found; raises NotRead and InvalidYamlError."""

    def find(wanted: str) -> Fragment | None:
        stem = os.path.join(folder, wanted.removesuffix(".yaml"))
        found = next((path for suffix in (".yaml", ".yml") if locate(run, path := stem + suffix)), None)
        if found is None:
            return None
        part = _part(run, found)
        return fragment(part.path, run.others.source.slice(part.span), part.span.start)

    own = find(name)
    if own is None:
        file = f"{name.removesuffix('.yaml')}.yaml"
        raise NotRead(f"{_relative(os.path.join(folder, file))}, which is read here, does not exist")
    return compose_fragment(own, find, overrides)


def parse(run: Run, text: str, form: str) -> Value:
    """Return the contents of a text that the program gives."""
    try:
        nodes = read_nodes(Source("", text), form)
    except InvalidYamlError:
        run.failed_reads += 1
        return UNKNOWN
    return Const(None) if nodes is None else _value(run, nodes, _Place(None), ())


def _part(run: Run, path: str) -> Part:
    """Return the part of the joined text that a file is, and join it if it is not there; raises NotRead."""
    command_words.note_reading(run, path)
    found = locate(run, path)
    if found is None:
        raise NotRead(f"{_relative(path)}, which is read here, does not exist")
    place = disk.real(found)
    for part in run.others.source.parts[1:]:
        if disk.real(part.path) == place:
            return part
    if len(run.others.source.parts) > MAXIMUM_READ_FILES:
        raise NotRead("too many files are read")
    if not _may_be_read(run, place):
        raise NotRead(f"{path}, which is read here, is outside of the repository")
    try:
        text = read_source(Path(found)).text
    except UnreadableError as error:
        raise NotRead(f"{path}, which is read here, is not read: {error}") from None
    if len(text) > MAXIMUM_CHARACTERS:
        raise NotRead(f"{path}, which is read here, is too large")
    run.others.source = joined(run.others.source, [(found, text)])
    return run.others.source.parts[-1]


def locate(run: Run, path: str) -> str | None:
    """Return the path of an existing file that a program names: relative to its folder, the current one, or the root.

    It is relative to the current folder if that of the program is.
    """
    if run.folder is None:
        return None
    folder = os.fspath(run.folder)
    if path == run.options.named_as:
        return run.config if os.path.isabs(folder) else _relative(run.config)
    root = gitignore.repository(os.path.abspath(folder))
    for base in (folder, os.curdir, *([root] if root else [])):
        candidate = os.path.normpath(os.path.join(base, os.path.expanduser(path)))
        if disk.is_file(candidate):
            return candidate if os.path.isabs(folder) else _relative(candidate)
    return None


def note_writing(run: Run, path: str | None) -> None:
    """Note that the program may have written a file: what is read of it after that is not what is on disk now."""
    if path is not None:
        run.overwritten |= _places(run, path)


def is_overwritten(run: Run, path: str) -> bool:
    """Return whether a program that reads a file may have written it before."""
    return not run.overwritten.isdisjoint(_places(run, path))


def _places(run: Run, path: str) -> set[str]:
    bases = {os.path.abspath(base) for base in (run.folder or os.curdir, os.curdir)}
    return {os.path.normpath(os.path.join(base, os.path.expanduser(path))) for base in bases}


def _relative(path: str) -> str:
    return os.path.relpath(path) if os.path.isabs(path) else path


def _may_be_read(run: Run, place: str) -> bool:
    """Return whether a file is in the repository of the program; without one, in one of the folders above it."""
    folder = disk.real(run.folder or os.curdir)
    root = gitignore.repository(folder) or str([Path(folder), *Path(folder).parents][: MAXIMUM_PARENTS + 1][-1])
    return any(Path(place).is_relative_to(base) for base in (root, disk.real(os.curdir)))


def _value(run: Run, node: YamlNode, place: _Place, path: tuple[str, ...]) -> Value:
    """Return a node as a value; `path` leads to it from the root."""
    attributes = place.root is not None
    if isinstance(node, Mapping):
        kept = place.root if place.root is not None and not path else None
        table = kept or Table({}, attributes=attributes, converts="any" if attributes else "")
        table.open, table.cause = bool(node.open), Cause(node.open) if node.open else None
        for key, value in pairs(node):
            if isinstance(key.value, (str, int, float, bool, type(None))):
                table.items[key.value] = _value(run, value, place, (*path, key.text))
        return table
    if isinstance(node, Sequence):
        items = [_value(run, item, place, (*path, str(index))) for index, item in enumerate(node.items)]
        return Items(items, "tuple" if node.tag == TUPLE_TAG else "list")
    return _scalar(node, place, path)


def _scalar(node: Scalar, place: _Place, path: tuple[str, ...]) -> Value:
    if node.style == IMPORTED:
        return Unknown(Cause(f"{node.text} is a class that the config imports"))
    if node.value is UNKNOWN_DIM and not node.tag:
        return Unknown(Cause(node.text))
    if node.value is UNKNOWN_DIM or not isinstance(node.value, (str, int, float, bool, type(None))):
        return UNKNOWN
    start = place.offset
    span = None if start is None else Span(node.origin.start + start, node.origin.end + start)
    if place.root is not None and isinstance(node.value, str):
        if "${" in node.value:
            return ConfigReference(node.value, place.root, path, span)
        if node.value == "???":
            return Unknown()
    if span is None:
        return Const(node.value)
    return Const(node.value, span, computed=node.style == COMPUTED)
