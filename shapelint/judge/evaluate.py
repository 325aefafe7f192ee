"""Apply the rules to a finished chain: every violated requirement is a Violation, with the edits that could fix it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from shapelint.chain.chain import Edge, Link, Origin
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import replace
from shapelint.judge import subjects
from shapelint.judge.component_facts import component_facts
from shapelint.judge.edge_facts import edge_facts
from shapelint.judge.facts import EdgeFacts
from shapelint.judge.occasions import Ends, Occasion, origin_span, steps_of
from shapelint.judge.repair_moves import moves_of
from shapelint.judge.templates import render
from shapelint.judge.unresolved import cause_of, leaves, name_of
from shapelint.judge.violations import Mark, Move, Violation
from shapelint.knowledge.rule_pages import Rule, RulePageError, place_of
from shapelint.shapes import expression
from shapelint.shapes.dims import Dim, Expression
from shapelint.shapes.signatures import Misfit, format_shape
from shapelint.signatures import nearest
from shapelint.spec.findings import SEVERITIES
from shapelint.spec.roles import kind
from shapelint.spec.spec import Problem, Step
from shapelint.text.source import Span

MAXIMUM_RELATED = 4

LostWidth = tuple[int, str, Any]
"""A component by its identity, the parameter that sets a width, and that width."""


def judge(judged: Judged, rules: Mapping[str, Rule]) -> list[Violation]:
    """All violations of a model in the order of the chain, including those of engine rules (SL9xx)."""
    found = [problem_violation(problem, rules) for problem in judged.model.problems]
    of_edges = _of_edges(judged, rules)
    lost = _lost(judged, of_edges)
    for link in judged.chain.links:
        found += [problem_violation(problem, rules) for problem in link.component.problems]
        found += _unresolved(link, rules)
        for edge in link.edges:
            is_lost = _width(edge.producer, edge.result) in lost
            if edge.result is not None and not is_lost and not _repeats(link, edge):
                found += of_edges[id(edge)]
        found += violations_of(rules, "component", {"component": component_facts(link)}, link)
    found += [problem_violation(problem, rules) for problem in subjects.problems(judged)]
    found += occasion_violations(subjects.occasions(judged), lost, rules)
    return found + _judge_target(judged, rules)


def occasion_violations(
    occasions: Iterable[Occasion], lost: Collection[LostWidth], rules: Mapping[str, Rule]
) -> Iterator[Violation]:
    """The violations of occasions, apart from those about a lost width."""
    for occasion in occasions:
        ends = occasion.ends
        known = ((ends.consumer, ends.expected), (ends.producer, ends.actual))
        if not any(origin and (id(origin.component), origin.parameter, width) in lost for origin, width in known):
            yield from violations_of(rules, occasion.subject, occasion.facts, ends)


def lost_widths(judged: Judged, rules: Mapping[str, Rule]) -> frozenset[LostWidth]:
    """The widths that components pass on although they get another one, and no edit can change that.

    What the width would be once the component is replaced is not known, so nothing may be reported about it.
    """
    return _lost(judged, _of_edges(judged, rules))


def _of_edges(judged: Judged, rules: Mapping[str, Rule]) -> dict[int, list[Violation]]:
    """Return the violations of each edge by its identity."""
    return {
        id(edge): _edge_violations(link, (edge, open_edge), judged, rules) if edge.result is not None else []
        for link, open_link in zip(judged.chain.links, judged.open_chain.links)
        for edge, open_edge in zip(link.edges, open_link.edges)
    }


def _lost(judged: Judged, of_edges: Mapping[int, Sequence[Violation]]) -> frozenset[LostWidth]:
    return frozenset(
        (id(edge.consumer.component), edge.consumer.parameter, edge.result.expected)
        for link in judged.chain.links
        for edge in link.edges
        if isinstance(edge.result, Misfit) and edge.result.kind == "axis" and _is_unrepaired(of_edges[id(edge)])
    )


def _is_unrepaired(violations: Sequence[Violation]) -> bool:
    """Whether there are violations, and no edit for any of them."""
    return bool(violations) and not any(violation.moves for violation in violations)


def _width(origin: Origin, result: Any) -> LostWidth | None:
    """The width that a component passes on, if it does not fit what takes it."""
    is_misfit = isinstance(result, Misfit) and result.kind == "axis"
    return (id(origin.component), origin.parameter, result.actual) if is_misfit else None


def _edge_violations(
    link: Link, edges: tuple[Edge, Edge], judged: Judged, rules: Mapping[str, Rule]
) -> list[Violation]:
    """The violations of an edge; the second one is the same edge with the image's height and width left open."""
    facts = edge_facts(*edges, judged.model)
    if _breaks_off(link, edges[0]):
        facts = replace(facts, extra_axes=False)
    return violations_of(
        rules, "edge", {"edge": facts, "consumer": facts.consumer, "producer": facts.producer}, edges[0]
    )


