"""Widths that are equal by chance: two layers in a row read different variables that hold the same number.

Changing one of the two variables alone would break the component. In a config, a layer reads the wrong variable if that
variable is also a width elsewhere in the same component, on both sides of a link; in a program, the interpreter changes
the variables and reports what breaks.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.chain import Edge
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import frozen
from shapelint.judge.edge_facts import side_name
from shapelint.judge.occasions import Ends, Occasion
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import expression
from shapelint.shapes.signatures import Fit
from shapelint.text.source import Span


@frozen
class VariableFacts:
    """A link inside a component: its two ends, and whether one variable sets both; otherwise the `names` of the two."""

    consumer: str
    producer: str
    width: int
    is_shared: bool
    names: str = "two variables of the config"


def occasions(judged: Judged) -> Iterator[Occasion]:
    """Every link inside a component whose ends are set by different variables of the same value."""
    for link in judged.chain.links:
        edges = [edge for edge in link.edges if edge.inside and isinstance(edge.result, Fit)]
        pairs = [(edge, *_variables(edge)) for edge in edges]
        shared = {taken for _, taken, given in pairs if taken is not None and taken == given}
        for edge, taken, given in pairs:
            if taken is None or given is None or taken == given or taken not in shared:
                continue
            yield by_chance(edge, VariableFacts.names)
        yield from _inside_a_class(link.role, link.component)


def _inside_a_class(role: str, component: Resolved) -> Iterator[Occasion]:
    """A layer inside a traced class that fits only while two of its arguments are equal."""
    for layer in component.layers:
        yield from _inside_a_class(role, layer)
    if component.row is None or not component.row.latent:
        return
    name, one, other = component.row.latent.split()
    given = (component.given.get(argument.partition("[")[0]) for argument in (one, other))  # `hidden[0]` is of a list
    spans = [argument.span for argument in given if argument is not None]
    width = expression.evaluate(one, component.values)
    facts = VariableFacts(
        f"{role}.{name}", "the layer before it", width, False, f"the arguments {one} and {other} of {component.label}"
    )
    place, *others = spans or [component.spec.head]
    yield Occasion("variable", {"variable": facts}, Ends(("variable", role, name), role, place, tuple(others)))


def by_chance(edge: Edge, names: str) -> Occasion:
    """A link whose two ends are set by different variables of the same value."""
    argument, other = edge.consumer.argument, edge.producer.argument
    assert argument is not None
    assert other is not None
    consumer = side_name(edge.role, edge.component, edge.layer, True)
    producer = edge.producer.component.label if edge.producer.component else edge.producer.role
    facts = VariableFacts(consumer, producer, argument.value, False, names)
    spans = [end.uses[0] if end.uses else end.span for end in (argument, other)]
    ends = Ends(("variable", edge.role, edge.layer), edge.role, spans[0], (spans[1],), argument.value, other.value)
    return Occasion("variable", {"variable": facts}, ends)


def _variables(edge: Edge) -> tuple[Span | None, Span | None]:
    taken, given = edge.consumer.argument, edge.producer.argument
    return (taken.variable if taken else None), (given.variable if given else None)
