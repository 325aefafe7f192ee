"""`shapelint config FILE`: which settings apply to a file, including defaults, and where each is set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from shapelint.cli.streams import write_out
from shapelint.common.escaping import escape
from shapelint.judge import rulebook
from shapelint.knowledge import methods
from shapelint.settings.config import ALL, Config
from shapelint.settings.settings import Settings

HIDDEN = frozenset({"path", "given", "extend"})


def run(path: str, settings: Settings) -> int:
    """Print one line per key, as TOML, with its source; raises click.UsageError for a path that does not exist."""
    if not os.path.exists(path):
        hint = (
            f" (to lint the folder 'config', write 'config/{path}')"
            if os.path.exists(os.path.join("config", path))
            else ""
        )
        raise click.UsageError(f"{path}: no such file or folder{hint}")
    found = settings.config_of(path)
    write_out("".join(f"{escape(line)}\n" for line in _lines(path, found, settings)))
    return 0


def _lines(path: str, found: Config, settings: Settings) -> list[str]:
    source = str(found.path) if found.path else "no settings file: defaults"
    lines = [f"# settings for {path}", f"# from {source}"]
    values = {field.name.replace("_", "-"): getattr(found, field.name) for field in fields(found)}
    shown = {**{key: value for key, value in values.items() if key not in HIDDEN}, **_effective(found)}
    texts = {key: f"{key} = {_toml(value)}" for key, value in shown.items()}
    width = max(len(text) for text in texts.values() if len(text) <= 60)
    for key, text in texts.items():
        whence = found.given[key].name if key in found.given else "default"
        lines.append(f"{text:{width}}  # {whence}")
    known = rulebook.known(found.rules)
    active = [code for code in known if settings.keeps(code, path)]
    silent = [code for code in known if code not in active]
    lines.append(f"# rules that apply: {', '.join(active) or 'none'}")
    lines.append(f"# rules that do not: {', '.join(silent) or 'none'}")
    if found.excludes(path):
        lines.append("# the file is excluded: it is linted only when it is named, and not with force-exclude")
    return lines


def _effective(found: Config) -> dict[str, Any]:
    """The keys whose effective value is not the one in the settings, or that the settings do not set."""
    axes = zip(("channels", "height", "width"), found.input or (3, None, None))
    return {
        "select": found.select or (ALL,),
        "method": found.method or methods.DEFAULT,
        "input": {axis: size for axis, size in axes if size is not None},
    }


def _toml(value: Any) -> str:
    """A value in TOML's notation; an omitted axis of the input is open."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key)
