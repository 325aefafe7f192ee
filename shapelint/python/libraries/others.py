"""Packages that are only known to be libraries: imports of these names do not refer to files of the repository."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

OTHERS = LibraryPlugin(
    "others",
    packages=words("scipy sklearn tqdm wandb einops PIL cv2 pandas matplotlib"),
    passes_on=frozenset({"tqdm"}),
)
