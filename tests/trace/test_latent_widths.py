"""Two arguments of a class that are equal by chance, or by design."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from shapelint.trace.latent_widths import latent
from shapelint.trace.variant import bind


class WrongNorm(nn.Module):
    """A module whose last BatchNorm takes `hidden` instead of `out`."""

    def __init__(self, in_dim: int = 64, hidden: int = 64, out: int = 64) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(in_dim, hidden), nn.ReLU(), nn.Linear(hidden, out), nn.BatchNorm1d(hidden))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)  # type: ignore[no-any-return]


class RightNorm(WrongNorm):
    def __init__(self, in_dim: int = 64, hidden: int = 64, out: int = 64) -> None:
        super().__init__(in_dim, hidden, out)
        self.net[3] = nn.BatchNorm1d(out)


class Residual(nn.Module):
    """A module that adds its input: its two widths are equal by design."""

    def __init__(self, width: int = 64, out: int = 64) -> None:
        super().__init__()
        self.layer = nn.Linear(width, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layer(x)


class Refusing(WrongNorm):
    def __init__(self, in_dim: int = 64, hidden: int = 64, out: int = 64) -> None:
        if hidden != out:
            raise ValueError("hidden and out must be equal")
        super().__init__(in_dim, hidden, out)


class TwoOfOne(nn.Module):
    """Two layers that take the same input, each by an argument of its own."""

    def __init__(self, width: int = 64, context: int = 64) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(width, 32), nn.Linear(context, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) + self.other(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "arguments", "found"),
    [
        (WrongNorm, {}, "net.3 hidden out"),
        (WrongNorm, {"in_dim": 48}, "net.3 hidden out"),
        (RightNorm, {}, ""),
        (Residual, {}, ""),
        (Refusing, {}, ""),
        (TwoOfOne, {}, ""),
    ],
)
def test_a_layer_that_fits_by_chance(kind: type[nn.Module], arguments: dict[str, int], found: str) -> None:
    assert latent(bind(kind, (), arguments)) == found


def test_torch_raises_if_one_of_the_two_is_changed() -> None:
    WrongNorm()(torch.rand(4, 64))
    with pytest.raises(RuntimeError, match="running_mean should contain"):
        WrongNorm(out=32)(torch.rand(4, 64))
