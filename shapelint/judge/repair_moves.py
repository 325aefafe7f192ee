"""The edits that a rule page lists in `repair`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shapelint.chain.chain import Origin
from shapelint.common.frozen import replace
from shapelint.judge.facts import Side
from shapelint.judge.occasions import Ends, Slot
from shapelint.judge.violations import Move
from shapelint.shapes import expression
from shapelint.spec.roles import kind
from shapelint.spec.spec import Argument
from shapelint.text.source import Span


def moves_of(repair: str, facts: Mapping[str, Any], ends: Ends) -> tuple[Move, ...]:
    """Return the edits that a rule's `repair` lists: `consumer.input.features := producer.output.features; ...`."""
    consumer = ends.consumer.component if ends.consumer is not None else None
    moves: list[Move] = []
    for assignment in filter(None, repair.split(";")):
        end, _, value = (part.strip() for part in assignment.partition(":="))
        if end == "offered":
            moves += [move for slot, number in ends.offers for move in _fill(slot, number)]
            continue
        if end in ends.slots:
            moves += _fill(ends.slots[end], expression.evaluate(value, facts))
            continue
        origin = ends.consumer if end.split(".")[0] in ("consumer", "left") else ends.producer
        # The width of a backbone or of the input is fixed: only the component that takes it can change.
        inside = kind(ends.role) == "backbone"
        fixed = origin is None or origin.role == "input" or (kind(origin.role) == "backbone" and not inside)
        if origin is not None and not fixed:
            moves += _set(origin, expression.evaluate(value, facts))
    if (consumer is not None and consumer.is_operation) or _is_vector(facts.get("producer")):
        return tuple(replace(move, doubtful=True) for move in moves)
    return tuple(moves)


def _is_vector(end: Any) -> bool:
    """Return whether an end gives a tensor of one axis, which may be the batch."""
    return isinstance(end, Side) and end.output.axes == 1


def _fill(slot: Slot, value: Any) -> Iterator[Move]:
    """Yield an edit of a number that is not an argument of a component."""
    home = slot.argument.home
    if home is not None and isinstance(value, (int, str)) and slot.argument.value != value:
        yield Move(home, str(value), slot.whole)


def _set(origin: Origin, value: Any) -> Iterator[Move]:
    """Yield edits of the argument that sets a width, where the user wrote it or could have written it."""
    if origin.component is None or not origin.parameter or not isinstance(value, int) or value < 1:
        return
    argument: Argument | None = origin.argument
    spec = origin.component.spec
    if argument is not None and argument.insertion is not None:
        place = Span(argument.insertion.offset, argument.insertion.offset)
        yield Move(place, argument.insertion.text(argument.written_as, value), spec.span)
    elif argument is not None:
        if argument.home is not None and argument.value != value:
            yield Move(argument.home, str(value), spec.span)
        if argument.value != value:
            if argument.computed is not None:
                yield Move(argument.computed, str(value), spec.span, fallback=1, overwrites=True)
            yield from (Move(use, str(value), spec.span, fallback=2) for use in argument.uses)
    elif spec.insertion is not None and origin.component.source != "declared":
        place = Span(spec.insertion.offset, spec.insertion.offset)
        yield Move(place, spec.insertion.text(origin.parameter, value), spec.span)
