"""The files of `rules/losses/`: what the losses of a library take."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.knowledge.schema.strict import Strict


class LossSignature(Strict):
    """What a loss takes, for two operands of shapes (B, ..., D).

    `axes` are the smallest and the largest number of axes. `operands` is what they must have in common: `equal` shapes,
    shapes that `broadcast`, an equal batch with `features` that broadcast, or nothing (`flattened` and cut). `over`
    names the argument that is the axis of comparison, `bank` the one that holds (size, width) of a memory bank, `width`
    one that must equal the features, `cut` one that takes the first features only. `batch` is the smallest batch.
    """

    call: str
    axes: tuple[int, int]
    operands: Literal["equal", "broadcast", "features", "flattened"]
    over: str | None = None
    bank: str | None = None
    width: str | None = None
    cut: str | None = None
    batch: int = 1
    says: str = ""

    @property
    def target(self) -> str:
        """The dotted name of the class."""
        return self.call.partition("(")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


class LossFile(Strict):
    """The losses of one library, one file of `rules/losses/`."""

    library: str
    versions: tuple[str, ...]
    module: str
    also: tuple[str, ...] = ()
    losses: tuple[LossSignature, ...]
