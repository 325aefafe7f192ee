"""Footprints: the places of a program on which a check depends, such as those of two numbers that have to fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shapelint.chain.chain import Chain, Flow, Origin
from shapelint.common.patterns import pattern
from shapelint.resolve.resolved import Resolved
from shapelint.spec.spec import Argument
from shapelint.text.source import Span

FootprintPlaces = frozenset[Span]

_NAME = pattern(r"[A-Za-z_]\w*")


def of_chain(chain: Chain) -> Iterator[FootprintPlaces]:
    """Yield the footprint of every edge, and of every component with conditions on its own arguments."""
    for edge in (edge for link in chain.links for edge in link.edges):
        origins = (edge.consumer, edge.producer, *edge.incoming.origins)
        yield frozenset(place for origin in origins for place in _of_origin(origin))
        yield _of_conditions(edge.component)


def of_flows(flows: Iterable[Flow | None], arguments: Iterable[Argument] = ()) -> FootprintPlaces:
    """Return the footprint of tensors that are used together, and of numbers that they have to fit."""
    origins = (origin for flow in flows if flow is not None for origin in (*flow.origins, flow.maker))
    found = [place for origin in origins for place in _of_origin(origin)]
    return frozenset((*found, *(place for argument in arguments for place in _of_argument(argument))))


def of_components(components: Iterable[Resolved]) -> FootprintPlaces:
    """Return the footprint of all arguments of some components."""
    return frozenset(
        place for component in components for argument in component.spec.arguments for place in _of_argument(argument)
    )


def _of_conditions(component: Resolved) -> FootprintPlaces:
    """Return the footprint of the arguments named in the conditions of a component's signature."""
    alternatives = component.template.alternatives if component.template is not None else ()
    named = {name for alternative in alternatives for name in _NAME.findall(alternative.where)}
    given = (argument for name, argument in component.given.items() if name in named)
    return frozenset(place for argument in given for place in _of_argument(argument))


def _of_origin(origin: Origin) -> Iterator[Span]:
    if origin.argument is not None:
        yield from _of_argument(origin.argument)
    elif origin.component is not None and origin.component.spec.insertion is not None:
        offset = origin.component.spec.insertion.offset
        yield Span(offset, offset)


def _of_argument(argument: Argument) -> Iterator[Span]:
    yield from (place for place in (argument.home, argument.computed, *argument.uses) if place is not None)
    for element in argument.elements:
        yield from _of_argument(element)
