"""Files are written whole or not at all: each beside its place, then renamed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress


def replace_files(contents: Mapping[str, bytes]) -> None:
    """Give files their new contents; none is touched before all are on the disk.

    A link stays and what it points to is replaced; mode and owner are kept. A device or a pipe is written to. Raises
    OSError with the path as it was given.
    """
    asides: dict[str, str] = {}
    path = ""
    try:
        for path, data in contents.items():
            place = os.path.realpath(path)
            if os.path.exists(place) and not os.path.isfile(place):
                _write(place, data)
            else:
                asides[place] = f"{place}.{os.getpid()}.new"
                _write_beside(asides[place], place, data)
        for place, aside in asides.items():
            os.replace(aside, place)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), path) from error
    finally:
        for aside in asides.values():
            with suppress(OSError):
                os.remove(aside)


def _write_beside(aside: str, place: str, data: bytes) -> None:
    if not os.path.exists(place):
        _write(aside, data)
        return
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    _write(aside, data)
    before = os.stat(place)
    if hasattr(os, "chown"):
        with suppress(OSError):  # a file of somebody else
            os.chown(aside, before.st_uid, before.st_gid)
    os.chmod(aside, stat.S_IMODE(before.st_mode))


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
