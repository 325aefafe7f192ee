"""The tensors of a torch checkpoint by name and shape, read from its pickle alone without loading it.

torch saves a zip of one pickle (`data.pkl`) and one file per storage; before version 1.6, several pickles followed by
the storages. Only the pickle is read, so a checkpoint of 10 GB costs no more memory than a small one of the same
layers.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from shapelint.checkpoints.bounded_stream import BoundedStream
from shapelint.checkpoints.pickle_machine import Machine
from shapelint.checkpoints.unreadable import CheckpointError
from shapelint.common import bounds
from shapelint.common.bounded_files import in_bytes

END_OF_DIRECTORY = b"PK\5\6"
END_OF_LONG_DIRECTORY = b"PK\6\6"
SHORT_END = 22 + 20 + 56
LONG_END = SHORT_END + (1 << 16)
"""The end of an archive: its two records and what leads to them, without and with a comment."""
LEGACY_PREAMBLE = 3
"""The pickles in front of the object in the old format: a magic number, a version, and facts about the computer."""


def read(path: Path) -> Any:
    """Return what a checkpoint in either format holds; raises CheckpointError and OSError."""
    return read_zip(path) if _is_zip(path) else read_legacy(path)


def _is_zip(path: Path) -> bool:
    try:
        return is_zipfile(path)
    except BadZipFile:
        return True  # enough of a zip to be recognised as one


def read_zip(path: Path) -> Any:
    """What a zipped checkpoint holds; raises CheckpointError and OSError."""
    try:
        _require_small_directory(path)
        with ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"), None)
            if name is None:
                raise CheckpointError("no torch checkpoint: its archive has no data.pkl")
            with archive.open(name) as stream:
                return Machine().run(BoundedStream(stream))
    except CheckpointError:
        raise
    except (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"a damaged archive ({error})") from None


def _require_small_directory(path: Path) -> None:
    """Raise CheckpointError for an archive that lists more files than a model has tensors: all are listed in memory."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        lengths = (_directory_length(stream, min(size, count)) for count in (SHORT_END, LONG_END))
        length = next(filter(None, lengths), 0)
    if length > bounds.ZIP_DIRECTORY_BYTES:
        raise CheckpointError(f"its list of files is larger than {in_bytes(bounds.ZIP_DIRECTORY_BYTES)}")


def _directory_length(stream: IO[bytes], count: int) -> int:
    """The bytes of the list of files, as the last `count` bytes of an archive say; 0 if they do not."""
    stream.seek(-count, 2)
    end = stream.read(count)
    at, long = end.rfind(END_OF_DIRECTORY), end.rfind(END_OF_LONG_DIRECTORY)
    if at < 0 or len(end) < at + 22:
        return 0
    length: int = struct.unpack_from("<L", end, at + 12)[0]
    if length == 0xFFFFFFFF and 0 <= long <= at - 48:
        length = struct.unpack_from("<Q", end, long + 40)[0]
    return length


def read_legacy(path: Path) -> Any:
    """What a checkpoint in torch's format before 1.6 holds; raises CheckpointError and OSError."""
    with path.open("rb") as stream:
        if stream.peek(1)[:1] != b"\x80":
            raise CheckpointError("no torch checkpoint")
        bounded = BoundedStream(stream)
        for _ in range(LEGACY_PREAMBLE):
            Machine().run(bounded)
        return Machine().run(bounded)
