"""Which of many places touch others is found in order of their starts, with the same answer as one by one."""

from __future__ import annotations

import random

import pytest

from shapelint.judge.joint_repair import _Touching, overlap
from shapelint.text.source import Span


@pytest.mark.parametrize("seed", range(40))
def test_the_places_that_touch_are_those_that_overlap_one_by_one(seed: int) -> None:
    rng = random.Random(seed)

    def spans(most: int) -> list[Span]:
        starts = [rng.randrange(60) for _ in range(rng.randrange(most))]
        return [Span(start, start + rng.choice([0, 1, 2, 30])) for start in starts]

    places = [(span, index % 5) for index, span in enumerate(spans(12))]
    others = frozenset(spans(4))
    assert _Touching(places).any_of(others) == {index for span, index in places if overlap([span], others)}
