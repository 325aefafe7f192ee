"""Recipes of the catalogue with an edited config, and with less in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from training import Recipe


def changed(recipe: Recipe, text: str) -> Recipe:
    """Return the recipe that a config says: the text of the recipe's own config, in which components were edited.

    >>> recipe = Recipe("byol", "resnet18", {"projection_head": "Linear(3, 4)"})
    >>> changed(recipe, recipe.config().replace("(3", "(512")).heads
    {'projection_head': 'Linear(512, 4)'}
    """
    values: dict[str, str] = {}
    target: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(": ")
        (target if line.startswith("  ") else values)[key.strip()] = value.strip()
    found = replace(
        recipe,
        backbone=values["backbone"],
        heads={role: values[role] for role in recipe.heads},
        batch=int(values["batch_size"]),
        loss=values.get("loss", ""),
        target=target or recipe.target,
        hidden_layer=type(recipe.hidden_layer)(values["hidden_layer"]) if recipe.hidden_layer is not None else None,
        checkpoint=values.get("checkpoint", ""),
    )
    if not recipe.size_is_open:
        channels, height, width = (int(part) for part in values["input"].strip("[]").split(","))
        found = replace(found, image=(channels, height, width))
    elif "channels" in values["input"]:
        found = replace(found, image=(int(values["input"].strip("{}").split(":")[1]), *recipe.image[1:]))
    if recipe.bank is not None:
        size, width = (int(part) for part in values[recipe.bank_name].strip("[]").split(","))
        found = replace(found, bank=(size, width))
    return found


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Yield recipes with one thing less than this one."""
    bare = Recipe(recipe.method, recipe.backbone, recipe.heads)
    for name in ("samples", "loss", "bank", "target", "hidden_layer", "checkpoint"):
        if getattr(recipe, name) != getattr(bare, name):
            yield replace(recipe, **{name: getattr(bare, name)})
    if recipe.size_is_open:
        yield replace(recipe, size_is_open=False)
    for role in recipe.heads:
        yield replace(recipe, heads={name: text for name, text in recipe.heads.items() if name != role})
