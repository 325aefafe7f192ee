"""The places that a traceback names: in Python's own form, in rich's boxes, in pytest's, and in those of notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from shapelint.common import disk
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern

_PYTHON = pattern(r'File "(?P<path>[^"\n]+)", line (?P<line>\d+)(?:, in (?P<name>\S+))?')
_RICH = pattern(r"(?<![^\s\"'│|])(?P<path>[^\s\"'│|]{1,300}?\.py):(?P<line>\d+)(?:[:,]? in (?P<name>[\w<>.]+))?")
_OLD_IPYTHON = pattern(
    r"^\[?(?P<path>[^\s\[\]]{1,300}\.py|<ipython-input-[\w-]{1,80}>)(?:\]\(\S{1,300}\))?"
    r" in (?P<name>[\w<>]+)[^\n]{0,300}\n"
    r"(?:[^\n]{1,300}\n){0,9}?-{1,6}> ?(?P<line>\d+)",
    re.MULTILINE,
)
"""The path and its function, which Colab makes a link of, and the line with an arrow somewhere below."""
_INSTALLED = pattern(r"(?:site|dist)-packages[/\\]|[/\\]lib[/\\]python\d|<frozen |^<(?!ipython)")


@frozen
class StackFrame:
    """One place of a traceback: the file as it is written there, the line, and the function."""

    path: str
    line: int
    function: str


def frames(text: str) -> list[StackFrame]:
    """Return the places of a traceback that lie in files of one's own, outermost first."""
    found = [*_PYTHON.finditer(text)] or [*_RICH.finditer(text)] or [*_OLD_IPYTHON.finditer(text)]
    every = [StackFrame(match["path"], int(match["line"]), match["name"] or "") for match in found]
    return [frame for frame in dict.fromkeys(every) if not _INSTALLED.search(frame.path)]


def found_here(frame: StackFrame, folder: Path) -> Path | None:
    """The file of a frame, where it says or, as it may be of another machine, by the end of its path below a folder."""
    return next((path for path in _candidates(frame.path, folder) if disk.is_file(path)), None)


def _candidates(written: str, folder: Path) -> Iterator[Path]:
    parts = Path(written.replace("\\", "/")).parts
    yield Path(written)
    yield from (folder.joinpath(*parts[start:]) for start in range(1, len(parts)))
