"""Questions to the disk. All of shapelint asks here, so that a run knows on what its report depends.

A question is a word and a path: whether it is a file, which names are in it, what it contains. While reads are
recorded, each is kept with its answer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, Union

from shapelint.common import bounds
from shapelint.common.bounded_files import RefusedFileError, content_of
from shapelint.common.reads import GRANULE, KeptAnswer, PathSignature, digest, recorded, settled, signature_of

if TYPE_CHECKING:
    from shapelint.common.mentions import Mentions

MAXIMUM_DIGESTED_BYTES = 16 << 20
MOST_ASKED_ONCE = 10_000
"""How many answers are remembered in a block of `asked_once`."""
AnyPath = Union[str, os.PathLike[str]]
Asked = TypeVar("Asked")


def is_file(path: AnyPath) -> bool:
    """Whether a path is a file, as `os.path.isfile`."""
    return bool(_asked("file", path))


def is_folder(path: AnyPath) -> bool:
    """Whether a path is a folder, as `os.path.isdir`."""
    return bool(_asked("folder", path))


def exists(path: AnyPath) -> bool:
    """Whether there is something at a path, as `os.path.exists`."""
    return bool(_asked("exists", path))


def size(path: AnyPath) -> int:
    """The size of a file in bytes; raises OSError."""
    found: int = _raised(_asked("size", path), path)
    return found


def stamp(path: AnyPath) -> tuple[int, int]:
    """The time and size of a file: the same while this process need not read it again. Raises OSError."""
    found = size(path)
    return os.stat(path).st_mtime_ns, found


def owners(path: AnyPath) -> tuple[int, int, int]:
    """The mode of a file or folder, its owner, and that of the link to it, if it is one; raises OSError."""
    mode, owner, of_link = _raised(_asked("owners", path), path)
    return mode, owner, of_link


def real(path: AnyPath) -> str:
    """Where a path really is, as `os.path.realpath`."""
    name, reads = os.fspath(path), recorded()
    folder = os.path.dirname(name)
    if folder == name or _asked("link", name):
        place = _real(name)
        if reads is not None:
            reads.note_place(name, place)
        return place
    place = _real(folder or os.curdir)  # it suffices to know where its folder is
    if reads is not None:
        reads.note_place(folder or os.curdir, place)
    return os.path.normpath(os.path.join(place, os.path.basename(name)))


def _real(name: str) -> str:
    """Where a path really is; in a block of `asked_once` it is looked for once."""
    once = _ONCE.get()
    if once is None:
        return os.path.realpath(name)
    if name not in once.places:
        once.places[name] = os.path.realpath(name)
    return once.places[name]


def read_bounded(path: AnyPath, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes; raises OSError, RefusedFileError if it is none."""
    name = os.fspath(path)
    content = _noted(f"content {limit}", name, lambda: _content(name, limit), _kept)
    if isinstance(content, OSError):
        raise content
    return content


def read_text_bounded(path: AnyPath, limit: int, errors: str = "strict") -> str:
    """The same as UTF-8 text with its line breaks as `\\n`; raises ValueError, too."""
    return _unified(read_bounded(path, limit).decode("utf-8", errors))


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def mentions(path: AnyPath) -> Mentions | None:
    """What a text names; None if it cannot be read, or is too large to be written by hand.

    Of what is read, only this is noted: another text that names the same is as good.
    """
    name = os.fspath(path)
    return _noted("mentions", name, lambda: _mentions(name), _kept_mentions)


def note_read(path: AnyPath) -> None:
    """Note that parts of a file are read; one that is too large for a digest counts as changed with its signature."""
    reads = recorded()
    if reads is not None:
        name = os.fspath(path)
        before, content = signature_of(name), _content(name, MAXIMUM_DIGESTED_BYTES)
        if isinstance(content, RefusedFileError):
            reads.note(name, before, "parts", None)
        else:
            reads.note(name, before, f"content {MAXIMUM_DIGESTED_BYTES}", _kept(content))


class FolderEntry(NamedTuple("FolderEntry", [("name", str), ("path", str), ("kind", str)])):
    """What is in a folder under a name; its kind is that of `d`irectories, `f`iles, `l`inks or `o`thers."""

    # Types that are text, as annotations are here, make Python 3.14 import `ast`.
    __slots__ = ()

    def is_folder(self) -> bool:
        """Whether it is a folder, or a link to one."""
        return self.kind == "d" or (self.kind == "l" and is_folder(self.path))

    def is_regular(self) -> bool:
        """Whether it is a file, or a link to one."""
        return self.kind == "f" or (self.kind == "l" and is_file(self.path))


def entries(folder: AnyPath, most: int = 0) -> list[FolderEntry]:
    """What is in a folder, by name; of one with more than `most` only some. Raises OSError."""
    name = os.fspath(folder)
    found = _noted(f"names {most}", name, lambda: _listed(name, most), _kept)
    if isinstance(found, OSError):
        raise found
    return [FolderEntry(one, os.path.join(name, one), kind) for one, kind in found]


def names(folder: AnyPath) -> list[str]:
    """The names in a folder, sorted; raises OSError."""
    return [one.name for one in entries(folder)]


