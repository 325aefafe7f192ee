"""Names that a library certainly does not have: those that it lost, and misspelt ones.

A name that is merely not known may be of a later version. One that was lost, or that differs from a known one by a
letter or by a number, is none.
"""

from __future__ import annotations

import re
from functools import cache

from shapelint.common.frozen import frozen
from shapelint.common.nearest_words import nearest_word, nearest_words
from shapelint.knowledge import class_attributes, pretrained_data, rules_folder
from shapelint.knowledge.class_attributes import OF_TIMM, OF_TORCH
from shapelint.knowledge.schema.library_names import ModuleNames
from shapelint.knowledge.timm_rows import TimmRow
from shapelint.signatures import stored, timm_signatures, versions
from shapelint.spec.spec import ComponentSpec

NAME_LIKENESS = 0.85
"""How similar a misspelt name is to the right one, as difflib counts."""
SOMEWHAT = 0.6
"""How similar a name must be to be suggested for one that was lost."""
CLASSIFIERS = ("fc", "classifier", "head", "heads")
"""What the last part of a model is called."""

CONVERTED = "SyncBatchNorm"
"""What a program may convert every BatchNorm to."""


@frozen
class Absent:
    """A name that an object does not have, and the one that is meant, "" where none is similar.

    `was_lost` says that an earlier version had it, `exact` that what is meant can stand in its place; `hint` is what to
    do if nothing is meant.
    """

    owner: str
    name: str
    nearest: str = ""
    was_lost: bool = False
    exact: bool = False
    hint: str = ""


@cache
def modules() -> dict[str, ModuleNames]:
    """The modules of which all names are known, where the installed version is the one that they were taken from."""
    found = (ModuleNames.trusted(entry) for entry in rules_folder.load("library_names.yaml"))
    return {one.module: one for one in found if not versions.difference(one.library, one.versions)}


@cache
def _transformers() -> ModuleNames | None:
    """The classes of transformers, which gets new ones: no name that is merely not among them is absent."""
    version, names = pretrained_data.classes()
    if versions.difference(pretrained_data.LIBRARY, (version,)):
        return None
    return ModuleNames.trusted(
        {"module": "transformers", "library": "transformers", "versions": [version], "names": names}
    )


@cache
def of_module(dotted: str) -> Absent | None:
    """A dotted name that its module does not have; None for one that it has, or may have."""
    module, _, name = dotted.rpartition(".")
    known = modules().get(module) or (_transformers() if module == pretrained_data.LIBRARY else None)
    if known is None or name in known.names or name.startswith("_"):
        return None
    if name in known.lost:
        likely = [one for one in known.names if one[:1].isupper() == name[:1].isupper()]
        return Absent(module, name, nearest_word(name, sorted(likely), SOMEWHAT), was_lost=True)
    elsewhere = [home for home, other in modules().items() if name in other.names and home.startswith(f"{module}.")]
    if elsewhere and name[:1].isupper():
        return Absent(module, name, f"{elsewhere[0]}.{name}")
    near = nearest_words(name.lower(), {one.lower() for one in known.names}, 5, NAME_LIKENESS)
    meant = [one for lower in near for one in sorted(known.names) if one.lower() == lower and _is_meant(name, one)]
    return Absent(module, name, meant[0], exact=_numbers(meant[0]) == _numbers(name)) if meant else None


def _is_meant(name: str, known: str) -> bool:
    """Whether a name is a known one, misspelt: of the same kind, with the same capitals and numbers.

    A function that builds a model may have another number (`resnet19`), but for that of its version.
    """
    if name[:1].isupper() != known[:1].isupper() or name.endswith("_Weights"):
        return False
    if name[:1].islower():
        return _numbers(name) == _numbers(known) or _but_numbers(name) == _but_numbers(known)
    return _numbers(name) == _numbers(known) and (name.lower() == known.lower() or _capitals(name) == _capitals(known))


