"""Checkpoints for tests and fixtures, in the formats that people use: real files, with every byte of their weights.

`python tests/checkpoint_files.py` rewrites those in `fixtures/checkpoints/`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "checkpoints"

TINY = {
    "0.weight": (16, 3, 3, 3),
    "0.bias": (16,),
    "1.weight": (16,),
    "1.bias": (16,),
    "1.running_mean": (16,),
    "1.running_var": (16,),
}
"""Tensors of `[Conv2d(3, 16, 3), BatchNorm2d(16), ...]` alone, without its counter of batches."""

# A Vision Transformer for images of 96 pixels has 37 positions; for 224 pixels it has 197.
SMALL_IMAGES = {"encoder.pos_embedding": (1, 37, 768), "encoder.ln.weight": (768,), "encoder.ln.bias": (768,)}


def write_safetensors(path: Path, tensors: Mapping[str, tuple[int, ...]], data: bool = True) -> None:
    """Write zeros of these shapes, or, without `data`, a file of the right size without disk blocks."""
    header: dict[str, object] = {}
    offset = 0
    for name, shape in tensors.items():
        size = 4
        for dim in shape:
            size *= dim
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        if data:
            stream.write(bytes(offset))
        else:
            stream.truncate(stream.tell() + offset)


def main() -> None:
    """Write the fixtures."""
    FOLDER.mkdir(exist_ok=True)
    write_safetensors(FOLDER / "tiny16.safetensors", TINY)
    write_safetensors(FOLDER / "tiny16-parallel.safetensors", {f"module.{name}": shape for name, shape in TINY.items()})
    write_safetensors(FOLDER / "vit-96px.safetensors", SMALL_IMAGES)


if __name__ == "__main__":
    main()
