"""Signatures from earlier traces, kept in the user's cache folder: a trace takes seconds, reading it back microseconds.

There is one small JSON file per trace, named by a hash of everything that it depends on, and with all of it inside: the
component, its arguments, what a signature contains, and the versions of shapelint, torch and the component's library. A
cache that cannot be read or written is ignored, and so is one that somebody else can write: no checksum helps against
who can compute it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shapelint.common import bounds
from shapelint.common.bounded_files import read_bounded
from shapelint.common.frozen import frozen
from shapelint.common.notices import say_once
from shapelint.common.version import __version__
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.knowledge.schema.strict import SchemaError
from shapelint.signatures import versions
from shapelint.signatures.soundness import is_sound

VARIABLE = "SHAPELINT_CACHE_DIR"
"""The environment variable that moves the cache; empty switches it off."""


FAILED = ".failed"
"""The suffix of the file of a failed trace."""
FOLDER = "signatures"
"""Where the files are in the folder of the cache: this user's own, closed to everybody else."""
TRACED: dict[str, ComponentSignature] = {}


def once(key: str, trace: Callable[[], ComponentSignature]) -> ComponentSignature:
    """Trace a component once per process: the search for a repair judges the same components again and again."""
    if key not in TRACED:
        TRACED[key] = trace()
    return TRACED[key]


def folder() -> Path | None:
    """The folder of the cache, or None if it is switched off."""
    chosen = os.environ.get(VARIABLE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    import platformdirs

    return Path(platformdirs.user_cache_dir("shapelint", appauthor=False))


@frozen
class CachePlace:
    """Where the result of one trace is kept: its file, and everything that it depends on."""

    path: Path
    key: str


def place(
    library: str,
    target: str,
    arguments: Mapping[str, Any],
    positional: Sequence[Any],
    at: tuple[int, int] | None = None,
) -> CachePlace | None:
    """The place of one trace, or of one trace at one image size."""
    root = folder()
    if root is None:
        return None
    import hashlib  # loads OpenSSL, for few runs

    installed = [versions.installed(name) for name in ("torch", library)]
    everything: list[Any] = [__version__, [*SignatureRow.field_names()], installed, target]
    everything += [sorted(arguments.items()), list(positional), *([at] if at else [])]
    key = repr(everything)
    name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return CachePlace(root / FOLDER / f"{name}.json", key)


def load(place: CachePlace | None) -> ComponentSignature | None:
    """The signature that is kept in a place; None if there is none that can be believed."""
    found = _entry(place, ".json").get("component")
    try:
        component = ComponentSignature.validated(found) if isinstance(found, dict) else None
    except SchemaError:
        return None
    return component if component is not None and is_sound(component) else None


def store(place: CachePlace | None, component: ComponentSignature) -> None:
    """Keep a signature."""
    _write(place, ".json", {"component": component.as_json()})


def reason(place: CachePlace | None) -> str:
    """Why a component could not be traced earlier; "" if that is not recorded."""
    found = _entry(place, FAILED).get("reason")
    return found if isinstance(found, str) else ""


def store_reason(place: CachePlace | None, why: str) -> None:
    """Store why a component cannot be traced: finding out takes as long as a trace."""
    _write(place, FAILED, {"reason": why})


def _entry(place: CachePlace | None, suffix: str) -> Mapping[str, Any]:
    """What is kept for a key; nothing if another key, or another program, or somebody else may have written it."""
    if place is None or not place.path.parent.is_dir() or not _is_believed(place.path.parent):
        return {}
    import json

    try:
        found = json.loads(read_bounded(place.path.with_suffix(suffix), bounds.CACHE_ENTRY_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("key") == place.key else {}


def _write(place: CachePlace | None, suffix: str, content: Mapping[str, Any]) -> None:
    """Write to a temporary file and rename it, so that no reader sees half a file."""
    if place is None:
        return
    import json

    path, inside = place.path.with_suffix(suffix), place.path.parent
    try:
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.mkdir(mode=0o700, exist_ok=True)
        if not _is_believed(inside):
            return
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"key": place.key, **content}), encoding="utf-8")
        aside.replace(path)
    except OSError:
        return


def _is_believed(inside: Path) -> bool:
    """Whether nobody but this user can have written in a folder; it is said if somebody else can."""
    if not hasattr(os, "getuid"):
        return True
    status = os.lstat(inside)
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
        return True
    say_once(f"shapelint: the cache {inside} is not used: it is no folder that only this user may read and write")
    return False
