"""A chain of components with the shapes that flow along it.

Wherever one component takes the output of another, the chain has an Edge. Each axis carries its origin, the component
(and the constructor argument) that gave it its width, through everything that only passes it on: a finding can then
point at the number, not at the ReLU in between.
"""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import Fit, Misfit, ShapeOrStructure
from shapelint.spec.spec import Argument, Step
from shapelint.text.source import Span


@frozen
class Origin:
    """Where a width comes from: the role, the component, and the argument that sets it ("" if none does).

    `place` is where the width is written if that is no argument of a component: an axis of the input. `steps` are the
    places of a program that decided it beside: what was done to the axis, the last one first, then to the network.
    """

    role: str
    component: Resolved | None = None
    parameter: str = ""
    place: Span | None = None
    steps: tuple[Step, ...] = ()

    @property
    def argument(self) -> Argument | None:
        """The argument as the user wrote it, or None where the default holds."""
        return self.component.given.get(self.parameter) if self.component and self.parameter else None


@frozen
class Flow:
    """A tensor on its way: its shape (None where unknown), the origin of each axis, and who made it last.

    `guess` is the unresolved layer before a layer that takes any number of axes: the last axis is known, but that it
    stands beside B alone is a guess, and nothing is concluded from the number of axes.
    """

    value: ShapeOrStructure | None
    origins: tuple[Origin, ...]
    maker: Origin
    guess: Origin | None = None

    @property
    def certain(self) -> ShapeOrStructure | None:
        """The shape, None where the number of its axes is a guess."""
        return None if self.guess else self.value


@frozen
class Edge:
    """One component taking what comes: `result` is None where either side is unknown.

    `consumer` is the origin of the expectation (with the argument that sets it), `producer` that of the actual axis.
    `layer` is the position inside a Sequential, None for a component that is no list of layers. `takes_tokens` says
    that what comes out is taken apart token by token later.
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
        """Whether both ends lie inside one component of the chain."""
        return self.producer.role == self.role


@frozen
class LayerFlow:
    """One layer of a Sequential with what goes in and comes out."""

    component: Resolved
    input: ShapeOrStructure | None
    output: ShapeOrStructure | None


@frozen
class Link:
    """One role of the chain, after its component was run."""

    role: str
    component: Resolved
    incoming: Flow
    outgoing: Flow
    edges: tuple[Edge, ...]
    layers: tuple[LayerFlow, ...] = ()


@frozen
class Chain:
    """The online branch of a model, link by link."""

    links: tuple[Link, ...]

    def link(self, role: str) -> Link | None:
        """The link of a role, or None where the model has none."""
        return next((link for link in self.links if link.role == role), None)
