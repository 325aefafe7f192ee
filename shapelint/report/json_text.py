"""Reports as JSON text."""

from __future__ import annotations

import json
from typing import Any

from shapelint.common.escaping import BRACKET_OF_COMMAND


def json_text(value: Any) -> str:
    """A value as JSON in ASCII; the texts in it are the same once they are read, and command nothing before."""
    return BRACKET_OF_COMMAND.sub(r"\\u005b", json.dumps(value, indent=2))
