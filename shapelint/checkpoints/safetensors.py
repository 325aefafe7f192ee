"""The header of a safetensors file: its length in eight bytes, then JSON."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from shapelint.checkpoints.unreadable import CheckpointError

MAXIMUM_HEADER = 100_000_000
"""The limit of the format itself."""


def read(path: Path, size: int) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors; raises CheckpointError and OSError."""
    with path.open("rb") as stream:
        start = stream.read(8)
        (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
        if not 2 <= length <= min(size - 8, MAXIMUM_HEADER):
            raise CheckpointError("no safetensors header")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError):
            raise CheckpointError("its safetensors header is no JSON") from None
    if not isinstance(header, dict):
        raise CheckpointError("no safetensors header")
    return {
        name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__" and _is_tensor(entry)
    }


def _is_tensor(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("shape"), list) and all(
        isinstance(dim, int) for dim in entry["shape"]
    )  # fmt: skip
