"""Changes of a recipe: every fault of the catalogue, and similar changes that are correct."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
import torchvision
from makers import METHODS, Maker
from torch import nn
from training import WITH_PREDICTION, WITH_TARGET, Recipe, build

BANKS = frozenset({"moco", "nnclr", "swav", "smog", "msn", "pmsn", "densecl"})
"""Methods with stored vectors."""


def _head_input(maker: Maker, recipe: Recipe) -> Recipe:
    return maker.with_head(recipe, "projection_head", maker.head("projection_head", i=maker.width(maker.features)))


def _head_output(maker: Maker, recipe: Recipe) -> Recipe:
    return maker.with_head(recipe, "projection_head", maker.head("projection_head", o=maker.width(maker.out)))


def _head_output_one(maker: Maker, recipe: Recipe) -> Recipe:
    return maker.with_head(recipe, "projection_head", maker.head("projection_head", o=1))


def _prediction(name: str, one: bool = False) -> Callable[[Maker, Recipe], Recipe]:
    def change(maker: Maker, recipe: Recipe) -> Recipe:
        number = 1 if one else maker.width(maker.out)
        return maker.with_head(recipe, "prediction_head", maker.head("prediction_head", **{name: number}))

    return change


def _local_input(maker: Maker, recipe: Recipe) -> Recipe:
    wrong = maker.head("projection_head", i=maker.width(maker.features))
    return maker.with_head(recipe, "local_projection_head", wrong)


def _inner_norm(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, backbone=maker.backbone(inner=maker.width(8)))


def _channels(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, image=(maker.random.choice([1, 4, 13]), *recipe.image[1:]))


def _tail(text: str) -> Callable[[Maker, Recipe], Recipe]:
    def change(maker: Maker, recipe: Recipe) -> Recipe:
        return replace(recipe, backbone=maker.backbone(text))

    return change


def _large_pool(maker: Maker, recipe: Recipe) -> Recipe:
    tail = "MaxPool2d(8), AdaptiveAvgPool2d(1), Flatten()"
    return replace(recipe, backbone=maker.backbone(tail), size_is_open=False)


def _no_pooling_that_fits(maker: Maker, recipe: Recipe) -> Recipe:
    side = (recipe.image[1] + 3) // 4
    recipe = replace(recipe, backbone=maker.backbone("Flatten()"))
    return maker.with_head(recipe, "projection_head", maker.head("projection_head", i=maker.features * side * side))


def _tokens_that_fit(maker: Maker, recipe: Recipe) -> Recipe:
    recipe = replace(recipe, backbone=maker.backbone("AdaptiveMaxPool2d(2), Flatten(2)"))
    return maker.with_head(recipe, "projection_head", maker.head("projection_head", i=4))


def _batch_of_one(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, batch=1)


def _last_batch(rest: int) -> Callable[[Maker, Recipe], Recipe]:
    def change(maker: Maker, recipe: Recipe) -> Recipe:
        return replace(recipe, samples=recipe.batch * 7 + rest)

    return change


def _target(**numbers: str) -> Callable[[Maker, Recipe], Recipe]:
    def change(maker: Maker, recipe: Recipe) -> Recipe:
        own = {"h": maker.width(maker.hidden), "o": maker.width(maker.out), "i": maker.width(maker.features)}
        return replace(
            recipe, target={"projection_head": maker.head("projection_head", **{n: own[n] for n in numbers})}
        )

    return change


def _target_that_broadcasts(maker: Maker, recipe: Recipe) -> Recipe:
    online, wide = f"[Linear({maker.features}, 1)]", f"[Linear({maker.features}, {maker.out})]"
    recipe = replace(recipe, heads={"projection_head": online}, target={"projection_head": wide})
    return replace(recipe, loss="MSELoss()") if recipe.method in ("byol", "moco", "tico") else recipe


def _alias(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, target="alias")


def _bank(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, bank=(16, maker.width(maker.out)))


def _bank_for_one(maker: Maker, recipe: Recipe) -> Recipe:
    recipe = _head_output_one(maker, recipe)
    if "prediction_head" in recipe.heads:
        recipe = maker.with_head(recipe, "prediction_head", maker.head("prediction_head", i=1, o=1))
    return replace(recipe, bank=(16, maker.out))


def _loss(*texts: str) -> Callable[[Maker, Recipe], Recipe]:
    def change(maker: Maker, recipe: Recipe) -> Recipe:
        return replace(recipe, loss=maker.random.choice(texts), bank=None)

    return change


def _loss_and(*texts: str, then: Callable[[Maker, Recipe], Recipe]) -> Callable[[Maker, Recipe], Recipe]:
    return lambda maker, recipe: then(maker, _loss(*texts)(maker, recipe))


def _dino_loss(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, loss=f"DINOLoss(output_dim={maker.random.choice([maker.out, maker.width(maker.out), 1])})")


def _cut(maker: Maker, recipe: Recipe) -> Recipe:
    return replace(recipe, loss=f"DirectCLRLoss(loss_dim={maker.random.choice([2, 4, 32])})", bank=None)


def _map_heads(maker: Maker, recipe: Recipe) -> Recipe:
    """Return a recipe with convolutional heads on a map, compared over one of its axes."""
    dim = maker.random.choice(["1", "-1", "2", "0", "-3"])
    heads = {
        "projection_head": f"[Conv2d({maker.features}, {maker.out}, 1)]",
        "prediction_head": f"[Conv2d({maker.out}, {maker.out}, 1)]",
    }
    return replace(recipe, backbone=maker.backbone("ReLU()"), heads=heads, loss=f"NegativeCosineSimilarity(dim={dim})")


def _dense_heads(maker: Maker, recipe: Recipe) -> Recipe:
    """Return a recipe with dense heads on tokens, compared over tokens or features."""
    dim = maker.random.choice(["1", "2", "-1"])
    head = "DenseCLProjectionHead({i}, {h}, {o})"
    out, hidden = maker.out, maker.hidden
    heads = {
        "projection_head": head.format(i=4, h=hidden, o=out),
        "prediction_head": head.format(i=out, h=hidden, o=out),
    }
    backbone = maker.backbone("AdaptiveMaxPool2d(2), Flatten(2)")
    return replace(recipe, backbone=backbone, heads=heads, loss=f"NegativeCosineSimilarity(dim={dim})")


def _axis_too_many(maker: Maker, recipe: Recipe) -> Recipe:
    head = f"[Linear({maker.out}, {maker.out}), Unflatten(1, (1, {maker.out}))]"
    return replace(maker.with_head(recipe, "prediction_head", head), loss="MSELoss()")


def _fixed_batch(maker: Maker, recipe: Recipe) -> Recipe:
    count = maker.random.choice([recipe.batch, recipe.batch, 64])
    return replace(
        recipe, backbone=maker.backbone(f"AdaptiveMaxPool2d(1), Flatten(0), Unflatten(0, ({count}, {maker.features}))")
    )


def _checkpoint(kind: str) -> Callable[[Maker, Recipe], Recipe]:
    """Return a change that adds a checkpoint: of the same backbone or model, of another width, or with a prefix."""

    def change(maker: Maker, recipe: Recipe) -> Recipe:
        if kind == "of another width":
            other = replace(
                recipe,
                backbone=recipe.backbone.replace(
                    f"Conv2d(8, {maker.features}", f"Conv2d(8, {maker.width(maker.features)}"
                ),
            )
            return replace(recipe, checkpoint=save(other, whole=False))
        if kind == "with a prefix":
            return replace(
                recipe,
                checkpoint=save(
                    recipe, maker.random.random() < 0.5, maker.random.choice(["module.", "_orig_mod.", "student."])
                ),
            )
        if kind == "of another head":
            other = maker.with_head(recipe, "projection_head", maker.head("projection_head", o=maker.width(maker.out)))
            return replace(recipe, checkpoint=save(other, whole=True))
        return replace(recipe, checkpoint=save(recipe, maker.random.random() < 0.5))

    return change


FEATURES = {
    "resnet18": 512, "resnet34": 512, "shufflenet_v2_x0_5": 1024, "shufflenet_v2_x1_0": 1024,
    "regnet_x_400mf": 400, "regnet_y_400mf": 440,
}  # fmt: skip
"""Small library models, with the widths of their features."""

SAVED = ("resnet18", "resnet34", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0")
"""Those whose tensor names do not start with a word for a role, unlike RegNet's `trunk_output.`."""


