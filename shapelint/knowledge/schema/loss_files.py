"""The files of `rules/losses/`: the operands and arguments of a library's losses."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import Literal

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.knowledge.schema.strict import Strict


@frozen
class LossSignature(Strict):
    """A loss of two operands of shapes (B, ..., D).

    `axes` are the smallest and the largest number of axes. `operands` says what they must have in common: `equal`
    shapes, shapes that `broadcast`, an equal batch with `features` that broadcast, equal axes but for the number of
    `views`, nothing (`flattened` and cut, or one operand `alone`), or that this is `unjudged`. `over` is the argument
    with the axis of comparison, `bank` the one with (size, width) of a memory bank, `width` one that must equal the
    number of features, also if one of them is 1 where it `never_broadcasts`, `cut` one that selects the first features
    only. `batch` is the smallest batch size, `says` torch's error for operands that do not fit.

    For programs, `takes` are the operands as arguments of the call, of which the first is compared with each other
    one, and `prototypes` is an argument with vectors of their width; through those that it `stops` no gradient flows
    back. `target_first` is whether the first one is the target's, as a method pack names it last. `labels` says that
    the target in a program may be labels, which are not compared. `functions` are equivalent functions. `operation` is
    the operation whose result the loss returns, if that is no number; if it has a `reduction`, only without one.
    `by_hand` are the operations of a hand-written version of the loss, each with its name in reports.
    """

    call: str
    axes: tuple[int, int] = (1, 8)
    operands: Literal["equal", "broadcast", "features", "views", "flattened", "alone", "unjudged"] = "unjudged"
    over: str | None = None
    bank: str | None = None
    width: str | None = None
    never_broadcasts: bool = False
    cut: str | None = None
    batch: int = 1
    says: str = ""
    takes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    target_first: bool = False
    prototypes: str | None = None
    labels: bool = False
    functions: tuple[str, ...] = ()
    operation: str = ""
    by_hand: dict[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The dotted name of the class."""
        return self.call.partition("(")[0]

    @property
    def is_judged(self) -> bool:
        """Whether it is known what the operands must have in common."""
        return self.operands != "unjudged"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


@frozen
class LossFile(Strict):
    """The losses of one module, from the file of `rules/losses/` with its name.

    `unlisted` are the operands of a class of the module without an entry; if absent, such a class is not a loss.
    """

    library: str
    versions: tuple[str, ...]
    module: str
    losses: tuple[LossSignature, ...]
    also: tuple[str, ...] = ()
    self_supervised: bool = False
    unlisted: tuple[str, ...] = ()
