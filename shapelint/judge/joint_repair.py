"""Repairs of independent faults, proved together: a program is interpreted once for all of them, not once for each.

`repair` searches sets of edits, whose number grows as a product for a program with many faults. Here, two faults are
assumed to be independent if no edit for one touches an edit for the other, and no check depends on edits for both. One
trial makes an edit for every fault; a fault that it does not remove gets its next choice in the next trial, until one
trial proves an edit for each. The remaining choices are then tried in a few trials, with and without those of every
other fault, and must leave the faults unchanged that no edit is made for. A model for which a trial turns out otherwise
is left to `repair`. The repairs are the same that `repair` finds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, combinations
from math import comb

from shapelint.common.frozen import frozen
from shapelint.judge.repair import Key, Repair
from shapelint.judge.violations import Move, Violation
from shapelint.text.source import Span

TrialOutcome = Sequence[Sequence[Violation]]
"""The violations of each model of a file."""

RepairTrial = Callable[[Sequence[Move]], "TrialOutcome | None"]
"""Returns the violations after edits of the text; None if the models are not the same any more."""


@frozen
class RepairFault:
    """Violations of one model that the same edits may remove.

    `choices` are the edits for the first of them that have the lowest `fallback`; `spans` are the places of the edits
    for any of them.
    """

    model: int
    keys: tuple[Key, ...]
    choices: tuple[Move, ...]
    spans: frozenset[Span]
    fallback: int


class EntangledError(Exception):
    """Raised if faults of some models turn out not to be independent."""

    def __init__(self, models: Collection[int]):
        super().__init__(models)
        self.models = models


def joint_repairs(
    before: TrialOutcome, checks: Sequence[Collection[Span]], trial: RepairTrial
) -> dict[int, list[Repair]]:
    """Return the repairs of models whose faults are independent of all others, by the index of the model.

    `checks` are the places in the text on which each check depends.
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
    others = [fault.choices[position + 1 :] for fault, position in zip(faults, chosen)]
    tried = [fault.choices if len(fault.choices) == 1 else left for fault, left in zip(faults, others)]
    proved: list[list[Move]] = [[] for _ in faults]
    for number in range(max(map(len, tried))):
        moves = {index: choices[number] for index, choices in enumerate(tried) if number < len(choices)}
        for index in sorted(moves.keys() - _unproved(faults, moves, before, trial)):
            proved[index].append(moves[index])
    unsure = {fault.model for fault, found in zip(faults, proved) if len(fault.choices) == 1 and not found}
    if unsure:
        raise EntangledError(unsure)
    repairs: dict[int, list[Repair]] = {}
    by_model = _by_model(faults)
    for index, fault in enumerate(faults):
        stays, together = _staying(fault, by_model[fault.model], before)
        first = fault.choices[chosen[index]]
        alternatives = tuple((move,) for move in proved[index] if move is not first)
        key, also = fault.keys[0], frozenset(fault.keys[1:])
        repair = Repair(key, (first,), also, not alternatives, alternatives, stays, together)
        repairs.setdefault(fault.model, []).append(repair)
    return repairs


def _unproved(
    faults: Sequence[RepairFault], moves: Mapping[int, Move], before: TrialOutcome, trial: RepairTrial
) -> set[int]:
    """Return the faults that an edit does not remove by itself; raises EntangledError."""
    try:
        groups = [{index: moves[index] for index in group} for group in _apart(list(moves))]
        return {index for group in groups for index in _left(faults, group, before, trial)}
    except EntangledError:  # by which of the edits is seen if each is made alone
        return _unproved_alone(faults, moves, before, trial)


def _unproved_alone(
    faults: Sequence[RepairFault], moves: Mapping[int, Move], before: TrialOutcome, trial: RepairTrial
) -> set[int]:
    left, entangled = set(), set()
    for index, move in moves.items():
        try:
            left |= _left(faults, {index: move}, before, trial)
        except EntangledError as error:
            entangled |= set(error.models)
    if entangled:
        raise EntangledError(entangled)
    return left


