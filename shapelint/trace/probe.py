"""Which inputs a layer or head accepts: every rank, and the width that it requires on one axis or two.

A layer does not declare its inputs. Its parameters contain the possible widths; small runs on the meta device show
which of them, on which axis, is really accepted. torch is used through `meta` alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shapelint.trace.meta import runs
from shapelint.trace.signature_rows import LEADING
from shapelint.trace.symbolic import Free, TracedAxis

if TYPE_CHECKING:
    from torch import nn

Template = tuple[TracedAxis, ...]

AXIS_SIZES = {"B": 5, "C": 29, "L": 37, "D": 31, "H": 41, "W": 43}
"""The sizes of free axes in a probe: different primes, large enough for batch statistics and small kernels."""

OTHER_SIZES = {"B": 7, "C": 67, "L": 53, "D": 47, "H": 59, "W": 61}

ANY = {1: ("D",), 2: ("B", "D"), 3: ("B", "C", "L"), 4: ("B", "C", "H", "W"), 5: ("B", "C", "D", "H", "W")}
"""The unrestricted axes of an input, by rank."""

UNBATCHED = {2: ("L",), 3: ("H", "W"), 4: ("D", "H", "W")}
"""The axes after the channels of an input without a batch."""

SMALL_SIZES = {"B": 3, "C": 4, "L": 11, "D": 6, "H": 8, "W": 9}
"""Sizes for a run with real memory."""

MAXIMUM_CANDIDATES = 24

WIDTH_ATTRIBUTES = (
    "in_features",
    "in_channels",
    "num_features",
    "num_channels",
    "embed_dim",
    "input_size",
    "in1_features",
)
CHANNEL_ATTRIBUTES = ("num_features", "num_channels", "in_channels", "num_parameters")


def accepted(module: nn.Module) -> list[Template]:
    """The inputs that a module accepts, the usual (B, width) first; each template requires as little as possible."""
    found: list[Template] = []
    for rank in (2, 3, 4, 5, 1):
        free = free_template(*ANY[rank])
        if _runs(module, free):
            found.append(free)
            continue
        for template in _templates(rank, candidates(module), channels(module)):
            if not any(is_instance(template, other) for other in found) and _runs(module, template):
                found.append(template)
    return found


def free_template(*names: str) -> Template:
    """A template of free axes by name."""
    return tuple(Free(name, AXIS_SIZES[name]) for name in names)


def _templates(rank: int, widths: Sequence[int], channels: Sequence[int]) -> Iterator[Template]:
    leading = free_template(*LEADING[rank])
    for width in widths:
        yield (*leading, width)
    if rank > 2:
        for width in widths:
            yield (leading[0], width, *leading[1:])
        for channel in channels:
            for width in widths:
                yield (leading[0], channel, *leading[2:], width)
    if 1 < rank < 5:
        for width in widths:
            yield (width, *free_template("B", *UNBATCHED[rank])[1:])


def candidates(module: nn.Module) -> list[int]:
    """The possible widths of an input, from the attributes and parameters of the layers in order."""
    found: dict[int, None] = {}
    for layer in module.modules():
        for name in WIDTH_ATTRIBUTES:
            found.update(_integers(getattr(layer, name, None)))
        found.update(_integers((getattr(layer, "normalized_shape", None) or (None,))[-1]))
    for parameter in module.parameters():
        found.update(dict.fromkeys(parameter.shape))
    return list(found)[:MAXIMUM_CANDIDATES]


def channels(module: nn.Module) -> list[int]:
    """The numbers that a layer may require on axis 1, if it normalises or convolves."""
    found: dict[int, None] = {}
    for layer in module.modules():
        for name in CHANNEL_ATTRIBUTES:
            found.update(_integers(getattr(layer, name, None)))
    return list(found)[:MAXIMUM_CANDIDATES]


def _integers(value: object) -> dict[int, None]:
    return {value: None} if isinstance(value, int) and not isinstance(value, bool) and value > 0 else {}


def is_instance(template: Template, other: Template) -> bool:
    """Whether every input that fits `template` also fits `other`."""
    return len(template) == len(other) and all(isinstance(b, Free) or a == b for a, b in zip(template, other))


def sizes(template: Template, at: dict[str, int] | None = None) -> tuple[int, ...]:
    """The template with a size for every free axis."""
    at = at or AXIS_SIZES
    return tuple(axis if isinstance(axis, int) else at[axis.name] for axis in template)


def _runs(module: nn.Module, template: Template) -> bool:
    """Whether the module accepts the template, at two sizes, so that no free axis fits by accident."""
    return runs(module, sizes(template)) and runs(module, sizes(template, OTHER_SIZES))
