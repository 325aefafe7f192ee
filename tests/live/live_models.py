"""Live models, correct and broken, with the findings of `shapelint.check`, and whether torch runs them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import lightly.models.modules as heads
import torch
import torchvision
from torch import nn
from torch.nn import functional

IMAGE = (2, 3, 64, 64)


def resnet() -> nn.Module:
    model = torchvision.models.resnet18()
    model.fc = nn.Identity()
    return model


class Flattened(nn.Module):
    """A small backbone with 12 features, one convolution and one norm."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 12, 3, padding=1)
        self.norm = nn.BatchNorm2d(12)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.norm(self.conv(images))).mean((2, 3))


class Byol(nn.Module):
    def __init__(self, backbone: nn.Module, projection: nn.Module, prediction: nn.Module) -> None:
        super().__init__()
        self.backbone, self.projection_head, self.prediction_head = backbone, projection, prediction
        self.backbone_momentum = copy.deepcopy(backbone)
        self.projection_head_momentum = copy.deepcopy(projection)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        online = self.prediction_head(self.projection_head(self.backbone(images)))
        return online, self.projection_head_momentum(self.backbone_momentum(images)).detach()


def chain(
    projection: tuple[int, ...], prediction: tuple[int, ...], backbone: nn.Module | None = None
) -> list[nn.Module]:
    links = (heads.BYOLProjectionHead(*projection), heads.BYOLPredictionHead(*prediction))
    return [backbone or Flattened(), *links]


class Residual(nn.Module):
    """A model with functional operations, a layer that is called twice, and a sum."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.twice, self.side = nn.Linear(width, width), nn.Linear(width, out)
        self.weight = nn.Parameter(torch.zeros(5, width))

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        x = functional.gelu(self.twice(self.twice(x))) + self.side(x)
        return {
            "tokens": [torch.einsum("bd,od->bo", x, self.weight)],
            "rest": (functional.linear(x, self.weight), None),
        }


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(7, width, batch_first=True)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.lstm(x)
        x, _ = self.attention(x, x, x, need_weights=False)
        return self.encoder(x).mean(1)


class Shared(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, 6)
        self.again = self.first

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.first(left), self.again(right)], dim=1).view(-1, 12)


class Dictionary(Flattened):
    def forward(self, images: torch.Tensor) -> Any:
        return {"features": super().forward(images)}


def vit() -> nn.Module:
    model = torchvision.models.VisionTransformer(32, 8, 1, 2, 12, 24)
    model.heads = nn.Identity()
    return model


def layers(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(*parts)


WORDS = torch.zeros(3, 4, dtype=torch.long)

MODELS: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "residual": (lambda: Residual(8, 8), (3, 8), []),
    "residual, the sum": (lambda: Residual(8, 7), (3, 8), ["SL104"]),
    "residual, the input": (lambda: Residual(8, 8), (3, 9), ["SL101"]),
    "attention": (lambda: Attention(16), (3, 5, 7), []),
    "attention, the width of the states": (lambda: Attention(12), (3, 5, 7), ["SL104"]),
    "attention, the input": (lambda: Attention(16), (3, 5, 6), ["SL101"]),
    "shared": (lambda: Shared(4), ((3, 4), (3, 4)), []),
    "shared, the second input": (lambda: Shared(4), ((3, 4), (3, 5)), ["SL101"]),
    "shared, two batches": (lambda: Shared(4), ((3, 4), (2, 4)), ["SL104"]),
    "channels": (lambda: Byol(*chain((12, 8, 4), (4, 8, 4))), (2, 13, 8, 8), ["SL105"]),
    "batch of one": (lambda: chain((12, 8, 4), (4, 8, 4)), (1, 3, 8, 8), ["SL107"]),
    "batch of one, not training": (lambda: [m.eval() for m in chain((12, 8, 4), (4, 8, 4))], (1, 3, 8, 8), []),
    "one value a channel": (lambda: Flattened(), (1, 3, 1, 1), ["SL107"]),
    "dict": (lambda: chain((12, 8, 4), (4, 8, 4), Dictionary()), (2, 3, 8, 8), ["SL111"]),
    "map": (lambda: [nn.Conv2d(3, 12, 3), *chain((12, 8, 4), (4, 8, 4))[1:]], (2, 3, 8, 8), ["SL102"]),
    "vit": (lambda: chain((12, 8, 4), (4, 8, 4), vit()), (2, 3, 32, 32), []),
    "vit, size": (lambda: chain((12, 8, 4), (4, 8, 4), vit()), (2, 3, 40, 40), ["SL106"]),
    "vit, size and head": (lambda: chain((10, 8, 4), (4, 8, 4), vit()), (2, 3, 40, 40), ["SL106", "SL101"]),
    "too small to pool": (lambda: torchvision.models.alexnet(), (2, 3, 32, 32), ["SL106"]),
    "flattened": (lambda: layers(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)), (2, 3, 8, 8), []),
    "flattened, size": (lambda: layers(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)), (2, 3, 9, 9), ["SL104"]),
    "norm": (lambda: layers(nn.Linear(8, 6), nn.BatchNorm1d(8), nn.Linear(6, 2)), (3, 8), ["SL104"]),
    "norm of images": (lambda: layers(nn.Linear(8, 6), nn.BatchNorm2d(6), nn.Linear(6, 2)), (3, 8), ["SL104"]),
    "three": (
        lambda: layers(nn.Linear(8, 6), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(9, 2), nn.LayerNorm(3)),
        (3, 8),
        ["SL104"] * 3,
    ),
    "spectral norm": (lambda: layers(nn.utils.parametrizations.spectral_norm(nn.Linear(8, 6))), (3, 8), []),
    "weight norm of DINO": (lambda: heads.DINOProjectionHead(12, 8, 4, 6), (3, 12), []),
    "dense": (lambda: layers(nn.Linear(8, 6), nn.GELU(), nn.Linear(6, 2)), (3, 5, 8), []),
    "integers": (lambda: layers(nn.Embedding(5, 6), nn.Linear(6, 2)), torch.zeros(3, 4, dtype=torch.long), []),
    "integers, width": (
        lambda: layers(nn.Embedding(5, 6), nn.Linear(7, 2)),
        torch.zeros(3, dtype=torch.long),
        ["SL104"],
    ),
    "half": (lambda: layers(nn.Linear(8, 6), nn.Linear(6, 2)).to(torch.bfloat16), (3, 8), []),
}


def runs(links: list[nn.Module], given: Any) -> bool:
    """Return whether a real forward on the CPU works."""
    weight = next(links[0].parameters())
    inputs = given if isinstance(given, tuple) and isinstance(given[0], tuple) else (given,)
    value: tuple[Any, ...] = tuple(
        one if isinstance(one, torch.Tensor) else torch.randn(one).to(weight.dtype) for one in inputs
    )
    try:
        for link in links:
            value = (link(*value),)
    except Exception:
        return False
    return True
