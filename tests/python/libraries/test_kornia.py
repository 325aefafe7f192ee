"""Augmentations of kornia give batches of images, compared with kornia where it is installed.

A shape that follows from one of them is checked without kornia: an augmentation of images keeps batch and channels.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint

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
OF_SOMETHING_ELSE = [
    "K.AugmentationSequential(K.RandomHorizontalFlip(), data_keys=['input', 'mask'])",
    "K.AugmentationSequential(K.RandomHorizontalFlip(), data_keys=KEYS)",
    "K.AugmentationSequential(K.RandomHorizontalFlip(), data_keys=['input', *KEYS])",
    "K.RandomHorizontalFlip3D(p=1.0)",
    "K.VideoSequential(K.RandomHorizontalFlip())",
    "kornia.augmentation.utils.transform_tensor",
    "kornia.filters.SpatialGradient()",
]
"""What takes or gives no batch of images, or may do so: five axes, several values, or whatever `KEYS` says."""


@pytest.mark.parametrize("made", OF_IMAGES)
def test_an_augmentation_keeps_batch_and_channels(made: str) -> None:
    import torch

    augmentation = pytest.importorskip("kornia.augmentation")
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


@pytest.mark.parametrize("made", OF_SOMETHING_ELSE)
def test_what_gives_something_else_is_not_known(tmp_path: Path, made: str) -> None:
    file = tmp_path / "simclr.py"
    program = SCRIPT.replace("AUGMENTATION", made).replace("WIDTH", "512")
    file.write_text(f"import os\nimport kornia\nKEYS = os.environ['KEYS'].split(',')\n{program}")
    [report] = lint(file).files
    assert not report.findings
    assert any(model.unchecked for model in report.models)
