"""Packages of which little is known but that they are libraries: no file of the repository is meant by their names."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

OTHERS = LibraryPlugin(
    "others",
    packages=words("scipy sklearn tqdm wandb einops PIL cv2 pandas matplotlib yaml transformers"),
    passes_on=frozenset({"tqdm"}),
)
