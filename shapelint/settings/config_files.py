"""Find and read the settings of a file: shapelint.toml, or `[tool.shapelint]` in pyproject.toml, upward from it.

Settings that anybody may have written are passed over, such as those in a shared temporary folder, and it is said.
"""

from __future__ import annotations

import os
import re
from functools import reduce
from typing import Any

from shapelint.common import bounds, disk
from shapelint.common.notices import say_once
from shapelint.common.ownership import written_by_others
from shapelint.common.reads import remembered
from shapelint.common.toml_text import TomlError, read_toml
from shapelint.settings.config import DEFAULTS, Config, ConfigError

OWN_FILE = "shapelint.toml"


SHARED_FILE = "pyproject.toml"


MAY_CONFIGURE = re.compile(rb"""^\s*\[?\s*["']?tool["']?\s*(\]|=|\.\s*["']?shapelint\b)""", re.MULTILINE)
"""A cheap test for settings of shapelint in a pyproject.toml: it avoids parsing the others."""


def forget() -> None:
    """Read all settings again when they are next asked for."""
    of_folder.cache_clear()
    load.cache_clear()


def for_path(path: str | os.PathLike[str]) -> Config:
    """The settings for a file or folder, which need not exist; raises ConfigError."""
    absolute = os.path.abspath(path)
    return of_folder(absolute if disk.is_folder(path) else os.path.dirname(absolute))


def named(path: str) -> Config:
    """The settings of a file that the user names; raises ConfigError, also if it has none."""
    found = load(os.path.abspath(path))
    if found is None:
        raise ConfigError(f"{path}: no [tool.shapelint] in it")
    return found


@remembered()
def of_folder(folder: str) -> Config:
    """The settings that apply in a folder (an absolute path); raises ConfigError."""
    for name in (OWN_FILE, SHARED_FILE):
        path = os.path.join(folder, name)
        if disk.is_file(path):
            found = _obeyed(path)
            if found is not None:
                return found
    parent = os.path.dirname(folder)
    return DEFAULTS if parent == folder else of_folder(parent)


def _obeyed(path: str) -> Config | None:
    """The settings of a file that was found; None if it has none, or anybody may have written them."""
    try:
        reason = written_by_others(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    if not reason:
        return load(path)
    if _is_own(path) or MAY_CONFIGURE.search(_content(path)):
        say_once(f"shapelint: {path}: these settings are not used: {reason} (--config uses them all the same)")
    return None


@remembered()
def load(path: str) -> Config | None:
    """The settings of one TOML file; None for one without a section for shapelint. Raises ConfigError."""
    try:
        return _extended(path)
    except ConfigError as error:
        raise ConfigError(str(error), path) from error.__cause__


def _extended(path: str) -> Config | None:
    """The settings of a file with those that it extends, which only this user and root may have written."""
    found = _of_file(path)
    chain = [found] if found is not None else []
    while chain and (base := chain[-1].extend) is not None:
        above = str(chain[-1].path)
        if any(disk.real(base) == disk.real(str(one.path)) for one in chain):
            raise ConfigError(f"{above}: extend: {base.name} extends this file itself")
        if len(chain) > bounds.EXTENDED_SETTINGS:
            raise ConfigError(f"{path}: extend: more than {bounds.EXTENDED_SETTINGS} files, one after the other")
        try:
            reason = written_by_others(str(base))
        except OSError as error:
            raise _unreadable(str(base), error) from None
        if reason:
            raise ConfigError(f"{above}: extend: {base.name} is not used: {reason}")
        if (more := _of_file(os.path.abspath(base))) is None:
            raise ConfigError(f"{above}: extend: no [tool.shapelint] in {base.name}")
        chain.append(more)
    return reduce(lambda below, own: own.extending(below), reversed(chain)) if chain else None


def _of_file(path: str) -> Config | None:
    """What one file sets, without what it extends."""
    data = _content(path)
    if not (_is_own(path) or MAY_CONFIGURE.search(data)):
        return None
    table: Any = _parse(path, data)
    if not _is_own(path):
        tool = table.get("tool", {})
        if not isinstance(tool, dict) or "shapelint" not in tool:
            return None
        table = tool["shapelint"]
    from shapelint.settings.config_schema import validated

    return validated(path, data.decode("utf-8"), table)


def _is_own(path: str) -> bool:
    """Whether all of a file are settings of shapelint."""
    return os.path.basename(path) != SHARED_FILE


def _content(path: str) -> bytes:
    try:
        return disk.read_bounded(path, bounds.SETTINGS_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: cannot be read: {error.strerror or error}")


def _parse(path: str, data: bytes) -> dict[str, Any]:
    try:
        return read_toml(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8") from None
    except TomlError as error:
        raise ConfigError(f"{path}{f':{error.line}' if error.line else ''}: not valid TOML: {error}") from None
