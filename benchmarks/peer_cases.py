"""Faults of public reports, each as the smallest program with the report's numbers, for `peers.py`.

A case is a program, where it was reported, the shape of the input, and what mends it: a text and its replacement.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD = """import torch
import torchvision
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
from torch import nn
from torch.nn import functional


"""


@dataclass(frozen=True)
class PeerCase:
    """A fault: `text` is the model, of which `Net` gets the input."""

    name: str
    source: str
    shape: tuple[int, ...]
    mend: tuple[str, str]
    text: str

    @property
    def mended(self) -> str:
        """The text without the fault."""
        assert self.mend[0] in self.text
        return self.text.replace(*self.mend)


def chain(backbone: str, projection: str, prediction: str, name: str = "BYOL") -> str:
    """A self-supervised model of three parts, all called in its forward."""
    return f"""class Net(nn.Module):  # {name}
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = {projection}
        self.prediction_head = {prediction}

    def forward(self, x):
        features = self.backbone(x)
        projected = self.projection_head(features)
        return self.prediction_head(projected)
"""


def resnet(name: str) -> str:
    """A ResNet of torchvision without its classifier."""
    return f"nn.Sequential(*list(torchvision.models.{name}().children())[:-1], nn.Flatten())"


GITHUB = "https://github.com/"
CASES = [
    PeerCase(
        "a head for another backbone",
        GITHUB + "lightly-ai/lightly/issues/1265",
        (2, 3, 64, 64),
        ("BYOLProjectionHead(512", "BYOLProjectionHead(2048"),
        chain(resnet("resnet50"), "BYOLProjectionHead(512, 4096, 256)", "BYOLPredictionHead(256, 4096, 256)"),
    ),
    PeerCase(
        "a norm of the hidden width",
        GITHUB + "facebookresearch/simsiam/issues/58",
        (2, 3, 64, 64),
        ("nn.Linear(2048, 512), nn.BatchNorm1d(2048)", "nn.Linear(2048, 512), nn.BatchNorm1d(512)"),
        chain(
            resnet("resnet50"),
            "nn.Sequential(nn.Linear(2048, 2048), nn.ReLU(), nn.Linear(2048, 512), nn.BatchNorm1d(2048))",
            "nn.Sequential(nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 512))",
            "SimSiam",
        ),
    ),
    PeerCase(
        "13 bands into a stem for 3",
        GITHUB + "torchgeo/torchgeo/issues/522",
        (2, 13, 64, 64),
        ("nn.Conv2d(3,", "nn.Conv2d(13,"),
        chain(
            "nn.Sequential(nn.Conv2d(3, 64, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())",
            "BYOLProjectionHead(64, 1024, 256)",
            "BYOLPredictionHead(256, 1024, 256)",
        ),
    ),
    PeerCase(
        "a map that was not flattened",
        GITHUB + "lightly-ai/lightly/issues/357",
        (2, 3, 64, 64),
        ("nn.MaxPool2d(2))", "nn.AdaptiveAvgPool2d(1), nn.Flatten())"),
        chain(
            "nn.Sequential(nn.Conv2d(3, 512, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))",
            "BYOLProjectionHead(512, 2048, 256)",
            "BYOLPredictionHead(256, 1024, 256)",
        ),
    ),
    PeerCase(
        "class logits as features (silent)",
        GITHUB + "torchgeo/torchgeo/issues/3954",
        (2, 3, 64, 64),
        (
            "torchvision.models.resnet18()\n        self.projection_head = BYOLProjectionHead(1000",
            f"{resnet('resnet18')}\n        self.projection_head = BYOLProjectionHead(512",
        ),
        chain(
            "torchvision.models.resnet18()",
            "BYOLProjectionHead(1000, 1024, 256)",
            "BYOLPredictionHead(256, 1024, 256)",
        ),
    ),
    PeerCase(
        "tokens into a head with BatchNorm",
        GITHUB + "LTH14/rcg/issues/9",
        (2, 3, 224, 224),
        ("nn.Flatten(2))", "nn.AdaptiveAvgPool2d((16, 1)), nn.Flatten())"),
        chain(
            "nn.Sequential(nn.Conv2d(3, 16, 14, stride=14), nn.Flatten(2))",
            "nn.Sequential(nn.Linear(256, 4096), nn.BatchNorm1d(4096), nn.ReLU(), nn.Linear(4096, 256))",
            "BYOLPredictionHead(256, 1024, 256)",
        ),
    ),
    PeerCase(
        "a classifier behind a flattened map",
        "https://androidkt.com/fix-runtimeerror-mat1-and-mat2-shapes-cannot-be-multiplied/",
        (2, 1, 28, 28),
        ("nn.Linear(1050, 10)", "nn.Linear(1568, 10)"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 16, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2))
        self.second = nn.Sequential(nn.Conv2d(16, 32, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2))
        self.out = nn.Linear(1050, 10)

    def forward(self, x):
        maps = self.second(self.first(x))
        rows = maps.view(maps.size(0), -1)
        return self.out(rows)
""",
    ),
    PeerCase(
        "a classifier for one pixel",
        GITHUB + "mrdbourke/pytorch-deep-learning/issues/763",
        (2, 1, 28, 28),
        ("nn.Linear(10, 10)", "nn.Linear(490, 10)"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(1, 10, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(10, 10))

    def forward(self, x):
        maps = self.block(x)
        return self.classifier(maps)
""",
    ),
    PeerCase(
        "the first Linear of a VGG for larger images",
        GITHUB + "pytorch/pytorch/issues/67956",
        (2, 1, 32, 32),
        ("nn.Linear(2048, 4096)", "nn.Linear(512, 4096)"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(1, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(8))
        self.last = nn.Sequential(nn.Conv2d(64, 512, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))
        self.classifier = nn.Sequential(nn.Linear(2048, 4096), nn.ReLU(), nn.Linear(4096, 10))

    def forward(self, x):
        maps = self.last(self.block(x))
        rows = torch.flatten(maps, 1)
        return self.classifier(rows)
""",
    ),
    PeerCase(
        "a decoder without its skip connection",
        "https://devgem.io/posts/how-to-fix-channel-mismatch-errors-in-u-net-architecture-in-pytorch",
        (1, 3, 64, 64),
        ("nn.Conv2d(1024, 512, 3, padding=1)", "nn.Conv2d(512, 512, 3, padding=1)"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 1024, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.up = nn.ConvTranspose2d(1024, 512, kernel_size=2, stride=2)
        self.convolved = nn.Conv2d(1024, 512, 3, padding=1)

    def forward(self, x):
        deep = self.down(x)
        wide = self.up(deep)
        return self.convolved(wide)
""",
    ),
    PeerCase(
        "a matrix that is not transposed",
        "https://forums.fast.ai",
        (1, 784),
        ("x @ self.weights", "x @ self.weights.T"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.Parameter(torch.ones(10, 784))

    def forward(self, x):
        return x @ self.weights
""",
    ),
    PeerCase(
        "133 classes compared with 10",
        "http://www.kouhan.cn/en/article/00050409",
        (2, 3, 64, 64),
        ("nn.Linear(32, 133)", "nn.Linear(32, 10)"),
        """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.Conv2d(3, 32, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.out = nn.Linear(32, 133)

    def forward(self, x):
        scores = self.out(self.maps(x))
        return functional.mse_loss(scores, torch.zeros(2, 10))
""",
    ),
]
