"""Recipes by the thousand: every method, right or with one thing changed, each number drawn at random from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random

from training import WITH_PREDICTION, WITH_TARGET, Recipe

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
}
METHODS = tuple(PROJECTIONS)
PREDICTIONS = {
    "byol": "BYOLPredictionHead({i}, {h}, {o})",
    "simsiam": "SimSiamPredictionHead({i}, {h}, {o})",
    "nnclr": "NNCLRPredictionHead({i}, {h}, {o})",
    "smog": "SMoGPredictionHead({i}, {h}, {o})",
}
LAYERS = "[Linear({i}, {h}), BatchNorm1d({h}), ReLU(), Linear({h}, {o})]"
NO_NORM = "[Linear({i}, {h}), ReLU(), Linear({h}, {o})]"
PLAIN = frozenset({"byol", "simsiam", "simclr", "moco", "vicreg", "tico", "nnclr", "barlowtwins", "mmcr"})
"""Methods whose heads may be any layers."""

BANKS = frozenset({"moco", "nnclr", "swav", "smog", "msn", "densecl"})
"""Methods with vectors that are stored."""


class Maker:
    """Draws one recipe."""

    def __init__(self, random: Random, method: str):
        self.random, self.method = random, method
        draw = self.width
        self.features, self.hidden, self.out = draw(), draw(), draw()
        self.style = random.choice(["class", "class", LAYERS, NO_NORM]) if method in PLAIN else "class"

    def width(self, *other_than: int) -> int:
        """A width that is none of these."""
        return self.random.choice([width for width in WIDTHS if width not in other_than])

    def head(self, role: str, **numbers: int) -> str:
        """A head with its right numbers, or with others."""
        template = self.style
        if template == "class":
            template = (PREDICTIONS if role == "prediction_head" else PROJECTIONS)[self.method]
        inwards = self.out if role == "prediction_head" else self.features
        return template.format(**{"i": inwards, "h": self.hidden, "o": self.out, **numbers})

    def backbone(self, tail: str = "AdaptiveAvgPool2d(1), Flatten()", channels: int = 3, inner: int = 8) -> str:
        """Two convolutions, and what follows them."""
        if self.method == "densecl":
            tail = "ReLU()" if tail.startswith("Adaptive") else tail
        first = f"Conv2d({channels}, 8, 3, stride=2, padding=1), BatchNorm2d({inner}), ReLU()"
        return f"[{first}, Conv2d(8, {self.features}, 3, stride=2, padding=1), {tail}]"

    def right(self) -> Recipe:
        """A recipe in which everything fits."""
        heads = {"projection_head": self.head("projection_head")}
        if self.method in WITH_PREDICTION:
            heads["prediction_head"] = self.head("prediction_head")
        if self.method == "densecl":
            heads["local_projection_head"] = self.head("projection_head")
        if self.method == "swav":
            heads["prototypes"] = f"SwaVPrototypes({self.out}, 10)"
        needs_bank = self.method in ("smog", "msn")
        bank = (16, self.out) if self.method in BANKS and (needs_bank or self.random.random() < 0.5) else None
        size = self.random.choice([16, 20, 24])
        is_open = self.random.random() < 0.5
        batch = self.random.choice([3, 4, 5])
        return Recipe(self.method, self.backbone(), heads, (3, size, size), is_open, batch, bank=bank)

    def with_head(self, recipe: Recipe, role: str, text: str) -> Recipe:
        """The recipe with another head."""
        return replace(recipe, heads={**recipe.heads, role: text})


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
    """Heads of convolutions on a map, compared over one of its axes."""
    dim = maker.random.choice(["1", "-1", "2", "0", "-3"])
    heads = {
        "projection_head": f"[Conv2d({maker.features}, {maker.out}, 1)]",
        "prediction_head": f"[Conv2d({maker.out}, {maker.out}, 1)]",
    }
    return replace(recipe, backbone=maker.backbone("ReLU()"), heads=heads, loss=f"NegativeCosineSimilarity(dim={dim})")


def _dense_heads(maker: Maker, recipe: Recipe) -> Recipe:
    """Dense heads on tokens, compared over tokens or features."""
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
        frozenset({"byol", "simsiam", "moco"}),
    ),
    "loss that asserts": (
        _loss("VICRegLoss()", "BarlowTwinsLoss()", "TiCoLoss()"),
        frozenset({"byol", "simsiam", "moco"}),
    ),
    "loss that broadcasts, output 1": (
        _loss_and("MSELoss()", "L1Loss()", "HuberLoss()", then=_prediction("o", one=True)),
        frozenset({"byol", "simsiam"}),
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
    "cut of the loss": (_cut, frozenset({"simclr", "moco"})),
    "axis of the loss on maps": (_map_heads, frozenset({"byol", "simsiam"})),
    "axis of the loss on tokens": (_dense_heads, frozenset({"byol", "simsiam"})),
    "an axis too many": (_axis_too_many, frozenset({"byol", "simsiam"})),
    "batch in the backbone": (_fixed_batch, MAPLESS),
    "hidden layer": (_layer(-1, 5, 4, 99), MAPLESS),
}
BY_METHOD = _for_all(CHANGES)


def recipes(count: int, seed: int) -> Iterator[tuple[str, Recipe]]:
    """So many recipes, a third of them right, each with the name of what was changed."""
    random = Random(seed)
    for number in range(count):
        method = METHODS[number % len(METHODS)]
        maker = Maker(random, method)
        recipe = maker.right()
        name = "nothing" if random.random() < 0.34 else random.choice(BY_METHOD[method])
        change = _same if name == "nothing" else CHANGES[name][0]
        yield name, change(maker, recipe)
