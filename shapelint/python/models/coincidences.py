"""Layers that fit by chance: their width comes from one variable, the width before them from another of equal value.

A candidate is a layer whose two widths come from different variables of one scope: two parameters of a function, two
constants of a module. To find out whether it fits by chance, the variables are moved one at a time: the file is
interpreted again with another number for one of them. If the layer stops fitting both times, nothing but the equal
numbers made it fit. Code that requires the two to be equal shows this: it raises, takes another branch, or adds tensors
whose sum then reaches no layer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cache

from shapelint.chain.chain import Edge, Link
from shapelint.common.frozen import frozen
from shapelint.python.models.entry_points import Question
from shapelint.python.state.run import Call, Run
from shapelint.shapes.signatures import Fit, Misfit
from shapelint.spec.spec import Argument, Variable
from shapelint.text.source import Span

MAXIMUM_MOVES = 6
LayerKey = tuple[str, "int | None", Span]


@frozen
class Latent:
    """A layer with the variable that it gets its width from, and the variable that gave the width before it."""

    edge: Edge
    taken: Variable
    given: Variable


def find(models: Iterable[Sequence[Link]], asked: Callable[[Question], Run]) -> list[tuple[Latent, ...]]:
    """Return the layers of each model that fit by chance; `asked` runs the file once more, to answer a question.

    What models share is asked once: another object of a class has the same layer in the same place, made from the same
    parameters. The run ends where all layers of the moved variable stopped fitting.
    """
    candidates = [tuple(_candidates(links)) for links in models]
    sites: dict[Variable, set[LayerKey]] = {}
    for one in (one for own in candidates for one in own):
        for variable in (one.taken, one.given):
            sites.setdefault(variable, set()).add(_site(one.edge))

    @cache
    def misfits(variable: Variable) -> frozenset[LayerKey]:
        left = set(sites[variable])

        def answers(call: Call) -> bool:
            if _is_misfit(call.edge):
                left.discard(_site(call.edge))
            return not left

        calls = asked(Question(variable, answers)).calls
        return frozenset(_site(call.edge) for call in calls if _is_misfit(call.edge))

    known: dict[Hashable, bool] = {}

    def is_by_chance(one: Latent) -> bool:
        site = _site(one.edge)
        key = (site, one.taken[1], one.given[1])
        if key not in known:
            known[key] = all(site in misfits(variable) for variable in (one.taken, one.given))
        return known[key]

    return [tuple(filter(is_by_chance, _affordable(own))) for own in candidates]


def _affordable(candidates: Sequence[Latent]) -> Iterator[Latent]:
    """Yield the candidates of one model that few enough moves decide."""
    variables = list(dict.fromkeys(variable for one in candidates for variable in (one.taken, one.given)))
    moves = variables[:MAXIMUM_MOVES]
    return (one for one in candidates if one.taken in moves and one.given in moves)


def _candidates(links: Sequence[Link]) -> Iterator[Latent]:
    return (found for link in links for edge in link.edges if (found := _candidate(edge)) is not None)


def _candidate(edge: Edge) -> Latent | None:
    """Return the two variables of a layer that fits the layer before it inside a component."""
    taken, given = edge.consumer.argument, edge.producer.argument
    if not edge.inside or not isinstance(edge.result, Fit) or taken is None or given is None:
        return None
    pair = _apart(taken, given)
    return Latent(edge, *pair) if pair is not None and taken.value == given.value else None


def _apart(taken: Argument, given: Argument) -> tuple[Variable, Variable] | None:
    """Return the variables of two numbers in the innermost scope that both passed through, if they differ."""
    for variable in taken.variables:
        others = [other for other in given.variables if other[0] == variable[0]]
        if others:
            return None if variable in others else (variable, others[0])
    return None


def _site(edge: Edge) -> LayerKey:
    return edge.role, edge.layer, edge.component.spec.span


def _is_misfit(edge: Edge) -> bool:
    return isinstance(edge.result, Misfit) and edge.result.kind == "axis"
