"""Rows of a model at several image sizes as one row, in which the size is an argument of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from shapelint.knowledge.schema.signature_files import SignatureRow
from shapelint.trace.meta import Untraceable

PATCHES = (7, 5, 23)
"""How many patches the images of the trials have along one side: any formula has to hold for all of them."""
NUMBER = re.compile(r"(?<!\w)\d+\b")


def over_sizes(trace: Callable[[int], SignatureRow], name: str, patch: int) -> SignatureRow:
    """The row of a model that takes square images of the size that its argument `name` gives.

    `trace` returns its row at one size. The size has to be a multiple of the `patch`, as in every vision transformer.
    Raises Untraceable if a number follows no formula.
    """
    sizes = [patch * count for count in PATCHES]
    first, *others = (trace(size) for size in sizes)
    formulas = _Formulas(name, sizes, patch)

    def merged(*texts: str | int) -> str:
        return _merged([str(text) for text in texts], formulas)

    return SignatureRow(
        when=first.when,
        shapes=f"{merged(first.shapes, *(row.shapes for row in others))} where {name} % {patch} == 0",
        weights=merged(first.weights, *(row.weights for row in others)),
        parts={key: merged(text, *(row.parts[key] for row in others)) for key, text in first.parts.items()},
        tensors={key: merged(text, *(row.tensors[key] for row in others)) for key, text in first.tensors.items()},
    )


def _merged(texts: Sequence[str], formulas: _Formulas) -> str:
    """Texts that differ only in numbers, as one text with formulas in their place."""
    if len({NUMBER.sub("#", text) for text in texts}) != 1:
        raise Untraceable("does otherwise with images of another size")
    columns = zip(*(map(int, NUMBER.findall(text)) for text in texts))
    found = iter([formulas.of(column) for column in columns])
    return NUMBER.sub(lambda _: next(found), texts[0])


class _Formulas:
    """Numbers as formulas of an image size."""

    def __init__(self, name: str, sizes: Sequence[int], patch: int) -> None:
        side = f"{name}//{patch}"
        self._known = {
            name: sizes,
            f"({side})": [size // patch for size in sizes],
            f"({side})*({side})": [(size // patch) ** 2 for size in sizes],
        }

    def of(self, numbers: Sequence[int]) -> str:
        """The formula of a number that has these values at the sizes; raises Untraceable."""
        if len(set(numbers)) == 1:
            return str(numbers[0])
        for text, values in self._known.items():
            factor, rest = divmod(numbers[1] - numbers[0], values[1] - values[0])
            more = numbers[0] - factor * values[0]
            if not rest and all(number == factor * value + more for number, value in zip(numbers, values)):
                if (factor, more) == (1, 0) and ")*(" not in text:
                    return text
                return f"({text if factor == 1 else f'{factor}*{text}'}{f'+{more}' if more else ''})"
        raise Untraceable("has numbers that follow no formula of the image size")
