"""Templates in rule pages, and their rendering with facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapelint.common.patterns import pattern
from shapelint.shapes import expression

FACT = pattern(r"\{([^{}]+)\}")


def render(template: str, facts: Mapping[str, Any]) -> str:
    """Fill facts into a template: `{consumer} expects {consumer.input.features}`."""
    return FACT.sub(lambda match: _text(expression.evaluate(match[1], facts)), template)


def _text(value: Any) -> str:
    return "?" if value is None else str(value)
