"""`@frozen` against what `@dataclass(frozen=True)` does."""

from __future__ import annotations

import copy
import pickle
from dataclasses import field, fields, is_dataclass, replace
from typing import ClassVar

import pytest

from shapelint.common.frozen import frozen


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


def test_a_missing_field_is_named() -> None:
    with pytest.raises(TypeError, match=r"Point\.__init__\(\) missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
