"""The outputs that a method pack names, such as `target.projection_head`, with the origins of their widths."""

from __future__ import annotations

from shapelint.chain.chain import Link, Origin
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.facts import Port, Side
from shapelint.shapes.signatures import Shape, format_shape


@frozen
class Output:
    """One output of a branch; `width` is the origin of its last axis."""

    name: str
    role: str
    shape: Shape
    width: Origin | None
    link: Link

    @property
    def side(self) -> Side:
        """The output as one end of a relation, for messages."""
        port = Port(self.shape[-1], len(self.shape), format_shape(self.shape))
        return Side(self.role, self.name, self.link.component.label, output=port)


def output_of(judged: Judged, end: str) -> Output | None:
    """The output that `online.prediction_head` or `target.projection_head` names; None if it is not known."""
    branch, _, role = end.partition(".")
    chain, name = judged.chain, role
    if branch == "target":
        name = f"the target's {role}"
        chain = judged.target.chain if judged.target else chain
    return _output(name, chain.link(role))


def last_output(judged: Judged) -> Output | None:
    """The output at the end of the online branch."""
    last = judged.chain.links[-1] if judged.chain.links else None
    return _output(last.role, last) if last else None


def _output(name: str, link: Link | None) -> Output | None:
    if link is None or not isinstance(link.outgoing.value, tuple) or not link.outgoing.value:
        return None
    origins = link.outgoing.origins
    return Output(name, link.role, link.outgoing.value, origins[-1] if origins else None, link)
