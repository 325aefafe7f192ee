"""The outputs that a method pack names, such as `target.projection_head`, with the origins of their widths."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.chain.chain import Flow, Link, Origin
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.facts import Port, Side
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims
from shapelint.shapes.signatures import Shape, format_shape

IMAGE_PATCHES = "input.patches"
PIXELS = "the image in patches"
"""How a method pack names the patches of the image, and a report."""
TOKEN_AXES, IMAGE_AXES = 3, 4
MOST_OTHER_TOKENS = 8
"""How many tokens a transformer has, at most, that are of no patch: of the class, of distillation, registers."""


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
    """The output that `online.prediction_head` or `target.projection_head` names; None if it is not known.

    `input.patches` are the pixels of the image, patch by patch.
    """
    if end == IMAGE_PATCHES:
        return _patches(judged)
    branch, _, role = end.partition(".")
    role = present_role(judged, role)
    chain, name = judged.chain, role
    if branch == "target":
        name = f"the target's {role}"
        chain = judged.target.chain if judged.target else chain
    return _output(name, chain.link(role))


def present_role(judged: Judged, role: str) -> str:
    """The role itself, or, if the model does not have it, the one that stands instead of it."""
    pack = judged.pack.roles.get(role)
    while pack is not None and pack.instead and judged.chain.link(role) is None:
        role = pack.instead
        pack = judged.pack.roles.get(role)
    return role


def _patches(judged: Judged) -> Output | None:
    """The patches that the backbone makes tokens of, each as many pixels as it has in all channels."""
    link = judged.chain.link("backbone")
    signature = link.component.signature if link is not None else None
    tokens = link.outgoing.value if link is not None else None
    if link is None or signature is None or not isinstance(tokens, tuple) or len(tokens) != TOKEN_AXES:
        return None
    axes = signature.alternatives[0].inputs[0].axes
    size = patch_size(axes[-2:], tokens[1])
    channels = axes[1] if len(axes) == IMAGE_AXES else None
    if size is None or not isinstance(channels, int):
        return None
    resolved = Resolved(link.component.spec, "", "unknown")
    flow = Flow((tokens[0], dims.symbol("L"), size * size * channels), (), Origin(PIXELS))
    return _output(PIXELS, Link(PIXELS, resolved, flow, flow, ()))


def patch_size(image: Sequence[object], tokens: object) -> int | None:
    """The side of the square patches of an image that gives some tokens, a few of which are of no patch.

    >>> patch_size((224, 224), 197)
    16
    """
    height, width = image
    if not isinstance(height, int) or not isinstance(width, int) or not isinstance(tokens, int):
        return None
    sides = (side for side in range(1, min(height, width) + 1) if height % side == width % side == 0)
    of_no_patch = {side: tokens - (height // side) * (width // side) for side in sides}
    fitting = [side for side, others in of_no_patch.items() if 0 <= others <= MOST_OTHER_TOKENS]
    return fitting[0] if len(fitting) == 1 else None


def last_output(judged: Judged) -> Output | None:
    """The output at the end of the online branch."""
    last = judged.chain.links[-1] if judged.chain.links else None
    return _output(last.role, last) if last else None


def _output(name: str, link: Link | None) -> Output | None:
    if link is None or not isinstance(link.outgoing.value, tuple) or not link.outgoing.value:
        return None
    origins = link.outgoing.origins
    return Output(name, link.role, link.outgoing.value, origins[-1] if origins else None, link)
