"""Operations called in a `forward` that torch refuses for the given shapes, as edges that do not fit.

Only certain faults count: numbers of axes, and sizes that are plain numbers on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shapelint.chain import propagation
from shapelint.chain.chain import Edge
from shapelint.common.frozen import frozen, replace
from shapelint.knowledge import rules_folder
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.library_functions import LibraryFunction
from shapelint.python.libraries.torch import stored_widths
from shapelint.python.state import causes
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Observer
from shapelint.python.state.run import Call, Run
from shapelint.python.state.values import Component, Const, Given, Items, Tensor, Value
from shapelint.python.tensors import indexing, refusals, row_faults, signature_calls, tensor_operations, usual_sizes
from shapelint.python.tensors.axes import Axis
from shapelint.python.tensors.overloads import OperationCall
from shapelint.python.tensors.row_faults import RowConflict
from shapelint.python.tensors.tensor_axes import axes_of, given_axes
from shapelint.resolve.resolved import Resolved
from shapelint.shapes import notation, signatures
from shapelint.shapes.dims import Dim
from shapelint.shapes.notation import Alternative, Pattern, Signature
from shapelint.shapes.numbered_conditions import with_numbers
from shapelint.shapes.signatures import Misfit
from shapelint.spec.roles import Role
from shapelint.spec.spec import Cause, ComponentSpec, Step


def note(run: Run, name: str, tensor: Tensor, given: Arguments, site: Site) -> None:
    """Record an operation that cannot take its tensor, or its other operand."""
    call = tensor_operations.chosen(name, given)
    if call is None:
        return
    for judged, refusal in tensor_operations.refused(call, tensor):
        if refusal.axes is not None and stored_widths.note(run, refusal.axes, (tensor, *given.values), site):
            return
        if refusal.axes is None or not _note_rows(run, name, tensor, refusal.axes, site):
            _remember(run, name.removeprefix("__").removesuffix("__"), judged, refusal.expected, site)
        return
    cause = _certain_cause(name, call, tensor)
    apart = tensor_operations.apart_sizes(call, tensor)
    if cause is not None or apart is not None or tensor_operations.is_open(call, tensor):
        operands = [tensor, *(one for one in given.values if isinstance(one, Tensor))]
        why = cause or (_of_maps(*apart) if apart is not None else None)
        causes.leave_open(run, name, operands, why, site, is_certain=cause is not None)


def _of_maps(one: Dim, other: Dim) -> Cause:
    return Cause(f"{one} and {other} are the same for no usual image")


def _certain_cause(name: str, call: OperationCall[Value], tensor: Tensor) -> Cause | None:
    """Return why torch certainly refuses an operation for something else than a size."""
    if name == "view" and tensor_operations.is_apart(call, tensor):
        return Cause("it merges axes that were swapped, and lie apart in memory", help="use reshape instead of view")
    repeated = tensor_operations.repeated(call, tensor)
    return None if repeated is None else Cause(f"axis {repeated} is named twice")


def _note_rows(run: Run, name: str, tensor: Tensor, axes: tuple[Axis, Axis], site: Site) -> bool:
    """Record a conflict of rows in what a component made; return whether it is one, and of no widths."""
    expected, actual = axes
    made = tensor.flow.maker.component is not None
    if run.feeds or not made or not row_faults.are_rows(expected.origin, actual.origin):
        return False
    conflict = RowConflict(name, expected.size, actual.size, (expected.origin, actual.origin))
    row_faults.note_conflict(run, conflict, site)
    return True


def note_mask(run: Run, tensor: Tensor, mask: Value, site: Site) -> None:
    """Record a mask that has another shape than the axes from which it selects."""
    axes, own = axes_of(tensor), axes_of(mask) if isinstance(mask, Tensor) and mask.is_mask else None
    for expected, actual in zip(axes or (), own or ()):
        if row_faults.compare(run, "a mask", expected, actual, site):
            return


def note_index(run: Run, tensor: Tensor, index: Value, site: Site) -> None:
    """Record an index of too many axes, and a number in it that is beyond its axis, up to the first tensor in it."""
    axes = axes_of(tensor)
    if axes is None:
        return
    parts = index.items if isinstance(index, Items) and index.kind == "tuple" else [index]
    asked = indexing.axes_asked(parts)
    if asked is not None and asked > len(axes):
        _remember(run, "an index", tensor, refusals.named(asked), site)
        return
    for place, (one, axis) in enumerate(zip(parts, axes)):
        number, size = one.value if isinstance(one, Const) else None, axis.size
        is_number = isinstance(number, int) and not isinstance(number, bool)
        if not is_number and not (isinstance(one, Items) and one.kind == "slice"):
            return
        if isinstance(number, int) and isinstance(size, int) and not -size <= number < size:
            needed = -number if number < 0 else number + 1
            _remember(run, "an index", tensor, refusals.from_the_end(needed, len(axes) - place), site)
            return


def note_pieces(run: Run, name: str, refused: tuple[Tensor, str] | None, site: Site) -> None:
    """Record an operation that joins tensors of which one does not fit: that one, and what it needs."""
    if refused is not None:
        _remember(run, name, *refused, site)


def note_maps(run: Run, name: str, tensors: Sequence[Tensor], place: int | None, site: Site) -> None:
    """Record maps that are joined whose sizes follow from that of the image, and are the same for no usual one."""
    pieces = [axes for tensor in tensors if (axes := axes_of(tensor)) is not None]
    apart = usual_sizes.in_pieces(pieces, place) if pieces else None
    if apart is not None:
        causes.leave_open(run, name, tensors, _of_maps(*apart), site)


def note_layer(run: Run, name: str, layer: Resolved, tensor: Tensor, site: Site) -> None:
    """Record a function that is equivalent to a layer, which its tensor does not fit."""
    if layer.signature is not None:
        _record(run, _Operation(name, layer.signature), tensor, site)


def note_einsum(run: Run, equation: str, tensors: Sequence[Tensor], site: Site) -> None:
    """Record a `torch.einsum` that torch refuses: a letter has one size, except that size 1 is broadcast."""
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if "." in equation or len(terms) != len(tensors):
        return
    sizes: dict[str, Axis] = {}
    # A tensor made by a component is compared with one that was not, such as a queue or a weight.
    for term, tensor in sorted(zip(terms, tensors), key=lambda pair: pair[1].flow.maker.component is not None):
        axes = axes_of(tensor)
        if axes is None:
            continue
        if len(term) != len(axes):
            _remember(run, "einsum", tensor, refusals.named(len(term)), site)
            return
        for index, (letter, axis) in enumerate(zip(term, axes)):
            known = sizes.setdefault(letter, axis)
            if refusals.differ(known.size, axis.size) and 1 not in (known.size, axis.size):
                if not stored_widths.note(run, (known, axis), tensors, site):
                    _remember(run, "einsum", tensor, refusals.from_the_end(known.size, len(axes) - index), site)
                return
            sizes[letter] = axis if known.size == 1 else known


def note_unpacking(run: Run, shape: Items, count: int, site: Site) -> None:
    """Record `batch, width = x.shape` with the wrong number of names; a link into any other unpacking is unchecked."""
    have = len(shape.items)
    if shape.rest is not None or have == count:
        return
    if shape.shape_of is not None:
        _remember(run, "unpacking", shape.shape_of, refusals.named(count), site)
        return
    pieces = [one for one in shape.items if isinstance(one, Tensor)]
    causes.leave_open(run, "unpacking", pieces, Cause(f"{have} values are assigned to {count} names"), site)


def note_copy(run: Run, place: Value, value: Tensor, site: Site) -> None:
    """Record `x[...] = value` if the value does not broadcast to the shape of the place."""
    have, want = axes_of(value), given_axes(place)
    if have is not None and want is not None:
        for refusal in refusals.absorb(want, have, with_ones=True):
            if refusal.axes is not None and stored_widths.note(run, refusal.axes, (value,), site):
                return
            _remember(run, "assignment", value, refusal.expected, site)


def note_function(run: Run, function: LibraryFunction, arguments: Arguments, site: Site) -> None:
    """Record a call of an exact function: an operand with other axes, or a condition that does not hold."""
    if function.name not in library_functions.exact():
        return
    given = library_functions.by_name(function.parameters, arguments)
    operands = library_functions.tensors(function, given)
    ranks = [None if operand is None else len(axes_of(operand) or ()) or None for operand in operands]
    line = signatures.substitute(
        signature_calls.parsed(function.shapes), library_functions.bound_arguments(function, given)
    )
    for index, operand in enumerate(operands):
        taken = [one for one in line.alternatives if _others_fit(one.inputs, ranks, index)]
        if operand is None or ranks[index] is None or not taken:
            continue
        pattern = taken[0].inputs[index]
        written = taken[0].where if len(operands) == 1 else ""
        where = written and with_numbers(written, line.arguments or {})
        if all(one.inputs[index].rank != ranks[index] for one in taken) or where:
            line = Signature((Alternative((pattern,), pattern, where),), line.arguments)
            operation = _Operation(function.name.rpartition(".")[2], line, _number_steps(given))
            _record(run, operation, operand, site)
            return


def _number_steps(given: Mapping[str, Given]) -> tuple[Step, ...]:
    """Return where the numbers passed to an operation are written, if not in its call."""
    numbers = ((name, one.value) for name, one in given.items() if isinstance(one.value, Const))
    return tuple(
        Step(number.place, f"{name} is {number.value}")
        for name, number in numbers
        if number.place and not number.computed
    )


def _others_fit(patterns: Sequence[Pattern], ranks: Sequence[int | None], index: int) -> bool:
    """Return whether all operands except the one at `index` have the ranks of an alternative, as far as known."""
    pairs = zip(patterns, ranks)
    return all(place == index or rank is None or pattern.rank == rank for place, (pattern, rank) in enumerate(pairs))


def _remember(run: Run, name: str, tensor: Tensor, expected: str, site: Site) -> None:
    """Record an edge from whatever made a tensor into an operation that takes another shape."""
    _record(run, _Operation(name, notation.parse_signature(f"{expected} -> {expected}")), tensor, site)


@frozen
class _Operation:
    """An operation with its signature; `steps` are what determined the signature."""

    name: str
    signature: Signature
    steps: tuple[Step, ...] = ()


def _record(run: Run, operation: _Operation, tensor: Tensor, site: Site) -> None:
    """Record an operation of the program if its tensor does not fit; not one of what is interpreted for a library."""
    name, signature = operation.name, operation.signature
    file = site.scope.file
    if file is None or Path(file.path).is_relative_to(rules_folder.folder()):
        return
    span = file.span(site.node)
    spec = ComponentSpec("call", name, span, span)
    resolved = Resolved(spec, name, "stored", signature, signature, is_operation=True)
    edge, outgoing = propagation.step(Role(name, ""), resolved, tensor.flow)
    if not isinstance(edge.result, Misfit) or _are_rows_of_code(run, edge, site):
        return
    outside = tuple(step for step in operation.steps if not span.start <= step.span.start < span.end)
    edge = replace(edge, consumer=replace(edge.consumer, place=span, steps=outside))
    row_faults.note_edge(run, edge, site)
    run.misuses.append(Call(Component(name, spec=spec), edge, outgoing, span))


def _are_rows_of_code(run: Run, edge: Edge, site: Site) -> bool:
    """Record that rows which are the width of no component are others; return whether that is what does not fit.

    Behind a first such fault, which stops the program, it is not recorded.
    """
    misfit, shape = edge.result, edge.incoming.value
    is_first = isinstance(misfit, Misfit) and misfit.kind == "axis" and misfit.axis == 0 and not run.feeds
    if not is_first or not isinstance(misfit, Misfit) or not isinstance(shape, tuple) or len(shape) < 2:
        return False
    origin = edge.incoming.origins[0]
    if not row_faults.are_rows(origin, origin) or misfit.expected is None or misfit.actual is None:
        return False
    if row_faults.place(run, site) is None:
        return False
    if any(failure.problem.code == "SL115" for failure in run.failures):
        return True
    conflict = RowConflict(str(edge.role), misfit.expected, misfit.actual, edge.incoming.origins[:1])
    row_faults.note_conflict(run, conflict, site)
    return True


def observed(run: Run, name: str, tensor: Value, arguments: Arguments, site: Site) -> bool:
    """Record an operation that cannot take its tensor, and leave it to the other observers, too."""
    if isinstance(tensor, Tensor) and name == "__getitem__":
        note_mask(run, tensor, arguments.positional[0].value, site)
        note_index(run, tensor, arguments.positional[0].value, site)
    elif isinstance(tensor, Tensor):
        note(run, name, tensor, arguments, site)
    return False


MISUSE = Observer(operation=observed, unpacking=note_unpacking, copy=note_copy)
