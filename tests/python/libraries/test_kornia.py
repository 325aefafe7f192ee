"""Augmentations of kornia give batches of images, compared with the installed kornia."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint

augmentation = pytest.importorskip("kornia.augmentation")

SCRIPT = """
import kornia.augmentation as K
import torch, torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.augmentation = AUGMENTATION
        self.backbone = torchvision.models.resnet34()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Linear(WIDTH, 96)

    def forward(self, images):
        with torch.no_grad():
            views = self.augmentation(images)
        return self.projector(self.backbone(views))

model = SimCLR()
for images, _ in DataLoader(ImageFolder("images"), batch_size=8):
    model(images)
"""
OF_IMAGES = [
    "K.RandomHorizontalFlip()",
    "K.RandomResizedCrop(size=(48, 48))",
    "K.AugmentationSequential(K.RandomCrop((40, 40)), K.RandomGrayscale(), data_keys=['input']).to('cpu')",
    "K.ImageSequential(K.ColorJitter(0.1), K.Normalize(torch.zeros(3), torch.ones(3)))",
]


@pytest.mark.parametrize("made", OF_IMAGES)
def test_an_augmentation_keeps_batch_and_channels(made: str) -> None:
    import torch

    augment = eval(made, {"K": augmentation, "torch": torch})
    given = augment(torch.rand(4, 3, 64, 64))
    assert isinstance(given, torch.Tensor)
    assert given.shape[:2] == (4, 3)
    assert given.ndim == 4


@pytest.mark.parametrize(("width", "codes"), [(512, []), (640, ["SL101"])])
@pytest.mark.parametrize("made", OF_IMAGES)
def test_what_takes_augmented_images_is_checked(tmp_path: Path, made: str, width: int, codes: list[str]) -> None:
    file = tmp_path / "simclr.py"
    file.write_text(SCRIPT.replace("AUGMENTATION", made).replace("WIDTH", str(width)))
    [report] = lint(file).files
    [model] = report.models
    assert [finding.code for finding in report.findings] == codes
    assert model.checked == model.links


def test_an_augmentation_of_several_inputs_is_not_known(tmp_path: Path) -> None:
    made = "K.AugmentationSequential(K.RandomHorizontalFlip(), data_keys=['input', 'mask'])"
    file = tmp_path / "simclr.py"
    file.write_text(SCRIPT.replace("AUGMENTATION", made).replace("WIDTH", "512"))
    [report] = lint(file).files
    assert any(model.unchecked for model in report.models)
