"""Which files of a run import which: a class without its backbone is checked as another file of the run builds it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from shapelint.linting.dependents import behind, text_of, users


@dataclass
class Users:
    """The Python files of a run; they are read when it is first asked who imports one."""

    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, paths: Iterable[Path]) -> Users:
        """The users among some files."""
        return cls(tuple(os.path.realpath(path) for path in paths if path.suffix == ".py"))

    @cached_property
    def direct(self) -> dict[str, set[str]]:
        """The files that import each one."""
        found: dict[str, str] = {}
        for path in self.paths:
            text = text_of(Path(path))
            if text is not None:
                found[_name(path)] = text
        return users(found)

    def importing(self, path: Path) -> tuple[str, ...]:
        """The files that import one, directly or through others."""
        if len(self.paths) < 2:
            return ()
        by_name = {_name(path): path for path in self.paths}
        return tuple(by_name[name] for name in behind([_name(os.path.realpath(path))], self.direct))


def _name(path: str) -> str:
    return path.replace(os.sep, "/").lstrip("/")
