"""What a rule may speak about: a subject's facts with the places in the text that they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from shapelint.chain import Origin
from shapelint.dims import Dim
from shapelint.frozen import frozen
from shapelint.read.text import Span
from shapelint.spec import Argument


@frozen
class Slot:
    """A number of the user's that an edit may change, with the component or value around it."""

    argument: Argument
    whole: Span | None = None


@frozen
class Ends:
    """The places that a violation speaks of: `span` and `related` in the text, and the two numbers in conflict.

    `consumer` and `producer` are the origins that a rule's `repair` may set; `slots` are further numbers by the name
    that a repair calls them (`bank.width`); `offers` are numbers with the value that the repair `offered` gives them.
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


@frozen
class Occasion:
    """One subject with its facts by name."""

    subject: str
    facts: Mapping[str, Any]
    ends: Ends


def origin_span(origin: Origin | None) -> Span | None:
    """Where a width stands: its argument, else the name of the component, else the axis of the input."""
    if origin is None:
        return None
    if origin.component is None:
        return origin.place
    return origin.argument.span if origin.argument else origin.component.spec.head
