"""The losses of `rules/losses/`, looked up by name and bound to the user's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import cache
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
        """The value of an argument, None if the loss has no argument of that kind."""
        return self.values.get(name) if name else None


def files() -> Iterator[LossFile]:
    """The files of `rules/losses/`, each read when it is needed."""
    return (_file(path.stem) for path in sorted((rules_folder.folder() / "losses").glob("*.yaml")))


@cache
def _file(name: str) -> LossFile:
    return LossFile.trusted(rules_folder.load(f"losses/{name}.yaml"))


def find(written: str) -> LossSignature | None:
    """The loss that a name means, qualified or not; None if it is not known."""
    module, _, name = written.rpartition(".")
    for file in files():
        if module in ("", file.module, *file.also) or module.startswith(f"{file.module}."):
            for signature in file.losses:
                if signature.target == f"{file.module}.{name}":
                    return signature
    return None


def bind(spec: ComponentSpec | None, default: str | None) -> BoundLoss | None:
    """The loss as configured, the method's own if nothing is configured; None if it is not known."""
    if spec is None:
        signature = find(default) if default else None
        values = {parameter.name: parameter.default for parameter in signature.parameters} if signature else {}
        return BoundLoss(signature, None, {}, values) if signature else None
    signature = find(spec.target)
    if signature is None or spec.note:
        return None
    given = dict(zip([parameter.name for parameter in signature.parameters], spec.positional))
    given.update(spec.keywords)
    values = {parameter.name: parameter.default for parameter in signature.parameters}
    values.update({name: argument.value for name, argument in given.items()})
    if any(value is dims.UNKNOWN_DIM for value in values.values()):
        values = {name: None if value is dims.UNKNOWN_DIM else value for name, value in values.items()}
    return BoundLoss(signature, spec, given, values)
