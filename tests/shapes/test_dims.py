"""Dimensions: the normal form has the meaning of Python's integers, and equal dimensions are recognised."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from shapelint.shapes import dims, expression
from shapelint.shapes.dims import UNKNOWN_DIM, Dim, equal, is_known, names, substitute, symbol

B, H, W = symbol("B"), symbol("H"), symbol("W")
ZERO = "division by zero"

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
    "max": lambda left, right: dims.extreme(max, (left, right)),
    "min": lambda left, right: dims.extreme(min, (left, right)),
}
EXACT = {**OPERATIONS, "max": max, "min": min}


def tree(source: random.Random, depth: int) -> Any:
    """Return a random expression: an integer, the name of a symbol, or (operator, left, right)."""
    if depth == 0 or source.random() < 0.15:
        return source.choice(["B", "H", "W", source.randint(-9, 9), source.randint(1, 40)])
    operator = source.choice(["+", "-", "*", "//", "//", "%", "max", "min"])
    right = source.randint(1, 8) if operator in ("//", "%") and source.random() < 0.8 else tree(source, depth - 1)
    return operator, tree(source, depth - 1), right


def evaluate(node: Any, operations: dict[str, Callable[[Any, Any], Any]], values: dict[str, Any]) -> Any:
    """Evaluate a tree; ZERO if it divides by 0."""
    if isinstance(node, tuple):
        left, right = (evaluate(child, operations, values) for child in node[1:])
        if ZERO in (left, right):
            return ZERO
        try:
            return operations[node[0]](left, right)
        except ZeroDivisionError:
            return ZERO
    return values[node] if isinstance(node, str) else node


def samples(source: random.Random, count: int) -> list[dict[str, int]]:
    return [{name: source.choice([1, 2, 3, 7, 32, source.randint(1, 300)]) for name in "BHW"} for _ in range(count)]


@pytest.mark.parametrize("seed", range(8))
def test_normal_form_is_exact(seed: int) -> None:
    """Building with symbols and then substituting numbers gives the same as using the numbers from the start."""
    source = random.Random(seed)
    compared = 0
    for _ in range(400):
        node = tree(source, 4)
        general = evaluate(node, OPERATIONS, {"B": B, "H": H, "W": W})
        for values in samples(source, 6):
            exact = evaluate(node, EXACT, values)
            if exact != ZERO and general != ZERO:
                assert substitute(general, values) == exact, (node, str(general), values)
                compared += 1
    assert compared > 1000


@pytest.mark.parametrize("seed", range(4))
def test_substitution_by_dimensions_is_composition(seed: int) -> None:
    source = random.Random(100 + seed)
    for _ in range(300):
        outer, inner = tree(source, 3), tree(source, 2)
        by_symbols = evaluate(outer, OPERATIONS, {"B": B, "H": H, "W": W})
        replaced = evaluate(inner, OPERATIONS, {"B": B, "H": H, "W": W})
        if ZERO in (by_symbols, replaced):
            continue
        composed = substitute(by_symbols, {"H": replaced})
        for values in samples(source, 4):
            height = evaluate(inner, EXACT, values)
            exact = ZERO if height == ZERO else evaluate(outer, EXACT, {**values, "H": height})
            if exact != ZERO and is_known(composed):
                assert substitute(composed, values) == exact, (outer, inner, values)


@pytest.mark.parametrize("seed", range(4))
def test_text_reads_back(seed: int) -> None:
    source = random.Random(200 + seed)
    for _ in range(400):
        dim = evaluate(tree(source, 4), OPERATIONS, {"B": B, "H": H, "W": W})
        if dim != ZERO:
            assert expression.evaluate(str(dim), {"B": B, "H": H, "W": W}) == dim


@pytest.mark.parametrize("seed", range(4))
def test_equal_is_never_wrong(seed: int) -> None:
    source = random.Random(300 + seed)
    decided = []
    for _ in range(600):
        left, right = (
            evaluate(tree(source, source.choice((1, 2))), OPERATIONS, {"B": B, "H": H, "W": W}) for _ in range(2)
        )
        if ZERO in (left, right):
            continue
        verdict = equal(left, right)
        decided.append(verdict)
        for values in samples(source, 6):
            one, other = substitute(left, values), substitute(right, values)
            if is_known(one) and is_known(other):
                assert verdict in (None, one == other), (str(left), str(right), values)
    assert decided.count(False) > 50
    assert True in decided


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (B * (H + W), B * H + W * B),
        ((H - 1) * (H + 1), H * H - 1),
        ((H + 3) - (H + 1), 2),
        (H * 0, 0),
        ((2 * H + 6) // 2, H + 3),
        ((H // 2) // 3, H // 6),
        ((H // 2 + 5) // 3, (H + 10) // 6),
        ((H + 6) // 4, (H + 2) // 4 + 1),
        (-H // -2, H // 2),
        ((4 * H + 3) % 4, 3),
        ((H + 8) % 4, H % 4),
        (H // H, 1),
        (dims.extreme(max, (H, H)), H),
        (dims.extreme(min, (3, H, 5)), dims.extreme(min, (H, 3))),
    ],
)
def test_two_ways_of_writing_one_dimension(left: Dim, right: Dim) -> None:
    assert left == right
    assert equal(left, right) is True


def test_strided_layers_merge() -> None:
    """A ResNet stem and three stages: five halvings, each `(n-1)//2+1`, are one division by 32."""
    size: Dim = H
    for kernel, padding in ((7, 3), (3, 1), (3, 1), (3, 1), (1, 0)):
        size = (size + 2 * padding - kernel) // 2 + 1
    assert str(size) == "(H-1)//32+1"
    assert [substitute(size, {"H": height}) for height in (1, 32, 33, 224)] == [1, 1, 2, 7]


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (H + W - 1, "H+W-1"),
        (-H, "-H"),
        (3 - 2 * H, "-2*H+3"),
        (512 * ((H - 1) // 32 + 1) * ((W - 1) // 32 + 1), "512*((H-1)//32+1)*((W-1)//32+1)"),
        (2 * H + 2, "2*(H+1)"),
        ((H % 3) * 2, "2*(H%3)"),
        (dims.extreme(max, (H, 3)) + 1, "max(H,3)+1"),
        (UNKNOWN_DIM, "?"),
    ],
)
def test_text(dim: Dim, text: str) -> None:
    assert str(dim + 0) == text  # a dimension keeps its text: this one is a new one


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        (512, 512, True),
        (512, 256, False),
        (H, H, True),
        (H, W, None),
        (H, 7, None),
        (H + 1, H, False),
        (H + W, H, False),
        (2 * H, H, False),
        (H * W, H, None),
        (H, 0, False),
        (H // 2, 0, None),
        (UNKNOWN_DIM, UNKNOWN_DIM, None),
        (UNKNOWN_DIM, 3, None),
    ],
)
def test_equal(left: Dim, right: Dim, verdict: bool | None) -> None:
    assert equal(left, right) is verdict
    assert equal(right, left) is verdict


@pytest.mark.parametrize(
    "dim",
    [
        UNKNOWN_DIM + 1,
        2 * UNKNOWN_DIM,
        H - UNKNOWN_DIM,
        UNKNOWN_DIM // 2,
        7 // UNKNOWN_DIM,
        UNKNOWN_DIM % H,
        -UNKNOWN_DIM,
    ],
)
def test_unknown_propagates(dim: Dim) -> None:
    assert dim is UNKNOWN_DIM
    assert dims.extreme(max, (dim, 3)) is UNKNOWN_DIM
    assert not is_known(dim)


def test_unknown_propagates_through_substitution() -> None:
    assert substitute((H + 1) // 2, {"H": UNKNOWN_DIM}) is UNKNOWN_DIM


def test_names() -> None:
    assert names((H - 1) // (W + 1) + dims.extreme(max, (B, 2))) == {"B", "H", "W"}
    assert names(3) == frozenset()
    assert dims.free_names(H * W + dims.unknown("width", "1")) == {"H", "W"}


def test_substitution_happens_all_at_once() -> None:
    assert substitute(H - W, {"H": W, "W": H}) == W - H


@pytest.mark.parametrize("divide", [dims.floor_divide, dims.modulo])
def test_division_by_zero(divide: Callable[[Dim, Dim], Dim]) -> None:
    with pytest.raises(ZeroDivisionError):
        divide(H, 0)
    with pytest.raises(ZeroDivisionError):
        divide(4, 0)
    assert substitute(divide(H, W), {"W": 0}) is UNKNOWN_DIM


def test_a_named_unknown_dimension_equals_itself_alone() -> None:
    width = dims.unknown("width", "1")
    assert equal(width, width) is equal(width, dims.unknown("width", "1")) is True
    assert equal(width, dims.unknown("width", "2")) is equal(width, 3) is equal(width, width + 1) is None
    assert equal(UNKNOWN_DIM, UNKNOWN_DIM) is None


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (H * W + H, "H*(W+1)"),
        (H * W + W, "(H+1)*W"),
        (2 * H * W + 2 * H + 2 * W + 2, "2*(H+1)*(W+1)"),
        (H * W + H + W, "H+H*W+W"),
        (3 * H * W + 2 * H, "2*H+3*H*W"),
        (H + 1, "H+1"),
        (2 * H + 2, "2*(H+1)"),
    ],
)
def test_a_product_is_shown_as_one(dim: Dim, text: str) -> None:
    assert str(dim + 0) == text


@pytest.mark.parametrize(
    ("dim", "sign"),
    [
        (1, 1), (7, 1), (0, 0), (-1, -1), (-7, -1), (H, 1), (-H, -1), (H + W, 1), (-H - W - 1, -1), (2 * H * W, 1),
        (H + 1, 1), (H - 1, None), (1 - H, None), (H - W, None), (H // 2, None), (UNKNOWN_DIM, None),
    ],
)  # fmt: skip
def test_the_sign_of_a_dimension_whose_symbols_are_positive(dim: Dim, sign: int | None) -> None:
    assert dims.sign(dim) == sign


def test_a_division_by_one_leaves_no_trace() -> None:
    assert dims.floor_divide(H + 2, 1) == H + 2
    assert dims.modulo(H + 2, 1) == 0


@pytest.mark.parametrize("dim", [3, H, H // 2 + 1, dims.unknown("width", "1")])
def test_only_a_dimension_that_was_lost_may_be_any_other_one(dim: Dim) -> None:
    assert dims.otherwise(dim) == dim
    lost = dims.otherwise(UNKNOWN_DIM)
    assert equal(lost, lost) is True
    assert lost not in (dim, UNKNOWN_DIM)


def test_an_unknown_dimension_is_shown_by_its_name() -> None:
    assert str(dims.unknown("width", "7") + 0) == "width"
    assert str(2 * dims.unknown("width", "7")) == "2*width"


@pytest.mark.parametrize("operation", [dims.floor_divide, dims.modulo, lambda *pair: dims.extreme(max, pair)])
def test_with_what_is_unknown_everything_is_unknown(operation: Callable[[Dim, Dim], Dim]) -> None:
    for other in (3, H, H * W + 1):
        assert operation(other, UNKNOWN_DIM) == operation(UNKNOWN_DIM, other) == UNKNOWN_DIM
