"""OpenMMLab's configs: Python files whose top-level values are the config (`model = dict(type='BYOL', ...)`)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath

from shapelint.common import disk, gitignore
from shapelint.common.frozen import record, replace
from shapelint.common.patterns import pattern
from shapelint.common.reads import remembered
from shapelint.documents.merging import EMPTY
from shapelint.documents.nodes import Composition, InvalidYamlError, Mapping, Scalar, Sequence, YamlNode, pairs
from shapelint.documents.python_configs import AbsentBase, BasedConfigs
from shapelint.knowledge import openmmlab_rules
from shapelint.knowledge.openmmlab_rules import Algorithm, AlgorithmBank
from shapelint.knowledge.schema.widths import is_width
from shapelint.read.components import Reader, look_up
from shapelint.read.interpolations import References
from shapelint.read.recognition import Lookup, Named
from shapelint.read.yaml import FoundModel, Reading
from shapelint.shapes import dims
from shapelint.spec.spec import Argument, BankSpec, ComponentSpec, Extras, InputSpec, ModelSpec, Problem
from shapelint.text.source import Source, UnreadableError, joined, read_source

MAXIMUM_BASE_FILES = 200
BASE_FOLDER = "_base_"
"""The folder of configs that others are made of."""

_CONFIG = pattern(r"""^(?:_base_\s*=\s*[\[("'r]|model\s*=\s*(?:dict\s*\(|\{)|with\s+(?:\w+\.)*read_base\()""", re.M)
_PROGRAM = pattern(r"^(?:class|def|async def|if __name__|import torch|from torch)\b", re.M)


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
        if path not in texts and len(texts) < MAXIMUM_BASE_FILES and disk.is_file(path):
            try:
                texts[path] = read(Path(path)).text
            except UnreadableError:
                return None
        return (texts[path], 0) if path in texts else None

    with suppress(InvalidYamlError):  # reported when the joined text is read
        BasedConfigs(find).config(source.path, source.own_text)
    return joined(source, texts.items())


def read_models(source: Source, lookup: Lookup) -> Reading:
    """The model of a config, composed with its bases; raises InvalidYamlError where a file does not parse."""
    parts = {part.path: part for part in source.parts[1:]}

    def find(path: str) -> tuple[str, int] | None:
        return (source.slice(parts[path].span), parts[path].span.start) if path in parts else None

    composer = BasedConfigs(find)
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
    model = replace(model, problems=(*model.problems, *map(_problem, composer.absent)))
    method = Named(algorithm.method, named.span)
    return Reading(source, lookup, (FoundModel(model, mapping, ("model",), 0, method, frozenset()),), (root,), whole)


def _problem(absent: AbsentBase) -> Problem:
    return Problem("SL901", absent.message, absent.span, help="what it sets is known where its package is installed")


# The model ----------------------------------------------------------------------------------------------------------


@record
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


@remembered()
def _home(folder: str) -> str:
    """The library in whose repository or package a folder lies, "" if in none."""
    known = openmmlab_rules.libraries()
    top = gitignore.repository(folder) or ""
    place = PurePath(folder)
    for parent in (place, *place.parents):
        for name, library in known.items():
            if parent.name == name or disk.is_file(os.path.join(parent, name, "__init__.py")):
                return library
        if str(parent) == top:
            break
    return ""
