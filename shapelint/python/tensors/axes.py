"""Arithmetic on the axes of a tensor: every axis keeps the origin of its width when it is moved.

All functions are pure and return None if the result is unknown (or torch would raise an error).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import combinations

from shapelint.chain.chain import Flow, Origin
from shapelint.common.frozen import frozen
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim, Expression

NO_ORIGIN = Origin("")
MAXIMUM_RANK = 12


@frozen
class Axis:
    """An axis: its size, and the component that set it."""

    size: Dim
    origin: Origin = NO_ORIGIN


Axes = tuple[Axis, ...]


def of(flow: Flow) -> Axes | None:
    """Return the axes of a flow; None if its shape is unknown or it is not a single tensor."""
    if not isinstance(flow.value, tuple):
        return None
    origins = flow.origins if len(flow.origins) == len(flow.value) else (flow.maker,) * len(flow.value)
    return tuple(Axis(size, origin) for size, origin in zip(flow.value, origins))


def flow(axes: Axes | None, maker: Origin) -> Flow:
    """Convert axes back to a flow; None becomes a tensor of unknown shape."""
    if axes is None or len(axes) > MAXIMUM_RANK:
        return Flow(None, (), maker)
    return Flow(tuple(axis.size for axis in axes), tuple(axis.origin for axis in axes), maker)


def sized(sizes: Iterable[Dim]) -> Axes:
    """Return axes of these sizes that no component made."""
    return tuple(Axis(size) for size in sizes)


def position(axis: int, rank: int) -> int | None:
    """Convert an axis number, which may be negative, to an index; None if the tensor has no such axis."""
    return axis % rank if -rank <= axis < rank else None


def product(axes: Iterable[Axis]) -> Dim:
    """Return the number of elements."""
    return math.prod((axis.size for axis in axes), start=1)


def merge(axes: Sequence[Axis]) -> Axis:
    """Merge several axes into one; its origin is that of the first one wider than 1."""
    wide = [axis for axis in axes if axis.size != 1]
    return Axis(product(axes), (wide or list(axes) or [Axis(1)])[0].origin)


def flatten(axes: Axes, start: int = 0, end: int = -1) -> Axes | None:
    """Apply `torch.flatten`."""
    if not axes:
        return sized([1])
    first, last = position(start, len(axes)), position(end, len(axes))
    if first is None or last is None or first > last:
        return None
    return (*axes[:first], merge(axes[first : last + 1]), *axes[last + 1 :])


def reshape(axes: Axes, sizes: Sequence[Dim]) -> Axes | None:
    """Apply `view` or `reshape`; a size of -1 is inferred."""
    if list(sizes).count(-1) > 1:
        return None
    left = list(axes)
    origin = merge(axes).origin
    found: dict[int, Axis] = {index: Axis(1) for index, size in enumerate(sizes) if size == 1}
    for take in (_whole, _part):
        for index, size in enumerate(sizes):
            if size != -1 and index not in found and (taken := take(left, size)):
                found[index] = Axis(size, taken.origin)
    exact = len(found) == sum(size != -1 for size in sizes)
    known = [found.get(index, Axis(size, origin)) for index, size in enumerate(sizes)]
    given = [axis for axis, size in zip(known, sizes) if size != -1]
    if -1 not in sizes and (dims.equal(product(axes), product(given)) is False or _never_fits(axes, sizes)):
        return None
    quotient = None if exact else divided(product(axes), product(given))
    if -1 in sizes and not exact and quotient is None and _hardly_fits(axes, sizes):
        known = [found.get(index, Axis(dims.UNKNOWN_DIM, origin)) for index in range(len(sizes))]
    rest = merge(left) if exact else Axis(dims.UNKNOWN_DIM if quotient is None else quotient, origin)
    return tuple(rest if size == -1 else axis for axis, size in zip(known, sizes))


def whole_part(sizes: Iterable[Dim]) -> int:
    """Return the product of those sizes that are numbers, without a size of -1."""
    return math.prod(size for size in sizes if isinstance(size, int) and size != -1)


def _never_fits(axes: Axes, sizes: Sequence[Dim]) -> bool:
    """Return whether numbers are no multiple of the known axes, however long the others are."""
    known = whole_part(axis.size for axis in axes)
    return bool(known) and all(isinstance(size, int) for size in sizes) and whole_part(sizes) % known != 0


def _hardly_fits(axes: Axes, sizes: Sequence[Dim]) -> bool:
    """Return whether neither the known axes are a multiple of the numbers nor the other way round.

    They fit for some lengths of the other axes at most, which are those that the program has or are not.
    """
    known, given = whole_part(axis.size for axis in axes), whole_part(sizes)
    return bool(known and given) and known % given != 0 and given % known != 0


def _whole(left: list[Axis], size: Dim) -> Axis | None:
    """Remove the axes whose product is a size from those that are left, and return them merged."""
    for count in range(1, min(len(left), 4) + 1):
        for chosen in combinations(range(len(left)), count):
            if dims.equal(product(left[index] for index in chosen), size) is True:
                found = merge([left[index] for index in chosen])
                for index in reversed(chosen):
                    del left[index]
                return found
    return None


def _part(left: list[Axis], size: Dim) -> Axis | None:
    """Split a size off the first axis that is a multiple of it, and return that axis."""
    for index, axis in enumerate(left):
        quotient = divided(axis.size, size)
        if quotient is not None:
            left[index] = Axis(quotient, axis.origin)
            return axis
    return None


def divided(whole: Dim, part: Dim) -> Dim | None:
    """Return `whole / part` if it is exact for all values of the symbols (`25*B` by `B`, `2*B` by 2), else None."""
    if not (dims.is_known(whole) and dims.is_known(part)) or part == 0:
        return None
    if isinstance(part, int):
        if isinstance(whole, int):
            return whole // part if whole % part == 0 else None
        return whole // part if all(count % part == 0 for _, count in whole.terms) else None
    if isinstance(whole, int) or len(part.terms) != 1:
        return 1 if whole == part else None
    ((factors, count),) = part.terms
    result: Dim = 0
    for product_, coefficient in whole.terms:
        rest = list(product_)
        if coefficient % count or any(rest.count(factor) < factors.count(factor) for factor in factors):
            return None
        for factor in factors:
            rest.remove(factor)
        result = result + (Expression(((tuple(rest), 1),)) if rest else 1) * (coefficient // count)
    return result


def permute(axes: Axes, order: Sequence[int]) -> Axes | None:
    """Apply `permute`."""
    places = [position(axis, len(axes)) for axis in order]
    if len(places) != len(axes) or None in places or len(set(places)) != len(places):
        return None
    return tuple(axes[place] for place in places if place is not None)


def transpose(axes: Axes, first: int, second: int) -> Axes | None:
    """Apply `transpose` to two axes."""
    one, two = position(first, len(axes)), position(second, len(axes))
    if one is None or two is None:
        return None
    order = list(range(len(axes)))
    order[one], order[two] = order[two], order[one]
    return permute(axes, order)


def reduce(axes: Axes, over: Sequence[int] | None, keep: bool = False) -> Axes | None:
    """Apply a reduction (`mean`, `sum`, `amax`) over some axes, or over all."""
    if over is None:
        return tuple(Axis(1) for _ in axes) if keep else ()
    places = {position(axis, len(axes)) for axis in over}
    if None in places:
        return None
    if keep:
        return tuple(Axis(1, axis.origin) if index in places else axis for index, axis in enumerate(axes))
    return tuple(axis for index, axis in enumerate(axes) if index not in places)


def squeeze(axes: Axes, over: Sequence[int] | None) -> Axes | None:
    """Apply `squeeze`; an axis with a symbolic size is assumed to be wider than 1; None if an axis has unknown size."""
    places = set(range(len(axes))) if over is None else {position(axis, len(axes)) for axis in over}
    if None in places or any(dims.is_unknown(axis.size) for index, axis in enumerate(axes) if index in places):
        return None
    return tuple(axis for index, axis in enumerate(axes) if index not in places or axis.size != 1)


def unsqueeze(axes: Axes, axis: int) -> Axes | None:
    """Apply `unsqueeze`."""
    place = position(axis, len(axes) + 1)
    return None if place is None else (*axes[:place], Axis(1), *axes[place:])


def resized(axes: Axes, axis: int, size: Dim) -> Axes | None:
    """Give one axis another size and the same origin."""
    place = position(axis, len(axes))
    if place is None:
        return None
    return (*axes[:place], Axis(size, axes[place].origin), *axes[place + 1 :])


def broadcast(left: Axes, right: Axes) -> Axes | None:
    """Return the axes of `left + right`."""
    result: list[Axis] = []
    for index in range(1, max(len(left), len(right)) + 1):
        one = left[-index] if index <= len(left) else Axis(1)
        two = right[-index] if index <= len(right) else Axis(1)
        same = dims.equal(one.size, two.size)
        if one.size == 1 or two.size == 1:
            result.append(two if one.size == 1 else one)
        elif same is False:
            return None
        elif same:
            result.append(one if one.origin.component else two)
        else:
            known = one if isinstance(one.size, int) else two if isinstance(two.size, int) else None
            lost = two if dims.is_known(one.size) else one
            result.append(known or Axis(dims.UNKNOWN_DIM, lost.origin))
    return tuple(reversed(result))


def broadcast_all(shapes: Iterable[Axes]) -> Axes | None:
    """Return the axes of several tensors that are broadcast together."""
    whole: Axes | None = ()
    for axes in shapes:
        whole = None if whole is None else broadcast(whole, axes)
    return whole


def concatenate(pieces: Sequence[Axes], axis: int) -> Axes | None:
    """Apply `cat`; all other axes must agree."""
    first = pieces[0]
    place = position(axis, len(first))
    if place is None or any(len(piece) != len(first) for piece in pieces):
        return None
    for index in range(len(first)):
        if index != place and any(dims.equal(piece[index].size, first[index].size) is False for piece in pieces):
            return None
    total: Dim = 0
    for piece in pieces:
        total = total + piece[place].size
    return resized(first, place, total)


def stack(piece: Axes, axis: int, count: Dim) -> Axes | None:
    """Apply `stack` to equal pieces."""
    place = position(axis, len(piece) + 1)
    return None if place is None else (*piece[:place], Axis(count), *piece[place:])


def matmul(left: Axes, right: Axes) -> Axes | None:
    """Return the axes of `left @ right` for matrices, batches of them, and vectors."""
    if not left or not right:
        return None
    inner = right[-2] if len(right) > 1 else right[-1]
    if dims.equal(left[-1].size, inner.size) is False:
        return None
    batch = broadcast(left[:-2], right[:-2])
    if batch is None:
        return None
    return (*batch, *left[-2:-1], *(right[-1:] if len(right) > 1 else ()))


def einsum(equation: str, operands: Sequence[Axes]) -> Axes | None:
    """Apply `torch.einsum` without an ellipsis."""
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if "." in equation or len(terms) != len(operands):
        return None
    found: dict[str, Axis] = {}
    for term, axes in zip(terms, operands):
        if len(term) != len(axes):
            return None
        for letter, axis in zip(term, axes):
            if letter in found and dims.equal(found[letter].size, axis.size) is False:
                return None
            found.setdefault(letter, axis)
    if not arrow:
        output = "".join(sorted(letter for letter in found if inputs.count(letter) == 1))
    return tuple(found[letter] for letter in output) if set(output) <= set(found) else None


def sliced(size: Dim, start: Dim | None, stop: Dim | None, step: int = 1) -> Dim:
    """Return the length of `x[start:stop:step]` along an axis of this size."""
    if isinstance(size, int) and step and all(bound is None or isinstance(bound, int) for bound in (start, stop)):
        return len(range(*slice(start, stop, step).indices(size)))
    if step < 1 or not all(bound is None or dims.is_known(bound) for bound in (start, stop)):
        return dims.UNKNOWN_DIM
    first: Dim = 0 if start is None else start
    if isinstance(start, int) and start < 0:
        # What is shorter than that is taken as a whole.
        enough = start == -1 or dims.sign(size + start) in (0, 1)
        first = size + start if enough else size - dims.extreme(min, (size, -start))
    last: Dim = size if stop is None else size + stop if isinstance(stop, int) and stop < 0 else stop
    if stop is not None and isinstance(last, int):
        last = dims.extreme(min, (size, last))
    return (last - first + step - 1) // step
