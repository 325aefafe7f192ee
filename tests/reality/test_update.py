"""lightly's momentum update, for pairs of parameter shapes: where it raises, and where it broadcasts silently."""

from __future__ import annotations

import itertools

import pytest
import torch
from lightly.models.utils import update_momentum
from torch import nn

from shapelint.chain.tensors import HeldTensor, Holdings
from shapelint.judge.subjects.target import update

SHAPES = [(8, 8), (1, 8), (8, 1), (1, 1), (4, 8), (8,), (1,)]


class Parameters(nn.Module):
    """A module with parameters only."""

    def __init__(self, *shapes: tuple[int, ...]):
        super().__init__()
        self.held = nn.ParameterList([nn.Parameter(torch.rand(shape)) for shape in shapes])


def holdings(*shapes: tuple[int, ...]) -> Holdings:
    return Holdings(tuple(HeldTensor(f"held.{index}", shape) for index, shape in enumerate(shapes)), complete=True)


def real(online: list[tuple[int, ...]], target: list[tuple[int, ...]]) -> bool:
    """Return whether the real update runs."""
    try:
        update_momentum(Parameters(*online), Parameters(*target), m=0.9)
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize(("online", "target"), list(itertools.product(SHAPES, SHAPES)), ids=str)
def test_a_pair_of_parameters(online: tuple[int, ...], target: tuple[int, ...]) -> None:
    said = update("head", holdings(online), holdings(target))
    assert (said is None or bool(said.update_fits)) == real([online], [target])
    assert (said is None) == (online == target)
    assert said is None or bool(said.update_broadcasts) == bool(said.update_fits)


def test_lists_of_different_lengths_raise() -> None:
    for online, target in [([(8, 8), (8,)], [(8, 8)]), ([(8, 8)], [(8, 8), (8,)])]:
        said = update("head", holdings(*online), holdings(*target))
        assert said is not None
        assert said.update_fits is False
        assert not real(online, target)


def test_a_broadcast_update_is_not_an_average() -> None:
    online, target = Parameters((1, 1)), Parameters((8, 8))
    before = target.held[0].detach().clone()
    update_momentum(online, target, m=0.5)
    pulled = target.held[0] - 0.5 * before
    assert torch.allclose(pulled, 0.5 * online.held[0].expand(8, 8), atol=1e-6)
