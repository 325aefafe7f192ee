"""The entries of `rules/layer_tensors.yaml`: the tensors of each layer."""

from __future__ import annotations

from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict


@frozen
class TensorRule(Strict):
    """Which tensors a layer holds, their axes named as in `shapes`; an axis that shapes do not determine is `?`.

    `parameters` are learned, in torch's order; `buffers` are saved with them. `variants` are the names of a parameter
    that is reparametrised, such as by weight normalisation. A layer whose tensors follow from its arguments alone has
    `modules` instead: what each module in it holds, in the names of these arguments; it has them `when` this holds.
    """

    shapes: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    buffers: dict[str, str] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    when: str = ""