def walk(folder: AnyPath) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each folder with the names of its folders and files, as `os.walk`: those left in the list are entered."""
    waiting = [os.fspath(folder)]
    while waiting:
        name = waiting.pop()
        try:
            found = entries(name)
        except OSError:
            continue
        inner = {one.name: one for one in found if one.is_folder()}
        entered = list(inner)
        yield name, entered, [one.name for one in found if one.name not in inner]
        waiting += [inner[one].path for one in reversed(entered) if inner[one].kind != "l"]


def still_hold(
    kept: Mapping[str, Any],
    now: Callable[[str], PathSignature] = signature_of,
    answer_now: Callable[[str, str], KeptAnswer] | None = None,
    begun: int | None = None,
) -> bool | None:
    """Return whether reads that were kept as JSON would be answered in the same way: None if not.

    True if the signatures are the same, too; else these are replaced by the present ones. `now` tells the signature of
    a path, `answer_now` answers a question about it; both may remember what they told since `begun` (nanoseconds).
    """
    ask = answer_now or answer_to
    for path, place in kept["places"].items():
        if os.path.realpath(path) != place:
            return None
    same, latest = True, (time.time_ns() if begun is None else begun) - GRANULE
    for path, known in kept["paths"].items():
        signature = now(path)
        if signature != known[0]:
            if any(ask(question, path) != answer for question, answer in known[1].items()):
                return None
            signature = settled(signature, latest)
            same = same and signature == known[0]
            known[0] = signature
    return same


class _Known:
    """What was asked in a block: the answers, each with the signature from before, and where paths really are."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[PathSignature, KeptAnswer]] = {}
        self.places: dict[str, str] = {}


_ONCE: ContextVar[_Known | None] = ContextVar("_ONCE", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """In this block the disk is asked once for what is no content and no list: its answer counts to the end."""
    token = _ONCE.set(_ONCE.get() or _Known())
    try:
        yield
    finally:
        _ONCE.reset(token)


def _asked(question: str, path: AnyPath) -> Any:
    name, once, reads = os.fspath(path), _ONCE.get(), recorded()
    if once is None and reads is None:
        return answer_to(question, name)
    known = once.answers.get((question, name)) if once is not None else None
    signature, answer = known or (signature_of(name), answer_to(question, name))
    if once is not None and known is None and len(once.answers) < MOST_ASKED_ONCE:
        once.answers[question, name] = signature, answer
    if reads is not None:
        reads.note(name, signature, question, answer)
    return answer


def _noted(question: str, name: str, ask: Callable[[], Asked], kept: Callable[[Asked], KeptAnswer]) -> Asked:
    """Ask; while reads are recorded, keep the answer with the signature from before the question."""
    reads = recorded()
    if reads is None:
        return ask()
    before = signature_of(name)
    found = ask()
    reads.note(name, before, question, kept(found))
    return found


def _raised(answer: Any, path: AnyPath) -> Any:
    """Return an answer; raises the OSError that it may be."""
    if isinstance(answer, list) and len(answer) == 1:
        raise OSError(answer[0], os.strerror(answer[0]), os.fspath(path))
    return answer


def answer_to(question: str, path: str) -> KeptAnswer:
    """Ask, whether or not reads are recorded."""
    word, _, number = question.partition(" ")
    return _ANSWERS[word](path, int(number or 0))


def _kept(found: bytes | list[tuple[str, str]] | OSError) -> KeptAnswer:
    """Return a long answer as it is kept."""
    if isinstance(found, OSError):
        return [found.errno or 0]
    if isinstance(found, list):
        found = "\0".join("/".join(one) for one in found).encode("utf-8", "surrogatepass")
    return digest(found)


def _mentions(path: str) -> Mentions | None:
    from shapelint.common.mentions import mentioned

    try:
        text = content_of(path, bounds.SEARCHED_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    return mentioned(path, _unified(text))


def _kept_mentions(found: Mentions | None) -> KeptAnswer:
    return None if found is None else digest(repr(tuple(found)).encode("utf-8", "surrogatepass"))


def _content(path: str, limit: int) -> bytes | OSError:
    try:
        return content_of(path, limit)
    except OSError as error:
        return error


def _listed(folder: str, most: int) -> list[tuple[str, str]] | OSError:
    """The names in a folder with their kinds, sorted."""
    try:
        with os.scandir(folder) as found:
            some = zip(found, range(most)) if most else ((one, 0) for one in found)
            return sorted((one.name, _kind(one)) for one, _ in some)
    except OSError as error:
        return error


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        return "l" if entry.is_symlink() else "d" if entry.is_dir() else "f" if entry.is_file() else "o"
    except OSError:
        return "o"


def _size(path: str) -> int:
    return os.stat(path).st_size


def _owners(path: str) -> list[int]:
    found = os.stat(path)
    return [found.st_mode, found.st_uid, os.lstat(path).st_uid]


def _attempt(ask: Callable[[str], KeptAnswer]) -> Callable[[str, int], KeptAnswer]:
    """Return what asks, with the number of an error as its answer."""

    def answer(path: str, number: int) -> KeptAnswer:
        try:
            return ask(path)
        except OSError as error:
            return [error.errno or 0]

    return answer


_ANSWERS: dict[str, Callable[[str, int], KeptAnswer]] = {
    "file": lambda path, number: os.path.isfile(path),
    "folder": lambda path, number: os.path.isdir(path),
    "exists": lambda path, number: os.path.exists(path),
    "link": lambda path, number: os.path.islink(path),
    "size": _attempt(_size),
    "owners": _attempt(_owners),
    "names": lambda path, most: _kept(_listed(path, most)),
    "content": lambda path, limit: _kept(_content(path, limit)),
    "mentions": lambda path, number: _kept_mentions(_mentions(path)),
    "parts": lambda path, number: False,
}
