"""What a guard makes sure of is known behind it, of tensors that come out of code that is not seen."""

from __future__ import annotations

import sys
import types

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")

MODEL = """
from torch import nn
from unseen import make_backbone


class SimCLR(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.width = width
        self.backbone = make_backbone()
        self.projection_head = nn.Sequential(nn.Linear({head}, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 12))

    def forward(self, x):
        h = self.backbone(x)
        {guard}
        return self.projection_head(h)
"""
MAP = "lambda: nn.Conv2d(3, 48, 3)"
VECTORS = "lambda: nn.Sequential(nn.Conv2d(3, 48, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())"
TOKENS = "lambda: nn.Sequential(nn.Conv2d(3, 48, 3), nn.Flatten(2), nn.Unflatten(1, (48, 1)), nn.Flatten(1, 2))"
GUARDS = {
    "unpacked": ("b, c, height, w = h.shape\n        assert c == self.width\n        h = h.mean(dim=(2, 3))", MAP),
    "unpacked by size": ("b, c, *_ = 1, *h.size()[1:]\n        b, c, e, w = h.size()\n        assert self.width == c\n"
    "        h = h.mean((2, 3))", MAP),
    "whole shape": ("assert h.shape == (x.shape[0], self.width)", VECTORS),
    "tuple": ("assert tuple(h.shape) == (x.size(0), 48), h.shape", VECTORS),
    "rank and last": ("assert h.ndim == 2 and h.shape[-1] == 48", VECTORS),
    "rank and axis": ("assert h.dim() == 2\n        assert h.size(1) == self.width", VECTORS),
    "last": ("assert h.shape[-1] == self.width", VECTORS),
    "end": ("assert h.shape[1:] == (48,)", VECTORS),
    "raise": ("if h.dim() != 2 or h.size(-1) != self.width:\n            raise ValueError(h.shape)", VECTORS),
    "not": ("if not h.shape[-1] == 48:\n            raise ValueError(h.shape)", VECTORS),
    "length": ("if len(h.shape) != 2:\n            raise ValueError\n        assert h.shape[1] == 48", VECTORS),
    "flattened": ("h = h.flatten(1)\n        assert h.shape[1] == self.width", VECTORS),
    "viewed": ("h = h.view(x.size(0), -1)\n        assert h.size(1) == self.width", VECTORS),
    "chained": ("assert 48 == h.shape[-1] == self.width", VECTORS),
    "pooled": ("assert h.ndim == 4\n        h = h.amax((-2, -1))\n        assert h.shape[1] == 48", MAP),
}  # fmt: skip
NO_GUARDS = {
    "another branch": ("if h.shape[-1] != 48:\n            pass", VECTORS),
    "one of several": ("assert h.shape[-1] == 48 or h.shape[-1] == 64", VECTORS),
    "an early return": ("if h.shape[-1] != 48:\n            return h", VECTORS),
    "caught": ("try:\n            assert h.shape[-1] == 48\n        except AssertionError:\n            pass", VECTORS),
    "tokens": ("assert h.shape[1] == 48", TOKENS),
    "another tensor": ("assert x.shape[1] == 3", VECTORS),
    "changed since": ("assert h.shape[-1] == 48\n        h = make_backbone()(x)", VECTORS),
    "flattened in a branch": ("if x.ndim > 4:\n            h = h.flatten(1)\n        assert h.shape[1] == 48", TOKENS),
}


def found(text: str) -> list[tuple[str, object, object]]:
    report = lint_source(Source("train.py", text), Options())
    return [(one.code, one.expected, one.actual) for one in report.findings if one.severity != "info"]


def stops(text: str, backbone: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the error of a forward with a backbone that is not seen; empty if it runs."""
    unseen = types.ModuleType("unseen")
    unseen.make_backbone = eval(backbone, {"nn": torch.nn})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "unseen", unseen)
    names: dict[str, object] = {}
    exec(text, names)
    try:
        names["SimCLR"]()(torch.randn(4, 3, 8, 8))  # type: ignore[operator]
    except (RuntimeError, ValueError, AssertionError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", GUARDS)
def test_a_head_of_another_width_than_the_guard_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guard, backbone = GUARDS[name]
    wrong, right = (MODEL.format(head=head, guard=guard) for head in (64, 48))
    assert "mat1 and mat2" in stops(wrong, backbone, monkeypatch)
    assert found(wrong) == [("SL101", 64, 48)]
    assert stops(right, backbone, monkeypatch) == ""
    assert found(right) == []


@pytest.mark.parametrize("name", NO_GUARDS)
def test_nothing_is_taken_over_where_it_may_not_hold(name: str) -> None:
    guard, _ = NO_GUARDS[name]
    assert found(MODEL.format(head=64, guard=guard)) == []


def test_a_head_behind_a_guard_is_a_checked_link() -> None:
    report = lint_source(Source("train.py", MODEL.format(head=48, guard=GUARDS["whole shape"][0])), Options())
    (model,) = report.models
    assert (model.links, model.checked) == (2, 1)


def test_a_second_guard_contradicts_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    text = MODEL.format(head=48, guard="assert h.shape[1:] == (48,)\n        assert h.size(-1) == 64, 'width'")
    assert stops(text, VECTORS, monkeypatch) == "width"
    assert [code for code, _, _ in found(text)] == ["SL117"]


def test_a_parameter_that_nothing_passes_is_what_the_constructor_asserts() -> None:
    text = MODEL.replace("width=48", "width").replace("self.width = width", "assert width == 32").replace(
        "BatchNorm1d(24)", "BatchNorm1d(width)")  # fmt: skip
    assert found(text.format(head=48, guard="pass")) == [("SL104", 32, 24), ("SL104", 24, 32)]
