"""Lists of names, written as a text for readability."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Split a text into its words."""
    return frozenset(text.split())
