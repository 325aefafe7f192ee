"""Sizes that depend on an image whose size is not known: two that differ for every usual one do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapelint.python.tensors.axes import Axes
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

USUAL = (32, 64, 96, 112, 128, 160, 192, 224, 256, 384, 512)
"""Heights and widths, in pixels."""
OF_IMAGE = frozenset({"H", "W"})


def are_apart(one: Dim, other: Dim) -> bool:
    """Return whether two sizes follow from that of an image, and differ for all usual ones; size 1 is broadcast."""
    names = dims.names(one), dims.names(other)
    if not all(found and found <= OF_IMAGE for found in names):
        return False
    values = [[dims.substitute(size, {"H": pixels, "W": pixels}) for size in (one, other)] for pixels in USUAL]
    return all(left != right and 1 not in (left, right) for left, right in values)


def in_broadcast(axes: Axes, other: Axes) -> tuple[Dim, Dim] | None:
    """Return the last two sizes that are apart of tensors that are broadcast together; None if there are none."""
    pairs = ((axes[-at].size, other[-at].size) for at in range(1, min(len(axes), len(other)) + 1))
    return next((pair for pair in pairs if are_apart(*pair)), None)


def in_pieces(pieces: Sequence[Axes], place: int | None) -> tuple[Dim, Dim] | None:
    """Return two sizes that are apart of tensors that are joined along an axis; None if there are none."""
    return next(_of_pieces(pieces, place), None)


def _of_pieces(pieces: Sequence[Axes], place: int | None) -> Iterator[tuple[Dim, Dim]]:
    for piece in pieces[1:]:
        for at, (one, other) in enumerate(zip(pieces[0], piece)):
            if at != place and are_apart(one.size, other.size):
                yield one.size, other.size
