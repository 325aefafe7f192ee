"""Correct recipes of every method, with random numbers."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from training import WITH_PREDICTION, Recipe

WIDTHS = (4, 6, 8, 12, 16, 24)
PROJECTIONS = {
    "byol": "BYOLProjectionHead({i}, {h}, {o})",
    "simsiam": "SimSiamProjectionHead({i}, {h}, {o})",
    "simclr": "SimCLRProjectionHead({i}, {h}, {o})",
    "moco": "MoCoProjectionHead({i}, {h}, {o})",
    "barlowtwins": "BarlowTwinsProjectionHead({i}, {h}, {o})",
    "vicreg": "VICRegProjectionHead({i}, {h}, {o}, num_layers=2)",
    "swav": "SwaVProjectionHead({i}, {h}, {o})",
    "dino": "DINOProjectionHead({i}, {h}, 6, {o})",
    "nnclr": "NNCLRProjectionHead({i}, {h}, {o})",
    "tico": "TiCoProjectionHead({i}, {h}, {o})",
    "mmcr": "MMCRProjectionHead({i}, {h}, {o})",
    "smog": "SMoGProjectionHead({i}, {h}, {o})",
    "densecl": "DenseCLProjectionHead({i}, {h}, {o})",
    "msn": "MSNProjectionHead({i}, {h}, {o})",
    "pmsn": "MSNProjectionHead({i}, {h}, {o})",
    "dcl": "SimCLRProjectionHead({i}, {h}, {o})",
    "fastsiam": "SimSiamProjectionHead({i}, {h}, {o})",
}
METHODS = tuple(PROJECTIONS)
PREDICTIONS = {
    "byol": "BYOLPredictionHead({i}, {h}, {o})",
    "simsiam": "SimSiamPredictionHead({i}, {h}, {o})",
    "fastsiam": "SimSiamPredictionHead({i}, {h}, {o})",
    "nnclr": "NNCLRPredictionHead({i}, {h}, {o})",
    "smog": "SMoGPredictionHead({i}, {h}, {o})",
}
LAYERS = "[Linear({i}, {h}), BatchNorm1d({h}), ReLU(), Linear({h}, {o})]"
NO_NORM = "[Linear({i}, {h}), ReLU(), Linear({h}, {o})]"
PLAIN = frozenset(
    {"byol", "simsiam", "simclr", "moco", "vicreg", "tico", "nnclr", "barlowtwins", "mmcr", "dcl", "fastsiam"}
)
"""Methods whose heads may be any layers."""

BANKS = frozenset({"moco", "nnclr", "swav", "smog", "msn", "pmsn", "densecl"})
"""Methods with stored vectors."""


class Maker:
    """A generator of one recipe."""

    def __init__(self, random: Random, method: str):
        self.random, self.method = random, method
        draw = self.width
        self.features, self.hidden, self.out = draw(), draw(), draw()
        self.style = random.choice(["class", "class", LAYERS, NO_NORM]) if method in PLAIN else "class"

    def width(self, *other_than: int) -> int:
        """Return a width other than these."""
        return self.random.choice([width for width in WIDTHS if width not in other_than])

    def head(self, role: str, **numbers: int) -> str:
        """Return a head with the correct numbers, or with the given ones."""
        template = self.style
        if template == "class":
            template = (PREDICTIONS if role == "prediction_head" else PROJECTIONS)[self.method]
        inwards = self.out if role == "prediction_head" else self.features
        return template.format(**{"i": inwards, "h": self.hidden, "o": self.out, **numbers})

    def backbone(self, tail: str = "AdaptiveAvgPool2d(1), Flatten()", channels: int = 3, inner: int = 8) -> str:
        """Return a backbone of two convolutions, and the layers that follow them."""
        if self.method == "densecl":
            tail = "ReLU()" if tail.startswith("Adaptive") else tail
        first = f"Conv2d({channels}, 8, 3, stride=2, padding=1), BatchNorm2d({inner}), ReLU()"
        return f"[{first}, Conv2d(8, {self.features}, 3, stride=2, padding=1), {tail}]"

    def right(self) -> Recipe:
        """Return a recipe in which everything fits."""
        heads = {"projection_head": self.head("projection_head")}
        if self.method in WITH_PREDICTION:
            heads["prediction_head"] = self.head("prediction_head")
        if self.method == "densecl":
            heads["local_projection_head"] = self.head("projection_head")
        if self.method == "swav":
            heads["prototypes"] = f"SwaVPrototypes({self.out}, 10)"
        needs_bank = self.method in ("smog", "msn", "pmsn")
        bank = (16, self.out) if self.method in BANKS and (needs_bank or self.random.random() < 0.5) else None
        size = self.random.choice([16, 20, 24])
        is_open = self.random.random() < 0.5
        batch = self.random.choice([3, 4, 5])
        return Recipe(self.method, self.backbone(), heads, (3, size, size), is_open, batch, bank=bank)

    def with_head(self, recipe: Recipe, role: str, text: str) -> Recipe:
        """Return the recipe with another head."""
        return replace(recipe, heads={**recipe.heads, role: text})
