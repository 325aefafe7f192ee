"""The files of `rules/signatures/`: what the components of a library do to shapes."""

from __future__ import annotations

import re
from dataclasses import field
from functools import cached_property
from typing import Any, Literal

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.knowledge.schema.strict import Strict
from shapelint.shapes import notation


@frozen
class SignatureRow(Strict):
    """What a component does to shapes, for the constructor arguments that satisfy `when`.

    `shapes` is in the notation of `shapes/notation.py`, with constructor arguments as names. `weights` is the number of
    learnable parameters as an expression in them. `parts` are the child modules in order, by dotted name, each written
    `torch.nn.Conv2d: B 3 H W -> B 64 ((H-1)//2+1) ((W-1)//2+1)`, in the axes of the whole component's input. `tensors`
    are those that each module itself holds, parameters before the semicolon and buffers after it: `weight 64, bias 64;
    running_mean 64, running_var 64, num_batches_tracked`. `latent` is a layer that fits only while two arguments are
    equal, and the two: `net.4 hidden out`. `listed` says that the image sizes of `shapes` are those that were tried,
    and that nothing is known of others, `outline` that `parts` are the direct children and the classifier alone.
    """

    shapes: str
    when: str = ""
    weights: str | int = ""
    parts: dict[str, str] = field(default_factory=dict)
    tensors: dict[str, str] = field(default_factory=dict)
    latent: str = ""
    listed: bool = False
    outline: bool = False


@frozen
class ComponentSignature(Strict):
    """One component of a library: its constructor and one row for each structural variant.

    `inert` arguments change no shape; an argument that is neither inert, nor named in a formula or a `when`, is
    structural: if it is not set to its default, the stored signature does not apply. `classes` names the argument that
    is the class count of a classifier. `dense` marks a head that is made for maps or tokens.
    """

    call: str
    rows: tuple[SignatureRow, ...]
    role: Literal["layer", "head", "backbone", "loss"] = "layer"
    inert: frozenset[str] = frozenset()
    classes: str | None = None
    dense: bool = False

    @classmethod
    def normalised(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Expand the short form: a component with one row may have the row's fields itself."""
        if "shapes" not in data:
            return data
        row = {key: data[key] for key in SignatureRow.field_names() if key in data}
        return {"rows": [row], **{key: value for key, value in data.items() if key not in row}}

    @property
    def target(self) -> str:
        """The dotted name of the class or function."""
        return self.call.partition("(")[0]

    @cached_property
    def named(self) -> frozenset[str]:
        """Every name in the formulas and conditions of its rows."""
        text = " ".join(f"{row.shapes} {row.when} {row.weights}" for row in self.rows)
        return frozenset(re.findall(r"[A-Za-z_]\w*", text))

    @cached_property
    def widths(self) -> frozenset[str]:
        """The arguments that are widths: an axis by themselves, or a head's integers that are not inert."""
        signatures = map(notation.parse_signature, (row.shapes for row in self.rows))
        found = {text for signature in signatures for text in signature.axis_texts}
        if self.role == "head":
            for parameter in self.parameters:
                integer = isinstance(parameter.default, int) and not isinstance(parameter.default, bool)
                if (integer or parameter.required) and parameter.name not in self.inert:
                    found.add(parameter.name)
        return frozenset(found & {parameter.name for parameter in self.parameters})

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


@frozen
class SignatureFile(Strict):
    """The signatures of (a part of) one library.

    `versions` are the library versions that the signatures were verified with: exact ones, or one range such as
    `">=2.1,<3"`. `made_by` is whether the tracer made them or a person wrote formulas.
    """

    library: str
    versions: tuple[str, ...]
    made_by: Literal["tracer", "hand"]
    components: tuple[ComponentSignature, ...]
