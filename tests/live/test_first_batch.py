"""`guard_first_batch` in a plain loop, and `GuardFirstBatch` in the trainer of Lightning."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from live_models import Byol, chain
from torch import nn
from torch.utils.data import DataLoader

import shapelint
from shapelint import ShapeError

RIGHT, WRONG = ((12, 8, 4), (4, 8, 4)), ((10, 8, 4), (4, 8, 4))


def hooks(model: nn.Module) -> int:
    return sum(len(inner._forward_pre_hooks) + len(inner._forward_hooks) for inner in model.modules())


def test_the_first_batch_alone_is_watched() -> None:
    model = Byol(*chain(*RIGHT))
    watched = shapelint.guard_first_batch(model)
    assert hooks(model) > 5
    model(torch.randn(2, 3, 8, 8))
    assert hooks(model) == 0
    watched.remove()


def test_a_wrong_first_batch_names_the_layer() -> None:
    model = Byol(*chain(*WRONG))
    shapelint.guard_first_batch(model)
    for _ in range(2):
        with pytest.raises(ShapeError, match=r"use BYOLProjectionHead\(12, 8, 4\)"):
            model(torch.randn(2, 3, 8, 8))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_watched_model_runs(copied: Callable[[nn.Module], nn.Module]) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    shapelint.guard_first_batch(model)
    other = copied(model)
    for _ in range(2):
        other(torch.randn(2, 3, 8, 8))
    assert hooks(model) > 0  # the original is still watched
    model(torch.randn(2, 3, 8, 8))
    assert hooks(model) == 0


def fit(widths: Any, **options: Any) -> nn.Module:
    lightning = pytest.importorskip("pytorch_lightning")

    class Training(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.byol = Byol(*chain(*widths))
            self.watched: list[int] = []

        def training_step(self, images: torch.Tensor, _: int) -> torch.Tensor:
            self.watched.append(hooks(self.byol))
            online, target = self.byol(images)
            return ((online - target) ** 2).mean()

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    module = Training()
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "accelerator": "cpu"}
    trainer = lightning.Trainer(
        callbacks=[shapelint.GuardFirstBatch()], max_steps=3, enable_model_summary=False, **quiet, **options
    )
    try:
        trainer.fit(module, DataLoader([torch.randn(3, 8, 8) for _ in range(12)], batch_size=4))
    finally:
        assert hooks(module.byol) == 0
    return module


@pytest.mark.filterwarnings("ignore")
def test_lightning_is_guarded_until_its_first_batch_has_passed() -> None:
    first, *later = fit(RIGHT).watched  # type: ignore[misc, union-attr]
    assert first > 5
    assert later == [0, 0]


@pytest.mark.filterwarnings("ignore")
def test_lightning_stops_at_the_first_wrong_shape() -> None:
    with pytest.raises(ShapeError, match=r"projection_head.layers.0 .* use BYOLProjectionHead\(12, 8, 4\)"):
        fit(WRONG)
