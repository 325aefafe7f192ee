"""Widths that agree by chance: two layers in a row read different variables of the config that hold one number.

Moving one of the two variables alone would break the component. That a layer reads the wrong one shows where the
variable it reads is also a width elsewhere in the same component, on both sides of a link.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain import Edge
from shapelint.facts import side_name
from shapelint.frozen import frozen
from shapelint.occasions import Ends, Occasion
from shapelint.read.text import Span
from shapelint.shapes import Fit
from shapelint.wiring import Judged


@frozen
class VariableFacts:
    """A link inside a component: its two ends, and whether one variable of the config sets both."""

    consumer: str
    producer: str
    width: int
    is_shared: bool


def occasions(judged: Judged) -> Iterator[Occasion]:
    """Every link inside a component whose ends are set by different variables of the same value."""
    for link in judged.chain.links:
        edges = [edge for edge in link.edges if edge.inside and isinstance(edge.result, Fit)]
        pairs = [(edge, *_variables(edge)) for edge in edges]
        shared = {taken for _, taken, given in pairs if taken is not None and taken == given}
        for edge, taken, given in pairs:
            if taken is None or given is None or taken == given or taken not in shared:
                continue
            argument = edge.consumer.argument
            other = edge.producer.argument
            assert argument is not None
            assert other is not None
            consumer = side_name(edge.role, edge.component, edge.layer, True)
            producer = edge.producer.component.label if edge.producer.component else edge.producer.role
            facts = VariableFacts(consumer, producer, argument.value, False)
            key = ("variable", edge.role, edge.layer)
            ends = Ends(key, edge.role, argument.span, (other.span,), argument.value, other.value)
            yield Occasion("variable", {"variable": facts}, ends)


def _variables(edge: Edge) -> tuple[Span | None, Span | None]:
    taken, given = edge.consumer.argument, edge.producer.argument
    return (taken.variable if taken else None), (given.variable if given else None)
