"""The known words that are most similar to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable

USUAL_LIKENESS = 0.6


def nearest_word(word: str, known: Iterable[str], likeness: float = USUAL_LIKENESS) -> str:
    """Return the word that is most similar to one, if it is so similar as `difflib` counts; "" if none is."""
    return next(iter(nearest_words(word, known, 1, likeness)), "")


def nearest_words(word: str, known: Iterable[str], most: int, likeness: float = USUAL_LIKENESS) -> list[str]:
    """Return the words that are so similar to one, the most similar first, as `difflib` counts: 1 is the same word."""
    import difflib  # a word that is not known is rare

    return difflib.get_close_matches(word, list(known), most, likeness)
