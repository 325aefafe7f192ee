"""What a run noted, shared out among its models, so that not everything is compared with every model."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen
from shapelint.python.models.groups import Group, held
from shapelint.python.state.run import Call, LossCall, OpenOperation, Run
from shapelint.text.source import Span


@frozen
class Share:
    """What may be about one model; an open operation comes with its place."""

    misuses: Sequence[Call]
    losses: Sequence[LossCall]
    open_operations: Sequence[tuple[Span, OpenOperation]]


def of_groups(run: Run, groups: Sequence[Group]) -> list[Share]:
    """Return what may be about each of the models."""
    opened = [(span, operation) for (span, _), operation in run.open_operations.items()]
    misuses = _shared_out(groups, [[misuse.edge.incoming] for misuse in run.misuses])
    losses = _shared_out(groups, [[flow for _, flow in one.operands if flow is not None] for one in run.losses])
    operations = _shared_out(groups, [operation.operands for _, operation in opened])
    return [
        Share([run.misuses[at] for at in one], [run.losses[at] for at in two], [opened[at] for at in three])
        for one, two, three in zip(misuses, losses, operations)
    ]


def _shared_out(groups: Sequence[Group], flows: Sequence[Sequence[Flow]]) -> list[list[int]]:
    """Return the numbers of the flows that each model may have made: those of no model may be of any."""
    owners: dict[int, set[int]] = {}
    for number, group in enumerate(groups if flows else ()):
        for component in group.members.components | held(group):
            owners.setdefault(component, set()).add(number)
    called = groups[0].of_all.components if groups else frozenset()
    shares: list[list[int]] = [[] for _ in groups]
    for index, several in enumerate(flows):
        origins = [origin for flow in several for origin in (flow.maker, *flow.origins)]
        makers = {id(origin.component) for origin in origins if origin.component is not None}
        is_known = makers and makers <= called & owners.keys()
        for number in set().union(*map(owners.__getitem__, makers)) if is_known else range(len(groups)):
            shares[number].append(index)
    return shares
