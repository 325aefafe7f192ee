"""Operations between layers: what does not fit is what torch refuses, and where it does, the two sizes are named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from shapelint.live.forward_operations import misfit


def t(*shape: int) -> torch.Tensor:
    return torch.ones(shape)


Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
REFUSED: list[tuple[Call, tuple[Any, ...]]] = [
    ((torch.add, (t(2, 8), t(2, 6)), {}), (8, 6, (2, 8))),
    ((torch.Tensor.__mul__, (t(2, 8), t(3, 6)), {}), ("(2, 8)", "(3, 6)", (2, 8))),
    ((torch.Tensor.add_, (t(2, 8), t(4)), {}), ("(2, 8)", "(4,)", (2, 8))),
    ((torch.matmul, (t(2, 8), t(6, 3)), {}), (6, 8, (2, 3))),
    ((torch.Tensor.__rmatmul__, (t(6, 3), t(2, 8)), {}), (6, 8, (2, 3))),
    ((torch.matmul, (t(2, 8), t(6)), {}), (6, 8, (2,))),
    ((torch.bmm, (t(2, 3, 8), t(2, 6, 4)), {}), (6, 8, (2, 3, 4))),
    ((functional.linear, (t(2, 8), t(3, 6)), {}), (6, 8, (2, 3))),
    ((functional.linear, (), {"input": t(2, 8), "weight": t(3, 6)}), (6, 8, (2, 3))),
    ((torch.reshape, (t(2, 9), (2, 8)), {}), ("(2, 8)", "(2, 9)", (2, 8))),
    ((torch.Tensor.view, (t(2, 9), -1, 4), {}), ("(-1, 4)", "(2, 9)", (2, 4))),
    ((torch.cat, ([t(2, 8), t(3, 8)], 1), {}), (2, 3, (2, 16))),
    ((torch.cat, (), {"tensors": (t(2, 8), t(2, 6))}), (8, 6, (4, 8))),
    ((torch.cat, ([t(2, 8, 4), t(2, 6, 5)],), {"dim": 0}), ("(2, 8, 4)", "(2, 6, 5)", (4, 8, 4))),
    ((torch.cat, ([t(2, 8), t(2, 8), t(3, 8)], -1), {}), (2, 3, (2, 24))),
]
"""Calls, each with what it expects, what it gets, and what would come out of the call if it fitted."""
ACCEPTED: list[Call] = [
    (torch.add, (t(2, 8), t(8)), {}),
    (torch.add, (t(2, 8), 3), {}),
    (torch.Tensor.__radd__, (t(2, 8), 3), {}),
    (torch.matmul, (t(2, 8), t(8, 3)), {}),
    (torch.Tensor.__rmatmul__, (t(8, 3), t(2, 8)), {}),
    (functional.linear, (t(2, 8), t(3, 8)), {}),
    (torch.reshape, (t(2, 9), (-1, 6)), {}),
    (torch.Tensor.view, (t(0, 4), 0, 8), {}),
    (torch.cat, ([t(2, 8), t(3, 8)],), {}),
    (torch.cat, ([t(2, 8)],), {"dim": 1}),
    (torch.cat, ([t(2, 8), t(0)],), {"dim": 1}),
    (torch.stack, ([t(2, 8), t(2, 8)],), {}),
    (torch.sum, (t(2, 8),), {"dim": 1}),
    (torch.mul, (torch.nested.nested_tensor([t(2, 4), t(3, 4)], layout=torch.jagged), t(1)), {}),
]
NOT_JUDGED: list[Call] = [
    (torch.cat, (t(2, 8),), {}),
    (torch.cat, ([t(2, 8), t(2, 8, 1)],), {}),
    (torch.add, ("a", t(2)), {}),
    (torch.matmul, (torch.tensor(2.0), t(3)), {}),
]
"""Calls that torch refuses for another reason than a size."""


def name(call: Any) -> str:
    return call[0].__name__ if callable(call[0]) else name(call[0])


@pytest.mark.parametrize(("call", "expected"), REFUSED, ids=map(name, REFUSED))
def test_what_torch_refuses_is_named_with_both_sizes(call: Call, expected: tuple[Any, ...]) -> None:
    function, positional, keywords = call
    with pytest.raises(RuntimeError):
        function(*positional, **keywords)
    found = misfit(function, positional, keywords)
    assert found is not None
    assert (found.expected, found.actual, found.output) == expected


@pytest.mark.parametrize("call", ACCEPTED, ids=map(name, ACCEPTED))
def test_of_what_torch_accepts_nothing_is_said(call: Call) -> None:
    function, positional, keywords = call
    function(*positional, **keywords)
    assert misfit(function, positional, keywords) is None


@pytest.mark.parametrize("call", NOT_JUDGED, ids=map(name, NOT_JUDGED))
def test_what_does_not_fit_for_another_reason_is_left_to_torch(call: Call) -> None:
    function, positional, keywords = call
    with pytest.raises((RuntimeError, TypeError)):
        function(*positional, **keywords)
    assert misfit(function, positional, keywords) is None
