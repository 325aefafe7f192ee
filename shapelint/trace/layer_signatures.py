"""What a layer or a head does to shapes, with its widths written by the names of constructor arguments.

The class is built with other widths until it is known which argument governs which dimension. Widths that happen to be
equal can make inputs acceptable that otherwise are not (a BatchNorm reads tokens as channels): equal widths are tried
too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapelint.knowledge.schema.signature_files import SignatureRow
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.notation import Alternative, Pattern
from shapelint.trace import probe, signature_rows
from shapelint.trace.governing_arguments import Experiment, Unfitted
from shapelint.trace.images import evaluate, normalisation
from shapelint.trace.meta import Untraceable, runs
from shapelint.trace.symbolic import Free, Observation, observe
from shapelint.trace.variant import PRIMES, STEP, Variant, mask

if TYPE_CHECKING:
    from torch import nn

MAXIMUM_MERGED = 4
MAXIMUM_REAL_WEIGHTS = 20_000_000


def layer_row(variant: Variant) -> SignatureRow:
    """The row of a variant: every alternative that torch accepts. Raises Untraceable if none is found."""
    found: list[Alternative] = []
    first: Observation | None = None
    may_merge = False
    for blocks in _partitions(variant.widths):
        if found and len(blocks) < len(variant.widths) and not may_merge:
            break  # equal widths make other inputs acceptable only in a layer that looks at channels
        base = {name: STEP * prime for block, prime in zip(blocks, PRIMES) for name in block}
        try:
            module = variant.make(base)
        except Untraceable:
            continue
        may_merge = len(variant.widths) <= MAXIMUM_MERGED and bool(probe.channels(module))
        for template in _really_accepted(variant, base, probe.accepted(module)):
            if found and _is_known(found, base, probe.sizes(template)):
                continue
            seen = _generalised(variant, module, template, base, blocks)
            first = first or seen
            found.append(_alternative(seen, module, template, blocks, found[0] if found else None))
    if first is None:
        raise Untraceable("takes no input of one tensor that could be found")
    return _row(found, first)


def _really_accepted(
    variant: Variant, base: Mapping[str, int], templates: list[probe.Template]
) -> Iterator[probe.Template]:
    """The templates that a module with real memory accepts too: some layers check less on the meta device."""
    try:
        real = variant.make_real(base) if _is_small(variant.make(base)) else None
    except Exception:
        real = None
    for template in templates:
        tries = (probe.SMALL_SIZES, probe.AXIS_SIZES)
        if real is None or any(runs(real, probe.sizes(template, size), device="cpu") for size in tries):
            yield template


def _is_small(module: nn.Module) -> bool:
    return sum(parameter.numel() for parameter in module.parameters()) <= MAXIMUM_REAL_WEIGHTS


def _row(found: list[Alternative], first: Observation) -> SignatureRow:
    collapsed = signature_rows.collapse(found)
    any_axes = collapsed != found
    weights = signature_rows.weights(first.parameters)
    return SignatureRow(
        shapes=" | ".join(str(alternative) for alternative in collapsed),
        weights=weights if isinstance(weights, int) else str(weights),
        parts=signature_rows.parts(first.layers, signature_rows.PART_DEPTH, any_axes),
        tensors=signature_rows.tensors(first.tensors),
    )


def _partitions(names: Sequence[str]) -> Iterator[list[list[str]]]:
    """All partitions of some names into equal ones, those with fewer equalities first."""

    def split(rest: Sequence[str]) -> Iterator[list[list[str]]]:
        if not rest:
            yield []
            return
        for blocks in split(rest[:-1]):
            for index in range(len(blocks)):
                yield [[*block, rest[-1]] if at == index else block for at, block in enumerate(blocks)]
            yield [*blocks, [rest[-1]]]

    return iter(sorted(split(names), key=lambda blocks: -len(blocks)))


def _is_known(found: Sequence[Alternative], values: Mapping[str, Any], size: tuple[int, ...]) -> bool:
    signature = signatures.substitute(notation.Signature(tuple(found)), values)
    fit = signatures.unify(signature, size)
    return isinstance(fit, signatures.Fit)


def _generalised(
    variant: Variant, module: nn.Module, template: probe.Template, base: Mapping[str, int], blocks: list[list[str]]
) -> Observation:
    """One observation with widths by name: each block of equal widths is changed alone, then all of them together."""
    seen = observe(module, template)
    if seen.specialised:
        raise Untraceable(f"demands {seen.specialised} of an axis that seemed free")
    other = observe(module, probe.sizes(template, probe.OTHER_SIZES)).output
    if other != evaluate(seen.output, probe.OTHER_SIZES):
        raise Untraceable("has sizes that follow those of its input in no simple way")
    trials = [dict(base)]
    for block in blocks:
        trials.append({name: value + STEP * (name in block) for name, value in base.items()})
    trials.append({name: value + STEP * (31 + 2 * _block_index(blocks, name)) for name, value in base.items()})
    built = [variant.make(trial) for trial in trials[1:]]
    templates = [_counterpart(template, other) for other in built]
    try:
        return Experiment(seen, _observed(built, templates, symbolic=False), trials, probe.AXIS_SIZES).generalise()
    except Unfitted:
        pass
    try:
        return Experiment(seen, _observed(built, templates, symbolic=True), trials).generalise()
    except Unfitted as error:
        raise Untraceable("has sizes that follow its arguments in no simple way") from error


def _block_index(blocks: list[list[str]], name: str) -> int:
    return next(index for index, block in enumerate(blocks) if name in block)


def _counterpart(template: probe.Template, module: nn.Module) -> probe.Template:
    """The template that another module of the same variant accepts, with demands on the same axes."""
    for other in probe.accepted(module):
        if mask(other) == mask(template):
            return other
    raise Untraceable("takes other inputs when its widths change")


def _observed(modules: Sequence[nn.Module], templates: Sequence[probe.Template], symbolic: bool) -> list[Observation]:
    return [
        observe(module, template if symbolic else probe.sizes(template)) for module, template in zip(modules, templates)
    ]


def _alternative(
    seen: Observation, module: nn.Module, template: probe.Template, blocks: list[list[str]], usual: Alternative | None
) -> Alternative:
    """The alternative of one observation, with its conditions: equal widths, smallest sizes, more than one value."""
    equal = [f"{block[0]} == {other}" for block in blocks for other in block[1:]]
    limits = [f"{name} > {size - 1}" for name, size in _smallest(module, template) if size > 1]
    names = {name for shape in (*seen.inputs, *seen.counts) for dim in shape for name in dims.names(dim)}
    conditions = [*equal, *limits, *normalisation(seen, dict.fromkeys(sorted(names), 1))]
    alternative = signature_rows.alternative(seen.inputs, seen.output, " and ".join(conditions))
    return _as_usual(alternative, usual, blocks) if usual else alternative


def _smallest(module: nn.Module, template: probe.Template) -> Iterator[tuple[str, int]]:
    """The smallest size of every free axis except the batch, found by bisection with the other axes as tried."""
    for axis in template:
        if not isinstance(axis, Free) or axis.name == "B":
            continue
        low, high = 0, probe.AXIS_SIZES[axis.name]
        while high - low > 1:
            middle = (low + high) // 2
            works = runs(module, probe.sizes(template, {**probe.AXIS_SIZES, axis.name: middle}))
            low, high = (low, middle) if works else (middle, high)
        yield axis.name, high


def _as_usual(alternative: Alternative, usual: Alternative, blocks: list[list[str]]) -> Alternative:
    """Among equal widths, name the one on the last axis as the usual alternative does."""
    (pattern,), (usual_pattern,) = alternative.inputs, usual.inputs
    output, usual_output = alternative.output, usual.output
    if isinstance(output, Pattern) and isinstance(usual_output, Pattern):
        output = _rename_last(output, usual_output, blocks)
    return replace(alternative, inputs=(_rename_last(pattern, usual_pattern, blocks),), output=output)


def _rename_last(pattern: Pattern, usual: Pattern, blocks: list[list[str]]) -> Pattern:
    same = any(str(pattern.axes[-1]) in block and str(usual.axes[-1]) in block for block in blocks)
    return Pattern((*pattern.axes[:-1], usual.axes[-1])) if same else pattern
