"""`pattern`: a replacement for `re.compile` that compiles when the pattern is first used.

A run uses a few of the patterns of the modules that it imports; compiling all of them would take a tenth of its time.
"""

from __future__ import annotations

import re
from typing import Any, cast


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used. Functions of `re` do not take it: call its methods."""
    return cast(re.Pattern[str], _Late(text, flags))


class _Late:
    """Stands for a compiled pattern: it has the same attributes."""

    def __init__(self, text: str, flags: int) -> None:
        self._written = text, flags

    def __getattr__(self, name: str) -> Any:
        text, flags = self._written
        found = getattr(re.compile(text, flags), name)  # `re` keeps the last 512
        setattr(self, name, found)
        return found
