"""What a model of images does to shapes: symbolic in height and width where that is exact, otherwise at stated sizes.

torch is used through `meta` and `symbolic` alone.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from shapelint.common.frozen import frozen
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import ShapeOrStructure, StructureValue
from shapelint.trace.fitsizes import FitSizes
from shapelint.trace.limits import TooLongError, attempt, can_take
from shapelint.trace.meta import Untraceable, one_line, run
from shapelint.trace.symbolic import Free, Observation, observe
from shapelint.trace.symbolic_sizes import product

if TYPE_CHECKING:
    from torch import nn

_BATCH = 3
OTHER_BATCH = 5
"""Another batch: what is the same share of both, or the same in both, is taken as a formula of the batch."""
HINTS = ((331, 277), (389, 421))
_USUAL_SIZES = tuple(sorted({*range(32, 673, 32), 112, 240, 299, 336, 392, 518, 560}))
CHECKED_SIZES = ((64, 64), (224, 224), (225, 193), (97, 512))
SIZE_STRIDES = (2, 4, 7, 8, 14, 16, 28, 32, 64, 128, 224)
"""Steps between the image sizes that a model accepts, the smallest first."""


class ImageRuns:
    """The runs of a module on images: each is made once."""

    def __init__(self, module: nn.Module, channels: int) -> None:
        self.module, self.channels = module, channels
        self._kept: dict[tuple[int, ...], Observation | Untraceable] = {}

    def shape(self, size: tuple[int, int], batch: int = _BATCH) -> tuple[int, ...]:
        return (batch, self.channels, *size)

    def seen(self, size: tuple[int, int], batch: int = _BATCH) -> Observation:
        """Return what is seen of a run. Raises Untraceable if the images do not run."""
        shape = self.shape(size, batch)
        if shape not in self._kept:
            try:
                self._kept[shape] = observe(self.module, shape)
            except Untraceable as reason:
                self._kept[shape] = reason
        kept = self._kept[shape]
        if isinstance(kept, Untraceable):
            raise kept
        return kept

    def runs(self, size: tuple[int, int], batch: int = _BATCH) -> bool:
        """Return whether images of a size run."""
        with suppress(Untraceable):
            self.seen(size, batch)
            return True
        return False


@frozen
class Passage:
    """One branch through a model: the observation, the condition on its input, and a size that it accepts."""

    seen: Observation
    where: str
    size: tuple[int, int]
    is_alone: bool = False
    """Whether nothing is known of images of other sizes."""


BATCHES = (*range(1, 17), 20, 24, 32, 48, 50, 64, 96, 100, 128, 200, 256, 512, 1024)
"""The batches to try if a module does not accept every batch."""


def passages(
    module: nn.Module, channels: int, own: tuple[int, int], at: tuple[int, int] | None = None
) -> tuple[Passage, ...]:
    """Every branch that images can take through a module; if only some sizes run, those, its `own` first.

    With `at` it is the branch at that size alone, empty if that size does not run. If formulas take longer than the
    limit in force allows, it is the branch at its `own` size, which it says. Raises Untraceable if no size runs.
    """
    images = ImageRuns(module, channels)
    tried = dict.fromkeys([at] if at else [own, *((size, size) for size in _USUAL_SIZES)])
    if batch := _only_batch(images, tried):
        return tuple(Passage(images.seen(size, batch), "", size) for size in tried if images.runs(size, batch))
    if at:
        return tuple(_single(images, size) for size in tried if images.runs(size))
    try:
        with attempt():
            found = _every_size(images, own, tried)
    except TooLongError:
        found = (_single(images, own, is_alone=True),) if images.runs(own) else ()
    if not found:
        try:
            run(module, images.shape(own))
        except Exception as error:
            raise Untraceable(f"does not run on images of {own[0]} x {own[1]}: {one_line(error)}") from error
        images.seen(own)
        raise Untraceable("fixes its batch size")
    return found


def _every_size(images: ImageRuns, own: tuple[int, int], tried: Iterable[tuple[int, int]]) -> tuple[Passage, ...]:
    """The passages as formulas of the image size, or else one for each size that runs."""
    for describe in (_symbolic, _fitted):
        with suppress(Untraceable):
            return (describe(images),)
    with suppress(Untraceable):
        return (_multiples(images, own),)
    return tuple(_fixed(images, tried))


def _only_batch(images: ImageRuns, tried: Iterable[tuple[int, int]]) -> int | None:
    """The one batch that a module accepts, at the first size that it accepts; None if it accepts several."""
    for size in itertools.islice(tried, 4):
        if all(images.runs(size, batch) for batch in (_BATCH, OTHER_BATCH)):
            return None
        if found := [batch for batch in BATCHES if images.runs(size, batch)]:
            return found[0] if len(found) == 1 else None
    return None


def _symbolic(images: ImageRuns) -> Passage:
    """One passage in B, H and W, checked against real sizes; Untraceable if the symbols do not describe it exactly."""
    hint = next(filter(images.runs, HINTS), None)
    if hint is None:
        raise Untraceable("takes images of some sizes only")
    free = (Free("B", _BATCH), images.channels, Free("H", hint[0]), Free("W", hint[1]))
    seen = observe(images.module, free)
    if seen.specialised:
        raise Untraceable(f"takes images of some sizes only ({seen.specialised})")
    return _checked(images, seen, hint)


def _checked(images: ImageRuns, seen: Observation, hint: tuple[int, int]) -> Passage:
    """The passage with its smallest sizes, once the formulas hold at real sizes: those of the parts at two of them."""
    height = smallest(images, 0, hint[0])
    least = (height, smallest(images, 1, hint[1], height))
    if not images.runs(least) or any(
        images.runs(size) for size in (_below(least, 0), _below(least, 1)) if min(size) > 0
    ):
        raise Untraceable("takes images of a size that depends on both sides")
    above = [(least[0], least[1]), (least[0] + 1, least[1]), (least[0] + 37, least[1] + 2)]
    for size in [*above, *(size for size in CHECKED_SIZES if size[0] >= least[0] and size[1] >= least[1])]:
        expected = evaluate(seen.output, {"B": _BATCH, "H": size[0], "W": size[1]})
        if images.seen(size).output != expected:
            raise Untraceable(f"does otherwise at {size} than at {hint}")
    for size in above[1:]:
        point = {"B": _BATCH, "H": size[0], "W": size[1]}
        layers = images.seen(size).layers
        for name, layer in seen.layers.items():
            if layer.output is not None and layers[name].output != evaluate(layer.output, point):
                raise Untraceable(f"does otherwise at {size} than at {hint} in {name}")
    limits = [f"{name} > {size - 1}" for name, size in zip("HW", least) if size > 1]
    return Passage(seen, " and ".join([*limits, *normalisation(seen, {"B": 1, "H": least[0], "W": least[1]})]), hint)


FITTED_SIZES = (*((200 + index, 267 - index) for index in range(68)), (64, 96), (97, 131), (333, 479), (512, 384))
"""Sizes at which formulas are fitted: every remainder by 64 of both sides, and some farther away."""


def _fitted(images: ImageRuns) -> Passage:
    """One passage whose sizes are derived from many runs, each a constant or `(H+a)//b`: for windows, slow as symbols.

    Raises Untraceable if a size does not run, the output follows no such formula, or so many runs take too long.
    """
    if not images.runs(FITTED_SIZES[1]):
        raise Untraceable("takes images of some sizes only")
    begun = time.process_time()
    if not images.runs(FITTED_SIZES[-1]):
        raise Untraceable("takes images of some sizes only")
    if not can_take(len(FITTED_SIZES) * (time.process_time() - begun)):
        raise Untraceable("is too slow to be run at many sizes")
    seen = [images.seen(size) for size in FITTED_SIZES]
    points = [{"B": _BATCH, "H": height, "W": width} for height, width in FITTED_SIZES]
    other = images.seen(FITTED_SIZES[0], OTHER_BATCH)
    fitted = FitSizes([*seen, other], [*points, {**points[0], "B": OTHER_BATCH}]).observation()
    return _checked(images, fitted, FITTED_SIZES[0])


def _below(least: tuple[int, int], axis: int) -> tuple[int, int]:
    return (least[0] - 1, least[1]) if axis == 0 else (least[0], least[1] - 1)


def _multiples(images: ImageRuns, own: tuple[int, int]) -> Passage:
    """One passage for a model that accepts only multiples of one number, such as patches of 14 or windows of 224.

    Raises Untraceable if the sizes that run are not exactly the multiples.
    """
    height, width = own
    step = next((step for step in SIZE_STRIDES if _accepts_steps(images, own, step)), 1)
    if step == 1:
        raise Untraceable("takes images of some sizes only")
    low, high = 0, min(height, width) // step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if images.runs((middle * step, middle * step)) else (middle, high)
    least = high * step
    points = [
        {"B": _BATCH + more % 2 * 2, "H": least + step * more, "W": least + step * (more * 3 % 7)} for more in range(7)
    ]
    others = [(least + step // 2, least), (least, least + step // 2), (least + 1, least), (2 * least + step - 1, least)]
    if any(map(images.runs, others)):
        raise Untraceable(f"takes images of other sizes than multiples of {step}")
    seen = [images.seen((point["H"], point["W"]), point["B"]) for point in points]
    fitted = FitSizes(seen, points).observation()
    limits = [f"{name} > {least - 1}" for name in "HW" if least > step]
    conditions = [*(f"{name} % {step} == 0" for name in "HW"), *limits]
    where = " and ".join([*conditions, *normalisation(fitted, {"B": 1, "H": least, "W": least})])
    return Passage(fitted, where, own)


def _accepts_steps(images: ImageRuns, own: tuple[int, int], step: int) -> bool:
    """Whether images of its own size run, and those that are so many pixels higher, wider, and both."""
    height, width = own
    larger = [own, (height + step, width), (height, width + step), (height + 3 * step, width + 5 * step)]
    return height % step == 0 and width % step == 0 and all(map(images.runs, larger))


def smallest(images: ImageRuns, axis: int, working: int, likely: int = 1) -> int:
    """The smallest height (axis 0) or width that runs, the other side being `working`; by bisection.

    A `likely` size and the one below it are tried first.
    """

    def fits(size: int) -> bool:
        return size > 0 and images.runs((size, working) if axis == 0 else (working, size))

    low, high = (0, likely) if fits(likely) else (likely, working)
    if high == likely and not fits(likely - 1):
        return likely
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


MAXIMUM_BAND = 64


class TooWide(Untraceable):
    """A model accepts more sizes around one than are listed one by one."""


def _fixed(images: ImageRuns, at: Iterable[tuple[int, int]]) -> Iterator[Passage]:
    """One passage for each size that runs, or for the band of sizes around it that run as well.

    If a band is too wide for that, no other is looked for.
    """
    wide = False
    for size in filter(images.runs, at):
        try:
            if wide:
                raise Untraceable("takes too many sizes")
            yield _band(images, size)
        except TooWide:
            wide = True
            yield _single(images, size)
        except Untraceable:
            yield _single(images, size)


def _single(images: ImageRuns, size: tuple[int, int], is_alone: bool = False) -> Passage:
    """One passage at one image size, for any batch."""
    points = [{"B": batch, "H": size[0], "W": size[1]} for batch in (_BATCH, OTHER_BATCH)]
    seen = FitSizes([images.seen(size, point["B"]) for point in points], points).observation()
    return Passage(seen, " and ".join(normalisation(seen, {"B": 1})), size, is_alone)


def _band(images: ImageRuns, size: tuple[int, int]) -> Passage:
    """One passage for the sizes around one that a model rounds to it. Raises Untraceable if there are none."""
    edges: list[tuple[int, int]] = []
    for axis in (0, 1):
        edges.append((_last(images, size, axis, -1), _last(images, size, axis, 1)))
        if edges[axis][1] - edges[axis][0] > MAXIMUM_BAND:
            raise TooWide("takes too many image sizes")
    low, high = (edges[0][0], edges[1][0]), (edges[0][1], edges[1][1])
    if low == high:
        raise Untraceable("takes one image size only")
    count = max(high[0] - low[0], high[1] - low[1]) + 1
    points = [
        {"B": _BATCH + n % 2 * 2, "H": min(low[0] + n, high[0]), "W": max(high[1] - n, low[1])} for n in range(count)
    ]
    tried = [images.seen((point["H"], point["W"]), point["B"]) for point in points]
    seen = FitSizes(tried, points, complete=True).observation()
    for height, width in itertools.product((low[0], high[0]), (low[1], high[1])):
        real = images.seen((height, width))
        at = {"B": _BATCH, "H": height, "W": width}
        if real.output != evaluate(seen.output, at) or any(
            layer.output is not None and real.layers[name].output != evaluate(layer.output, at)
            for name, layer in seen.layers.items()
        ):
            raise Untraceable("does otherwise at other sizes")
    limits = [f"{name} > {low[axis] - 1} and {name} < {high[axis] + 1}" for axis, name in enumerate("HW")]
    where = " and ".join([*limits, *normalisation(seen, {"B": 1, "H": low[0], "W": low[1]})])
    return Passage(seen, where, size)


def _last(images: ImageRuns, size: tuple[int, int], axis: int, step: int) -> int:
    """The last size that runs, going from `size` along one axis by `step`, until the band would be too wide."""
    last = list(size)
    for _ in range(MAXIMUM_BAND + 1):
        following = [*last]
        following[axis] += step
        if following[axis] < 1 or not images.runs((following[0], following[1])):
            break
        last = following
    return last[axis]


def normalisation(seen: Observation, least: dict[str, int]) -> list[str]:
    """Conditions `B*h*w > 1` of the layers that normalise in training, without those that another one implies.

    Every count grows with the axes, so one that is above 1 at the smallest sizes always is.
    """
    counts = [count for count in dict.fromkeys(map(product, seen.counts)) if _number(count, least) <= 1]
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


def evaluate(value: ShapeOrStructure, at: Mapping[str, Dim]) -> ShapeOrStructure:
    """The shapes with numbers for symbols."""
    if isinstance(value, StructureValue):
        return replace(value, elements=tuple(evaluate(element, at) for element in value.elements))
    return tuple(dims.substitute(dim, at) for dim in value)
