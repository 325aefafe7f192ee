"""Who may have written a file: this user and root are trusted, everybody is not."""

from __future__ import annotations

import os
import stat

from shapelint.common import disk


def written_by_others(path: str) -> str:
    """Why anybody may have written a file; "" if only its owner and group may, or the system cannot say."""
    if not hasattr(os, "getuid"):
        return ""
    mode, _, owner = disk.owners(path)
    if mode & stat.S_IWOTH:
        return "everybody may write the file"
    mode_of_folder, _, _ = disk.owners(os.path.dirname(os.path.abspath(path)))
    if mode_of_folder & stat.S_IWOTH and owner not in (os.getuid(), 0):
        return "everybody may write in its folder, and it belongs to somebody else"
    return ""
