"""Shapes and shape signatures: substitute constructor arguments, unify, print.

The notation itself, with its parser and printer, is `shapelint.shapes.notation`.

Pure Python: no torch, no YAML.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, Union

from shapelint.common.frozen import frozen, replace
from shapelint.shapes import dims, expression
from shapelint.shapes.dims import UNKNOWN_DIM, Dim, Expression, Symbol
from shapelint.shapes.notation import (
    Alternative,
    Ellipsis_,
    OutputPattern,
    Pattern,
    PatternAxis,
    Signature,
    Structure,
)
from shapelint.shapes.numbered_conditions import with_numbers

Shape = tuple[Dim, ...]
"""The shape of one tensor, batch axis first: `(B, 512)`."""

Answer = TypeVar("Answer")

MOST_ANSWERS = 64
"""Number of answers that are kept with a signature."""
SUBSCRIPTS = 6
"""An integer argument is read as a list of this length: the two ends of up to three axes."""

ShapeOrStructure = Union[Shape, "StructureValue"]


@frozen
class StructureValue:
    """The shapes inside a tuple, list or dict that a component returned, or an object of the class called `kind`."""

    kind: str
    elements: tuple[ShapeOrStructure, ...]
    keys: tuple[str, ...] = ()


@frozen
class Fit:
    """A successful unification. `assumed` holds triples (axis, expected, actual) that are equal only for some sizes."""

    alternative: Alternative
    bindings: Mapping[str, Dim]
    output: ShapeOrStructure
    assumed: tuple[tuple[int, Dim, Dim], ...] = ()


@frozen
class Misfit:
    """The reason why shapes do not fit: `kind` is "arity", "rank", "axis" or "condition".

    For "axis", `axis` counts from 0 and `expected` and `actual` are the two dimensions; for "rank" and "arity" they are
    numbers of axes and of inputs; for "condition", `condition` is the part of the `where` that does not hold.
    """

    kind: str
    alternative: Alternative
    expected: Dim | None = None
    actual: Dim | None = None
    axis: int = 0
    input: int = 0
    condition: str = ""
    bindings: Mapping[str, Dim] | None = None


def format_shape(value: ShapeOrStructure | None) -> str:
    """A shape as people write it in torch: `(B, 512, 7, 7)`; unknown axes are `?`.

    >>> format_shape((dims.symbol("B"), 512))
    '(B, 512)'
    """
    if value is None:
        return "?"
    if isinstance(value, StructureValue):
        names = value.keys if value.kind != "dict" else ()
        texts = [format_shape(element) for element in value.elements]
        return f"{value.kind} of {', '.join(f'{n} {t}' for n, t in zip(names, texts)) if names else ', '.join(texts)}"
    return "(" + ", ".join(str(dim) for dim in value) + ("," if len(value) == 1 else "") + ")"


def substitute(signature: Signature, arguments: Mapping[str, Any]) -> Signature:
    """Replace the names of constructor arguments by their values.

    A value is a dimension or a list of dimensions (for `*name` and `name[0]`). Any other value (None, a text) is an
    unknown dimension in a shape, and takes part in conditions as it is.

    >>> str(substitute(parse_signature("... i -> ... o"), {"i": 512, "o": 256}))
    '... 512 -> ... 256'
    """
    try:
        asked = tuple((name, _typed(value)) for name, value in arguments.items())
        return _kept(signature, ("substitute", asked), lambda: _filled(signature, arguments))
    except TypeError:  # a value without a hash
        return _filled(signature, arguments)


def _kept(signature: Signature, asked: Hashable, work_out: Callable[[], Answer]) -> Answer:
    """What is asked of a signature, worked out once; raises TypeError for what has no hash."""
    answers = signature.answers
    if asked not in answers:
        if len(answers) >= MOST_ANSWERS:
            answers.clear()
        answers[asked] = work_out()
    found: Answer = answers[asked]
    return found


def _typed(value: Any) -> Hashable:
    """A value as a key, such that True is not 1, also in a list."""
    if isinstance(value, (tuple, list)):
        return type(value), tuple(map(_typed, value))
    return type(value), value


def _filled(signature: Signature, arguments: Mapping[str, Any]) -> Signature:
    bindings = dict(_argument_bindings(arguments, signature.names))

    def pattern(value: Pattern) -> Pattern:
        axes: list[PatternAxis] = []
        for axis in value.axes:
            if not isinstance(axis, Ellipsis_):
                axes.append(dims.substitute(axis, bindings))
            elif axis.name in arguments:
                given = arguments[axis.name]
                axes.extend(map(_dimension, given if isinstance(given, (tuple, list)) else [given]))
            else:
                axes.append(axis)
        return Pattern(tuple(axes))

    def output(value: OutputPattern) -> OutputPattern:
        if isinstance(value, Pattern):
            return pattern(value)
        return Structure(value.kind, tuple(output(element) for element in value.elements), value.keys)

    return Signature(
        tuple(
            Alternative(
                tuple(pattern(value) for value in alternative.inputs), output(alternative.output), alternative.where
            )
            for alternative in signature.alternatives
        ),
        {**(signature.arguments or {}), **arguments},
    )


def unify(signature: Signature, *inputs: Shape) -> Fit | Misfit:
    """Find the alternative that takes these inputs, and its output.

    The first alternative that certainly fits wins, then those that fit for some sizes, as far as their outputs agree;
    otherwise the misfit of the closest alternative (same rank before other rank) is returned.

    >>> unify(parse_signature("... 512 -> ... 256"), (dims.symbol("B"), 256))  # doctest: +ELLIPSIS
    Misfit(kind='axis', ..., expected=512, actual=256, axis=1, ...)
    """
    return _kept(signature, inputs, lambda: _unified(signature, inputs))


def _unified(signature: Signature, inputs: tuple[Shape, ...]) -> Fit | Misfit:
    misfits: list[Misfit] = []
    conditional: list[Fit] = []
    for alternative in signature.alternatives:
        result = _unify_alternative(alternative, inputs, signature.arguments or {})
        if isinstance(result, Misfit):
            misfits.append(result)
        elif not result.assumed:
            return result
        else:
            conditional.append(result)
    if conditional:
        return replace(conditional[0], output=_common(conditional[0].output, conditional))
    return min(misfits, key=lambda misfit: _NEARNESS[misfit.kind])


def _common(value: ShapeOrStructure, fits: Sequence[Fit]) -> ShapeOrStructure:
    """The output of whichever of several fits applies: an axis that differs between them is unknown."""
    others = [fit.output for fit in fits if isinstance(fit.output, tuple) and isinstance(value, tuple)]
    if len(others) != len(fits) or any(len(other) != len(value) for other in others if isinstance(value, tuple)):
        return value
    return tuple(column[0] if len(set(column)) == 1 else UNKNOWN_DIM for column in zip(*others))


_NEARNESS = {"condition": 0, "axis": 1, "rank": 2, "arity": 3}


def match(pattern: Pattern, shape: Shape, bindings: dict[str, Any]) -> list[tuple[int, Dim, Dim]] | Misfit:
    """Match a shape against a pattern, extending `bindings`; return the assumed equalities, or the misfit.

    `bindings` maps free axes to dimensions, `...` to the tuple of axes that it matched, and `prod(...)` to their
    product. If an earlier input has bound `...`, this one must have the same axes there.
    """
    blank = Alternative((pattern,), pattern)
    fixed = sum(not isinstance(axis, Ellipsis_) for axis in pattern.axes)
    bound = bindings.get("...") if pattern.rank is None else ()
    taken = len(shape) - fixed
    if taken < 0 or (bound is not None and len(bound) != taken):
        return Misfit("rank", blank, expected=fixed + len(bound or ()), actual=len(shape))
    position = next((index for index, axis in enumerate(pattern.axes) if isinstance(axis, Ellipsis_)), fixed)
    assumed = []
    for index, actual in enumerate(shape):
        if position <= index < position + taken:
            expected = actual if bound is None else bound[index - position]
        else:
            axis = pattern.axes[index if index < position else index - taken + 1]
            assert not isinstance(axis, Ellipsis_)
            name = _bare_name(axis) if isinstance(axis, Expression) else None
            expected = bindings.setdefault(name, actual) if name else dims.substitute(axis, bindings)
        same = dims.equal(expected, actual)
        if same is False:
            return Misfit("axis", blank, expected=expected, actual=actual, axis=index)
        if same is None and dims.is_known(expected) and dims.is_known(actual):
            assumed.append((index, expected, actual))
    if pattern.rank is None and bound is None:
        bindings["..."] = shape[position : position + taken]
        bindings[expression.ELLIPSIS_PRODUCT] = math.prod(bindings["..."])
    return assumed


def _unify_alternative(alternative: Alternative, inputs: Sequence[Shape], arguments: Mapping[str, Any]) -> Fit | Misfit:
    if len(alternative.inputs) != len(inputs):
        return Misfit("arity", alternative, expected=len(alternative.inputs), actual=len(inputs))
    bindings: dict[str, Any] = {}
    assumed: list[tuple[int, Dim, Dim]] = []
    for number, (pattern, shape) in enumerate(zip(alternative.inputs, inputs, strict=True)):
        result = match(pattern, shape, bindings)
        if isinstance(result, Misfit):
            return Misfit(result.kind, alternative, result.expected, result.actual, result.axis, number, "", bindings)
        assumed += result
    names = {**arguments, **bindings}
    for condition in expression.conjuncts(alternative.where):
        if _holds(condition, names) is False:
            shown = with_numbers(condition, arguments)
            return Misfit("condition", alternative, condition=shown, bindings=bindings)
    for axis in _axes(alternative.output):
        size = dims.substitute(axis, bindings)
        passes = axis == 0 or (isinstance(axis, Expression) and _bare_name(axis) in bindings)
        if isinstance(size, int) and size < (0 if passes else 1):
            return Misfit("condition", alternative, condition=f"{axis} >= 1", bindings=bindings)
    return Fit(alternative, bindings, fill(alternative.output, bindings), tuple(assumed))


def _holds(condition: str, names: Mapping[str, Any]) -> Any:
    """Whether a condition holds; None for arguments that it is not defined for, such as a text, or that are missing."""
    try:
        return expression.evaluate(condition, names)
    except expression.ExpressionError:
        return None


def _axes(output: OutputPattern) -> Iterator[Dim]:
    if isinstance(output, Structure):
        for element in output.elements:
            yield from _axes(element)
    else:
        yield from (axis for axis in output.axes if not isinstance(axis, Ellipsis_))


def fill(output: OutputPattern, bindings: Mapping[str, Any]) -> ShapeOrStructure:
    """The value of an output pattern once its free axes are known."""
    if isinstance(output, Structure):
        return StructureValue(output.kind, tuple(fill(element, bindings) for element in output.elements), output.keys)
    result: list[Dim] = []
    for axis in output.axes:
        if isinstance(axis, Ellipsis_):
            result.extend(bindings.get("...", ()))
        else:
            result.append(dims.substitute(axis, bindings))
    return tuple(result)


def _bare_name(axis: Expression) -> str | None:
    """The name of an axis that is only a name; the unknown dimension has none."""
    ((product, coefficient), *others) = axis.terms
    if others or coefficient != 1 or len(product) != 1 or not isinstance(product[0], Symbol):
        return None
    name = product[0].name
    return None if name in ("?", expression.ELLIPSIS_PRODUCT) else name


def _argument_bindings(arguments: Mapping[str, Any], named: frozenset[str]) -> Iterator[tuple[str, Dim]]:
    """The values of `name` and `name[0]` ... `name[5]`; what is not a dimension is unknown, never a free axis.

    An argument that is not `named`, as it is or with an index, is left out.
    """
    indexed = {name.partition("[")[0] for name in named if "[" in name}
    for name, value in arguments.items():
        if name in named:
            yield name, _dimension(value)
        if name not in indexed:
            continue
        elements = value if isinstance(value, (tuple, list)) else [value] * SUBSCRIPTS
        for index in range(max(SUBSCRIPTS, len(elements))):
            yield f"{name}[{index}]", _dimension(elements[index]) if index < len(elements) else UNKNOWN_DIM
        yield f"{name}[-1]", _dimension(elements[-1]) if elements else UNKNOWN_DIM


def _dimension(value: Any) -> Dim:
    """An argument in a formula; a whole float, such as a scale factor of 2.0, is read as the integer."""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value if isinstance(value, Expression) else UNKNOWN_DIM
