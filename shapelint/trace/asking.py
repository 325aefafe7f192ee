"""What torch itself answers for an operation that no table lists: it is run on the meta device, and the answer is kept.

An operation is one of torch's own, on tensors of known shapes and literals. Sizes that are symbols are run at several
primes; unless every axis of the answer is a formula of them, the operation is unknown. torch is imported only if the
cache has no answer; an operation that raises is unknown, never a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.common.patterns import pattern
from shapelint.common.reads import note_unrepeatable
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import format_axis
from shapelint.shapes.signatures import Shape
from shapelint.signatures import cache, versions
from shapelint.trace.meta import quiet

_TORCH_NAME = pattern(r"torch\.((nn\.functional|Tensor|linalg|fft|special)\.)?[a-z][a-z0-9_]*")
_PRIMES = ((5, 29, 37, 31, 41, 43), (7, 67, 53, 47, 59, 61), (11, 71, 73, 79, 83, 89))
"""The sizes of the symbols in each run: different primes, so that none is confused with another."""


@frozen
class Operand:
    """The position of a tensor among the arguments, counted from 0."""

    index: int


def is_asked(name: str) -> bool:
    """Whether a dotted name can be an operation of torch: `torch.logsumexp`, `torch.Tensor.cumprod`."""
    return _TORCH_NAME.fullmatch(name) is not None


def is_answered(name: str, tensors: Sequence[Shape], positional: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether an answer is available without torch: in this process, or in the cache."""
    return _kept(*_key(name, tensors, positional, keywords)) is not None


def ask(name: str, tensors: Sequence[Shape], positional: Sequence[Any], keywords: Mapping[str, Any]) -> str | None:
    """The signature of an operation on tensors of these shapes, its symbols called a0, a1, ...; None if unknown.

    >>> ask("torch.logsumexp", [(8, 256)], [Operand(0), 1], {})  # doctest: +SKIP
    '8 256 -> 8'
    """
    key, place = _key(name, tensors, positional, keywords)
    known = _kept(key, place)
    if known is None:
        if versions.installed("torch") is None:
            return None
        known = ComponentSignature(call=f"{name}()", rows=_rows(name, tensors, positional, keywords))
        cache.TRACED[key] = known
        cache.store(place, known)
    return known.rows[0].shapes if known.rows else None


def _kept(key: str, place: cache.CachePlace | None) -> ComponentSignature | None:
    """The answer of this process, or else the one in the cache, whose file is read once."""
    if key not in cache.TRACED:
        known = cache.load(place)
        if known is None:
            return None
        cache.TRACED[key] = known
    return cache.TRACED[key]


def _key(
    name: str, tensors: Sequence[Shape], positional: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[str, cache.CachePlace | None]:
    """The key of an answer in this process, which includes everything that it depends on, and its file in the cache."""
    taken = ", ".join(" ".join(map(str, _named(tensors, shape))) for shape in tensors)
    asked = f"{name} of {taken}"
    return f"{asked} {positional!r} {sorted(keywords.items())!r}", cache.place("torch", asked, keywords, positional)


def _symbols(tensors: Sequence[Shape]) -> list[Dim]:
    """The sizes that are not numbers, each once, in order."""
    return list(dict.fromkeys(size for shape in tensors for size in shape if not isinstance(size, int)))


def _named(tensors: Sequence[Shape], shape: Shape) -> list[Dim]:
    """A shape with its symbols under their names in the answer."""
    symbols = _symbols(tensors)
    return [size if isinstance(size, int) else dims.symbol(f"a{symbols.index(size)}") for size in shape]


def _rows(
    name: str, tensors: Sequence[Shape], positional: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[SignatureRow, ...]:
    """The one row of an answer; none if torch raises or returns no single tensor, or an axis follows no formula."""
    symbols = _symbols(tensors)
    if len(symbols) > len(_PRIMES[0]):
        return ()
    results: list[tuple[int, ...]] = []
    for primes in _PRIMES if symbols else _PRIMES[:1]:
        at = dict(zip(symbols, primes))
        sizes = [tuple(size if isinstance(size, int) else at[size] for size in shape) for shape in tensors]
        result = _run(name, sizes, positional, keywords)
        if result is None:
            return ()
        results.append(result)
    if len({len(result) for result in results}) > 1:
        return ()
    formulas = [_formula(sizes, len(symbols)) for sizes in zip(*results)]
    axes = [formula for formula in formulas if formula is not None]
    if len(axes) < len(formulas):
        return ()
    taken = ", ".join(" ".join(map(str, _named(tensors, shape))) for shape in tensors)
    return (SignatureRow(shapes=f"{taken} -> {' '.join(map(format_axis, axes))}"),)


def _formula(sizes: tuple[Any, ...], symbols: int) -> Dim | None:
    """An axis as the same formula in every run: a number, a symbol, a multiple of one, or one plus a constant.

    Nothing is left of an axis in every run if what is taken away is larger than these sizes: then no formula is known.
    """
    if len(set(sizes)) == 1:
        return None if symbols and not sizes[0] else int(sizes[0])
    columns = [(dims.symbol(f"a{index}"), [primes[index] for primes in _PRIMES]) for index in range(symbols)]
    for symbol, column in columns:
        shifts = {size - prime for size, prime in zip(sizes, column)}
        if len(shifts) == 1:
            shifted: Dim = symbol + shifts.pop()
            return shifted
        factors = {size / prime for size, prime in zip(sizes, column)}
        if len(factors) == 1 and (factor := factors.pop()).is_integer():
            scaled: Dim = symbol * int(factor)
            return scaled
    return None


def _run(
    name: str, sizes: Sequence[tuple[int, ...]], positional: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[int, ...] | None:
    """The shape of torch's result for tensors of these sizes, which hold no data."""
    import torch

    note_unrepeatable()
    path, _, last = name.removeprefix("torch.").rpartition(".")
    names = (last, f"{path}_{last}")
    if not any(hasattr(torch.ops.aten, one) for one in names) and not hasattr(torch.nn.functional, last):
        return None
    owner = reduce(getattr, filter(None, path.split(".")), torch)
    tensors = [torch.empty(size, device="meta") for size in sizes]

    def filled(value: Any) -> Any:
        if isinstance(value, Operand):
            return tensors[value.index]
        return [filled(item) for item in value] if isinstance(value, (list, tuple)) else value

    try:
        with quiet(), torch.no_grad():
            given = {key: filled(value) for key, value in keywords.items()}
            result = getattr(owner, last)(*map(filled, positional), **given)
    except Exception:
        return None
    return tuple(result.shape) if isinstance(result, torch.Tensor) and result.device.type == "meta" else None
