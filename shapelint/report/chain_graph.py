"""A chain as a graph: components, the momentum copy, the losses, and the tensors that go from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from shapelint.common.frozen import frozen
from shapelint.report.chain_table import shape
from shapelint.spec.findings import Finding, LinkReport, ModelReport

BoxKind = Literal["input", "component", "copy", "loss", "output"]
MARKED = ("error", "warning")
SOURCE_BOX = "input"


@frozen
class Box:
    """What a tensor comes to: a title and a second line; `mark` is "error", "warning", "unknown", or ""."""

    name: str
    kind: BoxKind
    title: str
    subtitle: str = ""
    mark: str = ""


@frozen
class Arrow:
    """A tensor from one node to another, its shape, and whether it is "checked", "unchecked", "error" or "warning"."""

    source: str
    target: str
    label: str
    state: str = "checked"


@frozen
class ChainGraph:
    """The nodes in the order of the chain, and the arrows in the order of what they lead to."""

    nodes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def graph(model: ModelReport, findings: Sequence[Finding]) -> ChainGraph:
    """Return the graph of a model; `findings` are those of the model, each of which marks the role that it names."""
    nodes = [Box(SOURCE_BOX, "input", SOURCE_BOX), *_components(model, findings)]
    arrows = [*_into_components(model, findings)]
    copies = [*_copies(model, findings)]
    nodes += [node for node, _ in copies]
    arrows += [arrow for _, arrow in copies]
    for node, into in _losses(model, findings):
        nodes.append(node)
        arrows += into
    used = {arrow.source for arrow in arrows}
    ends = [(number, link) for number, link in enumerate(model.chain) if _name(number) not in used]
    for count, (number, link) in enumerate(ends):
        name = f"output{count or ''}"
        nodes.append(Box(name, "output", "output"))
        arrows.append(Arrow(_name(number), name, shape(link.output)))
    return ChainGraph(tuple(nodes), tuple(arrows))


def _name(number: int) -> str:
    return f"link{number}"


def _components(model: ModelReport, findings: Sequence[Finding]) -> Iterator[Box]:
    for number, link in enumerate(model.chain):
        mark = fault(link.role, findings) or ("unknown" if link.source == "unknown" else "")
        yield Box(_name(number), "component", link.role, link.component, mark)


def _into_components(model: ModelReport, findings: Sequence[Finding]) -> Iterator[Arrow]:
    for number, link in enumerate(model.chain):
        source = _maker(model, link.after, number)
        yield Arrow(source, _name(number), _carried(link, findings), _state(model, link, findings))


def _state(model: ModelReport, link: LinkReport, findings: Sequence[Finding]) -> str:
    """Whether what a component takes is checked, or what a finding says of it."""
    if link.broken:
        return fault(link.role, findings) or "error"
    return "unchecked" if link.role in {unchecked.role for unchecked in model.unchecked} else "checked"


def _maker(model: ModelReport, role: str, number: int) -> str:
    """The node that gives what a component takes; the one before it, if nothing says which."""
    if role == SOURCE_BOX:
        return SOURCE_BOX
    makers = [place for place, link in enumerate(model.chain[:number]) if link.role == role]
    before = makers[-1] if makers else number - 1
    return _name(before) if before >= 0 else SOURCE_BOX


def _copies(model: ModelReport, findings: Sequence[Finding]) -> Iterator[tuple[Box, Arrow]]:
    """The copied branch of a config, which runs as the online one does, and breaks where that does."""
    source = SOURCE_BOX
    links = {link.role: link for link in reversed(model.chain)}
    for number, role in enumerate(model.copied):
        name, link = f"copy{number}", links[role]
        arrow = Arrow(source, name, shape(link.input), _state(model, link, findings))
        yield Box(name, "copy", f"target's {role}", "momentum copy"), arrow
        source = name


def _losses(model: ModelReport, findings: Sequence[Finding]) -> Iterator[tuple[Box, list[Arrow]]]:
    unchecked = {link.role for link in model.unchecked}
    for number, loss in enumerate(model.losses):
        name, mark = f"loss{number}", fault(loss.role, findings)
        state = mark or ("unchecked" if loss.role in unchecked else "checked")
        ends = [given for end in loss.operands for given in _gives(model, end)]
        if ends:
            yield Box(name, "loss", loss.name, mark=mark), [Arrow(one, name, given, state) for one, given in ends]


def _gives(model: ModelReport, end: str) -> Iterator[tuple[str, str]]:
    """The node of an operand, and its shape: a role, or `target.` and the role of which it is the copy."""
    is_copy, role = end.startswith("target."), end.removeprefix("target.")
    for number, link in enumerate(model.chain):
        if link.role == role and (not is_copy or role in model.copied):
            yield f"copy{model.copied.index(role)}" if is_copy else _name(number), shape(link.output)
            return


def fault(role: str, findings: Sequence[Finding]) -> str:
    """The severest of "error" and "warning" that a finding about this role has, or ""."""
    severities = {finding.severity for finding in findings if finding.role == role}
    return next((severity for severity in MARKED if severity in severities), "")


def _carried(link: LinkReport, findings: Sequence[Finding]) -> str:
    """The input of a component, and, if the link is broken, also what it expects."""
    incoming: Sequence[object] = link.input or ()
    at_fault = (f for f in findings if f.role == link.role and (f.actual in incoming or f.actual == incoming))
    expected = next((finding.expected for finding in at_fault), None)
    if not link.broken or expected is None:
        return shape(link.input)
    return f"{shape(link.input)}, expected {shape(expected) if isinstance(expected, list) else expected}"
