"""The restricted expression language: what it computes, what stays unknown, and what it refuses."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from shapelint.shapes.dims import UNKNOWN_DIM, substitute, symbol
from shapelint.shapes.expression import (
    MAXIMUM_EXPRESSION_LENGTH,
    ExpressionError,
    OperandError,
    conjuncts,
    evaluate,
    parse,
)

H, W = symbol("H"), symbol("W")


@dataclass(frozen=True)
class Port:
    features: int | None
    _secret: int = 1


FACTS: dict[str, Any] = {"H": H, "W": W, "n": 224, "none": None, "yes": True, "no": False, "mode": "same"}
FACTS |= {
    "sizes": (3, 5),
    "listed": [2, None],
    "unknown": UNKNOWN_DIM,
    "input": Port(512),
    "output": Port(None),
    "half": 0.5,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(n + 2*3 - 7)//2 + 1", 112),
        ("-n % 100", 76),
        ("(H-1)//32 + 1", (H - 1) // 32 + 1),
        ("max(3, 5, n)", 224),
        ("min(H, H)", H),
        ("sizes[1]", 5),
        ("n[2]", 224),
        ("len(sizes)", 2),
        ("len(n)", 0),
        ("prod(sizes)", 15),
        ("prod(n)", 224),
        ("prod((H, 2))", 2 * H),
        ("3 if mode == 'same' else 4", 3),
        ("input.features * 2", 1024),
        ("window(224, 7, 2, 3, 1)", 112),
        ("window(5, 3, 1, 0, 3)", -1),
        ("window(H, 3, 2, 1, 1)", (H - 1) // 2 + 1),
        ("ceil_window(4, 3, 2, 0, 1)", 2),
        ("window(H, 3, 0, 1, 1)", UNKNOWN_DIM),
        ("ceil_window(H, 3, none, 1, 1)", UNKNOWN_DIM),
        ("n // 0", UNKNOWN_DIM),
        ("none + 1", UNKNOWN_DIM),
        ("-none", UNKNOWN_DIM),
        ("max(none, 1)", UNKNOWN_DIM),
        ("1 if none else 2", UNKNOWN_DIM),
        ("prod(listed)", UNKNOWN_DIM),
        ("len(unknown)", UNKNOWN_DIM),
        ("sizes[2]", UNKNOWN_DIM),
        ("none[0]", None),
        ("none.features", None),
        ("output.features", None),
    ],
)
def test_value(text: str, value: Any) -> None:
    found = evaluate(text, FACTS)
    assert found is value if value is UNKNOWN_DIM or value is None else found == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n == 224", True),
        ("1 < 2 < n", True),
        ("1 < 2 > 3", False),
        ("H == H", True),
        ("H == W", None),
        ("H + 1 == H", False),
        ("H + 2 > H", True),
        ("H + 1 > H", True),
        ("H > H", False),
        ("H >= H", True),
        ("H + 1 <= H", False),
        ("H > 2", None),
        ("H < n < 3", False),
        ("H != W", None),
        ("H + 1 != H", True),
        ("none == 3", None),
        ("none != 3", None),
        ("none < 3", None),
        ("unknown == 3", None),
        ("unknown == 'same'", None),
        ("H == 'same'", False),
        ("half != H", True),
        ("unknown > 'same'", None),
        ("none is None", True),
        ("n is None", False),
        ("n is not None", True),
        ("unknown is None", None),
        ("unknown is not None", None),
        ("mode in ('same', 'valid')", True),
        ("mode not in ('same', 'valid')", False),
        ("mode in 'samely'", True),
        ("n in (1, 2)", False),
        ("n in ('a', 2)", False),
        ("H in (H, 2)", True),
        ("H in (1, 2)", None),
        ("H not in (1, 2)", None),
        ("unknown in ('a', 'b')", None),
        ("unknown not in ('a', 'b')", None),
        ("2 in listed", True),
        ("sizes == (3, 5)", True),
        ("half == 0.5 and half in (1, 0.5)", True),
        ("half < n", True),
        ("yes and no", False),
        ("not none", None),
        ("not H", None),
        ("input.features == output.features", None),
    ],
)
def test_truth(text: str, value: bool | None) -> None:
    assert evaluate(text, FACTS) is value


@pytest.mark.parametrize("text", ["mode % 2 == 0", "prod(input) > 1 and len(input)", "mode < 3", "n in mode", "n in 3"])
def test_a_value_of_the_wrong_kind_differs_from_a_wrong_expression(text: str) -> None:
    with pytest.raises(OperandError):
        evaluate(text, FACTS)


def test_three_valued_logic() -> None:
    """`None` is unknown: a result is decided exactly if every possible value gives the same."""
    for left, right in itertools.product((True, False, None), repeat=2):
        for text, exact in (("a and b", lambda a, b: a and b), ("a or b", lambda a, b: a or b)):
            possible = {
                exact(a, b)
                for a in ((True, False) if left is None else (left,))
                for b in ((True, False) if right is None else (right,))
            }
            assert evaluate(text, {"a": left, "b": right}) is (possible.pop() if len(possible) == 1 else None)


def test_a_decided_operand_stops_the_evaluation() -> None:
    assert evaluate("none is not None and missing > 1", FACTS) is False
    assert evaluate("none is None or missing > 1", FACTS) is True


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"), [(1, 1, 0, 1), (3, 2, 1, 1), (2, 3, 1, 2), (4, 4, 2, 1)]
)
def test_window_counts_the_places_of_a_kernel(size: int, kernel: int, stride: int, padding: int, dilation: int) -> None:
    """Compare with a count by hand: starts within the padded axis, with the kernel inside it (or not, rounding up)."""
    reach = dilation * (kernel - 1) + 1
    whole = len(range(0, size + 2 * padding - reach + 1, stride))
    names = {"n": H, "k": kernel, "s": stride, "p": padding, "d": dilation}
    found = substitute(evaluate("window(n, k, s, p, d)", names), {"H": size})
    assert isinstance(found, int)
    assert max(found, 0) == whole
    if whole:
        gap = (size + 2 * padding - reach) % stride
        hanging = gap > 0 and whole * stride < size + padding
        assert substitute(evaluate("ceil_window(n, k, s, p, d)", names), {"H": size}) == whole + hanging


def test_product_of_an_ellipsis() -> None:
    assert evaluate("2*prod(...)", {"prod(...)": 3 * H}) == 6 * H
    with pytest.raises(ExpressionError, match=r"without '\.\.\.'"):
        evaluate("prod(...)", {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an expression"),
        ("H +", "not an expression"),
        ("H; W", "not an expression"),
        ("a\0b", "not an expression"),
        ("missing", "unknown name 'missing'"),
        ("n / 2", "operator not allowed"),
        ("~n", "operator not allowed"),
        ("n << 40", "operator not allowed"),
        ("'a' * 9", "not integers"),
        ("max(sizes, 1)", "not integers"),
        ("max()", "call not allowed"),
        ("window(1, 2)", "call not allowed"),
        ("window('a', 1, 1, 1, 1)", "not integers"),
        ("open('x')", "call not allowed"),
        ("__import__('os')", "call not allowed"),
        ("n.bit_length()", "call not allowed"),
        ("max(1, key=2)", "call not allowed"),
        ("max(*sizes)", "Starred is not allowed"),
        ("().__class__", "no fact"),
        ("mode.upper", "no fact"),
        ("input._secret", "no fact"),
        ("input.missing", "no fact"),
        ("lambda: 1", "Lambda is not allowed"),
        ("[x for x in sizes]", "ListComp is not allowed"),
        ("(x := 3)", "NamedExpr is not allowed"),
        ("f'{n}'", "JoinedStr is not allowed"),
        ("{1: 2}", "Dict is not allowed"),
        ("sizes['a']", "has no element"),
        ("len(...)", "has no length"),
        ("mode < 3", "cannot order"),
        ("n in 3", "cannot look for"),
        ("n in mode", "cannot look for"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        evaluate(text, FACTS)


@pytest.mark.parametrize(
    "text",
    [
        "1" + "+1" * MAXIMUM_EXPRESSION_LENGTH,
        "+".join(["n"] * 900),
        "(" * 900 + "n" + ")" * 900,
        "-" * 1900 + "n",
        "not " * 450 + "n",
    ],
)
def test_size_and_depth_are_bounded(text: str) -> None:
    """It is either evaluated, or refused with a message; there is never a RecursionError."""
    try:
        refusal = "" if evaluate(text, {"n": 1}) is not None else "no value"
    except ExpressionError as error:
        refusal = str(error)
    assert not refusal or any(reason in refusal for reason in ("longer than", "nested too deeply", "not an expression"))


@pytest.mark.parametrize("text", ["-" * 150 + "n", "not " * 150 + "n", "+".join(["n"] * 150)])
def test_what_is_nested_too_deeply_is_refused_before_it_is_evaluated(text: str) -> None:
    with pytest.raises(ExpressionError, match="nested too deeply: '"):
        parse(text)


def test_length_is_bounded() -> None:
    with pytest.raises(ExpressionError, match=f"longer than {MAXIMUM_EXPRESSION_LENGTH}"):
        parse("1" * (MAXIMUM_EXPRESSION_LENGTH + 1))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("H > 2", ("H > 2",)),
        ("H > 2 and W > 2 and B*H > 1", ("H > 2", "W > 2", "B * H > 1")),
        ("H > 2 or B > 1 and W > 2", ("H > 2 or B > 1 and W > 2",)),
        ("(H > 2 and W > 2) and n in (1, 2)", ("H > 2 and W > 2", "n in (1, 2)")),
    ],
)
def test_conjuncts(text: str, parts: tuple[str, ...]) -> None:
    assert conjuncts(text) == parts


@pytest.mark.parametrize(
    ("text", "value"), [("2**10", 1024), ("7**0", 1), ("10**30", 10**30), ("n**2", 49), ("(2**64)**2", 2**128)]
)
def test_powers_of_plain_numbers(text: str, value: int) -> None:
    assert evaluate(text, {"n": 7}) == value


@pytest.mark.parametrize("text", ["2**65", "2**-1", "(2**64)**64**2", "(2**64 + 1)**2", "B**2"])
def test_powers_beyond_a_size_are_unknown(text: str) -> None:
    assert evaluate(text, {"B": symbol("B")}) is UNKNOWN_DIM


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n is None", False),
        ("n is not None", True),
        ("h is None", False),
        ("h is not None", True),
        ("unknown is None", None),
        ("unknown is not None", None),
        ("nothing is None", True),
        ("nothing is not None", False),
    ],
)
def test_only_what_is_not_known_may_be_none(text: str, value: bool | None) -> None:
    values = {"n": 3, "h": symbol("H"), "unknown": UNKNOWN_DIM, "nothing": None}
    assert evaluate(text, values) is value


@pytest.mark.parametrize("text", ["~n", "+n", "n << 1", "n @ 2", "n ^ 1"])
def test_operators_that_the_language_does_not_have(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"n": 3})


def test_windows_are_those_of_torch() -> None:
    """Where a pooling raises, no window fits; a padding is at most half a kernel."""
    torch = pytest.importorskip("torch")
    compared = 0
    for size, kernel, stride, dilation in itertools.product(range(1, 12), (1, 2, 3, 5), (1, 2, 3, 4), (1, 2)):
        for padding, ceil_mode in itertools.product(range(kernel // 2 + 1), (False, True)):
            image = torch.zeros(1, 1, size, device="meta")
            try:
                pooled = torch.nn.functional.max_pool1d(image, kernel, stride, padding, dilation, ceil_mode).shape[2]
            except RuntimeError:
                pooled = 0
            name = "ceil_window" if ceil_mode else "window"
            found = evaluate(f"{name}({size}, {kernel}, {stride}, {padding}, {dilation})", {})
            assert max(found, 0) == pooled, (size, kernel, stride, padding, dilation, ceil_mode)
            compared += pooled > 0
    assert compared > 1000


def test_the_length_of_what_stands_for_every_axis_is_zero() -> None:
    for value, length in ((3, 0), (H, 0), (2.0, 0), ([3, 4], 2), ((), 0), ("same", 4)):
        assert evaluate("len(value)", {"value": value}) == length
    for value in (None, UNKNOWN_DIM):
        assert evaluate("len(value)", {"value": value}) == UNKNOWN_DIM
