"""The losses of `rules/losses/`, for configs and programs: looked up by name, with the user's arguments bound.

A file is named after its module, so that a name of another library is told apart without reading one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache, lru_cache
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.loss_files import LossFile, LossSignature
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
        """The value of an argument, None where the loss has none of that kind."""
        return self.values.get(name) if name else None


@frozen
class _Module:
    """One file with its losses by the names of their classes, by their functions, and by what they are written with."""

    file: LossFile
    classes: Mapping[str, LossSignature]
    functions: Mapping[str, LossSignature]
    by_hand: Mapping[str, tuple[LossSignature, str]]

    def has(self, module: str) -> bool:
        """Whether classes of a module, "" for any, are those of this one."""
        home = self.file.module
        return module in ("", home, *self.file.also) or module.startswith(f"{home}.")


@cache
def names() -> tuple[str, ...]:
    """The modules that have a file."""
    return tuple(sorted(path.stem for path in (rules_folder.folder() / "losses").glob("*.yaml")))


@cache
def _module(name: str) -> _Module:
    file = LossFile.trusted(rules_folder.load(f"losses/{name}.yaml"))
    return _Module(
        file,
        {loss.target.rpartition(".")[2]: loss for loss in file.losses},
        {function: loss for loss in file.losses for function in loss.functions},
        {operation: (loss, words) for loss in file.losses for operation, words in loss.by_hand.items()},
    )


def files() -> Iterator[LossFile]:
    """The files of `rules/losses/`, each read when it is needed."""
    return (_module(name).file for name in names())


def find(written: str) -> LossSignature | None:
    """The loss that a name in a config means, qualified or not; None where it is not known."""
    module, _, name = written.rpartition(".")
    for one in _likely(module):
        if one.has(module) and name in one.classes:
            return one.classes[name]
    return None


def _likely(module: str) -> Iterator[_Module]:
    """The modules to look in: the one that a full name begins with, or all."""
    own = _home(f"{module}.")
    return iter([_module(own)]) if own else (_module(name) for name in names())


def _home(target: str) -> str | None:
    """The module of `rules/losses/` that a full name is of."""
    return next((name for name in names() if target.startswith(f"{name}.")), None)


@lru_cache(maxsize=4096)
def of_class(target: str) -> LossSignature | None:
    """The loss that a class is, by its full name as a program imports it."""
    home = _home(target)
    name = target.rpartition(".")[2]
    if home is None or not name[:1].isupper():
        return None
    one = _module(home)
    if name not in one.classes and one.file.unlisted:
        return LossSignature.trusted({"call": target, "takes": one.file.unlisted})
    return one.classes.get(name)


@lru_cache(maxsize=4096)
def of_function(target: str) -> LossSignature | None:
    """The loss that a function is, by its full name: `torch.nn.functional.mse_loss`."""
    root = target.partition(".")[0]
    likely = (_module(name) for name in names() if name.partition(".")[0] == root)
    return next((one.functions[target] for one in likely if target in one.functions), None)


@cache
def written_by_hand(operation: str) -> tuple[LossSignature, str] | None:
    """The loss that an operation compares as where it makes one by hand, and what reports call it then."""
    return next((one.by_hand[operation] for one in map(_module, names()) if operation in one.by_hand), None)


def is_self_supervised(target: str) -> bool:
    """Whether a class is of a module whose losses are those of self-supervised learning."""
    home = _home(target)
    return home is not None and _module(home).file.self_supervised


def bind(spec: ComponentSpec | None, default: str | None) -> BoundLoss | None:
    """The loss as configured, the method's own where nothing is said; None where it is not known or not judged."""
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
    if any(value is dims.UNKNOWN_DIM for value in values.values()):
        values = {name: None if value is dims.UNKNOWN_DIM else value for name, value in values.items()}
    return BoundLoss(signature, spec, given, values)