def _library_checkpoint(maker: Maker, recipe: Recipe) -> Recipe:
    """Return a library model with a checkpoint of the same or another model, of other depth, width or kind."""
    name, saved = maker.random.choice(list(FEATURES)), maker.random.choice(SAVED)
    head = maker.head("projection_head", i=FEATURES[name])
    recipe = replace(recipe, backbone=name, image=(3, 64, 64), checkpoint=save_library(saved))
    return maker.with_head(recipe, "projection_head", head)


def _library_target(maker: Maker, recipe: Recipe) -> Recipe:
    """Return a library model with a separately built target, of the same or another model."""
    name, other = (maker.random.choice(list(FEATURES)) for _ in range(2))
    heads = {model: maker.head("projection_head", i=FEATURES[model]) for model in (name, other)}
    recipe = replace(recipe, backbone=name, image=(3, 64, 64))
    recipe = maker.with_head(recipe, "projection_head", heads[name])
    return replace(recipe, target={"backbone": other, "projection_head": heads[other]})


@cache
def save_library(name: str) -> str:
    """Save the weights of a library model with its classifier, as users do, and return the path of the file."""
    path = folder() / f"{name}.pt"
    torch.save(torchvision.models.get_model(name).state_dict(), path)
    return str(path)


NUMBERS = itertools.count()