def _breaks_off(link: Link, edge: Edge) -> bool:
    """Whether axes that one layer accepts stop a later layer of the same component: the later one is reported."""
    later = (other for other in link.edges if (other.layer or 0) > (edge.layer or 0))
    return any(isinstance(other.result, Misfit) and other.result.kind == "rank" for other in later)


def _repeats(link: Link, edge: Edge) -> bool:
    """Whether an earlier layer, whose class stands at the same place in the text, gets the wrong number of axes too."""
    if not isinstance(edge.result, Misfit) or edge.result.kind != "rank":
        return False
    earlier = (other for other in link.edges if (other.layer or 0) < (edge.layer or 0))
    return any(
        isinstance(other.result, Misfit)
        and other.result.kind == "rank"
        and (other.component.target, other.component.spec.head) == (edge.component.target, edge.component.spec.head)
        for other in earlier
    )


def _judge_target(judged: Judged, rules: Mapping[str, Rule]) -> list[Violation]:
    """The edges of a target that was built separately, if at least one end is a component of its own."""
    found: list[Violation] = []
    target = judged.target
    for link, open_link in zip(target.chain.links, target.open_chain.links) if target else ():
        assert target is not None
        if link.role in target.own:
            found += [problem_violation(problem, rules) for problem in link.component.problems]
        for edge, open_edge in zip(link.edges, open_link.edges):
            if edge.result is None or not {edge.role, edge.producer.role} & target.own:
                continue
            facts = edge_facts(edge, open_edge, judged.model)
            consumer, producer = (
                replace(side, name=f"the target's {side.name}") if side.name == side.role else side
                for side in (facts.consumer, facts.producer)
            )
            nearest = {"edge": facts, "consumer": consumer, "producer": producer}
            ends = _ends(edge, nearest)
            found += violations_of(rules, "edge", nearest, replace(ends, key=("target", *ends.key)))
    return found


def problem_violation(problem: Problem, rules: Mapping[str, Rule]) -> Violation:
    """A problem that the engine itself found, under the rule page of its code."""
    rule = rules[problem.code]
    moves = (Move(*problem.replacement),) if problem.replacement else ()
    return Violation(
        rule=rule,
        key=(problem.code, problem.role, problem.message),
        severity=rule.page.severity,
        message=problem.message if _is_named(problem) else f"{problem.role}: {problem.message}",
        span=problem.span,
        label=problem.label,
        role=problem.role,
        expected=problem.expected,
        actual=problem.actual,
        related=_shown(map(_mark, problem.steps), problem.span),
        help=problem.help,
        moves=moves,
    )


def _is_named(problem: Problem) -> bool:
    """Whether a message needs no role before it: there is none, or it begins with it."""
    return problem.message.startswith(problem.role)


def _unresolved(link: Link, rules: Mapping[str, Rule]) -> Iterator[Violation]:
    for index, component in enumerate(leaves(link.component)):
        is_told = component.spec.is_unread or any(problem.code == "SL114" for problem in component.problems)
        if component.signature is not None or is_told:
            continue
        name, cause = name_of(component), cause_of(component, link.role)
        hint = f"give {name} a signature under [tool.shapelint.signatures]"
        hint = (
            f"declare its width, {{target: {name}, out_dim: ...}}, or {hint}" if kind(link.role) == "backbone" else hint
        )
        hint = f"did you mean {near}? Otherwise {hint}" if (near := nearest.nearest(name)) else hint
        problem = Problem("SL901", cause.reason, component.spec.head, link.role, help=hint)
        violation = problem_violation(problem, rules)
        yield Violation(**{**vars(violation), "key": ("SL901", link.role, index)})


def violations_of(
    rules: Mapping[str, Rule], subject: str, facts: Mapping[str, Any], place: Edge | Link | Ends
) -> list[Violation]:
    """The violations of one subject; a rule that replaces others silences them there."""
    violated = [
        rule
        for rule in rules.values()
        if rule.page.subject == subject
        and rule.page.emitted_by is None
        and _value(rule, "when", facts) is True
        and _value(rule, "require", facts) is False
    ]
    silenced = {code for rule in violated for code in rule.page.instead_of}
    return [_violation(rule, facts, place) for rule in violated if rule.page.code not in silenced]


def _value(rule: Rule, field: str, facts: Mapping[str, Any]) -> Any:
    """The value of a field of a page; raises RulePageError for an operation that its facts do not have."""
    try:
        return expression.evaluate(getattr(rule.page, field), facts)
    except expression.ExpressionError as error:
        raise RulePageError(f"{place_of(rule.path, field)}: {field}: {error}") from error


