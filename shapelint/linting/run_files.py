"""The files of a run: each is read once. Which of them import which is determined when it is first needed.

A class without its backbone is checked as another file of the run builds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path

from shapelint.common import bounds, disk
from shapelint.common.frozen import record
from shapelint.common.patterns import pattern
from shapelint.common.reads import Reads, WorkedOutOnce, note_reads
from shapelint.linting.dependents import YAML, behind, users
from shapelint.text.source import Source, UnreadableError, read_source

CLASS = pattern(r"^class (\w+)", re.MULTILINE)


@record
class RunFiles:
    """The files read in a run so far, and its Python files and configs by their real paths.

    `texts` are those of files by their real paths, `near` the scripts near each folder that has been looked at.
    `indifferent` are the scripts that ignore the config with which they are started, with the folder and suffix of such
    a config, and what was read to know it.
    """

    python: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()
    texts: WorkedOutOnce[str, Source] = field(default_factory=WorkedOutOnce)
    near: WorkedOutOnce[str, tuple[Source, ...]] = field(default_factory=WorkedOutOnce)
    used: WorkedOutOnce[None, dict[str, set[str]]] = field(default_factory=WorkedOutOnce)
    indifferent: dict[tuple[str, ...], Reads] = field(default_factory=dict)

    @classmethod
    def of(cls, paths: Iterable[Path]) -> RunFiles:
        """Return the files of a run, none of them read yet."""
        every = [(path.suffix, disk.real(path)) for path in paths]
        python = tuple(path for suffix, path in every if suffix == ".py")
        return cls(python, tuple(path for suffix, path in every if suffix in YAML))

    def read(self, path: Path) -> Source:
        """Return a file as it was when it was first read; raises UnreadableError."""
        place = disk.real(path)
        known = self.texts.get(place, lambda: read_source(Path(place)))
        if len(known.text) > bounds.SEARCHED_BYTES:
            self.texts.forget(place)
        return Source(str(path), known.text, known.mark)

    def read_to_lint(self, path: Path) -> Source:
        """Return a file that is linted; no program of the run can ask for a config again if there is none."""
        is_asked_again = self.python or self.texts.knows(disk.real(path))
        return self.read(path) if is_asked_again else read_source(path)

    def is_indifferent(self, script: tuple[str, ...]) -> bool:
        """Return whether a script is known to ignore the configs of a folder and suffix with which it is started."""
        reads = self.indifferent.get(script)
        if reads is not None:
            note_reads(reads)
        return reads is not None

    @property
    def direct(self) -> dict[str, set[str]]:
        """The files that use each one directly: a config uses the classes that it names, a script its config."""
        return self.used.get(None, self._direct)

    def _direct(self) -> dict[str, set[str]]:
        found = ((_name(path), disk.mentions(path)) for path in (*self.python, *self.configs))
        return users({name: mentions for name, mentions in found if mentions is not None})

    def importing(self, path: Path) -> tuple[str, ...]:
        """Return the Python files that use a file, also through a config, those that build its classes first."""
        if len(self.python) < 2:
            return ()
        by_name = {_name(path): path for path in self.python}
        behind_it = behind([_name(disk.real(path))], self.direct)
        found = [by_name[name] for name in behind_it if name in by_name]
        classes = CLASS.findall(self.read(path).text)
        builds = re.compile(rf"(?<!class )\b(?:{'|'.join(classes)})\(") if classes else re.compile("(?!)")
        known = [(user, source.text) for user in found if (source := self._readable(user)) is not None]
        return tuple(user for user, text in sorted(known, key=lambda one: not builds.search(one[1])))

    def _readable(self, path: str) -> Source | None:
        try:
            return self.read(Path(path))
        except UnreadableError:
            return None


def _name(path: str) -> str:
    return path.replace(os.sep, "/").lstrip("/")