@cache
def folder() -> Path:
    """Return the folder for the checkpoints of this run."""
    path = Path(tempfile.mkdtemp(prefix="shapelint-"))
    atexit.register(shutil.rmtree, path)
    return path


def save(recipe: Recipe, whole: bool, prefix: str = "") -> str:
    """Save the weights of a recipe's backbone or model, and return the path of the file."""
    parts = {"backbone": build(recipe.backbone)}
    if whole:
        parts.update({role: build(text) for role, text in recipe.heads.items()})
    state = (nn.ModuleDict(parts) if whole else parts["backbone"]).state_dict()
    path = folder() / f"{next(NUMBERS)}.pt"
    torch.save({prefix + name: value for name, value in state.items()}, path)
    return str(path)


def _library(features: int, *texts: str, layers: tuple[str, ...] = ()) -> Callable[[Maker, Recipe], Recipe]:
    """Return a change to a torchvision backbone, with a head for its features or others, and maybe a named layer."""

    def change(maker: Maker, recipe: Recipe) -> Recipe:
        width = maker.random.choice([features, features, 512, 24])
        recipe = replace(recipe, backbone=maker.random.choice(texts), image=(3, 32, 32))
        if layers:
            recipe = replace(recipe, hidden_layer=maker.random.choice(layers))
        return maker.with_head(recipe, "projection_head", maker.head("projection_head", i=width))

    return change


def _layer(*names: str | int) -> Callable[[Maker, Recipe], Recipe]:
    return lambda maker, recipe: replace(recipe, hidden_layer=maker.random.choice(names))


def _same(maker: Maker, recipe: Recipe) -> Recipe:
    return recipe


def _for_all(names: Mapping[str, tuple[Callable[[Maker, Recipe], Recipe], frozenset[str]]]) -> dict[str, list[str]]:
    return {method: [name for name, (_, methods) in names.items() if method in methods] for method in METHODS}


