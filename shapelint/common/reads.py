"""What was asked of the disk, with the answers, so that it can be told later whether they would still be the same.

A path has a signature, which was taken before its first question. While it is the same, the path need not be asked
again, unless it was changed so shortly before that a later change could have left the signature as it was.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Generic, ParamSpec, TypeVar, Union

PathSignature = Union[str, int]
"""Mode, number, owner, size and times of a path, of a link also those of what it leads to; of none an error number.

The numbers are in one text, since a run keeps a signature of every file.
"""
KeptAnswer = Union[bool, int, str, list[int], None]
"""An answer as JSON has it; of a long one its digest, of an error `[number]`."""
Keyed = TypeVar("Keyed", bound=Hashable)
WorkedOut = TypeVar("WorkedOut")
Parameters = ParamSpec("Parameters")
UNCERTAIN = -1
"""The signature of a path that may have changed without a trace in it."""
GRANULE = 2_000_000_000
"""Nanoseconds in which two changes may get the same time: that of FAT; a tick of a clock is shorter."""
_TIMES = (4, 5, 10, 11)
"""The places of times in a signature."""


class Reads:
    """What was asked since `begun` (nanoseconds): of each path, and where some really are.

    Reads that are not `repeatable` depend on more than the disk; nothing may be concluded from them later.
    """

    def __init__(self) -> None:
        self.begun = time.time_ns()
        self.paths: dict[str, tuple[PathSignature, dict[str, KeptAnswer]]] = {}
        self.places: dict[str, str] = {}
        self.repeatable = True

    def note(self, path: str, signature: PathSignature, question: str, answer: KeptAnswer) -> None:
        """Keep an answer; one question with two answers cannot be repeated."""
        _, answers = self.paths.setdefault(path, (signature, {}))
        self.repeatable = self.repeatable and answers.setdefault(question, answer) == answer

    def note_place(self, path: str, place: str) -> None:
        """Keep where a path really is."""
        self.repeatable = self.repeatable and self.places.setdefault(path, place) == place

    def add(self, other: Reads) -> None:
        """Keep what was asked elsewhere, too."""
        for path, (signature, answers) in other.paths.items():
            for question, answer in answers.items():
                self.note(path, signature, question, answer)
        for path, place in other.places.items():
            self.note_place(path, place)
        self.repeatable = self.repeatable and other.repeatable

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> Reads:
        """Return what was kept as JSON."""
        reads = cls()
        reads.paths = {path: (signature, dict(answers)) for path, (signature, answers) in kept["paths"].items()}
        reads.places = dict(kept["places"])
        return reads

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON; a path that was changed shortly before `begun`, or later, has no signature."""
        latest = self.begun - GRANULE
        paths = {path: [settled(one, latest), answers] for path, (one, answers) in self.paths.items()}
        return {"paths": paths, "places": self.places}


_RECORDING: list[Reads] = []
"""The reads that are recorded now, the innermost last."""


@contextmanager
def recording() -> Iterator[Reads]:
    """Record what is asked in the block; if reads are already recorded, they include these."""
    reads = Reads()
    _RECORDING.append(reads)
    try:
        yield reads
    finally:
        _RECORDING.pop()
        note_reads(reads)


class _Remembered(Generic[Parameters, WorkedOut]):
    """A function that remembers what it returns for its arguments, and what it read: that is noted each time."""

    def __init__(self, function: Callable[Parameters, WorkedOut], maxsize: int | None) -> None:
        @lru_cache(maxsize)
        def kept(*arguments: Parameters.args, **keywords: Parameters.kwargs) -> tuple[WorkedOut, Reads]:
            with recording() as reads:
                return function(*arguments, **keywords), reads

        self._kept = kept
        self.cache_clear = kept.cache_clear

    def __call__(self, *arguments: Parameters.args, **keywords: Parameters.kwargs) -> WorkedOut:
        value, reads = self._kept(*arguments, **keywords)  # type: ignore[arg-type]
        note_reads(reads)
        return value


def remembered(
    maxsize: int | None = None,
) -> Callable[[Callable[Parameters, WorkedOut]], _Remembered[Parameters, WorkedOut]]:
    """Make a function remember what it returns, as `functools.lru_cache` does, and note what it read each time."""
    return lambda function: _Remembered(function, maxsize)


class WorkedOutOnce(Generic[Keyed, WorkedOut]):
    """Values by their keys, each worked out once; what was read for one is noted each time."""

    def __init__(self) -> None:
        self._known: dict[Keyed, tuple[WorkedOut, Reads]] = {}

    def get(self, key: Keyed, work: Callable[[], WorkedOut]) -> WorkedOut:
        """Return a value, which is worked out if it is not known."""
        if key not in self._known:
            with recording() as reads:
                self._known[key] = work(), reads
        value, reads = self._known[key]
        note_reads(reads)
        return value

    def knows(self, key: Keyed) -> bool:
        """Return whether a value is known."""
        return key in self._known

    def give(self, key: Keyed, value: WorkedOut) -> None:
        """Say what a value is; nothing is read for it."""
        self._known[key] = value, Reads()

    def forget(self, key: Keyed) -> None:
        """Forget a value, such as one that takes much memory."""
        del self._known[key]


def record_no_more() -> None:
    """Forget the reads that are recorded: another process does that."""
    _RECORDING.clear()


def recorded() -> Reads | None:
    """The reads that are recorded now, None if none are."""
    return _RECORDING[-1] if _RECORDING else None


def note_reads(reads: Reads) -> None:
    """Add reads of another process, or of earlier, to those that are recorded."""
    if _RECORDING:
        _RECORDING[-1].add(reads)


def note_unrepeatable() -> None:
    """Note that what is recorded depends on more than the disk, such as whether a process ended in time."""
    if _RECORDING:
        _RECORDING[-1].repeatable = False


def signature_of(path: str) -> PathSignature:
    """Return what another change of a path changes, too, unless it comes within a granule of time."""
    try:
        own = os.lstat(path)
    except OSError as error:
        return error.errno or 0
    except ValueError:  # of a zero byte
        return 0
    numbers = _numbers(own)
    if not stat.S_ISLNK(own.st_mode):
        return numbers
    try:
        return f"{numbers} {_numbers(os.stat(path))}"
    except OSError as error:
        return f"{numbers} {error.errno or 0}"


def settled(signature: PathSignature, latest: int) -> PathSignature:
    """Return a signature, UNCERTAIN if one of its times is `latest` or later."""
    if isinstance(signature, int):
        return signature
    numbers = signature.split()
    return UNCERTAIN if max(int(numbers[at]) for at in _TIMES if at < len(numbers)) >= latest else signature


def digest(content: bytes) -> str:
    """A digest that no other content has."""
    try:
        from _blake2 import blake2b  # hashlib loads OpenSSL, which takes milliseconds
    except ImportError:
        from hashlib import blake2b
    return str(blake2b(content, digest_size=16).hexdigest())


def _numbers(of: os.stat_result) -> str:
    return f"{of.st_mode} {of.st_ino} {of.st_uid} {of.st_size} {of.st_mtime_ns} {of.st_ctime_ns}"
