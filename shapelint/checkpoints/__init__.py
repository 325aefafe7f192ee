"""The names and shapes of the tensors in a checkpoint, read from its header: no weight is loaded, no code unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from shapelint.checkpoints.unreadable import CheckpointError

StateDict = Mapping[str, tuple[int, ...]]
"""The shape of each tensor by its name."""

CHECKPOINT_SUFFIXES = frozenset({".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".tar"})

__all__ = ["CHECKPOINT_SUFFIXES", "CheckpointError", "StateDict", "state_dicts"]


def state_dicts(path: Path) -> tuple[StateDict, ...]:
    """Every dictionary of tensors in a checkpoint, the outer ones first; raises CheckpointError.

    A training checkpoint often holds several (`state_dict`, `student`, `teacher`); the path to each is not part of its
    names.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise CheckpointError((error.strerror or "cannot be read").lower()) from None
    if not path.is_file():
        raise CheckpointError("no regular file")
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, _modified: int, size: int) -> tuple[StateDict, ...]:
    try:
        if path.suffix == ".safetensors":
            from shapelint.checkpoints import safetensors

            return (safetensors.read(path, size),)
        from shapelint.checkpoints import pickled  # this loads the pickle and zip modules

        return pickled.read(path)
    except OSError as error:
        raise CheckpointError((error.strerror or "cannot be read").lower()) from None