def _apart(indices: Sequence[int]) -> list[list[int]]:
    """Return a few groups, such that each of any two indices is in a group without the other.

    Each index is in another half of the groups, and no half contains another one.
    """
    count = next(count for count in range(1, len(indices) + 1) if comb(count, max(1, count // 2)) >= len(indices))
    groups: list[list[int]] = [[] for _ in range(count)]
    for index, half in zip(indices, combinations(range(count), max(1, count // 2))):
        for number in half:
            groups[number].append(index)
    return [group for group in groups if group]


def _staying(fault: RepairFault, own: Sequence[RepairFault], before: TrialOutcome) -> tuple[frozenset[Key], int]:
    """Return the violations of its model that a repair leaves; and how many repairs leave none together, or 0.

    `own` are all faults of that model.
    """
    blocking = _blocking(before[fault.model])
    repaired = {key for one in own for key in one.keys}
    return blocking - set(fault.keys), len(own) if blocking <= repaired else 0


def _by_model(faults: Iterable[RepairFault]) -> dict[int, list[RepairFault]]:
    """Return the faults of each model."""
    found: dict[int, list[RepairFault]] = {}
    for fault in faults:
        found.setdefault(fault.model, []).append(fault)
    return found


def _chosen(faults: Sequence[RepairFault], before: TrialOutcome, trial: RepairTrial) -> list[int]:
    """Return, for each fault, the index of the first choice that removes it; one trial has proved them together."""
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


def _left(
    faults: Sequence[RepairFault], moves: Mapping[int, Move], before: TrialOutcome, trial: RepairTrial
) -> set[int]:
    """Return the faults whose edit does not remove them, or breaks something; raises EntangledError.

    All other faults must be unchanged.
    """
    made = list(moves.values())
    after = trial(made)
    if after is None:
        raise EntangledError({faults[index].model for index in moves})
    left = set()
    fixed: dict[int, set[Key]] = {}
    for index in moves:
        fault = faults[index]
        fixed.setdefault(fault.model, set()).update(fault.keys)
        if _blocking(after[fault.model]) & set(fault.keys):
            left.add(index)
    for model, violations in enumerate(after):
        if not _blocking(before[model]) - fixed.get(model, set()) <= _blocking(violations):
            raise EntangledError({model} if model in fixed else {fault.model for fault in faults})
        # As in `repair`, a note on another model that becomes a fault is not new.
        known = _blocking(before[model]) if model in fixed else {violation.key for violation in before[model]}
        for new in (one for one in violations if one.blocks and one.key not in known):
            places = [_back(move.span, made) for move in new.moves]
            touched = {index for index, fault in enumerate(faults) if overlap(places, fault.spans)}
            if len(touched) != 1 or not touched <= moves.keys():
                raise EntangledError({model} if model in fixed else {fault.model for fault in faults})
            left |= touched
    return left


def _blocking(violations: Iterable[Violation]) -> frozenset[Key]:
    return frozenset(violation.key for violation in violations if violation.blocks)


def _back(span: Span, made: Sequence[Move]) -> Span:
    """Return where a place of an edited text was before the edits; inside an edit, the span that it replaced."""
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


def overlap(some: Iterable[Span], others: Collection[Span]) -> bool:
    """Return whether any place overlaps or touches one of the others: adjacent edits count as one."""
    return any(one.start <= other.end and other.start <= one.end for one in some for other in others)


def independent_faults(before: TrialOutcome, checks: Sequence[Collection[Span]]) -> list[RepairFault]:
    """Return the faults of the models of which every fault concerns one model only and has the same fallback."""
    faults = []
    entangled: set[int] = set()
    for group in _groups(before, checks):
        models = {model for model, _ in group}
        entangled |= models if len(models) > 1 else set()
        faults.append(_fault(group[0][0], [violation for _, violation in group]))
    for model, own in _by_model(faults).items():
        entangled |= {model} if len({fault.fallback for fault in own}) > 1 else set()
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
    """Group the violations that have edits, each with its model, by the places of the text on which they depend."""
    listed = [
        (model, violation, {move.span for move in violation.moves})
        for model, violations in enumerate(before)
        for violation in violations
        if violation.blocks and violation.moves
    ]
    group = list(range(len(listed)))
    touching = _Touching([(span, index) for index, (*_, spans) in enumerate(listed) for span in spans])
    for places in chain(checks, (spans for *_, spans in listed)):
        touched = {_first(group, index) for index in touching.any_of(places)}
        for index in touched:
            group[index] = min(touched)
    grouped: dict[int, list[tuple[int, Violation]]] = {}
    for index, (model, violation, _) in enumerate(listed):
        grouped.setdefault(_first(group, index), []).append((model, violation))
    return list(grouped.values())


def _first(group: list[int], index: int) -> int:
    """Return the first of those that are in one group: each names an earlier one, and the first itself."""
    while group[index] != index:
        group[index] = group[group[index]]
        index = group[index]
    return index


class _Touching:
    """Which of many places overlap or touch one: they are sorted, and those behind it are not looked at."""

    def __init__(self, places: Sequence[tuple[Span, int]]):
        self.places = sorted(places, key=lambda one: one[0].start)
        self.starts = [span.start for span, _ in self.places]
        self.furthest = list(accumulate((span.end for span, _ in self.places), max))

    def any_of(self, others: Collection[Span]) -> set[int]:
        """Return the numbers of the places that overlap or touch one of the others."""
        return {index for other in others for index in self._of(other)}

    def _of(self, other: Span) -> Iterator[int]:
        for at in range(bisect_right(self.starts, other.end) - 1, -1, -1):
            if self.furthest[at] < other.start:
                return
            span, index = self.places[at]
            if span.end >= other.start:
                yield index
