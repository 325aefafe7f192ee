"""A stream of which no more than a bound is read, whatever lengths it claims and however small it was packed."""

from __future__ import annotations

from typing import IO

from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import bounds
from shapelint.common.bounded_files import in_bytes


class BoundedStream:
    """The bytes of another stream; raises CheckpointError at its bound."""

    def __init__(self, stream: IO[bytes], limit: int = bounds.PICKLE_BYTES):
        self._stream = stream
        self._limit = limit
        self._left = limit

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes."""
        return self._counted(self._stream.read(min(size, self._left + 1)))

    def readline(self) -> bytes:
        """Read to the end of a line."""
        return self._counted(self._stream.readline(self._left + 1))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise CheckpointError(f"its index is larger than {in_bytes(self._limit)}")
        return data
