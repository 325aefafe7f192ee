"""Files are read up to a bound, and only regular ones: a pipe would wait for ever, a device never ends.

What a report depends on is read by `disk`, which notes it.
"""

from __future__ import annotations

import errno
import os
import stat


class RefusedFileError(OSError):
    """A file that is not read whatever it holds; `strerror` says why."""


def content_of(path: str | os.PathLike[str], limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes; raises OSError, RefusedFileError if it is none."""
    _require_regular(os.stat(path), path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        _require_regular(os.fstat(descriptor), path)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise RefusedFileError(errno.EFBIG, f"file is larger than {in_bytes(limit)}", os.fspath(path))
    return data


def in_bytes(limit: int) -> str:
    """A bound in words: `4 MiB`."""
    return f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"


def _require_regular(status: os.stat_result, path: str | os.PathLike[str]) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(status.st_mode):
        raise RefusedFileError(errno.EINVAL, "no regular file", os.fspath(path))
