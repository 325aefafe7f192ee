"""The header of a safetensors file: its length in eight bytes, then JSON."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from shapelint.checkpoints.stored_tensor import checked_name, is_shape
from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import bounds
from shapelint.common.bounded_files import in_bytes


def read(path: Path, size: int) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors; raises CheckpointError and OSError."""
    with path.open("rb") as stream:
        start = stream.read(8)
        (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
        if not 2 <= length <= size - 8:
            raise CheckpointError("no safetensors header")
        if length > bounds.SAFETENSORS_HEADER_BYTES:
            raise CheckpointError(f"its header is larger than {in_bytes(bounds.SAFETENSORS_HEADER_BYTES)}")
        try:
            header = json.loads(stream.read(length))
        except (ValueError, RecursionError):
            raise CheckpointError("its safetensors header is no JSON") from None
    if not isinstance(header, dict):
        raise CheckpointError("no safetensors header")
    header.pop("__metadata__", None)
    return {checked_name(name): _shape(name, entry) for name, entry in header.items()}


def _shape(name: str, entry: object) -> tuple[int, ...]:
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not is_shape(tuple(shape)):
        raise CheckpointError(f"its safetensors header has no shape for {name!r}")
    return tuple(shape)
