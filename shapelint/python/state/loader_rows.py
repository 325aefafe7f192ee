"""How many rows the batches of a data loader have, and the runs of a program in which they are numbers.

In most runs the batch is a symbol: what is found holds for every batch. A program is run again with the first batch of
each loader, and with its last one, to find what stops at these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shapelint.common.frozen import frozen
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.text.source import Span

FedBatch = Literal["", "first", "last", "shorter", "half", "epoch"]
"""The batch that a run feeds: any (a symbol), the first, the last, or a last one of two sizes that it may have.

One that feeds an epoch keeps the symbol, and counts what loops over all batches collect.
"""
SMALLEST_SHORTENED = 5
"""Rows that a batch has at least of which it is asked what a shorter one does."""


@frozen
class LoaderRows:
    """A loader of batches of `size` rows, from `samples` samples: None where that is not known.

    The size is 0 where only what an epoch has is asked, and it is not known. `drops_last` is whether a shorter last
    batch is left out, `place` where the size is written.
    """

    size: int
    samples: int | None = None
    drops_last: bool | None = None
    place: Span | None = None

    def of(self, batch: FedBatch) -> int | None:
        """Return the rows of one of its batches; None if there is no such batch, or it is not known."""
        if batch == "first":
            return self._first()
        if batch == "last":
            left = self.samples % self.size if self.samples and self.samples > self.size else 0
            return left if left and self.drops_last is False else None
        if self.samples is not None or self.drops_last is not False or self.size < SMALLEST_SHORTENED:
            return None
        return {"shorter": self.size - 1, "half": self.size // 2}.get(batch)

    def _first(self) -> int | None:
        if self.samples is None or self.samples >= self.size:
            return self.size
        return self.samples if self.drops_last is False and self.samples else None

    @property
    def batches(self) -> int | None:
        """How many batches an epoch has, None if that is not known."""
        if self.samples is None or self.drops_last is None or not self.size:
            return None
        return self.samples // self.size if self.drops_last else -(-self.samples // self.size)

    @property
    def rows_of_an_epoch(self) -> int | None:
        """How many rows all batches have together, None if that is not known."""
        if self.samples is None or self.drops_last is None or (self.drops_last and not self.size):
            return None
        return self.full_batches * self.size if self.drops_last else self.samples

    def says(self, rows: int) -> str:
        """Return what a batch of so many rows is."""
        if rows == self.size:
            return f"a batch of {rows}"
        if self.samples is None:
            return "a last batch of another size"
        return f"the last batch: {self.samples} samples in batches of {self.size} leave {rows}"

    @property
    def full_batches(self) -> int:
        """The batches of `size` rows that an epoch has for certain."""
        return 1 if self.samples is None else self.samples // self.size


def every_batch_fits(loaders: Sequence[LoaderRows], number: int) -> bool:
    """Return whether a number of rows is that of every batch of the loaders, or a multiple: of several views."""
    even = (one.drops_last is True or (one.samples is not None and one.samples % one.size == 0) for one in loaders)
    return bool(loaders) and all(even) and all(number % one.size == 0 for one in loaders)


def symbol(number: int) -> Dim:
    """Return the rows of the batches of a loader while they are no number."""
    return dims.symbol(f"B#{number}")


def in_an_epoch(number: int) -> Dim:
    """Return the rows of all batches of a loader together while they are no number."""
    return dims.symbol(f"N#{number}")


def differ(left: Dim, right: Dim) -> bool:
    """Return whether two sizes certainly differ, also numbers of rows of one epoch of unknown length.

    >>> differ(4, 5), differ(in_an_epoch(0), in_an_epoch(0) - 1), differ(in_an_epoch(0), in_an_epoch(1) - 1)
    (True, True, False)
    """
    if isinstance(left, int) and isinstance(right, int):
        return left != right
    if left is dims.OTHER or right is dims.OTHER:
        return left is not right and not dims.is_lost(left) and not dims.is_lost(right)
    symbols = dims.names(left) | dims.names(right)
    return len(symbols) == 1 and all(name[:2] == "N#" for name in symbols) and dims.equal(left, right) is False


def number_of(name: str) -> int | None:
    """Return which loader a symbol belongs to; None for any other symbol.

    >>> (symbol_name,) = dims.names(symbol(3))
    >>> number_of(symbol_name), number_of("B")
    (3, None)
    """
    head, _, number = name.partition("#")
    return int(number) if head == "B" and number.isdigit() else None
