"""Who may have written a file: this user and root are trusted, everybody is not."""

from __future__ import annotations

import os
import stat


def written_by_others(path: str) -> str:
    """Why anybody may have written a file; "" if only its owner and group may, or the system cannot say."""
    if not hasattr(os, "getuid"):
        return ""
    if os.stat(path).st_mode & stat.S_IWOTH:
        return "everybody may write the file"
    folder = os.stat(os.path.dirname(os.path.abspath(path)))
    if folder.st_mode & stat.S_IWOTH and os.lstat(path).st_uid not in (os.getuid(), 0):
        return "everybody may write in its folder, and it belongs to somebody else"
    return ""
