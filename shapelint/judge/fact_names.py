"""The facts that a rule may name, by its subject; reading a page that names another is an error.

An expression reaches a fact by its name and attributes: `consumer.input.features` of an edge. Every dataclass below
documents its own facts.
"""

from __future__ import annotations

import ast
import dataclasses
import typing
from collections.abc import Iterator

from shapelint.common.nearest_words import nearest_word
from shapelint.judge.facts import ComponentFacts, EdgeFacts, Side
from shapelint.judge.subjects.backbone_layer import LayerFacts
from shapelint.judge.subjects.bank import BankFacts
from shapelint.judge.subjects.batch import BatchFacts
from shapelint.judge.subjects.batch_axis import BatchAxisFacts
from shapelint.judge.subjects.checkpoint import CheckpointFacts
from shapelint.judge.subjects.loss import LossFacts
from shapelint.judge.subjects.target import TargetFacts
from shapelint.judge.subjects.variable import VariableFacts
from shapelint.judge.templates import FACT
from shapelint.knowledge.schema.front_matter import RulePage
from shapelint.shapes import expression
from shapelint.shapes.dims import Expression

FACTS: dict[str, dict[str, type]] = {
    "edge": {"edge": EdgeFacts, "consumer": Side, "producer": Side},
    "component": {"component": ComponentFacts},
    "loss": {"loss": LossFacts, "left": Side, "right": Side},
    "batch": {"batch": BatchFacts},
    "bank": {"bank": BankFacts, "producer": Side},
    "target": {"target": TargetFacts},
    "layer": {"layer": LayerFacts},
    "checkpoint": {"checkpoint": CheckpointFacts},
    "batch_axis": {"batch_axis": BatchAxisFacts},
    "variable": {"variable": VariableFacts},
}
"""The facts by the subject of a rule. An edge is one component that takes the output of another."""

TEMPLATES = ("message", "label", "related", "note", "help")


def faults(page: RulePage) -> Iterator[tuple[str, str]]:
    """The fields of a page whose expressions cannot be evaluated, each with the reason."""
    if page.emitted_by == "engine":
        return
    if page.subject not in FACTS:
        yield "subject", f"a page needs a subject: {', '.join(FACTS)}"
        return
    for field, text in _expressions(page):
        try:
            node = expression.parse(text)
        except expression.ExpressionError as error:
            yield field, str(error)
            continue
        for problem in (*expression.misuses(node), *_unknown(node, FACTS[page.subject])):
            yield field, problem


def _expressions(page: RulePage) -> Iterator[tuple[str, str]]:
    """Every expression of a page, with the field that holds it."""
    yield "when", page.when
    yield "require", page.require
    if page.severity not in ("error", "warning", "info"):
        yield "severity", page.severity
    for field in TEMPLATES:
        for match in FACT.finditer(getattr(page, field)):
            yield field, match[1]
    for assignment in filter(None, (part.strip() for part in page.repair.split(";"))):
        if assignment != "offered":
            yield "repair", assignment.partition(":=")[2]


def _unknown(node: ast.AST, facts: dict[str, type]) -> Iterator[str]:
    """What an expression names that is not a fact."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        parts = ast.unparse(node).split(".")
        yield from _unknown_path(parts, facts)
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Call) and child is node.func):
            yield from _unknown(child, facts)


def _unknown_path(parts: list[str], facts: dict[str, type]) -> Iterator[str]:
    owner: type | None = facts.get(parts[0])
    if owner is None:
        yield _no_fact(".".join(parts), parts[0], list(facts))
        return
    for part in parts[1:]:
        known = attributes(owner) if owner is not None and dataclasses.is_dataclass(owner) else {}
        if part not in known:
            yield _no_fact(".".join(parts), part, list(known))
            return
        owner = known[part]


def attributes(owner: type) -> dict[str, type | None]:
    """The facts of a dataclass: its fields and properties, with their types if those have facts of their own."""
    hints = typing.get_type_hints(owner, localns={"Expression": Expression})
    fields = {field.name: hints[field.name] for field in dataclasses.fields(owner)}
    found: dict[str, type | None] = {
        name: kind if isinstance(kind, type) and dataclasses.is_dataclass(kind) else None
        for name, kind in fields.items()
    }
    found.update({name: None for name, value in vars(owner).items() if isinstance(value, property)})
    return found


def _no_fact(whole: str, part: str, known: list[str]) -> str:
    near = nearest_word(part, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}" if known else "it has no parts"
    return f"no fact {whole!r}: {hint}"


def table() -> str:
    """Every fact by subject, as the Markdown of `rules/README.md`."""
    lines = ["| subject | name | facts |", "|---|---|---|"]
    for subject, names in FACTS.items():
        for name, owner in names.items():
            facts = "an end" if owner is Side else _listed(owner)
            lines.append(f"| {subject} | `{name}` | {facts} |")
    lines.append(f"| | an end | {_listed(Side)} |")
    return "\n".join(lines) + "\n"


def _listed(owner: type) -> str:
    return ", ".join(f"`{fact}`" for fact in _paths(owner))


def _paths(owner: type) -> Iterator[str]:
    for name, kind in attributes(owner).items():
        if kind is None or kind is Side:
            yield name
        else:
            yield from (f"{name}.{inner}" for inner in attributes(kind))
