"""The words of torch's errors, and of the libraries around it, from `rules/torch_errors.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from shapelint.common import bounds
from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.error_words import ErrorWords

_NAME = pattern(r"\{(\w+)(?::(\w+))?\}")
_KINDS = {
    None: r"-?\d{1,20}",
    "shape": r"(?:torch\.Size\()?\[[^\[\]\n]{0,200}\]\)?",
    "word": r"\b\w+",
    "text": r"[^\n]{1,200}?",
}
"""What a name may stand for; each is short, so that a long text takes no longer than it is long."""
_LONGEST_REST = 200
_NUMBER = pattern(r"\d+")


@frozen
class KnownError:
    """An error in somebody's text: its words to the end of their line, and the values of the names in them."""

    entry: ErrorWords
    text: str
    values: Mapping[str, str]

    @property
    def means(self) -> str:
        """What happened, with the numbers."""
        return self.entry.means.format(**self.values)

    @property
    def usually(self) -> str:
        """Where in a chain it happens, and what to look at."""
        return self.entry.usually.format(**self.values)

    def numbers(self, side: str) -> frozenset[int]:
        """The numbers of a side, "expected" or "actual", none if the words do not say them."""
        return frozenset(map(int, _NUMBER.findall(self.values.get(side, ""))))


def recognise(text: str) -> KnownError | None:
    """Return the error in a text, which may hold a whole traceback: the first one of its last traceback."""
    end = text[-bounds.ERROR_TEXT :]
    last = end.rpartition("Traceback (most recent call last)")[2]
    return _first(last) or _first(end)


def entries() -> list[ErrorWords]:
    """Every error that is known."""
    return [ErrorWords.trusted(entry) for entry in rules_folder.load("torch_errors.yaml")]


def _first(text: str) -> KnownError | None:
    found = [(match.start(), entry, match) for entry, words in _patterns() if (match := words.search(text))]
    if not found:
        return None
    _, entry, match = min(found, key=lambda one: one[0])
    rest = text[match.end() :].partition("\n")[0][:_LONGEST_REST]
    return KnownError(entry, " ".join((match[0] + rest).split()), match.groupdict())


@cache
def _patterns() -> list[tuple[ErrorWords, re.Pattern[str]]]:
    return [(entry, _pattern(entry.words)) for entry in entries()]


def _pattern(words: str) -> re.Pattern[str]:
    """Return what finds words in a text: one at their end takes the rest of its line, a name again its first value."""
    written, start, named = "", 0, set[str]()
    for name in _NAME.finditer(words):
        is_last = name.end() == len(words)
        kind = "[^\n]{1,200}" if name[2] == "text" and is_last else _KINDS[name[2]]
        value = f"(?P={name[1]})(?!\\d)" if name[1] in named else f"(?P<{name[1]}>{kind})"
        written += _literal(words[start : name.start()]) + value
        start = name.end()
        named.add(name[1])
    return re.compile(written + _literal(words[start:]))


def _literal(text: str) -> str:
    return r"\s{1,200}".join(re.escape(word) for word in text.split(" "))
