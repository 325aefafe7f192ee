"""Templates in rule pages, and their rendering with facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shapelint.shapes import expression

FACT = re.compile(r"\{([^{}]+)\}")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Fill facts into a template: `{consumer} expects {consumer.input.features}`."""
    return FACT.sub(lambda match: _text(expression.evaluate(match[1], facts)), template)


def _text(value: Any) -> str:
    return "?" if value is None else str(value)