def _violation(rule: Rule, facts: Mapping[str, Any], place: Edge | Link | Ends) -> Violation:
    try:
        return _filled_in(rule, facts, place)
    except expression.ExpressionError as error:
        raise RulePageError(f"{rule.path}: {error}") from error


def _filled_in(rule: Rule, facts: Mapping[str, Any], place: Edge | Link | Ends) -> Violation:
    """A violation with the texts and edits of its page."""
    page = rule.page
    severity = page.severity
    if severity not in SEVERITIES:
        severity = _value(rule, "severity", facts)
    if severity not in SEVERITIES:
        raise RulePageError(f"{place_of(rule.path, 'severity')}: severity: {severity!r} is none of {SEVERITIES}")
    ends = _ends(place, facts)
    mends = moves_of(page.repair, facts, ends)
    return Violation(
        rule=rule,
        key=(page.code, *ends.key),
        severity=severity,
        message=render(page.message, facts),
        span=ends.span,
        label=render(page.label, facts),
        role=ends.role,
        expected=_json(ends.expected),
        actual=_json(ends.actual),
        related=_related(page.related, facts, ends),
        notes=tuple(filter(None, [render(page.note, facts)])),
        help=render(page.help, facts),
        moves=mends,
    )


def _related(template: str, facts: Mapping[str, Any], ends: Ends) -> tuple[Mark, ...]:
    """The other places of a violation: the other number, what decided both, and where a number is passed on."""
    marks = [Mark(span, render(template, facts)) for span in ends.related] if template else []
    argument = ends.consumer.argument if ends.consumer else None
    marks += map(_mark, ends.steps)
    marks += [Mark(use, "passed on here") for use in (argument.uses if argument else ())]
    return _shown(marks, ends.span)


def _shown(marks: Iterable[Mark], primary: Span) -> tuple[Mark, ...]:
    """The first marks, one for each place other than the primary one: a report stays short."""
    places: dict[Span, Mark] = {}
    for mark in marks:
        places.setdefault(mark.span, mark)
    places.pop(primary, None)
    return tuple(places.values())[:MAXIMUM_RELATED]


def _mark(step: Step) -> Mark:
    return Mark(step.span, step.action if step.gives is None else f"{step.action} gives {format_shape(step.gives)}")


def _ends(place: Edge | Link | Ends, facts: Mapping[str, Any]) -> Ends:
    if isinstance(place, Edge):
        edge: EdgeFacts = facts["edge"]
        numbers: tuple[Dim | str | None, Dim | str | None]
        numbers = (edge.consumer.input.features, edge.producer.output.features)
        if not edge.axes_fit:
            numbers = (edge.consumer.input.shape, edge.producer.output.shape)
        span = origin_span(place.consumer) or place.component.spec.head
        other = origin_span(place.producer)
        if not edge.axes_fit and place.consumer.component is not None:
            # In a program, the operations between two calls determine the axes.
            span = place.consumer.place or span
            other = (place.producer.place if place.producer.component else None) or other
        elif _is_last_of_many(place) and place.producer.component is not None:
            other = place.producer.place or other
        return Ends(
            (place.role, place.layer),
            place.role,
            span,
            (other,) if other else (),
            numbers[0],
            numbers[1],
            place.consumer,
            place.producer,
            steps=steps_of(_decided(place, edge.axes_fit), edge.axes_fit),
        )
    if isinstance(place, Link):
        spec = place.component.spec
        component = facts["component"]
        if spec.declared and component.declared is not None:
            numbers = component.output.features, component.declared
            return Ends((place.role,), place.role, spec.declared.span, (), *numbers)
        hidden = place.component.given.get("hidden_dim")
        return Ends((place.role,), place.role, hidden.span if hidden else spec.head, (), None, component.hidden)
    return place


def _decided(edge: Edge, by_width: bool) -> tuple[Origin, ...]:
    """The origins of what is in conflict: of both widths, or of all incoming axes."""
    on_all = not by_width or (isinstance(edge.result, Misfit) and edge.result.kind == "condition")
    return (*reversed(edge.incoming.origins), edge.consumer) if on_all else (edge.producer, edge.consumer)


def _is_last_of_many(edge: Edge) -> bool:
    """Whether a conflict is over the last axis of tokens or a map: the operation is at fault, not a number."""
    rank = len(edge.incoming.value) if isinstance(edge.incoming.value, tuple) else 0
    return rank > 2 and getattr(edge.result, "axis", rank - 1) == rank - 1


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, Expression) else value
