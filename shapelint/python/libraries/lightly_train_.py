"""lightly-train: what its methods put behind a network of the user, interpreted from stand-ins."""

from __future__ import annotations

from shapelint.common.words import words
from shapelint.python.state.plugins import LibraryPlugin

LIGHTLY_TRAIN = LibraryPlugin(
    "lightly_train",
    packages=words("lightly_train"),
    stand_ins={f"lightly_train.{name}": "lightly_train.py" for name in ("train", "pretrain")},
)
