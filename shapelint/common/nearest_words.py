"""The known words that are most similar to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable


def nearest_words(word: str, known: Iterable[str], most: int = 1, likeness: float = 0.6) -> list[str]:
    """Return the words that are so similar to one, the most similar first, as `difflib` counts: 1 is the same word."""
    import difflib  # a word that is not known is rare

    return difflib.get_close_matches(word, list(known), most, likeness)
