"""The subjects of rules other than the edges of the chain, one module per subject.

Each module has a dataclass of facts, and a function that finds the occasions for a rule in a judged model.
"""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.chain.wiring import Judged
from shapelint.judge.occasions import Occasion
from shapelint.judge.subjects import backbone_layer, bank, batch, batch_axis, checkpoint, loss, target, variable
from shapelint.spec.spec import Problem

SUBJECTS = (backbone_layer, loss, bank, batch, target, checkpoint, batch_axis, variable)


def occasions(judged: Judged) -> Iterator[Occasion]:
    """Every occasion apart from the edges and components of the chain."""
    for subject in SUBJECTS:
        yield from subject.occasions(judged)


def problems(judged: Judged) -> Iterator[Problem]:
    """What could not be checked, in the words of the engine."""
    yield from checkpoint.problems(judged)
    yield from bank.problems(judged)
