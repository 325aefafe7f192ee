"""What a rule may apply to: the facts of a subject, with the places in the text that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any

from shapelint.chain.chain import Origin
from shapelint.common.frozen import frozen
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Argument, Step
from shapelint.text.source import Span


@frozen
class Slot:
    """A number in the user's text that an edit may change, with the component or value around it."""

    argument: Argument
    whole: Span | None = None


@frozen
class Ends:
    """The places of a violation: `span` and `related` in the text, and the two numbers in conflict.

    `consumer` and `producer` are the origins that a rule's `repair` may set; `slots` are further numbers by their name
    in a repair (`bank.width`); `offers` are numbers with the value that the repair `offered` gives them. `steps` are
    further places that led to the conflict, the nearest first.
    """

    key: tuple[Any, ...]
    role: str
    span: Span
    related: tuple[Span, ...] = ()
    expected: Dim | str | None = None
    actual: Dim | str | None = None
    consumer: Origin | None = None
    producer: Origin | None = None
    slots: Mapping[str, Slot] = field(default_factory=dict)
    offers: tuple[tuple[Slot, int | str], ...] = ()
    steps: tuple[Step, ...] = ()


@frozen
class Occasion:
    """One subject with its facts by name."""

    subject: str
    facts: Mapping[str, Any]
    ends: Ends


def origin_span(origin: Origin | None) -> Span | None:
    """Where a width is written: its argument, else the name of the component, else the axis of the input."""
    if origin is None:
        return None
    if origin.component is None:
        return origin.place
    return origin.argument.span if origin.argument else origin.component.spec.head


def steps_of(origins: Iterable[Origin | None], by_width: bool) -> tuple[Step, ...]:
    """The steps that decided some axes, the latest first; for conflicting widths, without steps that kept sizes."""
    each = [[step for step in origin.steps if not (by_width and step.minor)] for origin in origins if origin]
    return tuple(_merged([steps for steps in each if steps]))


def _merged(each: list[list[Step]]) -> Iterator[Step]:
    """Several lists as one that keeps the order of each, from all of them in turn; one of each place.

    >>> one, two, three = (Step(Span(place, place + 1), "") for place in range(3))
    >>> [step.span.start for step in _merged([[two, three], [one, two]])]
    [0, 1, 2]
    """
    while each:
        behind = {step.span for steps in each for step in steps[1:]}
        turn = next((index for index, steps in enumerate(each) if steps[0].span not in behind), 0)
        each = each[turn:] + each[:turn]
        step = each[0][0]
        yield step
        each = [rest for steps in (*each[1:], each[0]) if (rest := [one for one in steps if one.span != step.span])]
