"""Slips of the pen: whether a word is another one with one letter wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHORTEST = 5
"""Of shorter words, other words differ by one letter too often: only a doubled or an exchanged letter is a slip."""


def meant(written: str, words: Iterable[str]) -> str:
    """The one word that a misspelt one is meant to be, or "".

    >>> meant("hiden_dim", ["hidden_dim", "output_dim"])
    'hidden_dim'
    """
    found = [word for word in words if is_slip(written, word)]
    return found[0] if len(found) == 1 else ""


def is_slip(written: str, word: str) -> bool:
    """Whether a word was written with one letter too many, too few, wrong, or exchanged with the next.

    What people name on purpose is none: a letter or digit put before or behind (`rbyol`, `vicregl`, `moco3`).
    """
    a, b = written.lower(), word.lower()
    if a == b or a[:1] != b[:1] or abs(len(a) - len(b)) > 1:
        return False
    same = next((index for index, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))
    if any(letter.isdigit() for letter in a[same : same + 1] + b[same : same + 1]):
        return False
    is_long = len(b) >= _SHORTEST
    return any(_ways(a, b, same, is_long))


def _ways(a: str, b: str, same: int, is_long: bool) -> Iterator[bool]:
    """Each way in which `a` may be `b` with a slip behind the letters that are the `same`."""
    if len(a) == len(b):
        yield a[same : same + 2] == b[same : same + 2][::-1] and a[same + 2 :] == b[same + 2 :]
        yield is_long and a[same + 1 :] == b[same + 1 :]
    elif len(a) > len(b):
        doubled = same > 0 and a[same] == a[same - 1]
        inside = is_long and same < len(b)
        yield (doubled or inside) and a[same + 1 :] == b[same:]
    else:
        yield is_long and a[same:] == b[same + 1 :]
