"""The files of `rules/methods/`: how a method wires its networks."""

from __future__ import annotations

from dataclasses import field
from typing import Literal, Union

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.loss_files import LossSignature
from shapelint.knowledge.schema.strict import Strict


@frozen
class PackRole(Strict):
    """A place in a method's chain: its aliases in configs, and the class that bare widths stand for.

    `features` is what the method takes of a bare backbone: without its pooling, `map` is its last feature map, and
    `tokens` are all tokens of its last layer. An `optional` role may be left out: what comes before it then leads to
    what follows it, and its output is that of the role that stands `instead` of it. A `dense` role takes maps or
    tokens.
    """

    aliases: tuple[str, ...] = ()
    default: str | None = None
    features: Literal["vector", "map", "tokens"] = "vector"
    optional: bool = False
    instead: str = ""
    dense: bool = False


@frozen
class Reshape(Strict):
    """What a method does to a tensor between two roles, as a signature: `B C H W -> B C` pools."""

    name: str
    reshape: str


PackStep = Union[str, Reshape]
"""One item of a branch: a role, or a reshape that the method itself does."""


@frozen
class PackTarget(Strict):
    """The momentum branch: which online roles it copies. Those that are `trained` no moving average writes."""

    copies: tuple[str, ...]
    trained: tuple[str, ...] = ()


@frozen
class PackLoss(Strict):
    """Which outputs the loss compares (`online.prediction_head`), with which class by default.

    `input.patches` are the pixels of the image, patch by patch. `reshape` is what the method does to both before the
    loss takes them, as a signature. `formula` is a loss that no library has.
    """

    left: str
    right: str
    default: str | None = None
    formula: LossSignature | None = None
    reshape: str = ""
    over: Literal["features"] = "features"


@frozen
class PackBank(Strict):
    """Stored vectors that are combined with features: the output whose width they must have, and how they are combined.

    An `assigned` bank takes in features by assignment, which broadcasts features of width 1; a `multiplied` one is
    multiplied with them, which never broadcasts.
    """

    meets: tuple[str, ...]
    how: Literal["assigned", "multiplied"] = "assigned"


@frozen
class MethodPack(Strict):
    """The wiring of one method, one file of `rules/methods/`.

    `online` is the chain from the input on; `branches` are further chains that begin at one of its roles.
    `further_losses` are added to the loss, by the key under which a config names them.
    """

    method: str
    roles: dict[str, PackRole]
    online: tuple[PackStep, ...]
    branches: tuple[tuple[PackStep, ...], ...] = ()
    target: PackTarget | None = None
    loss: PackLoss | None = None
    further_losses: dict[str, PackLoss] = field(default_factory=dict)
    banks: dict[str, PackBank] = field(default_factory=dict)

    def role_of(self, key: str) -> str | None:
        """The role that a key of a config names, directly or by an alias."""
        if key in self.roles:
            return key
        return next((name for name, role in self.roles.items() if key in role.aliases), None)

    @property
    def losses(self) -> dict[str, PackLoss]:
        """All losses by the key under which a config names them."""
        return {**({"loss": self.loss} if self.loss else {}), **self.further_losses}
