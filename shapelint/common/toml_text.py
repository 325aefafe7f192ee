"""TOML within bounds: the standard library takes quadratic time for long keys, and the whole stack for nests."""

from __future__ import annotations

import sys
from typing import Any

from shapelint.common import bounds
from shapelint.common.patterns import pattern

_LONG_KEY = pattern(
    rf"""(?:\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){{{bounds.TOML_KEY_PARTS}}}""",
)


class TomlError(ValueError):
    """A text that is not TOML, or not within the bounds; `line` is where, 0 if that is part of the message."""

    def __init__(self, reason: str, line: int = 0):
        super().__init__(reason)
        self.line = line


def read_toml(text: str) -> dict[str, Any]:
    """Read a text; raises TomlError. A run without TOML imports no parser."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise TomlError(f"a key of more than {bounds.TOML_KEY_PARTS} parts", line)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error)) from None
    except RecursionError:
        raise TomlError("it is nested too deeply") from None
    except ValueError:  # of int()
        raise TomlError("it has a number that is too long") from None
