"""Signatures from earlier traces, kept in the user's cache folder: a trace takes seconds, reading it back microseconds.

There is one small JSON file per trace, named by a hash of everything that it depends on, and with all of it inside: the
component, its arguments, what a signature contains, and the versions of shapelint, torch and the component's library.
`common/cache_folder.py` says which folders are believed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shapelint.common import bounds, disk
from shapelint.common.cache_folder import cache_folder, is_believed, keep, make_room
from shapelint.common.frozen import frozen
from shapelint.common.version import __version__
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.knowledge.schema.strict import SchemaError
from shapelint.signatures import versions
from shapelint.signatures.soundness import is_sound

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
    root = cache_folder()
    if root is None:
        return None
    import hashlib  # loads OpenSSL, for few runs

    installed = [versions.installed(name) for name in ("torch", library)]
    everything: list[Any] = [__version__, [*SignatureRow.field_names()], installed, target]
    everything += [sorted(arguments.items()), list(positional), *([at] if at else [])]
    key = repr(everything)
    name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return CachePlace(Path(root, FOLDER) / f"{name}.json", key)


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
    if place is None or not disk.is_folder(place.path.parent) or not is_believed(str(place.path.parent)):
        return {}
    import json

    try:
        found = json.loads(disk.read_bounded(place.path.with_suffix(suffix), bounds.CACHE_ENTRY_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and found.get("key") == place.key else {}


def _write(place: CachePlace | None, suffix: str, content: Mapping[str, Any]) -> None:
    if place is None:
        return
    import json

    keep(str(place.path.with_suffix(suffix)), json.dumps({"key": place.key, **content}).encode())
    make_room(str(place.path.parent))
