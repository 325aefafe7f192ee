"""Sizes of torch's symbolic shapes in the notation: the same number at every size, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sympy
import torch
from torch.utils._sympy import functions

from shapelint.shapes import dims
from shapelint.shapes.signatures import StructureValue
from shapelint.trace.meta import Untraceable
from shapelint.trace.symbolic_sizes import MAXIMUM_OPERATIONS, to_dim, value_of

H, W = (sympy.Symbol(name, integer=True, positive=True) for name in ("s0", "s1"))
NAMES = {"s0": "H", "s1": "W"}
SIZES = [(32, 32), (33, 47), (224, 7), (1, 300)]
FORMULAS: dict[str, tuple[Callable[[], Any], Callable[[int, int], int]]] = {
    "a number": (lambda: sympy.Integer(7), lambda h, w: 7),
    "a sum": (lambda: H + 2 * W + 3, lambda h, w: h + 2 * w + 3),
    "a power": (lambda: H**2 * W, lambda h, w: h * h * w),
    "a quotient": (lambda: functions.FloorDiv(H + 1, 2), lambda h, w: (h + 1) // 2),
    "a quotient without a rest": (lambda: functions.CleanDiv(H * 4, 4) + W, lambda h, w: h + w),
    "a quotient that is rounded up": (lambda: functions.CeilDiv(H, 3), lambda h, w: -(-h // 3)),
    "a rest": (lambda: functions.Mod(H, 5), lambda h, w: h % 5),
    "a rest as Python has it": (lambda: functions.PythonMod(W, 4), lambda h, w: w % 4),
    "the larger one": (lambda: functions.Max(H, W), lambda h, w: max(h, w)),
    "the smaller one": (lambda: functions.Min(H, 3 * W), lambda h, w: min(h, 3 * w)),
    "floor": (lambda: functions.FloorToInt(functions.IntTrueDiv(H, 4)), lambda h, w: h // 4),
    "ceil": (lambda: functions.CeilToInt(functions.IntTrueDiv(H, 4)), lambda h, w: -(-h // 4)),
    "int": (lambda: functions.TruncToInt(functions.IntTrueDiv(W, 3)), lambda h, w: w // 3),
    "an identity": (lambda: functions.Identity(H + W), lambda h, w: h + w),
}


def size(expression: Any) -> Any:
    """Return what stands for a size of torch: a node that holds the expression."""
    return SimpleNamespace(node=SimpleNamespace(expr=expression))


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_has_the_same_number_at_every_size(name: str) -> None:
    make, expected = FORMULAS[name]
    dim = to_dim(size(make()), NAMES)
    assert [dims.substitute(dim, {"H": h, "W": w}) for h, w in SIZES] == [expected(h, w) for h, w in SIZES]


def long_sum() -> Any:
    return sum((functions.FloorDiv(H, number) for number in range(2, 3 + MAXIMUM_OPERATIONS)), H)


NOT_SAID = {
    "of data": (lambda: sympy.Symbol("u0", integer=True), "depends on data"),
    "of data, inside": (lambda: H + sympy.Symbol("u3", integer=True), "depends on data"),
    "a root": (lambda: sympy.sqrt(H), "cannot say"),
    "a power of a size": (lambda: sympy.Integer(2) ** W, "cannot say"),
    "another function": (lambda: functions.PowByNatural(sympy.Integer(2), H), "cannot say"),
    "a long formula": (long_sum, "too long"),
}


@pytest.mark.parametrize("name", NOT_SAID)
def test_what_the_notation_cannot_say_has_a_reason(name: str) -> None:
    make, reason = NOT_SAID[name]
    with pytest.raises(Untraceable, match=reason):
        to_dim(size(make()), NAMES)


def test_nested_outputs_keep_their_keys_and_leave_out_what_is_none() -> None:
    first, second = torch.empty(2, 3, device="meta"), torch.empty(4, device="meta")
    found = value_of({"out": first, "aux": None, "levels": [first, None, (second,)]}, {})
    inner = StructureValue("list", ((2, 3), StructureValue("tuple", ((4,),))))
    assert found == StructureValue("dict", ((2, 3), inner), ("out", "levels"))
    with pytest.raises(Untraceable, match="returns a float"):
        value_of([first, 0.5], {})
