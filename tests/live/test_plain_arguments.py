"""Real arguments as plain ones: what is of another kind, what no shape tells, and that torch draws the same lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from shapelint.knowledge import operations
from shapelint.live import plain_arguments
from shapelint.python.tensors import axes, overloads
from shapelint.python.tensors.overloads import OTHER_KIND, UNREAD

SIZES = torch.tensor([2, 3])


@pytest.mark.parametrize(
    ("kind", "given", "plain"),
    [
        ("axis", 1, 1),
        ("axis", None, None),
        ("axis", True, OTHER_KIND),
        ("axis", 1.5, OTHER_KIND),
        ("axis", (0, 1), OTHER_KIND),
        ("axis", SIZES, OTHER_KIND),
        ("axes", 1, [1]),
        ("axes", (0, -1), [0, -1]),
        ("axes", None, None),
        ("axes", (0, True), OTHER_KIND),
        ("axes", SIZES, OTHER_KIND),
        ("size", 4, 4),
        ("size", None, OTHER_KIND),
        ("size", SIZES, UNREAD),
        ("sizes", 4, [4]),
        ("sizes", (4, -1), [4, -1]),
        ("sizes", torch.Size([4, 5]), [4, 5]),
        ("sizes", "ab", OTHER_KIND),
        ("size or sizes", 4, 4),
        ("size or sizes", [4], [4]),
        ("number", 2, 2),
        ("number", None, OTHER_KIND),
        ("flag", True, True),
        ("flag", 1, OTHER_KIND),
        ("flag", None, OTHER_KIND),
        ("text", "ij,jk->ik", "ij,jk->ik"),
        ("text", 3, OTHER_KIND),
        ("tensor", torch.ones(2, 3), axes.sized([2, 3])),
        ("tensor", 2.5, ()),
        ("tensor", None, None),
        ("tensor", "mean", OTHER_KIND),
        ("tensor", [torch.ones(2)], OTHER_KIND),
        ("pairs", ([1, 2], (0, 1)), [[1, 2], [0, 1]]),
        ("pairs", ([1, SIZES], [0]), UNREAD),
        ("pairs", 2, 2),
        ("pairs", None, OTHER_KIND),
    ],
)
def test_a_real_argument_is_the_plain_one_of_its_kind(kind: Any, given: Any, plain: Any) -> None:
    found = plain_arguments.read(kind, [given])
    assert (found, type(found)) == (plain, type(plain))


def test_sizes_may_be_given_one_by_one() -> None:
    assert plain_arguments.read("sizes", [4, 5, -1]) == [4, 5, -1]
    assert plain_arguments.read("axes", (0, 1)) == [0, 1]
    assert plain_arguments.read("sizes", [4, SIZES]) is OTHER_KIND


X = torch.ones(2, 3, 4)
CALLS: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (torch.sum, (X,), {}),
    (torch.sum, (X, 1), {}),
    (torch.sum, (X, (0, 2), True), {}),
    (torch.sum, (X,), {"dim": -1, "keepdim": True}),
    (torch.max, (X, 1, True), {}),
    (torch.max, (X, torch.ones(3, 4)), {}),
    (torch.flip, (X, (0, 1)), {}),
    (torch.Tensor.flip, (X, 0, 2), {}),
    (torch.transpose, (X, 0, -1), {}),
    (torch.Tensor.permute, (X, 2, 0, 1), {}),
    (torch.permute, (X, (2, 0, 1)), {}),
    (torch.Tensor.expand, (torch.ones(1, 3), 5, -1), {}),
    (torch.Tensor.repeat, (X, 2, 1, 1, 1), {}),
    (torch.tensordot, (X, torch.ones(4, 3, 7), ([1, 2], [1, 0])), {}),
    (torch.tensordot, (X, torch.ones(3, 4, 7), 2), {}),
    (torch.chunk, (X, 2), {"dim": 2}),
    (torch.split, (X, [1, 2], 1), {}),
    (torch.split, (X, 3, 2), {}),
    (torch.flatten, (X, 1), {}),
    (torch.squeeze, (torch.ones(1, 3, 1),), {}),
    (torch.squeeze, (torch.ones(1, 3, 1), (0, 2)), {}),
    (torch.unsqueeze, (X, -1), {}),
    (functional.one_hot, (torch.tensor([0, 2]), 5), {}),
    (torch.norm, (X,), {"dim": 1}),
    (torch.Tensor.unflatten, (X, 2, (2, -1)), {}),
    (torch.mul, (X, 2.5), {}),
]
"""Calls that torch takes, whose output has one shape."""


@pytest.mark.parametrize("call", CALLS, ids=[function.__name__ for function, _, _ in CALLS])
def test_a_call_gets_the_line_whose_result_torch_gives(call: Any) -> None:
    function, given, keywords = call
    output = function(*given, **keywords)
    found = overloads.choose(operations.find(function.__name__), 1, given[1:], keywords, plain_arguments.read)
    assert found is not None
    result = found.result(plain_arguments.axes_of(given[0]))
    real = output if isinstance(output, torch.Tensor) else output[0]
    assert result is not None
    first = result if isinstance(result, tuple) else result.each[0]
    assert [axis.size for axis in first] == list(real.shape)
