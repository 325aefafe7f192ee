"""Signatures from earlier traces, kept in the user's cache folder: a trace takes seconds, reading it back microseconds.

There is one small JSON file per trace, named by a hash of everything that it depends on: the component, its arguments,
what a signature contains, and the versions of shapelint, torch and the component's library. A cache that cannot be read
or written is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shapelint.common.version import __version__
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.signatures import versions

VARIABLE = "SHAPELINT_CACHE_DIR"
"""The environment variable that moves the cache; empty switches it off."""


FAILED = ".failed"
"""The suffix of the file of a failed trace."""
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


def place(
    library: str,
    target: str,
    arguments: Mapping[str, Any],
    positional: Sequence[Any],
    at: tuple[int, int] | None = None,
) -> Path | None:
    """The file of one trace, or of one trace at one image size."""
    root = folder()
    if root is None:
        return None
    installed = [versions.installed(name) for name in ("torch", library)]
    everything: list[Any] = [__version__, [*SignatureRow.model_fields], installed, target]
    everything += [sorted(arguments.items()), list(positional), *([at] if at else [])]
    name = hashlib.sha256(repr(everything).encode()).hexdigest()[:32]
    return root / "traces" / f"{name}.json"


def load(path: Path | None) -> ComponentSignature | None:
    """The signature in a file of the cache; None if there is none that can be read."""
    if path is None:
        return None
    try:
        return ComponentSignature.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def store(path: Path | None, component: ComponentSignature) -> None:
    """Keep a signature."""
    if path is not None:
        _write(path, json.dumps(component.model_dump(mode="json")))


def reason(path: Path | None) -> str:
    """Why a component could not be traced earlier; "" if that is not recorded."""
    try:
        return path.with_suffix(FAILED).read_text(encoding="utf-8") if path is not None else ""
    except (OSError, ValueError):
        return ""


def store_reason(path: Path | None, why: str) -> None:
    """Store why a component cannot be traced: finding out takes as long as a trace."""
    if path is not None:
        _write(path.with_suffix(FAILED), why)


def _write(path: Path, text: str) -> None:
    """Write to a temporary file and rename it, so that no reader sees half a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
    except OSError:
        return
