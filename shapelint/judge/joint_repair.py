"""Repairs of independent faults, proved together: a program is interpreted once for all of them, not once for each.

`repair` searches through sets of edits, and those of a program with many faults are products. Here two faults are taken
to be independent where no edit of the one touches an edit of the other, and nothing that is checked rests on edits of
both. One trial makes an edit for every fault; a fault that it does not remove has its next choice in the next trial,
until one proves an edit for each. Every choice that is left is then tried alone, and must leave the other faults as
they are. A model in which a trial comes out otherwise is left to `repair`. The repairs are those that it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain

from shapelint.common.frozen import frozen
from shapelint.judge.repair import Key, Repair
from shapelint.judge.violations import Move, Violation
from shapelint.text.source import Span

TrialOutcome = Sequence[Sequence[Violation]]
"""What is wrong with each model of a file."""

RepairTrial = Callable[[Sequence[Move]], "TrialOutcome | None"]
"""From edits of the text to what is wrong after them, None where it has not the same models any more."""


@frozen
class RepairFault:
    """Violations of one model that the same edits may remove.

    `choices` are the edits for the first of them, of the lowest `fallback` that there is; `spans` are where the edits
    for any of them lie.
    """

    model: int
    keys: tuple[Key, ...]
    choices: tuple[Move, ...]
    spans: frozenset[Span]
    fallback: int


class EntangledError(Exception):
    """Faults of some models are not independent after all."""

    def __init__(self, models: Collection[int]):
        super().__init__(models)
        self.models = models


def joint_repairs(
    before: TrialOutcome, checks: Sequence[Collection[Span]], trial: RepairTrial
) -> dict[int, list[Repair]]:
    """The repairs of the models whose faults are independent of all others, by the number of the model.

    `checks` are the places in the text that each thing which is checked rests on.
    """
    faults = independent_faults(before, checks)
    while len(faults) > 1:
        try:
            return _repairs(faults, before, trial)
        except EntangledError as error:
            faults = [fault for fault in faults if fault.model not in error.models]
    return {}


def _repairs(faults: Sequence[RepairFault], before: TrialOutcome, trial: RepairTrial) -> dict[int, list[Repair]]:
    chosen = _chosen(faults, before, trial)
    found: dict[int, list[Repair]] = {}
    for index, fault in enumerate(faults):
        first, *others = fault.choices[chosen[index] :]
        proved = [move for move in others if not _left(faults, {index: move}, before, trial)]
        if len(fault.choices) == 1 and _left(faults, {index: first}, before, trial):
            raise EntangledError({fault.model})
        repair = Repair(
            fault.keys[0], (first,), frozenset(fault.keys[1:]), not proved, tuple((move,) for move in proved)
        )
        found.setdefault(fault.model, []).append(repair)
    return found


def _chosen(faults: Sequence[RepairFault], before: TrialOutcome, trial: RepairTrial) -> list[int]:
    """For each fault, the position of the first choice that removes it: one trial has proved them together."""
    chosen = [0] * len(faults)
    while True:
        left = _left(faults, {index: fault.choices[chosen[index]] for index, fault in enumerate(faults)}, before, trial)
        for index in left:
            chosen[index] += 1
        spent = {fault.model for fault, position in zip(faults, chosen) if position == len(fault.choices)}
        if spent:
            raise EntangledError(spent)
        if not left:
            return chosen


def _left(faults: Sequence[RepairFault], moves: dict[int, Move], before: TrialOutcome, trial: RepairTrial) -> set[int]:
    """The faults with an edit that does not remove them, or breaks something; raises EntangledError.

    Everything else that was wrong must be wrong as before.
    """
    made = list(moves.values())
    after = trial(made)
    if after is None:
        raise EntangledError({faults[index].model for index in moves})
    left = set()
    mended: dict[int, set[Key]] = {}
    for index in moves:
        fault = faults[index]
        mended.setdefault(fault.model, set()).update(fault.keys)
        if _blocking(after[fault.model]) & set(fault.keys):
            left.add(index)
    for model, violations in enumerate(after):
        if not _blocking(before[model]) - mended.get(model, set()) <= _blocking(violations):
            raise EntangledError({model} if model in mended else {fault.model for fault in faults})
        # A note on another model that comes to block is nothing new there, as in `repair`.
        known = _blocking(before[model]) if model in mended else {violation.key for violation in before[model]}
        for new in (one for one in violations if one.blocks and one.key not in known):
            places = [_back(move.span, made) for move in new.moves]
            touched = {index for index, fault in enumerate(faults) if meet(places, fault.spans)}
            if len(touched) != 1 or not touched <= moves.keys():
                raise EntangledError({model} if model in mended else {fault.model for fault in faults})
            left |= touched
    return left


def _blocking(violations: Iterable[Violation]) -> frozenset[Key]:
    return frozenset(violation.key for violation in violations if violation.blocks)


def _back(span: Span, made: Sequence[Move]) -> Span:
    """Where a place of an edited text was before the edits; one inside of an edit is all of what that replaced."""
    return Span(
        _offset(span.start, made, lambda edited: edited.start), _offset(span.end, made, lambda edited: edited.end)
    )


def _offset(offset: int, made: Sequence[Move], inside: Callable[[Span], int]) -> int:
    growth = 0
    for move in sorted(made, key=lambda move: move.span.start):
        begin = move.span.start + growth
        if offset <= begin:
            break
        if offset <= begin + len(move.text):
            return inside(move.span)
        growth += len(move.text) - (move.span.end - move.span.start)
    return offset - growth


def meet(some: Iterable[Span], others: Collection[Span]) -> bool:
    """Whether any of some places overlaps or touches one of others: an edit right after another one is part of it."""
    return any(one.start <= other.end and other.start <= one.end for one in some for other in others)


def independent_faults(before: TrialOutcome, checks: Sequence[Collection[Span]]) -> list[RepairFault]:
    """The faults of those models all of whose faults are of one model, and may be chosen for by themselves."""
    faults = []
    entangled: set[int] = set()
    for group in _groups(before, checks):
        models = {model for model, _ in group}
        entangled |= models if len(models) > 1 else set()
        faults.append(_fault(group[0][0], [violation for _, violation in group]))
    for fault in faults:
        fallbacks = {other.fallback for other in faults if other.model == fault.model}
        entangled |= {fault.model} if len(fallbacks) > 1 else set()
    return [fault for fault in faults if fault.model not in entangled]


def _fault(model: int, violations: Sequence[Violation]) -> RepairFault:
    lowest = min(move.fallback for move in violations[0].moves)
    choices: dict[tuple[Span, str], Move] = {}
    for move in violations[0].moves:
        if move.fallback == lowest:
            choices.setdefault((move.span, move.text), move)
    spans = frozenset(move.span for violation in violations for move in violation.moves)
    return RepairFault(model, tuple(violation.key for violation in violations), tuple(choices.values()), spans, lowest)


def _groups(before: TrialOutcome, checks: Sequence[Collection[Span]]) -> list[list[tuple[int, Violation]]]:
    """The violations that have edits, each with its model, in groups that rest on the same places of the text."""
    listed = [
        (model, violation, {move.span for move in violation.moves})
        for model, violations in enumerate(before)
        for violation in violations
        if violation.blocks and violation.moves
    ]
    group = list(range(len(listed)))
    for places in chain(checks, (spans for *_, spans in listed)):
        touched = {group[index] for index, (*_, spans) in enumerate(listed) if meet(spans, places)}
        group = [min(touched) if one in touched else one for one in group]
    return [
        [(model, violation) for (model, violation, _), label in zip(listed, group) if label == name]
        for name in dict.fromkeys(group)
    ]
