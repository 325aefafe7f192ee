"""`@frozen`, `@record` and `replace` against what `dataclasses` does."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field, fields, is_dataclass
from typing import ClassVar

import pytest

from shapelint.common.frozen import INTERPRETED_CALLS, frozen, record, replace


@frozen
class Nothing:
    """No field."""


@frozen
class Point:
    """Two fields, one of them with a default."""

    x: int
    y: int = 2


@frozen
class Named(Point):
    """Two inherited fields and two of its own."""

    name: str = ""
    tags: tuple[str, ...] = field(default_factory=tuple)


def test_the_fields_of_a_class_are_known_before_it_has_an_object() -> None:
    assert [one.name for one in fields(Named)] == ["x", "y", "name", "tags"]
    assert is_dataclass(Nothing)
    assert fields(Nothing) == ()


def test_objects_are_compared_and_hashed_by_their_fields_and_their_class() -> None:
    assert Point(1) == Point(1, 2)
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert len({Point(1), Point(1, 2), Named(1), Nothing(), Nothing()}) == 3
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, name='a', tags=())"


def test_replaced_copied_and_pickled_objects_are_the_same_kind() -> None:
    named = Named(1, 3, "a", ("b",))
    assert replace(named, y=4) == Named(1, 4, "a", ("b",))
    assert copy.deepcopy(named) == pickle.loads(pickle.dumps(named)) == named


@frozen
class Changed(Named):
    """Another default for an inherited field, and a constant that is no field."""

    LIMITS: ClassVar = {"x": 3}

    y: int = 5
    notes: list[str] = field(default_factory=list)


def test_defaults_are_those_of_the_last_class_and_made_anew() -> None:
    one, other = Changed(1), Changed(1)
    assert (one.x, one.y, one.name, one.tags, one.notes) == (1, 5, "", (), [])
    assert one.notes is not other.notes
    assert [one.name for one in fields(Changed)] == ["x", "y", "name", "tags", "notes"]
    assert Changed(1, notes=one.notes).notes is one.notes
    assert replace(one, name="b") == Changed(1, name="b")


@frozen
class Pair:
    """A class of which each test below makes the first objects."""

    left: int
    right: int = 2


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((), {}, "missing 1 required positional argument: 'left'"),
        ((1, 2, 3), {}, "takes from 2 to 3 positional arguments but 4 were given"),
        ((1,), {"left": 2}, "got multiple values for argument 'left'"),
        ((1,), {"middle": 2}, "got an unexpected keyword argument 'middle'"),
    ],
)
def test_wrong_arguments_are_named_before_and_after_init_is_compiled(
    arguments: tuple[int, ...], keywords: dict[str, int], message: str
) -> None:
    own = frozen(type("Pair", (), {"__annotations__": dict(Pair.__annotations__), "right": 2}))
    for _ in range(2):
        with pytest.raises(TypeError, match=message):
            own(*arguments, **keywords)
        for number in range(INTERPRETED_CALLS + 2):
            assert (own(number, right=3).left, own(left=number).right) == (number, 2)


@record
class Counter:
    """An object that changes; its number is its own."""

    name: str
    number: int = field(default_factory=iter(range(1000)).__next__, init=False)
    seen: list[str] = field(default_factory=list)


@record
class Subcounter(Counter):
    """One with a field more."""

    step: int = 1


def test_records_change_and_equal_themselves_alone() -> None:
    one, other = Subcounter("a", step=2), Subcounter("a", step=2)
    one.seen.append("x")
    assert one != other
    assert len({one, other, one}) == 2
    assert (one.seen, other.seen, one.step) == (["x"], [], 2)
    assert one.number != other.number


@pytest.mark.parametrize("change", [replace, dataclasses.replace])
def test_what_is_never_given_is_made_anew_for_a_copy(change) -> None:  # type: ignore[no-untyped-def]
    one = Subcounter("a", ["x"])
    other = change(one, name="b")
    assert (other.name, other.seen, other.step) == ("b", ["x"], 1)
    assert other.number != one.number
    with pytest.raises(TypeError):
        change(one, colour="red")


def test_what_is_never_given_cannot_be() -> None:
    for _ in range(INTERPRETED_CALLS + 2):
        with pytest.raises(TypeError, match="unexpected keyword argument 'number'"):
            Counter("a", number=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("decorator", [frozen, record])
def test_a_class_that_wants_more_than_fields_is_refused(decorator) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError, match="Lines has a __post_init__"):
        decorator(type("Lines", (), {"__post_init__": lambda self: None}))
