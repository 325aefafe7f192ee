"""What is worked out of an object, kept for as long as the object: a cache by itself would keep both."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

Kept = TypeVar("Kept")
Computed = TypeVar("Computed")


def while_it_lives(function: Callable[[Kept], Computed]) -> Callable[[Kept], Computed]:
    """Remember what a function returns for each object, by its identity; the result must not refer to the object."""
    known: WeakKeyDictionary[Kept, Computed] = WeakKeyDictionary()

    @wraps(function)
    def remembered(kept: Kept) -> Computed:
        if kept not in known:
            known[kept] = function(kept)
        return known[kept]

    return remembered
