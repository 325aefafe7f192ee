"""What is known of a tensor in a file."""

from __future__ import annotations

from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import bounds
from shapelint.common.frozen import frozen


@frozen
class StoredTensor:
    """A tensor: its shape and nothing else."""

    shape: tuple[int, ...]


def is_shape(value: object) -> bool:
    """Whether a value is the shape of a tensor that torch can have."""
    return (
        isinstance(value, tuple)
        and len(value) <= bounds.AXES
        and all(type(dim) is int and 0 <= dim < bounds.SIZE for dim in value)
    )


def checked_name(name: str) -> str:
    """A name of a tensor; raises CheckpointError if it is longer than any that code gives."""
    if len(name) > bounds.NAME_LENGTH:
        raise CheckpointError(f"a name in it is longer than {bounds.NAME_LENGTH} characters")
    return name
