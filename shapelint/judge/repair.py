"""Repairs: the smallest set of edits to numbers in the text that makes a model clean, proved by judging it again.

The search is breadth-first over sets of edits. In each state, the first remaining violation is fixed by each of the
edits that could fix it; a state without violations is a repair. All repairs of the smallest size are kept: the first
one is offered, the others are its alternatives. Violations that no edit can fix are ignored, but must not get worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from shapelint.common.frozen import frozen, replace
from shapelint.judge.violations import Move, Violation
from shapelint.text.source import Span

MAXIMUM_EDITS = 8
MAXIMUM_TRIALS = 400

Key = tuple[Any, ...]
Judge = Callable[[Sequence[Move]], Sequence[Violation]]
"""Returns the violations of a model after edits of the text."""


@frozen
class Repair:
    """The edits that remove one violation, and with it those whose keys are `also`.

    `only` says that every smallest repair of the model contains these edits; `alternatives` are the edits of other
    repairs that were proved on their own. `stays` are the keys of the violations of the model that it alone leaves;
    `together` is the number of repairs that were proved to leave none when all of them are made, or 0.
    """

    key: Key
    moves: tuple[Move, ...]
    also: frozenset[Key] = frozenset()
    only: bool = True
    alternatives: tuple[tuple[Move, ...], ...] = ()
    stays: frozenset[Key] = frozenset()
    together: int = 0


@frozen
class _State:
    """A set of edits (in offsets of the original text), each with the key of the violation that it is for."""

    steps: tuple[tuple[Move, Key], ...] = ()

    @property
    def moves(self) -> tuple[Move, ...]:
        return tuple(move for move, _ in self.steps)

    @property
    def fallback(self) -> int:
        """The highest fallback of its edits; 0 if all of them are first choices."""
        return max((move.fallback for move in self.moves), default=0)

    def moves_for(self, *keys: Key) -> tuple[Move, ...]:
        return tuple(move for move, root in self.steps if root in keys)


def splice(text: str, moves: Iterable[Move]) -> str:
    """Apply edits, which must not overlap, to a text."""
    for move in sorted(moves, key=lambda move: move.span.start, reverse=True):
        text = text[: move.span.start] + move.text + text[move.span.end :]
    return text


def find_repairs(text: str, violations: Sequence[Violation], judge: Judge) -> list[Repair]:
    """Return proved repairs of one model, one for each group of violations that the same edits remove."""
    initial = [violation for violation in violations if violation.blocks]
    if not any(violation.moves for violation in initial):
        return []
    hopeless = frozenset(violation.key for violation in initial if not violation.moves)
    search = _Search(text, judge, initial)
    solutions = search.solve(hopeless)
    if solutions:
        return search.group(solutions)
    repairs: list[Repair] = []
    for violation in initial:
        others = search.initial - {violation.key}
        if violation.moves and not any(violation.key in repair.also for repair in repairs):
            repairs += [r for r in search.group(search.solve(others)) if r.key == violation.key]
    return repairs


class _Search:
    def __init__(self, text: str, judge: Judge, initial: list[Violation]):
        self.text = text
        self.judge = judge
        self.initial = frozenset(violation.key for violation in initial)
        self.judged = {text: initial}

    def after(self, moves: Sequence[Move]) -> list[Violation]:
        """Return the violations after edits that fail the run."""
        text = splice(self.text, moves)
        if text not in self.judged:
            self.judged[text] = [violation for violation in self.judge(moves) if violation.blocks]
        return self.judged[text]

    def solve(self, tolerated: frozenset[Key]) -> list[_State]:
        """Return all smallest sets of edits after which only tolerated violations are left."""
        frontier, seen = [_State()], set()
        for _ in range(MAXIMUM_EDITS + 1):
            solutions, following = self.judge_level(frontier, tolerated)
            if solutions or len(self.judged) > MAXIMUM_TRIALS:
                return solutions
            frontier = []
            for state in following:
                edits = frozenset((move.span, move.text) for move in state.moves)
                if edits not in seen:
                    seen.add(edits)
                    frontier.append(state)
        return []

    def judge_level(self, frontier: Sequence[_State], tolerated: frozenset[Key]) -> tuple[list[_State], list[_State]]:
        """Return the repairs of the lowest fallback that has any; if there are none, the states with one more edit."""
        following: dict[int, list[_State]] = {}
        for fallback in sorted({state.fallback for state in frontier}):
            solutions = []
            for index, state in enumerate(frontier):
                if state.fallback != fallback:
                    continue
                left = [violation for violation in self.after(state.moves) if violation.key not in tolerated]
                if not left:
                    solutions.append(state)
                elif not solutions:
                    following[index] = self.expand(state, left[0])
                if len(self.judged) > MAXIMUM_TRIALS:
                    return solutions, []
            if solutions:
                return solutions, []
        return [], [state for index in sorted(following) for state in following[index]]

    def expand(self, state: _State, violation: Violation) -> list[_State]:
        """Add an edit for a violation; if an earlier edit caused it, it belongs to the violation that edit is for."""
        root = violation.key if violation.key in self.initial or not state.steps else state.steps[-1][1]
        following = []
        for move in violation.moves:
            original = _original(move, state.moves)
            if original is not None:
                following.append(_State((*state.steps, (original, root))))
        return following

    def group(self, solutions: Sequence[_State]) -> list[Repair]:
        """Split the first solution by the violation that each edit is for; edits that only fit together stay one."""
        if not solutions:
            return []
        chosen = solutions[0]
        keys = list(dict.fromkeys(root for _, root in chosen.steps))
        entangled = [key for key in keys if not self.proves(chosen.moves_for(key), key)]
        groups: dict[Key, tuple[Key, ...]] = {key: (key,) for key in keys if key not in entangled}
        if entangled:
            groups[entangled[0]] = tuple(entangled)
            if not self.proves(chosen.moves_for(*entangled), *entangled):
                groups = {keys[0]: tuple(keys)}
        repairs = [self.repair(key, roots, solutions) for key, roots in groups.items()]
        together = 0 if self.after(chosen.moves) else len(repairs)
        return [replace(repair, together=together) for repair in repairs]

    def repair(self, key: Key, roots: Sequence[Key], solutions: Sequence[_State]) -> Repair:
        """Return the edits of the first solution that are for some violations, and those of the other solutions."""
        moves = solutions[0].moves_for(*roots)
        left = frozenset(violation.key for violation in self.after(moves))
        others = [other for other in dict.fromkeys(state.moves_for(*roots) for state in solutions) if other]
        others = [other for other in others if _texts(other) != _texts(moves)]
        proved = tuple(other for other in others if self.proves(other, *roots))
        return Repair(key, moves, self.initial - left - {key}, not others, proved, left)

    def proves(self, moves: tuple[Move, ...], *keys: Key) -> bool:
        """Return whether edits remove some violations and add none."""
        left = frozenset(violation.key for violation in self.after(moves))
        return left.isdisjoint(keys) and left <= self.initial


def _texts(moves: Iterable[Move]) -> frozenset[tuple[Span, str]]:
    return frozenset((move.span, move.text) for move in moves)


def _original(move: Move, before: Sequence[Move]) -> Move | None:
    """Convert a move in an edited text to offsets of the original; None if it changes an earlier edit."""
    span = _unshifted(move.span, before)
    if span is None:
        return None
    return replace(move, span=span, whole=_around(move.whole, before) if move.whole else None)


def _unshifted(span: Span, before: Sequence[Move]) -> Span | None:
    shift = 0
    for earlier in sorted(before, key=lambda earlier: earlier.span.start):
        start = earlier.span.start + shift
        end = start + len(earlier.text)
        if span.start >= end and not (span.start == span.end == end):
            shift += len(earlier.text) - (earlier.span.end - earlier.span.start)
        elif span.end > start or (span.start == start and earlier.span.start < earlier.span.end):
            return None
    return Span(span.start - shift, span.end - shift)


def _around(span: Span, before: Sequence[Move]) -> Span:
    """Convert a span that may contain edits to offsets of the original text."""
    start = end = 0
    for earlier in sorted(before, key=lambda earlier: earlier.span.start):
        growth = len(earlier.text) - (earlier.span.end - earlier.span.start)
        start += growth if earlier.span.start + start < span.start else 0
        end += growth if earlier.span.start + end < span.end else 0
    return Span(span.start - start, span.end - end)
