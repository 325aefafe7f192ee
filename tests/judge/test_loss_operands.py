"""Two operands of a loss: whether their shapes are equal, broadcast as in torch, or are not known to."""

from __future__ import annotations

import itertools

import pytest

from shapelint.judge.subjects.loss import Comparison, broadcast, compare
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.shapes.dims import UNKNOWN_DIM, symbol
from shapelint.shapes.signatures import Shape
from shapelint.text.source import Source

B, N = symbol("B"), symbol("N")


def test_shapes_of_numbers_broadcast_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    shapes = [shape for rank in (1, 2, 3) for shape in itertools.product((1, 2, 3), repeat=rank)]
    for left, right in itertools.product(shapes, shapes):
        try:
            expected = tuple(torch.broadcast_shapes(left, right))
        except RuntimeError:
            expected = ()
        assert broadcast(left, right) == expected
        found = compare("broadcast", left, right)
        assert found == (Comparison(True) if left == right else Comparison(False, bool(expected), expected or None))


@pytest.mark.parametrize(
    ("operands", "left", "right", "found"),
    [
        ("equal", (B, 8), (B, 8), Comparison(True)),
        ("equal", (B, 8), (B, 1), Comparison(False)),
        ("equal", (B, 8), (N, 8), Comparison(None)),
        ("equal", (B, 8), (B, 8, 1), Comparison(False)),
        ("broadcast", (B, 8), (B, 1), Comparison(False, True, (B, 8))),
        ("broadcast", (B, 8), (B, 6), Comparison(False, False, None)),
        ("broadcast", (B, 8), (N, 8), Comparison(None)),
        ("broadcast", (B, 8), (B, UNKNOWN_DIM), Comparison(None)),
        ("broadcast", (B, 8, 1), (B, 8), Comparison(False, False, None)),
        ("broadcast", (5, 8, 1), (N, 8), Comparison(None, None)),
        ("features", (B, 8, 1), (B, 8), Comparison(False)),
        ("features", (5, 8), (8,), Comparison(False)),
        ("features", (B, 8), (B, 1), Comparison(False, True, (B, 8))),
        ("views", (2, B, 8), (6, B, 8), Comparison(True)),
        ("views", (2, B, 8), (2, B, 1), Comparison(False)),
        ("flattened", (B, 8), (B, 6), Comparison(True)),
        ("alone", (B, 8), (B, 6, 5), Comparison(True)),
    ],
)
def test_what_a_kind_of_loss_makes_of_two_shapes(operands: str, left: Shape, right: Shape, found: Comparison) -> None:
    assert compare(operands, left, right) == found


@pytest.mark.parametrize(
    ("layers", "codes"),
    [
        (["512 a", "b 32"], []),
        (["512 a", "a 32"], []),
        (["512 a", "a b", "a 32"], ["SL210"]),
        (["512 a", "b b", "b 32"], ["SL210"]),
        (["512 a", "a a", "b 32"], []),
        (["512 a", "a a", "64 32"], []),
    ],
)
def test_two_variables_of_one_value_are_only_noted_where_the_one_that_is_read_is_right_elsewhere(
    layers: list[str], codes: list[str]
) -> None:
    text = "method: barlowtwins\na: 64\nb: 64\nbackbone: resnet18\nprojection_head:\n"
    for layer in layers:
        one, other = (f'"${{{word}}}"' if word.isalpha() else word for word in layer.split())
        text += f"  - {{_target_: torch.nn.Linear, in_features: {one}, out_features: {other}}}\n"
    found = lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    assert [finding.code for finding in found] == codes
