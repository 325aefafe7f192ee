"""What the measurements of speed lint: configs of which no two are alike, faulty models and classes, long scripts."""

from __future__ import annotations

from pathlib import Path

BACKBONES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048, "mobilenet_v3_small": 1024, "densenet121": 1024}
EVERY_SO_MANY = 10
"""One in so many configs is faulty."""

CONFIG = """# run {number} of a search
seed: {number}
trainer:
  max_epochs: 800
  devices: 8
  precision: 16-mixed
  log_every_n_steps: 50
optimizer:
  name: lars
  lr: 0.{number}
  momentum: 0.9
  weight_decay: 1.0e-6
scheduler:
  name: cosine
  warmup_epochs: 10
data:
  root: data/imagenet
  num_workers: 16
  image_size: 224
  crops: [0.08, 1.0]
  color_jitter: {{strength: 0.5, probability: 0.8}}
model:
  method: byol
  batch_size: 4096
  backbone: {backbone}
  projection_head: BYOLProjectionHead({width}, {hidden}, {out})
  prediction_head:
    class_path: lightly.models.modules.BYOLPredictionHead
    init_args: {{input_dim: {out}, hidden_dim: {hidden}, output_dim: {out}}}
checkpoints: runs/{number}
"""

MODEL = """model_{number}:
  method: byol
  backbone: resnet18
  projection_head: BYOLProjectionHead(256, 1024, 256)
  prediction_head: BYOLPredictionHead({width}, 1024, 256)
"""

CLASS = """
class BYOL{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(64, 256)
        self.projection_head = BYOLProjectionHead({width}, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


BYOL{number}()(torch.rand(8, 64))
"""
CLASS_HEAD = "import torch\nfrom torch import nn\nfrom lightly.models.modules import BYOLProjectionHead\n"

SCRIPT = '''"""Train BYOL on two views of each image."""

import copy

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from lightly.loss import NegativeCosineSimilarity
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
from lightly.models.utils import deactivate_requires_grad, update_momentum
from lightly.transforms.byol_transform import BYOLTransform


class BYOL(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
        self.backbone_momentum = copy.deepcopy(self.backbone)
        self.projection_head_momentum = copy.deepcopy(self.projection_head)
        deactivate_requires_grad(self.backbone_momentum)
        deactivate_requires_grad(self.projection_head_momentum)

    def forward(self, x):
        y = self.backbone(x).flatten(start_dim=1)
        return self.prediction_head(self.projection_head(y))

    def forward_momentum(self, x):
        y = self.backbone_momentum(x).flatten(start_dim=1)
        return self.projection_head_momentum(y).detach()

{helpers}
def main():
    resnet = torchvision.models.resnet18()
    model = BYOL(nn.Sequential(*list(resnet.children())[:-1]))
    dataset = torchvision.datasets.CIFAR10("data", download=True, transform=BYOLTransform())
    loader = DataLoader(dataset, batch_size=256, shuffle=True, drop_last=True)
    criterion = NegativeCosineSimilarity()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06)
    for epoch in range(10):
        for (x0, x1), _ in loader:
            update_momentum(model.backbone, model.backbone_momentum, m=0.99)
            update_momentum(model.projection_head, model.projection_head_momentum, m=0.99)
            p0, p1 = model(x0), model(x1)
            z0, z1 = model.forward_momentum(x0), model.forward_momentum(x1)
            loss = 0.5 * (criterion(p0, z1) + criterion(p1, z0))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()


if __name__ == "__main__":
    main()
'''

HELPER = """
def summary_{number}(values, decimals={number}):
    total, count = 0.0, 0
    for value in values:
        if value is None:
            continue
        total += float(value)
        count += 1
    if not count:
        return "none"
    return f"{{total / count:.{{decimals}}f}}"

"""


def config(number: int) -> str:
    """Return a config of 30 lines that differs from that of any other number."""
    backbone, width = list(BACKBONES.items())[number % len(BACKBONES)]
    wrong = 8 if number % EVERY_SO_MANY == EVERY_SO_MANY - 1 else 0
    hidden, out = 1024 + 8 * (number % 512), 64 + 8 * (number // 512 % 64)
    return CONFIG.format(number=number, backbone=backbone, width=width + wrong, hidden=hidden, out=out)


def write_configs(folder: Path, count: int) -> Path:
    """Write that many configs into a repository of their own, 500 in a folder, and return it."""
    (folder / ".git").mkdir(parents=True)
    for number in range(count):
        inside = folder / f"sweep_{number // 500:02}"
        inside.mkdir(exist_ok=True)
        (inside / f"run_{number:05}.yaml").write_text(config(number), encoding="utf-8")
    return folder


def faulty_models(count: int) -> str:
    """Return a config of that many models with two wrong widths each."""
    return "".join(MODEL.format(number=number, width=128) for number in range(count))


def faulty_classes(count: int) -> str:
    """Return a program of that many classes with a wrong width each."""
    return CLASS_HEAD + "".join(CLASS.format(number=number, width=512) for number in range(count))


def script(lines: int = 150) -> str:
    """Return a training script of at least that many lines."""
    helpers = ""
    while SCRIPT.format(helpers=helpers).count("\n") < lines:
        helpers += HELPER.format(number=helpers.count("def "))
    return SCRIPT.format(helpers=helpers)