ALL = frozenset(METHODS)
MAPLESS = ALL - {"densecl"}
CHANGES: dict[str, tuple[Callable[[Maker, Recipe], Recipe], frozenset[str]]] = {
    "head input": (_head_input, ALL),
    "head output": (_head_output, ALL),
    "head output 1": (_head_output_one, ALL),
    "prediction input": (_prediction("i"), WITH_PREDICTION),
    "prediction output": (_prediction("o"), WITH_PREDICTION),
    "prediction output 1": (_prediction("o", one=True), WITH_PREDICTION),
    "local head input": (_local_input, frozenset({"densecl"})),
    "norm inside the backbone": (_inner_norm, ALL),
    "channels": (_channels, ALL),
    "no flatten": (_tail("AdaptiveMaxPool2d(1)"), MAPLESS),
    "no pooling": (_tail("Flatten()"), ALL),
    "no pooling that fits": (_no_pooling_that_fits, MAPLESS),
    "tokens": (_tail("Flatten(2)"), ALL),
    "tokens that fit": (_tokens_that_fit, MAPLESS),
    "batch of one": (_batch_of_one, ALL),
    "last batch of one": (_last_batch(1), ALL),
    "last batch of two": (_last_batch(2), ALL),
    "target as online": (_target(), WITH_TARGET),
    "target hidden": (_target(h=""), WITH_TARGET),
    "target output": (_target(o=""), WITH_TARGET),
    "target input": (_target(i=""), WITH_TARGET),
    "target that broadcasts": (_target_that_broadcasts, frozenset({"byol", "moco", "tico"})),
    "alias": (_alias, WITH_TARGET),
    "bank": (_bank, BANKS),
    "bank for one feature": (_bank_for_one, BANKS),
    "loss that broadcasts": (
        _loss("MSELoss()", "SmoothL1Loss()", "CosineSimilarity()"),
        frozenset({"byol", "simsiam", "fastsiam", "moco"}),
    ),
    "loss that asserts": (
        _loss("VICRegLoss()", "BarlowTwinsLoss()", "TiCoLoss()"),
        frozenset({"byol", "simsiam", "moco"}),
    ),
    "loss that broadcasts, output 1": (
        _loss_and("MSELoss()", "L1Loss()", "HuberLoss()", then=_prediction("o", one=True)),
        frozenset({"byol", "simsiam", "fastsiam"}),
    ),
    "loss that asserts, output 1": (
        _loss_and("VICRegLoss()", "BarlowTwinsLoss()", "TiCoLoss()", then=_prediction("o", one=True)),
        frozenset({"byol", "simsiam"}),
    ),
    "loss that asserts, batch of one": (
        _loss_and("VICRegLoss()", "TiCoLoss()", "BarlowTwinsLoss()", then=_batch_of_one),
        frozenset({"byol", "simsiam"}),
    ),
    "width of the loss": (_dino_loss, frozenset({"dino"})),
    "cut of the loss": (_cut, frozenset({"simclr", "dcl", "moco"})),
    "axis of the loss on maps": (_map_heads, frozenset({"byol", "simsiam"})),
    "axis of the loss on tokens": (_dense_heads, frozenset({"byol", "simsiam"})),
    "an axis too many": (_axis_too_many, frozenset({"byol", "simsiam"})),
    "batch in the backbone": (_fixed_batch, MAPLESS),
    "pool larger than the map": (_large_pool, MAPLESS),
    "checkpoint that fits": (_checkpoint("that fits"), ALL),
    "checkpoint of another width": (_checkpoint("of another width"), ALL),
    "checkpoint of another head": (_checkpoint("of another head"), ALL),
    "checkpoint with a prefix": (_checkpoint("with a prefix"), ALL),
    "checkpoint of a library model": (_library_checkpoint, frozenset({"byol", "simclr", "vicreg", "barlowtwins"})),
    "target of a library model": (_library_target, frozenset({"byol", "moco", "tico"})),
    "library backbone": (_library(512, "resnet18"), frozenset({"byol", "simclr", "vicreg"})),
    "classifier left on": (_library(1000, "torchvision.models.resnet18()"), frozenset({"byol", "simclr"})),
    "layer of a library backbone": (
        _library(512, "resnet18", layers=("avgpool", "layer4", "layer3", "avg_pool")),
        frozenset({"byol", "simclr"}),
    ),
    "hidden layer": (_layer(-1, 5, 4, 99), MAPLESS),
}
BY_METHOD = _for_all(CHANGES)
