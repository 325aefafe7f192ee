"""Which calls of a program belong to which model: models in the order they were built, then calls of none of them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import field

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen, record, replace
from shapelint.knowledge import losses as known_losses
from shapelint.python.models import unseen_parts
from shapelint.python.state import naming
from shapelint.python.state.run import NO_OBJECT, BankCall, Call, LossCall, Run
from shapelint.python.state.values import Component, Instance, Node
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import Misfit
from shapelint.spec.roles import HEADS, Role, kind


@frozen
class Members:
    """What some models consist of, by identity: components as called, what leads to them, and the models themselves."""

    components: frozenset[int] = frozenset()
    inside: frozenset[int] = frozenset()
    models: frozenset[int] = frozenset()

    def have(self, node: Node) -> bool:
        """Return whether a module is one of the models, or in one."""
        return self.touch(node) or any(id(step) in self.models for step in node.path)

    def touch(self, node: Node) -> bool:
        """Return whether a module is a model, what is called in it, or leads there."""
        return any(id(step) in self.inside for step in (node, *node.path[-1:]))


@record
class Group:
    """Calls of the components of one model, what it consists of, and what all of the models consist of."""

    node: Instance | None
    calls: list[Call] = field(default_factory=list)
    members: Members = Members()
    of_all: Members = Members()

    @property
    def own(self) -> set[int]:
        """Its components, as they were called until now."""
        return {id(call.edge.component) for call in self.calls}


def groups_of(run: Run) -> list[Group]:
    """Group the calls by model, in the order the models were built; calls without a model form one more group."""
    found: dict[int, Group] = {}
    for instance in run.instances:
        inside = any(naming.has_backbone(node) for node in instance.path[:-1])
        if instance.origin is None and _is_model(run, instance) and not (inside and not naming.has_backbone(instance)):
            found[id(instance)] = Group(instance)
    loose = Group(None)
    apart: list[tuple[int, Call]] = []
    for number, call in enumerate(run.calls):
        model = naming.place(call.component).model
        if model is None:
            loose.calls.append(call)
        elif id(model) in found:
            found[id(model)].calls.append(call)
        else:
            apart.append((number, call))
    groups = [group for group in found.values() if group.calls or _is_declared(group) or _is_unseen(run, group)]
    unseen = unseen_parts.called(run, NO_OBJECT)
    kinds = {*map(naming.kind, unseen), *(kind(call.edge.role) for call in loose.calls)}
    has_head = any(naming.is_head(call.component) for call in loose.calls)
    loose.members = _members([loose])
    if has_head or (loose.calls and "backbone" in kinds and kinds & HEADS) or _has_loss(run, loose):
        groups.append(loose)
    else:
        without = {id(call) for call in loose.calls}
        apart += [(number, call) for number, call in enumerate(run.calls) if id(call) in without]
    for number, call in apart:
        supposed = [instance for calls, instance in run.supposed_calls if number in calls]
        _add_probe([group for group in groups if all(_holds(group, one) for one in supposed)], call, bool(supposed))
    groups = groups or _probed_backbones(run)
    unused = _without_a_tensor(run)
    for group in groups:
        kept = [call for call in group.calls if id(call) not in unused]
        group.calls = kept or group.calls
        group.members = _members([group])
    of_all = _members(groups)
    for group in groups:
        group.of_all = of_all
    return groups


def _members(groups: Sequence[Group]) -> Members:
    models = frozenset(id(group.node) for group in groups)
    steps = frozenset(id(step) for group in groups for call in group.calls for step in call.component.path)
    return Members(frozenset(one for group in groups for one in group.own), steps | models, models)


def _probed_backbones(run: Run) -> list[Group]:
    """Return the backbones without heads whose features the program passes to a component of no model: to a probe."""
    found: dict[int, Group] = {}
    others: list[Call] = []
    for call in run.calls:
        model = naming.place(call.component).model
        if model is not None and isinstance(model, Instance) and naming.has_backbone(model):
            found.setdefault(id(model), Group(model)).calls.append(call)
        elif kind(call.edge.role) == "backbone":
            found.setdefault(NO_OBJECT, Group(None)).calls.append(call)
        else:
            others.append(call)
    groups = list(found.values())
    own = [len(group.calls) for group in groups]
    for call in others:
        if _takes_features(call.edge.component):
            _add_probe(groups, call, is_supposed=True)
    return [group for group, count in zip(groups, own) if len(group.calls) > count]


def _without_a_tensor(run: Run) -> set[int]:
    """Return the calls that are only supposed, of parts that a trainer holds and never passes a tensor to."""
    found: set[int] = set()
    for numbers, instance in run.supposed_calls:
        calls = [run.calls[number] for number in numbers]
        if calls and instance.holder is not None and all(call.edge.result is None for call in calls[:1]):
            found |= {id(call) for call in calls if not isinstance(call.edge.result, Misfit)}
    return found


def _holds(group: Group, instance: Instance) -> bool:
    """Return whether an object is a model or a part of it."""
    return group.node is not None and group.node in instance.path


def _add_probe(groups: Sequence[Group], call: Call, is_supposed: bool) -> None:
    """Add a call of a component of no model, such as a probe, to the model whose features it gets.

    What the program calls with a tensor of which nothing is known may get those of any: it is the first one's.
    """
    flow = call.edge.incoming
    made = {id(origin.component) for origin in (flow.maker, *flow.origins) if origin.component is not None}
    group = next((one for one in groups if made & one.own), None)
    is_open = flow.value is None and flow.maker.role == "" and _takes_features(call.edge.component)
    if group is None and is_open and not made and not is_supposed and groups:
        group = groups[0]
    if group is not None:
        role = Role(_probe_name(call.component), "")
        consumer = replace(call.edge.consumer, role=role)
        group.calls.append(replace(call, edge=replace(call.edge, role=role, consumer=consumer)))


def _takes_features(component: Resolved) -> bool:
    """Return whether a component is made for features: images are none."""
    pattern = component.signature.alternatives[0].inputs[0] if component.signature is not None else None
    return pattern is not None and pattern.rank in (None, 2)


def _probe_name(component: Component) -> str:
    """Return what a component of no model is called: the class that holds it, or its own name."""
    outermost = component.path[0]
    named = type_name(outermost) if isinstance(outermost, Instance) else outermost.name
    return named or component.spec.target.rpartition(".")[2]


def _is_model(run: Run, instance: Instance) -> bool:
    if naming.is_model_like(instance) or unseen_parts.make_a_model(run, instance):
        return True
    return unseen_parts.base_of_a_method(run, instance) is not None


def _is_unseen(run: Run, group: Group) -> bool:
    """Return whether networks that are not seen, or a base that is not, are all that is known of a model."""
    if group.node is None:
        return False
    return bool(unseen_parts.links(run, group.node)) or unseen_parts.base_of_a_method(run, group.node) is not None


def _has_loss(run: Run, group: Group) -> bool:
    """Return whether an SSL loss takes the output of these calls, as for a backbone without a head."""
    roles = {call.edge.role for call in group.calls}
    return any(
        known_losses.is_self_supervised(loss.loss.target) and concerns(loss, group, roles) for loss in run.losses
    )


def _is_declared(group: Group) -> bool:
    return group.node is not None and any(isinstance(value, Component) for value in group.node.attributes.values())


def is_own(group: Group) -> bool:
    """Return whether a model belongs to the linted file, and not to a script that imports it."""
    file = group.node.cls.scope.file if group.node and group.node.cls else None
    return file.main if file is not None else any(call.span.end for call in group.calls)


def cut_short(run: Run, groups: Sequence[Group]) -> list[bool]:
    """Return whether a part of the file that concerns a model was not followed to its end, for each of the models.

    One that concerns none of the models is a matter of the first: it may have used any of them.
    """
    if not run.exhausted or run.cut_everywhere:
        return [run.exhausted for _ in groups]
    concerned = [_is_cut(run, one) for one in groups]
    return concerned if any(concerned) else [number == 0 for number in range(len(groups))]


def _is_cut(run: Run, group: Group) -> bool:
    return id(group.node) in run.cut or any(id(one) in run.cut for call in group.calls for one in call.component.path)


def concerns(loss: LossCall, group: Group, roles: Container[str]) -> bool:
    """Return whether a component of the model made an operand of a loss."""
    return any(made_inside(flow, group, roles) for _, flow in loss.operands if flow is not None)


def uses(bank: BankCall, group: Group, roles: Container[str]) -> bool:
    """Return whether a bank is part of the model, or, if it is part of none, gets what the model makes."""
    if bank.owner is not None and group.of_all.have(bank.owner):
        return group.members.have(bank.owner)
    if bank.owner is None and bank.component.path:
        return touches((bank.component,), group)
    return made_inside(bank.features, group, roles)


def touches(nodes: tuple[Node, ...], group: Group) -> bool:
    """Return whether networks that were passed to unseen code are the model or parts of it; none are any of them."""
    return not nodes or any(map(group.members.touch, nodes))


def made_inside(flow: Flow, group: Group, roles: Container[str]) -> bool:
    """Return whether a component of the model made a tensor; one of another model that has the same name did not."""
    made = (origin for origin in (flow.maker, *flow.origins) if origin.component is not None)
    return any(
        id(origin.component) in group.members.components
        or (origin.role in roles and id(origin.component) not in group.of_all.components)
        for origin in made
    )


def held(group: Group) -> frozenset[int]:
    """Return the components of a model by identity, also those that are not called."""
    return frozenset(id(one.resolved) for one in naming.leaves(group.node)) if group.node is not None else frozenset()


def type_name(node: Node) -> str:
    """Return the class name of a module as its author wrote it."""
    if isinstance(node, Instance) and node.cls is not None:
        return node.cls.name
    return node.spec.target if isinstance(node, Component) else "torch.nn.Sequential"
