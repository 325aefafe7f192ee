"""OpenMMLab's configs: Python files whose top-level values are the config (`model = dict(type='BYOL', ...)`).

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
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path, PurePath

from shapelint.common import gitignore
from shapelint.documents.composing import composed_once
from shapelint.documents.merging import EMPTY, moved, opened
from shapelint.documents.nodes import Composition, InvalidYamlError, Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.knowledge import openmmlab_rules
from shapelint.knowledge.openmmlab_rules import Algorithm, AlgorithmBank
from shapelint.knowledge.schema.widths import is_width
from shapelint.read.components import Reader, look_up
from shapelint.read.interpolations import References
from shapelint.read.python_values import Values, parsed
from shapelint.read.recognition import Lookup, Named
from shapelint.read.yaml import FoundModel, Reading
from shapelint.shapes import dims
from shapelint.spec.spec import Argument, BankSpec, ComponentSpec, Extras, InputSpec, ModelSpec, Problem
from shapelint.text.source import Source, Span, UnreadableError, joined, read_source

MAXIMUM_BASE_FILES = 200
BASE_FOLDER = "_base_"
"""The folder of configs that others are made of."""

_MAXIMUM_DEPTH = 30
_CONFIG = re.compile(r"""^(?:_base_\s*=\s*[\[("'r]|model\s*=\s*(?:dict\s*\(|\{)|with\s+(?:\w+\.)*read_base\()""", re.M)
_PROGRAM = re.compile(r"^(?:class|def|async def|if __name__|import torch|from torch)\b", re.M)
_DELETE = "_delete_"

FindText = Callable[[str], "tuple[str, int] | None"]
"""Find the text of a file, and its offset in the source."""


def is_config(source: Source) -> bool:
    """Whether a Python file is a config: its values at the top level say so, and nothing in it is a program."""
    text = source.own_text
    return source.language == "python" and bool(_CONFIG.search(text)) and not _PROGRAM.search(text)


def gathered(source: Source, read: Callable[[Path], Source] = read_source) -> Source:
    """A config with the files joined to it that its `_base_` names, directly or through others. Reads files."""
    if len(source.parts) > 1:
        return source
    texts: dict[str, str] = {}

    def find(path: str) -> tuple[str, int] | None:
        if path not in texts and len(texts) < MAXIMUM_BASE_FILES and os.path.isfile(path):
            try:
                texts[path] = read(Path(path)).text
            except UnreadableError:
                return None
        return (texts[path], 0) if path in texts else None

    with suppress(InvalidYamlError):  # reported when the joined text is read
        _Composer(find).config(source.path, source.own_text)
    return joined(source, texts.items())


def read_models(source: Source, lookup: Lookup) -> Reading:
    """The model of a config, composed with its bases; raises InvalidYamlError where a file does not parse."""
    parts = {part.path: part for part in source.parts[1:]}

    def find(path: str) -> tuple[str, int] | None:
        return (source.slice(parts[path].span), parts[path].span.start) if path in parts else None

    composer = _Composer(find)
    root = composer.config(source.path, source.own_text)
    whole = Composition((EMPTY,))
    mapping = _at(root, "model")
    named = _type(mapping)
    algorithm = openmmlab_rules.algorithms().get(_short(named)) if named else None
    if not isinstance(mapping, Mapping) or named is None or algorithm is None:
        return Reading(source, lookup, (), (root,), whole)
    library = _library(source.path, root, mapping)
    reader = Reader(source, partial(look_up, root), lookup.parameters, References(mapping, ("model",)))
    model = _Model(reader, mapping, algorithm, library).spec(PurePath(source.path).stem)
    model = replace(model, problems=(*model.problems, *composer.problems))
    method = Named(algorithm.method, named.span)
    return Reading(source, lookup, (FoundModel(model, mapping, ("model",), 0, method, frozenset()),), (root,), whole)


# Files --------------------------------------------------------------------------------------------------------------


@dataclass
class _Composer:
    """Reads a config and its bases; a base that is not found is a problem."""

    find: FindText
    problems: list[Problem] = field(default_factory=list)
    depth: int = 0

    def config(self, path: str, text: str, shift: int = 0) -> Mapping:
        """The values of a file, merged over those of its bases."""
        if not path.endswith(".py"):
            return _yaml(path, text, shift)
        tree = parsed(text, shift)
        values = Values(text, shift, merged, partial(self.imported, path, shift))
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_base_":
                values.base = self.bases(path, values.value(node.value))
        values.run(tree)
        names = [(name, value) for name, value in values.names.items() if not name.startswith("_")]
        own = [(Scalar(name, name, value.span, value.span, value.span), value) for name, value in names]
        return merged(values.base, replace(EMPTY, entries=tuple(own)))

    def bases(self, path: str, written: YamlNode) -> Mapping:
        """The values of the files that `_base_` names; of equal names, those of the later file."""
        base = EMPTY
        for item in written.items if isinstance(written, Sequence) else (written,):
            name = item.value if isinstance(item, Scalar) and isinstance(item.value, str) else ""
            found = self.base(path, name, item.span)
            if found is None:
                why = f"{name or '_base_'} names no file here"
                help = "what it sets is known where its package is installed"
                self.problems.append(Problem("SL901", f"{why}: what it sets is not known", item.span, help=help))
                base = replace(base, open=why)
                continue
            kept = {key.text: (key, value) for key, value in pairs(base)}
            kept.update((key.text, (key, value)) for key, value in pairs(found))
            base = replace(base, entries=tuple(kept.values()), open=base.open or found.open)
        return base

    def base(self, path: str, name: str, place: Span) -> Mapping | None:
        """The values of one base, None if there is no such file."""
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
        """The values that an import under `read_base()` brings."""
        up = [".."] * (node.level - 1) if node.level else []
        name = "/".join([*up, *(node.module or "").split(".")]) + ".py"
        found = self.base(path, name, Span(shift, shift)) if node.level else None
        if found is None:
            help = "what it sets is known where its package is installed"
            message = f"{'.' * node.level}{node.module} is no file here: what it sets is not known"
            self.problems.append(Problem("SL901", message, Span(shift, shift), help=help))
            return {}
        values = {key.text: value for key, value in pairs(found)}
        if any(alias.name == "*" for alias in node.names):
            return values
        return {alias.asname or alias.name: values[alias.name] for alias in node.names if alias.name in values}


def _yaml(path: str, text: str, shift: int) -> Mapping:
    documents = composed_once(Source(path, text)).documents
    root = moved(documents[0], shift) if documents else EMPTY
    return root if isinstance(root, Mapping) else EMPTY


def merged(base: YamlNode | None, over: YamlNode) -> Mapping:
    """A mapping over another one: key by key, unless it says `_delete_=True`; all else replaces what was there."""
    before = base if isinstance(base, Mapping) else EMPTY
    entries = {key.text: (key, value) for key, value in pairs(before)}
    for key, value in pairs(over) if isinstance(over, Mapping) else ():
        old = entries.get(key.text)
        if isinstance(value, Mapping):
            deleted = any(one.text == _DELETE and isinstance(it, Scalar) and it.value for one, it in pairs(value))
            if old is not None and isinstance(old[1], Mapping) and not deleted:
                value = merged(old[1], value)
            else:
                value = _without(value, _DELETE)
                value = opened(value, before.open) if old is None and not deleted else value
        elif key.text == _DELETE:
            continue
        entries[key.text] = (key, value)
    whole = over if isinstance(over, Mapping) and over.entries else before
    is_open = before.open or (over.open if isinstance(over, Mapping) else "")
    home = whole.home if whole is before or not before.entries else Span(whole.span.start, whole.span.start)
    return replace(whole, entries=tuple(entries.values()), home=home, open=is_open)


def _without(node: Mapping, name: str) -> Mapping:
    """A mapping without a key, at any depth."""
    entries = tuple(
        (key, _without(value, name) if isinstance(value, Mapping) else value)
        for key, value in pairs(node)
        if key.text != name
    )
    return replace(node, entries=entries)


# The model ----------------------------------------------------------------------------------------------------------


@dataclass
class _Model:
    """Reads the components of a model whose algorithm is known; `library` has the classes that its types name."""

    reader: Reader
    mapping: Mapping
    algorithm: Algorithm
    library: str

    def spec(self, name: str) -> ModelSpec:
        components: dict[str, ComponentSpec] = {}
        for path, role in self.algorithm.parts.items():
            node = _at(self.mapping, path)
            component = self.component(node, role) if node is not None and not _is_none(node) else None
            if component is not None:
                components[role] = component
        named = _type(self.mapping)
        return ModelSpec(
            name,
            self.algorithm.method,
            _image(components.get("backbone")),
            self.mapping.span,
            components,
            tuple(self.reader.problems),
            Extras(banks=tuple(self.banks())),
            named.span if named else None,
            self.algorithm.wiring,
        )

    def component(self, node: YamlNode, role: str) -> ComponentSpec | None:
        """A component by its type, under the full name of its class."""
        read = self.reader.component(node, role, None)
        if read is None or not read.target or read.note:
            return read
        insertion = read.insertion
        if insertion is not None:
            is_call = self.reader.source.text[read.span.start : read.span.start + 1] != "{"
            insertion = replace(insertion, separator="=") if is_call else None
        target = f"{self.library}.models.{_short_name(read.target)}"
        return replace(read, target=target, spelling="call", insertion=insertion)

    def banks(self) -> Iterator[BankSpec]:
        for name, bank in self.algorithm.banks.items():
            width = self.width(bank)
            if width is not None:
                yield BankSpec(name, width, width.span)

    def width(self, bank: AlgorithmBank) -> Argument | None:
        node = _at(self.mapping, bank.at) or (_at(self.mapping, bank.alternative) if bank.alternative else None)
        if isinstance(node, Scalar) and is_width(node.value):
            return Argument(node.value, node.span, node.home)
        named = _type(self.mapping)
        if node is None and bank.default is not None and named is not None:
            return Argument(bank.default, named.span, None)
        return None


def _image(backbone: ComponentSpec | None) -> InputSpec:
    """The images: three channels, unless the backbone was made for others; then the data decides."""
    channels = dict(backbone.keywords).get("in_channels") if backbone else None
    known = channels is None or channels.value == 3
    return InputSpec(3 if known else dims.UNKNOWN_DIM, dims.symbol("H"), dims.symbol("W"))


def _at(node: YamlNode | None, path: str) -> YamlNode | None:
    for name in path.split(".") if path else ():
        entries = pairs(node) if isinstance(node, Mapping) else ()
        node = next((value for key, value in entries if key.text == name), None)
    return node


def _is_none(node: YamlNode) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _type(node: YamlNode | None) -> Scalar | None:
    found = _at(node, "type")
    return found if isinstance(found, Scalar) and isinstance(found.value, str) else None


def _short(named: Scalar) -> str:
    return _short_name(str(named.value))


def _short_name(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _library(path: str, root: Mapping, model: Mapping) -> str:
    """The library whose classes the types of a model name."""
    known = openmmlab_rules.libraries()
    for name in _told(root, model):
        if name in known:
            return known[name]
    if home := _home(os.path.dirname(os.path.abspath(path))):
        return home
    indices = _at(model, "backbone.out_indices")
    listed = [item.value for item in indices.items if isinstance(item, Scalar)] if isinstance(indices, Sequence) else []
    return openmmlab_rules.counting_the_stem() if 4 in listed else next(iter(known.values()))


def _told(root: Mapping, model: Mapping) -> Iterator[str]:
    """The names of libraries that a config says: prefixes of types, its scope, what it imports."""
    parts = [_type(model), *(_type(_at(model, name)) for name in ("backbone", "neck", "head"))]
    yield from (str(one.value).partition(".")[0] for one in parts if one is not None and "." in str(one.value))
    scope = _at(root, "default_scope")
    if isinstance(scope, Scalar):
        yield str(scope.value)
    imports = _at(root, "custom_imports.imports")
    for item in imports.items if isinstance(imports, Sequence) else ():
        if isinstance(item, Scalar):
            yield str(item.value).partition(".")[0]


@cache
def _home(folder: str) -> str:
    """The library in whose repository or package a folder lies, "" if in none."""
    known = openmmlab_rules.libraries()
    top = gitignore.repository(folder) or ""
    place = PurePath(folder)
    for parent in (place, *place.parents):
        for name, library in known.items():
            if parent.name == name or os.path.isfile(os.path.join(parent, name, "__init__.py")):
                return library
        if str(parent) == top:
            break
    return ""
