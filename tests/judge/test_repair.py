"""Repairs of a made-up text of numbers: which edits are found together, proved alone, and offered as alternatives."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from shapelint.common.frozen import replace
from shapelint.judge.joint_repair import independent_faults, joint_repairs, overlap
from shapelint.judge.repair import Repair, find_repairs, splice
from shapelint.judge.violations import Move, Violation
from shapelint.knowledge import rule_pages
from shapelint.text.source import Span

TEXT = "a=1 b=1 c=1"
Demand = tuple[str, Callable[[int, int, int], bool], str]
"""A name, what has to hold of the three numbers, and the edits that could make it hold: `a=2 b=3`."""

A: Demand = ("A", lambda a, b, c: a == 2, "a=2")
B: Demand = ("B", lambda a, b, c: b == 2, "b=2")
C: Demand = ("C", lambda a, b, c: c == 2, "c=2")


def violations(text: str, demands: Sequence[Demand]) -> list[Violation]:
    """Return the violations of a text, each with its edits."""
    rule = rule_pages.built_in()["SL101"]
    numbers = [int(number) for number in re.findall(r"\d", text)]
    return [
        Violation(rule, (name,), "error", name, Span(0, 1), moves=tuple(map(_move, edits.split())))
        for name, holds, edits in demands
        if not holds(*numbers)
    ]


def _move(edit: str) -> Move:
    place = TEXT.index(f"{edit[0]}=") + 2
    return Move(Span(place, place + 1), edit[2:])


def _edits(moves: Sequence[Move]) -> str:
    return " ".join(f"{TEXT[move.span.start - 2]}={move.text}" for move in moves)


def searched(*demands: Demand) -> list[Repair]:
    """Return the repairs that the search finds."""
    return find_repairs(TEXT, violations(TEXT, demands), lambda moves: violations(splice(TEXT, moves), demands))


def proved_jointly(*demands: Demand) -> dict[int, list[Repair]]:
    """Return the repairs that are proved together, of faults that look independent."""
    before = [violations(TEXT, demands)]
    assert len(independent_faults(before, ())) > 1
    return joint_repairs(before, (), lambda moves: [violations(splice(TEXT, moves), demands)])


@pytest.mark.parametrize(
    ("demands", "repairs"),
    [
        ([A], {"A": "a=2"}),
        ([A, B, C], {"A": "a=2", "B": "b=2", "C": "c=2"}),
        ([A, B, ("same", lambda a, b, c: a == b, "")], {"A": "a=2 b=2"}),
        ([A, B, C, ("same", lambda a, b, c: a == b, "")], {"A": "a=2 b=2", "C": "c=2"}),
        ([C, A, B, ("same", lambda a, b, c: a == b, "")], {"C": "c=2", "A": "a=2 b=2"}),
        # The two only fit together, and only once the third one is made.
        ([A, B, C, ("same", lambda a, b, c: a == b and (a, c) != (2, 1), "")], {"A": "a=2 b=2 c=2"}),
        ([A, ("never", lambda a, b, c: False, "")], {"A": "a=2"}),
        ([A, B, ("kept", lambda a, b, c: a == 1, "")], {"B": "b=2"}),
    ],
)
def test_edits_that_only_fit_together_are_one_repair(demands: list[Demand], repairs: dict[str, str]) -> None:
    assert {one.key[0]: _edits(one.moves) for one in searched(*demands)} == repairs


def test_an_alternative_is_proved_alone() -> None:
    """Two threes fit as well as two twos, but one three does not fit alone."""
    either: Sequence[Demand] = [
        ("A", lambda a, b, c: a > 1, "a=2 a=3"),
        ("B", lambda a, b, c: b > 1, "b=2 b=3"),
    ]
    for one in searched(*either):
        assert [_edits(other) for other in one.alternatives] == [f"{one.key[0].lower()}=3"]
        assert not one.only
    for one in searched(*either, ("same", lambda a, b, c: (a == 3) == (b == 3), "")):
        assert one.alternatives == ()
        assert not one.only


@pytest.mark.parametrize(
    ("demands", "together"),
    [((A, B, C), 3), ((A, B), 2), ((A, B, ("never", lambda a, b, c: False, "")), 0)],
    ids=["three", "two", "one stays that no edit removes"],
)
def test_independent_faults_are_proved_together_as_the_search_proves_them(
    demands: Sequence[Demand], together: int
) -> None:
    assert proved_jointly(*demands) == {0: searched(*demands)}
    assert [one.together for one in searched(*demands)] == [together] * len(searched(*demands))


def test_a_fault_that_fails_no_run_is_not_repaired() -> None:
    noted = [replace(one, severity="info") for one in violations(TEXT, [A])]
    assert find_repairs(TEXT, noted, lambda moves: []) == []
    both = [*noted, *violations(TEXT, [B])]
    (repair,) = find_repairs(TEXT, both, lambda moves: noted if moves else both)
    assert (repair.key, _edits(repair.moves), repair.stays, repair.together) == (("B",), "b=2", frozenset(), 1)


@pytest.mark.parametrize(
    "broken",
    [
        ("kept", lambda a, b, c: a == 1, ""),
        ("less", lambda a, b, c: a + b < 4, "a=0 b=0"),
        ("first", lambda a, b, c: a == 1 or b == 2, "b=2"),
    ],
    ids=["no edit helps", "edits of both faults could help", "the edit of the other fault helps"],
)
def test_edits_that_break_something_are_left_to_the_search(broken: Demand) -> None:
    """What looked independent is not: together, the repairs would be others than those that are proved one by one."""
    assert proved_jointly(A, B, broken) == {}


D: Demand = ("D", lambda a, b, c: c == 3, "")
WITHOUT_A: Demand = ("without A", lambda a, b, c: a != 2, "")


@pytest.mark.parametrize(
    ("other", "severity", "are_repaired"),
    [
        (D, "error", True),
        (WITHOUT_A, "error", False),
        (("with A", lambda a, b, c: a == 2, ""), "error", False),  # what another model stops at may not vanish, either
        (WITHOUT_A, "info", True),  # what is noted does not stop it
        (("with A", lambda a, b, c: a == 2, ""), "info", True),
    ],
)
def test_edits_of_one_model_leave_another_one_as_it_is(other: Demand, severity: str, are_repaired: bool) -> None:
    def outcome(text: str) -> list[list[Violation]]:
        notes = [replace(one, severity=severity) for one in violations(text, [other])]
        return [violations(text, [A, B]), notes]

    before = outcome(TEXT)
    assert len(independent_faults(before, ())) == 2
    found = joint_repairs(before, (), lambda moves: outcome(splice(TEXT, moves)))
    assert found == ({0: searched(A, B)} if are_repaired else {})


def test_a_model_whose_faults_are_not_independent_leaves_the_repairs_of_another_one() -> None:
    less: Demand = ("less", lambda a, b, c: a + b < 4, "a=0 b=0")
    text = f"{TEXT} d=1 e=1"

    def outcome(changed: str) -> list[list[Violation]]:
        first, rest = changed[: len(TEXT)], changed[len(TEXT) + 1 :].replace("d", "a").replace("e", "b")
        moved = [
            replace(one, moves=tuple(replace(move, span=_behind(move.span)) for move in one.moves))
            for one in violations(f"{rest} c=1", [A, B])
        ]
        return [violations(first, [A, B, less]), moved]

    def _behind(span: Span) -> Span:
        return Span(span.start + len(TEXT) + 1, span.end + len(TEXT) + 1)

    found = joint_repairs(outcome(text), (), lambda moves: outcome(splice(text, moves)))
    assert list(found) == [1]
    assert [one.key for one in found[1]] == [("A",), ("B",)]


def test_a_note_on_another_model_that_becomes_a_fault_is_not_new() -> None:
    def outcome(text: str) -> list[list[Violation]]:
        noted = "info" if text == TEXT else "error"
        return [violations(text, [A, B]), [replace(one, severity=noted) for one in violations(text, [D])]]

    assert joint_repairs(outcome(TEXT), (), lambda moves: outcome(splice(TEXT, moves))) == {0: searched(A, B)}


@pytest.mark.parametrize(
    ("one", "other", "do_overlap"),
    [((0, 2), (2, 3), True), ((0, 2), (3, 4), False), ((0, 5), (2, 3), True), ((2, 2), (2, 2), True)],
)
def test_places_that_touch_overlap(one: tuple[int, int], other: tuple[int, int], do_overlap: bool) -> None:
    for left, right in ((one, other), (other, one)):
        assert overlap([Span(*left)], [Span(*right)]) is do_overlap