def _numbers(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _but_numbers(name: str) -> str:
    return re.sub(r"(?<![vV\d])\d+", "#", name)


def _capitals(name: str) -> str:
    return re.sub(r"[^A-Z]", "", name)


@cache
def of_model(target: str, name: str) -> Absent | None:
    """A child that a model of a library does not have, whatever its arguments; None for any other attribute."""
    home, _, label = target.rpartition(".")
    known, found = modules().get(home), stored.find(target)
    if known is None or found is None or name not in known.parts:
        return None
    parts = {part: line for row in found[1].rows for part, line in row.parts.items() if "." not in part}
    if not parts or name in parts:
        return None
    last = list(parts)[-1]
    if name in CLASSIFIERS and last in CLASSIFIERS:
        return Absent(label, name, last, exact=parts[last].startswith("torch.nn.Linear:"))
    return Absent(label, name, nearest_word(name, parts, SOMEWHAT))


def of_component(spec: ComponentSpec, name: str) -> Absent | None:
    """An attribute that a model does not have, as it is created; None for one that it has, or may have."""
    row, tag = timm_signatures.model(spec, spec.target)
    if row is not None:
        return _of_timm(row, tag, spec, name)
    return of_model(spec.target, name) or (None if spec.partial else of_layer(spec.target, name))


@cache
def of_layer(target: str, name: str) -> Absent | None:
    """An attribute of other layers of torch that a layer does not have, whatever its arguments."""
    own, label = _of_layers(target), target.rpartition(".")[2]
    if own is None or name in own or name not in class_attributes.names(OF_TORCH):
        return None
    if label.startswith("BatchNorm") and name in class_attributes.by_class(OF_TORCH)[CONVERTED]:
        return None
    hint = "read it from the layer that the Identity replaces, before it does" if label == "Identity" else ""
    return Absent(label, name, nearest_word(name, sorted(own), SOMEWHAT), hint=hint)


def _of_layers(target: str) -> frozenset[str] | None:
    """The attributes of a layer of torch; None for anything else."""
    home, _, label = target.rpartition(".")
    return class_attributes.by_class(OF_TORCH).get(label) if home == "torch.nn" else None


def has(spec: ComponentSpec, name: str) -> bool | None:
    """Whether a model has an attribute, as it is created; None if that is not known."""
    row, _ = timm_signatures.model(spec, spec.target)
    own = _of_layers(spec.target) if row is None else _attributes(row, spec)
    if own is not None and name in own and not spec.partial:
        return True
    return None if of_component(spec, name) is None else False


def _attributes(row: TimmRow, spec: ComponentSpec) -> frozenset[str]:
    """The attributes of a model of timm; none if an argument or the installed version may change them."""
    if not timm_signatures.is_as_measured(spec, timm_signatures.KEEPING_ATTRIBUTES):
        return frozenset()
    return class_attributes.by_class(OF_TIMM).get(row.architecture, frozenset())


@cache
def _timm_names() -> frozenset[str]:
    """The attributes of any model of timm, and the parts of torchvision's."""
    parts = modules()["torchvision.models"].parts if "torchvision.models" in modules() else ()
    return class_attributes.names(OF_TIMM).union(parts)


def _of_timm(row: TimmRow, tag: str, spec: ComponentSpec, name: str) -> Absent | None:
    """An attribute of other models of timm, or a part of the classifier, that a model does not have."""
    own, classifier = _attributes(row, spec), row.classifier.partition(" ")[0]
    inside = name in {f"{classifier}.{other}" for other in CLASSIFIERS if classifier}  # a layer has no parts
    if not own or name in own or not (inside or name in _timm_names()):
        return None
    if inside or (name in CLASSIFIERS and classifier):
        counts = [argument.value for key, argument in spec.keywords if key == "num_classes"]
        has_classes = 0 not in (counts or [timm_signatures.weights(row, tag)[0]])
        return Absent(row.name, name, classifier, exact=has_classes)
    instead = rules_folder.load("timm.yaml")["instead"].get(name)
    return Absent(row.name, name, instead if instead in own else nearest_word(name, sorted(own), SOMEWHAT))
