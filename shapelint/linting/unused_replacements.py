"""SL212: a fault behind a model is explained by a module that was put under a name which the model does not have."""

from __future__ import annotations

from collections.abc import Mapping

from shapelint.chain.chain import Edge
from shapelint.chain.wiring import Judged
from shapelint.common.frozen import replace
from shapelint.judge.edge_facts import edge_facts
from shapelint.judge.violations import Mark, Violation
from shapelint.knowledge.rule_pages import Rule
from shapelint.python.models.unused_parts import UnusedPart
from shapelint.shapes.signatures import Misfit

EXPLAINED = ("SL201", "SL101")


def explained(
    violation: Violation, judged: Judged, unused: tuple[UnusedPart, ...], rules: Mapping[str, Rule]
) -> Violation:
    """The violation, or SL212 in its place: with its severity, and with torch's words where it is loud."""
    found = _cause(violation, judged, unused)
    if found is None or "SL212" not in rules:
        return violation
    part, edge = found
    rule, absent = rules["SL212"], part.absent
    loud = isinstance(edge.result, Misfit)
    crash = edge_facts(edge, edge, judged.model).crash if loud else ""
    return replace(
        violation,
        rule=rule,
        key=(rule.page.code, *violation.key[1:]),
        severity="error" if loud else rule.page.severity,
        message=f"{absent.owner} has no {absent.name!r}: its forward goes on with what it had",
        span=part.span,
        label="never runs",
        related=(Mark(violation.span, violation.message), *violation.related),
        notes=(crash,) if crash else (),
        help=f"did you mean {absent.nearest}?" if absent.nearest else "",
        moves=(),
    )


def _cause(violation: Violation, judged: Judged, unused: tuple[UnusedPart, ...]) -> tuple[UnusedPart, Edge] | None:
    """The part without effect of the model whose output does not fit, and where it goes on."""
    if violation.rule.page.code not in EXPLAINED:
        return None
    edges = [edge for link in judged.chain.links for edge in link.edges if _is_at(violation, edge)]
    for edge in edges:
        for part in unused:
            if edge.producer.component is not None and edge.producer.component.spec is part.spec:
                return part, edge
    return None


def _is_at(violation: Violation, edge: Edge) -> bool:
    return violation.key[1:] == (edge.role, edge.layer)
