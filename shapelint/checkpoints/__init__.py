"""The names and shapes of the tensors in a checkpoint, read from its header: no weight is loaded, no code unpickled."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapelint.checkpoints.stored_tensor import StoredTensor
from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import disk

StateDict = Mapping[str, tuple[int, ...]]
"""The shape of each tensor by its name."""

CHECKPOINT_SUFFIXES = frozenset({".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".tar"})

__all__ = ["CHECKPOINT_SUFFIXES", "CheckpointError", "StateDict", "StoredTensor", "contents", "state_dicts"]


def state_dicts(path: Path) -> tuple[StateDict, ...]:
    """Every dictionary of tensors in a checkpoint, the outer ones first; raises CheckpointError.

    A training checkpoint often holds several (`state_dict`, `student`, `teacher`); the path to each is not part of its
    names.
    """
    found = _found_in(contents(path))
    if not found:
        raise CheckpointError("it holds no dictionary of tensors")
    return found


def contents(path: Path) -> Any:
    """Return what a checkpoint holds, as it is nested; raises CheckpointError.

    Dictionaries, lists, numbers and texts are what they are, a tensor is a StoredTensor, and nothing is known of any
    other object.
    """
    try:
        changed, size = disk.stamp(path)
    except OSError as error:
        raise CheckpointError((error.strerror or "cannot be read").lower()) from None
    except ValueError:
        raise CheckpointError("no name of a file") from None
    if not disk.is_file(path):
        raise CheckpointError("no regular file")
    disk.note_read(path)
    return _read(path, changed, size)


@lru_cache(maxsize=8)
def _read(path: Path, _modified: int, size: int) -> Any:
    try:
        if path.suffix == ".safetensors":
            from shapelint.checkpoints import safetensors

            return {name: StoredTensor(shape) for name, shape in safetensors.read(path, size).items()}
        from shapelint.checkpoints import pickled  # this loads the pickle and zip modules

        return pickled.read(path)
    except OSError as error:
        raise CheckpointError((error.strerror or "cannot be read").lower()) from None


def _found_in(value: Any) -> tuple[StateDict, ...]:
    """All dictionaries of tensors in a value, the outermost first."""
    found, waiting, seen = [], deque([value]), set()
    while waiting:
        current = waiting.popleft()
        if not isinstance(current, dict) or id(current) in seen:
            continue
        seen.add(id(current))
        tensors = {
            key: item.shape for key, item in current.items() if isinstance(item, StoredTensor) and isinstance(key, str)
        }
        if tensors:
            found.append(tensors)
        waiting.extend(item for item in current.values() if isinstance(item, dict))
    return tuple(found)
