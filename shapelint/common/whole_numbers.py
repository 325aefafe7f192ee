"""Numbers in texts of strangers: `int` accepts more than digits, and refuses very long ones."""

from __future__ import annotations

LONGEST = 18
"""The digits of what fits into 64 bits."""


def whole_number(text: str) -> int | None:
    """The number that a text is; None if it is not one in plain digits, or longer than any size or position.

    >>> whole_number("12"), whole_number("²"), whole_number("9" * 5000)
    (12, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
