"""The tensors of a torch checkpoint by name and shape, read from its pickle alone without loading it.

torch saves a zip of one pickle (`data.pkl`) and one file per storage; before version 1.6, several pickles followed by
the storages. Only the pickle is read, so a checkpoint of 10 GB costs no more memory than a small one of the same
layers.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from shapelint.checkpoints.pickle_machine import Machine
from shapelint.checkpoints.unreadable import CheckpointError

MAXIMUM_PICKLE = 64 * 1024 * 1024
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
        with ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"), None)
            if name is None:
                raise CheckpointError("no torch checkpoint: its archive has no data.pkl")
            if archive.getinfo(name).file_size > MAXIMUM_PICKLE:
                raise CheckpointError(f"its index is larger than {MAXIMUM_PICKLE // 2**20} MiB")
            with archive.open(name) as stream:
                return Machine().run(stream)
    except CheckpointError:
        raise
    except (BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"a damaged archive ({error})") from None


def read_legacy(path: Path) -> Any:
    """What a checkpoint in torch's format before 1.6 holds; raises CheckpointError and OSError."""
    with path.open("rb") as stream:
        if stream.peek(1)[:1] != b"\x80":
            raise CheckpointError("no torch checkpoint")
        for _ in range(LEGACY_PREAMBLE):
            Machine().run(stream)
        return Machine().run(stream)
