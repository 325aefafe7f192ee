"""What is known of a tensor in a file."""

from __future__ import annotations

from shapelint.common.frozen import frozen


@frozen
class StoredTensor:
    """A tensor: its shape and nothing else."""

    shape: tuple[int, ...]
