"""`assert_fits`, shapes without a batch, the text of a finding, and how long a check may take."""

from __future__ import annotations

import pytest
import torch
import torchvision
from live_models import Byol, Flattened, chain
from torch import nn

import shapelint
from shapelint import CannotTraceError
from shapelint.live import checking
from shapelint.report import RenderOptions
from shapelint.report import text as text_report


class Tokens(nn.Module):
    """A model that takes (B, L, D) and names its axes, as own code does."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Linear(16, width)
        self.head = nn.Linear(24, 8)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        _batch, _length, _width = tokens.shape
        hidden: torch.Tensor = self.mix(tokens).mean(1)
        return self.head(hidden)  # type: ignore[no-any-return]


def vgg() -> nn.Module:
    return torchvision.models.vgg11()


SINGLE_ITEMS = [
    (Byol(*chain((12, 8, 4), (4, 8, 4))), (3, 40, 40)),
    (Byol(*chain((10, 8, 4), (4, 8, 4))), (3, 40, 40)),  # also with a fault of its own
    (torchvision.models.resnet18(), (3, 64, 64)),
    (vgg(), (3, 224, 224)),
    (Tokens(24), (5, 16)),
    (nn.Sequential(nn.Linear(20, 6), nn.BatchNorm1d(6)), (20,)),
]


@pytest.mark.parametrize(("model", "shape"), SINGLE_ITEMS)
def test_the_shape_of_one_item_has_no_batch_axis(model: nn.Module, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="input_shape has no batch axis") as caught:
        shapelint.check(model, shape)
    assert str((2, *shape)) in str(caught.value)


FAULTS = [
    (Byol(*chain((10, 8, 4), (4, 8, 4))), (2, 3, 40, 40), ["SL101"]),
    (Tokens(25), (2, 5, 16), ["SL104"]),
    (nn.Sequential(nn.Linear(9, 6), nn.BatchNorm1d(2)), (2, 9), ["SL104"]),  # the batch is no number of channels
    (nn.Sequential(nn.Conv1d(4, 6, 3), nn.Conv1d(5, 8, 3)), (2, 4, 30), ["SL104"]),
    (nn.Conv2d(3, 6, 3), (2, 30), ["SL102"]),
]


@pytest.mark.parametrize(("model", "shape", "codes"), FAULTS)
def test_a_shape_with_a_batch_is_judged(model: nn.Module, shape: tuple[int, ...], codes: list[str]) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011
        model(torch.randn(shape))
    assert [finding.code for finding in shapelint.check(model, shape)] == codes


def test_a_finding_is_text_as_the_report_has_it() -> None:
    for finding in shapelint.check(chain((10, 64, 32), (31, 64, 32)), (2, 3, 16, 16)):
        assert str(finding).split("\n") == list(text_report.block(finding, {}, RenderOptions()))
        assert str(finding).startswith("error[SL101]: ")
        assert "use BYOLPro" in str(finding) or "use BYOLPre" in str(finding)


def test_assert_fits() -> None:
    shapelint.assert_fits(chain((12, 64, 32), (32, 64, 32)), (2, 3, 16, 16))
    shapelint.assert_fits(chain((12, 8, 32), (32, 8, 32)), (2, 3, 16, 16))  # narrow, which is a note
    with pytest.raises(AssertionError) as caught:
        shapelint.assert_fits(chain((10, 64, 32), (31, 64, 32)), (2, 3, 16, 16))
    text = str(caught.value)
    assert text.count("error[SL101]: ") == 2
    assert "projection_head expects 10 features, but backbone produces 12" in text


class Endless(nn.Module):
    def __init__(self, first: nn.Module) -> None:
        super().__init__()
        self.first = first

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = self.first(images)
        while True:
            images = images + 1


def test_a_check_has_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_SECONDS", 0.2)
    with pytest.raises(CannotTraceError, match="too long"):
        shapelint.check(Endless(nn.Identity()), (2, 3, 16, 16))
    (finding,) = shapelint.check(Endless(Flattened(5)), (2, 3, 16, 16))
    assert finding.code == "SL105"
