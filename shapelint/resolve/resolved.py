"""A component with its shape signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.shapes import expression
from shapelint.shapes.notation import Signature
from shapelint.spec.findings import Provenance
from shapelint.spec.spec import Argument, ComponentSpec, Problem


@frozen
class Resolved:
    """A component with its signature. `template` names constructor arguments where `signature` has their values.

    `reason` says why the signature is unknown, `remedy` what would make it known, if that is not one for `target`.
    `given` are the user's arguments by parameter name. `refused` is the image size at which the component was found not
    to run. `is_operation` says that it is an operation in the code, such as `@` or `.view(...)`, and no component.
    """

    spec: ComponentSpec
    target: str
    source: Provenance
    template: Signature | None = None
    signature: Signature | None = None
    given: Mapping[str, Argument] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    component: ComponentSignature | None = None
    row: SignatureRow | None = None
    layers: tuple[Resolved, ...] = ()
    problems: tuple[Problem, ...] = ()
    reason: str = ""
    remedy: str = ""
    notices: tuple[str, ...] = ()
    refused: tuple[int, int] | None = None
    is_operation: bool = False

    @property
    def is_listed(self) -> bool:
        """Whether it was tried at some image sizes one by one: its shapes at any other size are not known."""
        if self.row is not None and self.row.listed:
            return True
        found = self.signature.alternatives if self.signature is not None and self.source == "traced" else ()
        return len(found) > 1 and all(one.inputs[0].rank == 4 for one in found)

    @property
    def label(self) -> str:
        """The short name: `BYOLProjectionHead`, `torchvision/resnet18`."""
        return self.target if "/" in self.target else self.target.rpartition(".")[2]

    @property
    def weights(self) -> int | None:
        """The number of learnable parameters, or None if it is not known."""
        if self.layers:
            counts = [layer.weights for layer in self.layers]
            return None if None in counts else sum(count for count in counts if count is not None)
        if self.row is None or self.row.weights == "":
            return None
        try:
            value = expression.evaluate(str(self.row.weights), self.values)
        except (expression.ExpressionError, TypeError):
            return None
        return value if isinstance(value, int) else None
