"""Faults of the wiring: a target that is the online module, copies that never run, a batch size written as a number."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.common.frozen import frozen
from shapelint.python.libraries.torch import state_names
from shapelint.python.state import loader_rows, naming
from shapelint.python.state.run import Call, Run, Update
from shapelint.python.state.values import Component, Instance, Node
from shapelint.spec.spec import Cause, Step
from shapelint.text.source import Span

RESHAPE = "a reshape"


@frozen
class TargetFault:
    """The momentum branch is the online one (`is_online`), or its copies never run (not `is_used`)."""

    names: tuple[str, ...]
    span: Span
    is_online: bool = False
    is_used: bool = True


@frozen
class FixedBatch:
    """A reshape to literal sizes, the first of which is that of the batch; `order` counts them in the model."""

    order: int
    span: Span
    number: int
    shape: str
    operation: str = RESHAPE
    steps: tuple[Step, ...] = ()


def targets(run: Run, model: Instance, calls: list[Call]) -> Iterator[TargetFault]:
    """Yield what is wrong with the momentum branch of a model."""
    yield from _aliases(run, model)
    yield from _unused(run, model, calls)


def fixed_batches(run: Run, model: Instance | None) -> Iterator[FixedBatch]:
    """Yield the reshapes of a model that are right for a single batch size, unless every batch has that."""
    seen: set[Span] = set()
    for reshape in run.reshapes:
        if reshape.operation == RESHAPE and loader_rows.every_batch_fits(run.loaders, reshape.number):
            continue
        if (reshape.owner in (model, None) or model is None) and reshape.span not in seen:
            seen.add(reshape.span)
            yield FixedBatch(len(seen), reshape.span, reshape.number, reshape.shape, reshape.operation, reshape.steps)


def _aliases(run: Run, model: Instance) -> Iterator[TargetFault]:
    """Yield modules with two names of which one denotes the momentum branch."""
    held: dict[int, list[str]] = {}
    for name, value in model.attributes.items():
        if isinstance(value, (Instance, Component)) or (isinstance(value, Node) and naming.leaves(value)):
            held.setdefault(id(value), []).append(name)
    for names in held.values():
        targets = [name for name in names if naming.is_target(name)]
        online = [name for name in names if not naming.is_target(name)]
        if targets and online and naming.kind(targets[0]) == naming.kind(online[0]):
            span = run.assigned.get((id(model), targets[0]), Span(0, 1))
            yield TargetFault((targets[0], online[0]), span, is_online=True)
    for online_value, target_value, span in run.averaged:
        if isinstance(online_value, Node) and online_value is target_value and _inside(online_value, model):
            yield TargetFault((online_value.name,), span, is_online=True)


def updates(run: Run, model: Instance) -> Iterator[Update]:
    """Yield the pairs of components that a momentum update combines although they were built separately."""
    seen: set[tuple[int, int]] = set()
    averaged = [(online, target) for online, target, _ in run.averaged]
    mine = [(online, target) for online, target, _ in run.paired if _inside(target, model)]
    for online, target in (*averaged, *(pair for pair in mine if _in_one_order(run, *pair))):
        if not isinstance(online, Node) or not isinstance(target, Node) or not _inside(target, model):
            continue
        pairs = (naming.leaves(online), naming.leaves(target))
        if len(pairs[0]) != len(pairs[1]):
            continue
        for one, two in zip(*pairs):
            if one is two or one.spec is two.spec or (id(one), id(two)) in seen:
                continue
            if one.replaced or two.replaced:
                continue  # a replaced child has other tensors than the model as it was built
            seen.add((id(one), id(two)))
            if one.resolved is not None and two.resolved is not None:
                yield Update(_name(two) or target.name, one.resolved, two.resolved)


def _name(component: Node) -> str:
    """Return what a component is called; the number of a layer comes with the name of what it is in."""
    names = [one.name for one in component.path if one.name]
    is_number = len(names) > 1 and names[-1].isdigit()
    return ".".join(names[-2:]) if is_number else component.path[-1].name


def unpaired(run: Run, model: Instance) -> Iterator[Cause]:
    """Yield why it is not known which parameters a loop writes into which, for networks with other names of them."""
    for online, target, cause in run.paired:
        if _inside(target, model) and _in_one_order(run, online, target) is False:
            yield cause


def _in_one_order(run: Run, online: Node, target: Node) -> bool | None:
    """Return whether two networks have parameters of the same names, in order, so that pairs are those of one name.

    None if that does not matter, as all shapes are the same, or is not known.
    """
    one, two = state_names.of(run, online), state_names.of(run, target)
    if one.unseen or two.unseen:
        return None
    if list(one.tensors) == list(two.tensors):
        return True
    return None if list(one.tensors.values()) == list(two.tensors.values()) else False


def _inside(node: Node, model: Instance) -> bool:
    return model in node.path


def _unused(run: Run, model: Instance, calls: list[Call]) -> Iterator[TargetFault]:
    """Yield momentum copies of which none ever runs, while the modules that they copy do."""
    copies = {
        name: value
        for name, value in model.attributes.items()
        if isinstance(value, Node) and value.origin is not None and naming.is_target(name) and naming.leaves(value)
    }
    if not copies or run.exhausted:
        return
    called = {id(node) for call in calls for node in call.component.path}
    called |= {id(receiver) for receiver, name in run.visited_methods if name != "__init__"}
    if any(id(value) in called or id(value) in run.escaped for value in copies.values()):
        return
    originals = [value.origin for value in copies.values()]
    averaged = {id(target) for _, target, _ in run.averaged}
    if not any(id(original) in called for original in originals if original is not None):
        return
    if not any(id(value) in averaged for value in copies.values()) and not _target_branch(run, model):
        return
    names = list(copies)
    span = run.assigned.get((id(model), names[0]), Span(0, 1))
    yield TargetFault(tuple(names), span, is_used=False)


def _target_branch(run: Run, model: Instance) -> bool:
    """Return whether a method of the model that is named after the momentum branch ran."""
    return any(receiver is model and naming.is_target(name) for receiver, name in run.visited_methods)
