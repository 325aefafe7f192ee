"""A chain of components with the shapes that flow along it.

Wherever one component takes the output of another, there is an Edge. Each axis carries its origin, the component (and
the constructor argument) that gave it its width, through everything that only passes it on: a finding can then point at
the number, not at the ReLU in between.
"""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import Fit, Misfit, ShapeOrStructure
from shapelint.spec.spec import Argument, Cause, Step
from shapelint.text.source import Span


@frozen
class Origin:
    """Where a width comes from: the role, the component, and the argument that sets it ("" if none does).

    `place` is where the width is written if it is not an argument of a component: an axis of the input. `steps` are the
    other places of a program that decided it: what was done to the axis, latest first, then what was done to the
    network. `cause` is why a tensor is not known that no component made.
    """

    role: str
    component: Resolved | None = None
    parameter: str = ""
    place: Span | None = None
    steps: tuple[Step, ...] = ()
    cause: Cause | None = None

    @property
    def argument(self) -> Argument | None:
        """The argument as the user wrote it, or None if the default applies."""
        return self.component.given.get(self.parameter) if self.component else None


@frozen
class Flow:
    """A tensor between two components: its shape (None if unknown), the origin of each axis, and what made it last.

    `guess` is the unresolved layer before a layer that takes any number of axes. The last axis is then known, but that
    the batch is the only other axis is a guess, and nothing is concluded from the number of axes.
    """

    value: ShapeOrStructure | None
    origins: tuple[Origin, ...]
    maker: Origin
    guess: Origin | None = None

    @property
    def certain(self) -> ShapeOrStructure | None:
        """The shape, or None if the number of its axes is a guess."""
        return None if self.guess else self.value


@frozen
class Edge:
    """A component and what comes into it: `result` is None if either side is unknown.

    `consumer` is the origin of the expected axis (with the argument that sets it), `producer` that of the actual one.
    `layer` is the position inside a Sequential, None for a component that is not a list of layers. `takes_tokens` is
    whether the output is later taken apart token by token.
    """

    role: str
    component: Resolved
    incoming: Flow
    result: Fit | Misfit | None
    consumer: Origin
    producer: Origin
    layer: int | None = None
    takes_tokens: bool = False

    @property
    def inside(self) -> bool:
        """Whether both ends are inside one component of the chain."""
        return self.producer.role == self.role


@frozen
class LayerFlow:
    """One layer of a Sequential, with its input and output."""

    component: Resolved
    input: ShapeOrStructure | None
    output: ShapeOrStructure | None


@frozen
class Link:
    """One role of the chain, after its component was run; `replaced` are parts that have others in their places."""

    role: str
    component: Resolved
    incoming: Flow
    outgoing: Flow
    edges: tuple[Edge, ...]
    layers: tuple[LayerFlow, ...] = ()
    replaced: tuple[str, ...] = ()


@frozen
class Chain:
    """The online branch of a model, link by link."""

    links: tuple[Link, ...]

    def link(self, role: str) -> Link | None:
        """The link of a role, or None if the model has no such role."""
        return next((link for link in self.links if link.role == role), None)
