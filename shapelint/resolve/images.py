"""What a model of images does to shapes: symbolic in height and width where that is exact, else at stated sizes.

torch is used through `meta` and `symbolic` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shapelint import dims
from shapelint.dims import Dim
from shapelint.resolve.meta import Untraceable, run, runs
from shapelint.resolve.symbolic import Free, Observation, observe, value_of
from shapelint.shapes import StructureValue, Value

if TYPE_CHECKING:
    from torch import nn

BATCH = 3
HINTS = ((331, 277), (389, 421))
USUAL_SIZES = (32, 64, 96, 112, 128, 160, 192, 224, 240, 256, 288, 299, 320, 336, 384, 448, 480, 512, 518)
CHECKED_SIZES = ((64, 64), (96, 131), (224, 224), (225, 193), (299, 320), (97, 512))


@dataclass(frozen=True)
class Passage:
    """One way through a model: what was observed, and the condition on the axes of its input."""

    seen: Observation
    where: str


def passages(module: nn.Module, channels: int, own: tuple[int, int] | None = None) -> tuple[Passage, ...]:
    """Every way that images go through a module; the sizes in `own` come first where only some sizes do.

    Raises Untraceable where no size runs.
    """
    try:
        return (_symbolic(module, channels),)
    except Untraceable as reason:
        sizes = dict.fromkeys([*([own] if own else []), *((size, size) for size in USUAL_SIZES)])
        found = tuple(_fixed(module, channels, [size for size in sizes if runs(module, (BATCH, channels, *size))]))
        if not found:
            raise reason
        return found


def _symbolic(module: nn.Module, channels: int) -> Passage:
    """One passage in B, H and W, checked against real sizes; Untraceable where the symbols do not say it exactly."""
    height, width = next((hint for hint in HINTS if runs(module, (BATCH, channels, *hint))), HINTS[0])
    seen = observe(module, (Free("B", BATCH), channels, Free("H", height), Free("W", width)))
    if seen.specialised:
        raise Untraceable(f"takes images of some sizes only ({seen.specialised})")
    least = (smallest(module, channels, 2, height), smallest(module, channels, 3, width))
    if not runs(module, (BATCH, channels, *least)) or any(
        runs(module, (BATCH, channels, *size)) for size in (_below(least, 0), _below(least, 1)) if min(size) > 0
    ):
        raise Untraceable("takes images of a size that depends on both sides")
    above = [(least[0], least[1]), (least[0] + 1, least[1]), (least[0] + 37, least[1] + 2)]
    for size in [*above, *(size for size in CHECKED_SIZES if size[0] >= least[0] and size[1] >= least[1])]:
        expected = evaluate(seen.output, {"B": BATCH, "H": size[0], "W": size[1]})
        if sizes(run(module, (BATCH, channels, *size))) != expected:
            raise Untraceable(f"does otherwise at {size} than at {(height, width)}")
    limits = [f"{name} > {size - 1}" for name, size in zip("HW", least) if size > 1]
    return Passage(seen, " and ".join([*limits, *normalisation(seen, {"B": 1, "H": least[0], "W": least[1]})]))


def _below(least: tuple[int, int], axis: int) -> tuple[int, int]:
    return (least[0] - 1, least[1]) if axis == 0 else (least[0], least[1] - 1)


def smallest(module: nn.Module, channels: int, axis: int, working: int) -> int:
    """The smallest size along one axis of (B, C, H, W) that runs, the other axis being `working`; by bisection."""
    shape = [BATCH, channels, working, working]
    low, high = 0, working
    while high - low > 1:
        shape[axis] = (low + high) // 2
        low, high = (low, shape[axis]) if runs(module, shape) else (shape[axis], high)
    return high


def _fixed(module: nn.Module, channels: int, at: Iterable[tuple[int, int]]) -> Iterator[Passage]:
    """One passage a size, symbolic in B alone, or with B as tried where even that is not traced."""
    for height, width in at:
        seen = observe(module, (Free("B", BATCH), channels, height, width))
        if seen.specialised:
            continue
        yield Passage(seen, " and ".join(normalisation(seen, {"B": 1})))


def normalisation(seen: Observation, least: dict[str, int]) -> list[str]:
    """Conditions `B*h*w > 1` of the layers that normalise in training: those that another does not imply.

    Every count grows with the axes, so one that is above 1 at the smallest sizes always is.
    """
    counts = [count for count in dict.fromkeys(seen.counts) if _number(count, least) <= 1]
    points = [{name: size + more for name, size in least.items()} for more in (0, 1, 5, 31, 63, 200, 297, 512)]
    points += [{**point, "B": 1} for point in points]
    kept: list[Dim] = []
    for count in sorted(counts, key=lambda count: [_number(count, point) for point in points]):
        if not any(all(_number(one, point) <= _number(count, point) for point in points) for one in kept):
            kept.append(count)
    return [f"{count} > 1" for count in kept]


def _number(dim: Dim, point: dict[str, int]) -> int:
    value = dims.substitute(dim, dict(point))
    if not isinstance(value, int):
        raise Untraceable(f"normalises over {dim} values")
    return value


def evaluate(value: Value, at: dict[str, Dim]) -> Value:
    """The shapes with numbers for symbols."""
    if isinstance(value, StructureValue):
        return replace(value, elements=tuple(evaluate(element, at) for element in value.elements))
    return tuple(dims.substitute(dim, at) for dim in value)


def sizes(output: object) -> Value:
    """The concrete shapes of what a module returned, as `symbolic` writes them."""
    return value_of(output, {})
