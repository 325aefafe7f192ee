"""Operations that a forward calls itself and that torch refuses for the shapes at hand: edges that do not fit.

Only what is certain counts: numbers of axes, and sizes that are plain numbers on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shapelint.chain import propagation
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.library_functions import Function
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Call, Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import Component, Const, Given, Items, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import signature_calls
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.operation_table import BROADCAST, REDUCE, axes_of, given_axes
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Alternative, Misfit, Pattern, Signature
from shapelint.spec.roles import Role
from shapelint.spec.spec import ComponentSpec, Step

OVER = frozenset([*REDUCE, "squeeze", "argmax", "argmin", "max", "min", "median", "mode", "cummax", "cummin"])
"""What takes `dim`, an axis or several, as its first argument."""

AXES: dict[str, tuple[tuple[int, int | None, str], ...]] = {
    "flatten": ((0, 0, "start_dim"), (1, -1, "end_dim")),
    "transpose": ((0, None, "dim0"), (1, None, "dim1")),
    "swapaxes": ((0, None, "axis0"), (1, None, "axis1")),
    "softmax": ((0, None, "dim"),),
    "log_softmax": ((0, None, "dim"),),
    "normalize": ((1, 1, "dim"),),
    "cumsum": ((0, None, "dim"),),
    "select": ((0, None, "dim"),),
    "narrow": ((0, None, "dim"),),
    "index_select": ((0, None, "dim"),),
    "gather": ((0, None, "dim"),),
    "unbind": ((0, 0, "dim"),),
    "size": ((0, None, "dim"),),
    "chunk": ((1, 0, "dim"),),
    "split": ((1, 0, "dim"),),
    "tensor_split": ((1, 0, "dim"),),
    "topk": ((1, -1, "dim"),),
    "repeat_interleave": ((1, None, "dim"),),
}
"""Where the axes of other operations stand: place, default, name."""

PAIRS = BROADCAST | {"cosine_similarity", "pairwise_distance"}
"""What takes two operands that broadcast."""

RANKS = {"mm": 2, "bmm": 3}


def note(run: Run, name: str, tensor: Tensor, given: Arguments, site: Site) -> None:
    """Remember an operation that cannot take its tensor, or its other operand."""
    axes, other = axes_of(tensor), given_axes(given.get(0, "other", "mat2", "weight"))
    if axes is None:
        return
    for judged, expected in _expectations(name, tensor, axes, given, other):
        if expected:
            _remember(run, name, judged, expected, site)
            return


def note_pieces(run: Run, name: str, pieces: Value, given: Arguments, site: Site) -> None:
    """The same of `cat` and `stack`, which take a list."""
    items = sequence(pieces)
    tensors = [item for item in items.items if isinstance(item, Tensor)] if items is not None else []
    if name == "cat":
        # An old rule of torch: an empty vector goes with anything.
        tensors = [tensor for tensor in tensors if len(axes_of(tensor) or ()) != 1]
    axes = [axes_of(tensor) for tensor in tensors]
    if not axes or axes[0] is None:
        return
    along = given.integer(0, 0, "dim", "axis")
    rank = len(axes[0])
    if along is not None and (expected := _axis(along, rank + (name == "stack"))):
        _remember(run, name, tensors[0], expected, site)
        return
    place = None if along is None or name == "stack" else ax.position(along, rank)
    for tensor, other in zip(tensors[1:], axes[1:]):
        if other is not None and (expected := _alike(axes[0], other, place)):
            _remember(run, name, tensor, expected, site)
            return


def note_einsum(run: Run, equation: str, tensors: Sequence[Tensor], site: Site) -> None:
    """The same of `torch.einsum`: a letter has one size, but for 1, which is repeated."""
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if "." in equation or len(terms) != len(tensors):
        return
    sizes: dict[str, Dim] = {}
    # What a component made is held against what stands beside it: a queue, a weight.
    for term, tensor in sorted(zip(terms, tensors), key=lambda pair: pair[1].flow.maker.component is not None):
        axes = axes_of(tensor)
        if axes is None:
            continue
        if len(term) != len(axes):
            _remember(run, "einsum", tensor, _named(len(term)), site)
            return
        for index, (letter, axis) in enumerate(zip(term, axes)):
            known = sizes.setdefault(letter, axis.size)
            if _differ(known, axis.size) and 1 not in (known, axis.size):
                _remember(run, "einsum", tensor, _from_the_end(known, len(axes) - index), site)
                return
            sizes[letter] = axis.size if known == 1 else known


def note_unpacking(run: Run, shape: Items, count: int, site: Site) -> None:
    """The same of `batch, width = x.shape`."""
    if shape.shape_of is not None and shape.rest is None and len(shape.items) != count:
        _remember(run, "unpacking", shape.shape_of, _named(count), site)


def note_copy(run: Run, place: Value, value: Tensor, site: Site) -> None:
    """The same of `x[...] = value`: what is assigned has to broadcast to the place, and to nothing larger."""
    have, want = axes_of(value), given_axes(place)
    if have is not None and want is not None and (expected := _broadcast(want, have)):
        _remember(run, "assignment", value, expected, site)


def note_function(run: Run, function: Function, arguments: Arguments, site: Site) -> None:
    """The same of a function whose line is exact: an operand with other axes, or a condition that does not hold."""
    if function.name not in library_functions.exact():
        return
    given = library_functions.by_name(function.parameters, arguments)
    operands = library_functions.tensors(function, given)
    ranks = [None if operand is None else len(axes_of(operand) or ()) or None for operand in operands]
    line = signatures.substitute(
        signature_calls.parsed(function.shapes), library_functions.bound_arguments(function, given)
    )
    for index, operand in enumerate(operands):
        taken = [one for one in line.alternatives if _fit_beside(one.inputs, ranks, index)]
        if operand is None or ranks[index] is None or not taken:
            continue
        pattern = taken[0].inputs[index]
        where = _with_numbers(taken[0].where, line.arguments or {}) if len(operands) == 1 else ""
        if all(one.inputs[index].rank != ranks[index] for one in taken) or where:
            line = Signature((Alternative((pattern,), pattern, where),), line.arguments)
            _record(run, function.name.rpartition(".")[2], operand, line, site, _written(given))
            return


def _written(given: Mapping[str, Given]) -> tuple[Step, ...]:
    """Where the numbers that an operation gets are written, if that is not where it stands."""
    numbers = ((name, one.value) for name, one in given.items() if isinstance(one.value, Const))
    return tuple(
        Step(number.place, f"{name} is {number.value}")
        for name, number in numbers
        if number.place and not number.computed
    )


def _with_numbers(condition: str, values: Mapping[str, Any]) -> str:
    """A condition with the numbers that its arguments are."""
    known = {name: str(value) for name, value in values.items() if isinstance(value, int)}
    return re.sub(r"[a-z]\w*", lambda word: known.get(word[0], word[0]), condition)


def _fit_beside(patterns: Sequence[Pattern], ranks: Sequence[int | None], index: int) -> bool:
    """Whether all operands but one have the axes of an alternative, as far as they are known."""
    pairs = zip(patterns, ranks)
    return all(place == index or rank is None or pattern.rank == rank for place, (pattern, rank) in enumerate(pairs))


def _expectations(
    name: str, tensor: Tensor, axes: Axes, given: Arguments, other: Axes | None
) -> Iterator[tuple[Tensor, str]]:
    """The tensors of an operation, each with what the operation would take in its place; empty where it fits."""
    rank = len(axes)
    yield tensor, next((text for axis in _axes(name, given) if (text := _axis(axis, rank))), "")
    if name == "unsqueeze" and (axis := given.integer(0, None, "dim")) is not None:
        yield tensor, _axis(axis, rank + 1)
    if name == "permute" and (order := given.sizes(0, "dims")) and all(isinstance(place, int) for place in order):
        yield tensor, _named(len(order)) if len(order) != rank else ""
    if name in ("expand", "broadcast_to"):
        yield tensor, _expanded(axes, given.sizes(0, "size", "sizes"))
    if name in RANKS:
        yield tensor, _named(RANKS[name]) if rank != RANKS[name] else ""
    second = given.get(0, "other", "mat2", "weight")
    if other is None or not isinstance(second, Tensor):
        if name in ("view", "reshape"):
            yield tensor, _reshaped(axes, given.sizes(0, "shape", "size"))
        return
    if name in ("matmul", "mm", "bmm", "linear") and axes and other:
        inner = other[-1] if len(other) == 1 or name == "linear" else other[-2]
        yield tensor, f"... {inner.size}" if _differ(axes[-1].size, inner.size) else ""
    if name in PAIRS:
        yield second, _broadcast(axes, other)


def _axes(name: str, given: Arguments) -> Iterator[int]:
    """The axes that an operation is told."""
    if name in OVER and not (name == "norm" and given.get(0, "p") is not None):
        over, known = given.over(0)
        yield from over if over and known else ()
    for place, default, keyword in AXES.get(name, ()):
        if (axis := given.integer(place, default, keyword)) is not None:
            yield axis


def _axis(axis: int, rank: int) -> str:
    """What has an axis; empty where a tensor of so many axes does. A number counts as having one."""
    needed = -axis if axis < 0 else axis + 1
    return f"{_named(needed)} ..." if needed > max(rank, 1) else ""


def _named(count: int) -> str:
    return " ".join(f"axis{index}" for index in range(count))


def _differ(left: Dim, right: Dim) -> bool:
    return isinstance(left, int) and isinstance(right, int) and left != right


def _broadcast(left: Axes, right: Axes) -> str:
    """What the right operand has to be beside the left one; empty where they broadcast."""
    for count in range(1, min(len(left), len(right)) + 1):
        one, two = left[-count].size, right[-count].size
        if _differ(one, two) and 1 not in (one, two):
            return _from_the_end(one, count)
    return ""


def _alike(first: Axes, other: Axes, place: int | None) -> str:
    """What a piece has to be beside the first one, but for the axis along which they are joined."""
    if len(other) != len(first):
        return _named(len(first))
    for index, (one, two) in enumerate(zip(first, other)):
        if index != place and _differ(one.size, two.size) and two.size != 0:
            return _from_the_end(one.size, len(first) - index)
    return ""


def _from_the_end(size: Dim, count: int) -> str:
    return f"... {size} {_named(count - 1)}".strip()


def _expanded(axes: Axes, sizes: Sequence[Dim] | None) -> str:
    """What can be expanded to sizes; empty where that may be: axes of 1 can, and those that stay as they are."""
    if not sizes:
        return ""
    if len(sizes) < len(axes):
        return _named(len(sizes))
    for count in range(1, len(axes) + 1):
        have, want = axes[-count].size, sizes[-count]
        if _differ(have, want) and have != 1 and want != -1:
            return _from_the_end(want, count)
    return ""


def _reshaped(axes: Axes, sizes: Sequence[Dim] | None) -> str:
    """What has as many elements as literal sizes say, told by the last axis; empty where that may be."""
    if not sizes or -1 in sizes or len(axes) < 2 or dims.equal(axes[0].size, sizes[0]) is not True:
        return ""
    have, want = ax.product(axes[1:]), ax.product(ax.sized(sizes[1:]))
    before = ax.product(axes[1:-1])
    if not (_differ(have, want) and isinstance(before, int) and isinstance(want, int)) or before == 0:
        return ""
    return f"... {want // before}" if want % before == 0 else ""


def _remember(run: Run, name: str, tensor: Tensor, expected: str, site: Site) -> None:
    """An edge from whatever made a tensor into an operation that takes another shape."""
    _record(run, name, tensor, signatures.parse_signature(f"{expected} -> {expected}"), site)


def _record(
    run: Run,
    name: str,
    tensor: Tensor,
    signature: Signature,
    site: Site,
    steps: tuple[Step, ...] = (),
) -> None:
    """The same of an operation with a signature, if it does not fit; `steps` decided what it takes."""
    if site.scope.file is None or not site.scope.file.main:
        return
    span = site.scope.file.span(site.node)
    spec = ComponentSpec("call", name, span, span)
    resolved = Resolved(spec, name, "stored", signature, signature)
    edge, outgoing = propagation.step(Role(name, ""), resolved, tensor.flow)
    if not isinstance(edge.result, Misfit):
        return
    outside = tuple(step for step in steps if not span.start <= step.span.start < span.end)
    edge = replace(edge, consumer=replace(edge.consumer, place=span, steps=outside))
    run.misuses.append(Call(Component(name, spec=spec), edge, outgoing, span))


def observed(run: Run, name: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Note an operation on a tensor; other observers see it too."""
    if isinstance(tensor, Tensor):
        note(run, name, tensor, arguments, site)
    return False


MISUSE = Observer(operation=observed, unpacking=note_unpacking, copy=note_copy)
