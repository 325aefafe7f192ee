"""kornia: augmentations of batches of images, which are modules."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import Value, Views

HOME = "kornia.augmentation."
OF_SEVERAL = words("PatchSequential VideoSequential ManyToManyAugmentationDispather ManyToOneAugmentationDispather")
"""Containers that take something else than a batch of images."""


def make(run: Run, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Construct an augmentation: images of a size that is not known; None for one that may return anything else."""
    last = name.rpartition(".")[2]
    if not name.startswith(HOME) or not last[:1].isupper() or last.endswith("3D") or last in OF_SEVERAL:
        return None
    if "data_keys" in arguments.keywords:
        keys = sequence(arguments.keywords["data_keys"].value)
        if keys is None or keys.rest is not None or len(keys.items) != 1:
            return None
    return Views(())


KORNIA = LibraryPlugin("kornia", packages=frozenset({"kornia"}), make=make)
