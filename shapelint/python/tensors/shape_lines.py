"""Operations described by a line in the shape notation: `... i, o i -> ... o`.

Unlike a signature of a component, a line is applied to axes that keep the origins of their widths. The operands after
the first one are taken as given, and the first one has to fit them, as a tensor has to fit a weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Union

from shapelint.common.frozen import frozen
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import refusals
from shapelint.python.tensors.axes import NO_ORIGIN, Axes, Axis
from shapelint.python.tensors.pieces import Pieces, Result
from shapelint.python.tensors.refusals import Refusal
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Alternative, Ellipsis_, OutputPattern, Pattern, Signature, Structure

BoundShapes = dict[str, Union[Axis, Axes]]
"""The axes bound to each name; `...` is bound to several."""


@frozen
class Conflict:
    """An axis of an operand whose size differs from that of the same name in a later operand."""

    operand: int
    known: Dim
    actual: Dim
    from_the_end: int

    @property
    def refusal(self) -> Refusal:
        """The conflicting operand, with the shape that would be taken."""
        return Refusal(self.operand, refusals.from_the_end(self.known, self.from_the_end))


@cache
def parsed(text: str) -> Signature:
    """Parse a line, once per text."""
    return notation.parse_signature(text)


def count(text: str) -> int:
    """Return the number of operands of a line."""
    return len(parsed(text).alternatives[0].inputs)


def pieces(text: str) -> int | None:
    """Return the number of tensors in the result of a line; None if it is a single tensor."""
    output = parsed(text).alternatives[0].output
    return len(output.elements) if isinstance(output, Structure) else None


def apply(text: str, operands: Sequence[Axes], sizes: Mapping[str, Any]) -> Result:
    """Return the result for plain arguments `sizes`; None if the operands do not fit, or fit several alternatives."""
    found: list[Result] = []
    for alternative in signatures.substitute(parsed(text), sizes).alternatives:
        bound: BoundShapes = {}
        if _fits(alternative, operands) and not list(_conflicts(alternative, operands, bound)):
            found.append(_result(alternative.output, bound))
            if _is_certain(alternative, operands, bound):
                break
    return found[0] if found and all(_sizes(one) == _sizes(found[0]) for one in found) else None


def refuses(text: str, operands: Sequence[Axes | None]) -> Iterator[Refusal]:
    """Yield the operands that a line refuses for their rank or the size of an axis; None is an unknown operand."""
    alternatives = parsed(text).alternatives
    fitting = [alternative for alternative in alternatives if _fits(alternative, operands)]
    if fitting:
        conflicts = [list(_conflicts(alternative, operands, {})) for alternative in fitting]
        if all(conflicts):
            yield from (one.refusal for one in conflicts[0] if refusals.differ(one.known, one.actual))
    else:
        inputs = [_inputs(alternative, len(operands)) for alternative in alternatives]
        for index, (pattern, axes) in enumerate(zip(inputs[0], operands)):
            least = sum(not isinstance(axis, Ellipsis_) for axis in pattern.axes)
            if axes is not None and not any(_takes(one[index], len(axes)) for one in inputs):
                rest = " ..." if pattern.rank is None else ""
                yield Refusal(index, refusals.named(least) + rest)


def conflict(text: str, operands: Sequence[Axes]) -> Conflict | None:
    """Return the first axis of an operand whose size conflicts with a line, if all operands have the right rank."""
    fitting = [alternative for alternative in parsed(text).alternatives if _fits(alternative, operands)]
    conflicts = [next(_conflicts(alternative, operands, {}), None) for alternative in fitting]
    return conflicts[0] if conflicts and None not in conflicts else None


def _fits(alternative: Alternative, operands: Sequence[Axes | None]) -> bool:
    """Return whether the operands have the ranks of an alternative, as far as they are known."""
    inputs = _inputs(alternative, len(operands))
    return len(inputs) == len(operands) and all(
        axes is None or _takes(pattern, len(axes)) for pattern, axes in zip(inputs, operands)
    )


def _inputs(alternative: Alternative, count: int) -> tuple[Pattern, ...]:
    """Return the patterns of the operands; those that are not written are single numbers, as in `-> n`."""
    return alternative.inputs + (Pattern(()),) * (count - len(alternative.inputs))


def _takes(pattern: Pattern, rank: int) -> bool:
    return rank == pattern.rank or (pattern.rank is None and rank >= len(pattern.axes) - 1)


def _conflicts(alternative: Alternative, operands: Sequence[Axes | None], bound: BoundShapes) -> Iterator[Conflict]:
    """Bind the names of an alternative to axes, the last operand first, and yield the sizes that differ.

    An axis that is written as a number has to be known as that number.
    """
    for index in reversed(range(len(operands))):
        axes = operands[index]
        if axes is None:
            continue
        for place, name, taken in _pairs(_inputs(alternative, len(operands))[index], axes):
            known = bound.get(name)
            if name.isdigit() and isinstance(taken, Axis):
                if not dims.equal(taken.size, int(name)):
                    yield Conflict(index, int(name), taken.size, len(axes) - place)
            elif known is None:
                bound[name] = taken
            elif not isinstance(taken, Axis) or not isinstance(known, Axis):
                yield from _batches(index, taken, known, bound, len(axes) - place)
            elif dims.equal(known.size, taken.size) is False or refusals.differ(known.size, taken.size):
                yield Conflict(index, known.size, taken.size, len(axes) - place)
            else:
                bound[name] = _better_known(taken, known)


def _batches(
    index: int, taken: Axis | Axes, known: Axis | Axes, bound: BoundShapes, from_the_end: int
) -> Iterator[Conflict]:
    """Bind `...` to the broadcast axes of two operands; `from_the_end` is where it begins."""
    assert isinstance(taken, tuple)
    assert isinstance(known, tuple)
    both = ax.broadcast(taken, known)
    if both is not None:
        bound["..."] = both
        return
    for count in range(1, min(len(taken), len(known)) + 1):
        one, two = known[-count].size, taken[-count].size
        if dims.equal(one, two) is False and 1 not in (one, two):
            yield Conflict(index, one, two, from_the_end - len(taken) + count)
            return
    yield Conflict(index, dims.UNKNOWN_DIM, dims.UNKNOWN_DIM, 0)


def _is_certain(alternative: Alternative, operands: Sequence[Axes], bound: BoundShapes) -> bool:
    """Return whether all sizes of one name are certainly equal."""
    for pattern, axes in zip(_inputs(alternative, len(operands)), operands):
        for _, name, taken in _pairs(pattern, axes):
            known = Axis(int(name)) if name.isdigit() else bound[name]
            if isinstance(taken, Axis) and isinstance(known, Axis) and not dims.equal(taken.size, known.size):
                return False
    return True


def _pairs(pattern: Pattern, axes: Axes) -> Iterator[tuple[int, str, Axis | Axes]]:
    """Yield each name of a pattern with the axes it is bound to, and their position."""
    spare = len(axes) - len(pattern.axes) + 1
    place = 0
    for axis in pattern.axes:
        if isinstance(axis, Ellipsis_):
            yield place, "...", axes[place : place + spare]
            place += spare
        else:
            yield place, str(axis), axes[place]
            place += 1


def _better_known(one: Axis, two: Axis) -> Axis:
    """Return the better known of two axes with the same name."""
    if dims.equal(one.size, two.size):
        return one if one.origin.component else two
    return two if isinstance(two.size, int) else one


def _result(output: OutputPattern, bound: BoundShapes) -> Result:
    if isinstance(output, Pattern):
        return tuple(_filled(output, bound))
    return Pieces(tuple(tuple(_filled(one, bound)) for one in output.elements if isinstance(one, Pattern)))


def _sizes(result: Result) -> list[Any]:
    """Return the sizes in a result."""
    if isinstance(result, Pieces):
        return [_sizes(piece) for piece in result.each]
    return [axis.size for axis in result or ()]


def _filled(output: Pattern, bound: BoundShapes) -> Iterator[Axis]:
    """Yield the axes of a result; `_` is a size that depends on the numbers in a tensor."""
    sizes: dict[str, Dim] = {name: axis.size for name, axis in bound.items() if isinstance(axis, Axis)}
    sizes["_"] = dims.UNKNOWN_DIM
    for axis in output.axes:
        known = bound.get("..." if isinstance(axis, Ellipsis_) else str(axis))
        if isinstance(known, Axis):
            yield known
        elif known is not None:
            yield from known
        elif not isinstance(axis, Ellipsis_):
            yield Axis(dims.substitute(axis, sizes), NO_ORIGIN)
