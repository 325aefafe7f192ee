"""The losses of `rules/losses/`, for configs and programs: looked up by name, with the user's arguments bound.

A file is named after its module, so that names of other libraries are recognised without reading a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cache, lru_cache
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.loss_files import LossSignature
from shapelint.shapes import dims
from shapelint.spec.spec import Argument, ComponentSpec


@frozen
class BoundLoss:
    """A loss with its arguments: `given` as the user wrote them, `values` with the defaults filled in."""

    signature: LossSignature
    spec: ComponentSpec | None
    given: Mapping[str, Argument] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The short name: `NTXentLoss`."""
        return self.signature.target.rpartition(".")[2]

    def value(self, name: str | None) -> Any:
        """Return the value of an argument; None if the loss has no such argument."""
        return self.values.get(name) if name else None


@cache
def modules() -> tuple[str, ...]:
    """Return the modules that have a file."""
    return tuple(sorted(path.stem for path in (rules_folder.folder() / "losses").glob("*.yaml")))


def _home(target: str) -> str | None:
    """Return the module with a file to which a full name belongs."""
    return next((name for name in modules() if target.startswith(f"{name}.")), None)


def _file(module: str) -> Mapping[str, Any]:
    """Return the content of a file; an entry is converted to a signature when it is looked up."""
    content: Mapping[str, Any] = rules_folder.load(f"losses/{module}.yaml")
    return content


@cache
def entries(module: str) -> Mapping[str, dict[str, Any]]:
    """Return the unconverted losses of a module by the short names of their classes."""
    return {entry["call"].partition("(")[0].rpartition(".")[2]: entry for entry in _file(module)["losses"]}


@cache
def _signature(module: str, name: str) -> LossSignature | None:
    entry = entries(module).get(name)
    return LossSignature.trusted(entry) if entry else None


def find(written: str) -> LossSignature | None:
    """Return the loss that a name in a config means, qualified or not; None if it is unknown."""
    package, _, name = written.rpartition(".")
    home = _home(written)
    likely = (home,) if home else modules()
    found = (_signature(module, name) for module in likely if not package or home or package in _homes(module))
    return next(filter(None, found), None)


def _homes(module: str) -> tuple[str, ...]:
    """Return the names of a module, such as `nn` for `torch.nn`."""
    return (module, *_file(module).get("also", ()))


@lru_cache(maxsize=4096)
def of_class(target: str) -> LossSignature | None:
    """Return the loss of a class, by its full name as a program imports it."""
    home, name = _home(target), target.rpartition(".")[2]
    if home is None or not name[:1].isupper():
        return None
    unlisted = _file(home).get("unlisted")
    if unlisted and name not in entries(home):
        return LossSignature.trusted({"call": target, "takes": unlisted})
    return _signature(home, name)


def listed(target: str) -> LossSignature | None:
    """The loss that a class is, where its arguments are written down."""
    home = _home(target)
    return of_class(target) if home and target.rpartition(".")[2] in entries(home) else None


def verified(target: str) -> tuple[str, tuple[str, ...]]:
    """The library of a loss, and the versions that its file was verified with."""
    file = _file(_home(target) or "")
    return file["library"], tuple(file["versions"])


@lru_cache(maxsize=4096)
def of_function(target: str) -> LossSignature | None:
    """Return the loss of a function, by its full name: `torch.nn.functional.mse_loss`."""
    root = target.partition(".")[0]
    for module in modules():
        if module.partition(".")[0] == root and target in _functions(module):
            return _signature(module, _functions(module)[target])
    return None


@cache
def _functions(module: str) -> Mapping[str, str]:
    """Return the classes that are equivalent to a function, by its full name."""
    return {function: name for name, entry in entries(module).items() for function in entry.get("functions", ())}


@cache
def written_by_hand(operation: str) -> tuple[LossSignature, str] | None:
    """Return the loss that an operation is a hand-written form of, and its name in reports."""
    for module in modules():
        for name, entry in entries(module).items():
            if operation in entry.get("by_hand", {}) and (signature := _signature(module, name)):
                return signature, signature.by_hand[operation]
    return None


def is_self_supervised(target: str) -> bool:
    """Return whether the module of a class has losses for self-supervised learning."""
    home = _home(target)
    return home is not None and bool(_file(home).get("self_supervised"))


def bind(spec: ComponentSpec | None, default: str | None) -> BoundLoss | None:
    """Return the configured loss, by default that of the method; None if it is unknown or not judged."""
    written = spec.target if spec else default
    signature = find(written) if written else None
    if signature is None or not signature.is_judged or (spec and spec.note):
        return None
    values = {parameter.name: parameter.default for parameter in signature.parameters}
    if spec is None:
        return BoundLoss(signature, None, {}, values)
    given = dict(zip([parameter.name for parameter in signature.parameters], spec.positional))
    given.update(spec.keywords)
    values.update({name: argument.value for name, argument in given.items()})
    if any(map(dims.is_unknown, values.values())):
        values = {name: None if dims.is_unknown(value) else value for name, value in values.items()}
    return BoundLoss(signature, spec, given, values)
