"""Methods of tensors, and of data loader output."""

from __future__ import annotations

import ast

from shapelint.common.frozen import replace
from shapelint.knowledge import operations as lines
from shapelint.python.state import causes
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind
from shapelint.python.state.run import BatchReshape, Run
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Bound,
    Const,
    Data,
    Gathered,
    Given,
    Instance,
    Items,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import image_sizes, masks, tensor_operations, unknown_operations
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims, signatures
from shapelint.shapes.dims import Dim

QUESTIONS = frozenset({"size", "rank", "count", "number", "value"})
"""Primitives that do not return a tensor."""

RESHAPED = frozenset({"squeeze", "unsqueeze", "permute", "repeat", "tile"})
"""Primitives that keep the numbers in a batch, but not as images."""


def tensor_method(run: Run, owner: Tensor, name: str, arguments: Arguments, site: Site) -> Value:
    """Interpret `x.flatten(1)`."""
    known = lines.find(name)
    primitive = known[0].primitive if known else None
    if known and all(line.gives in QUESTIONS for line in known):
        run.observe_operation(name, owner, arguments, site)
        if name == "tolist":
            return _numbers(owner)
        return tensor_operations.as_array(owner) if name == "numpy" else _answer(owner, known[0].gives, arguments)
    if primitive == "expand" and owner.shape is not None:
        _note_expansion(run, owner, arguments, site)
    if primitive == "reshape" and owner.shape is not None:
        _note_batch(run, owner, arguments, site)
    run.observe_operation(name, owner, arguments, site)
    if primitive is None or tensor_operations.is_asked(name):
        given = Arguments((Given(owner, NO_SPAN), *arguments.positional), arguments.keywords)
        asked = unknown_operations.ask(run, f"torch.Tensor.{name}", given, site.node)
        if asked is not None:
            return asked
    if primitive is not None:
        return tensor_operations.apply(name, owner, arguments)
    causes.leave_unknown_open(run, f"torch.Tensor.{name}", [Given(owner, NO_SPAN), *arguments.every], site)
    return run.unknown(f".{name}() of a tensor is not known", site.node, site.scope.file)


def _answer(owner: Tensor, primitive: str, arguments: Arguments) -> Value:
    """Return `x.dim()`, `x.numel()` or `x.size(1)`; unknown for what depends on the numbers in the tensor."""
    axes = axes_of(owner)
    if primitive == "number":
        return Const(dims.UNKNOWN_DIM)
    if axes is None or primitive == "value":
        return UNKNOWN
    if primitive == "rank":
        return Const(len(axes))
    if primitive == "count":
        return Const(ax.product(axes))
    where = arguments.integer(0, None, "dim")
    if not arguments.positional and not arguments.keywords:
        return Items([Const(axis.size) for axis in axes], "tuple", shape_of=owner)
    place = ax.position(where, len(axes)) if where is not None else None
    return Const(axes[place].size) if place is not None else UNKNOWN


def _numbers(owner: Tensor) -> Value:
    """Return the list of the numbers in a vector."""
    axes = axes_of(owner)
    if axes is None or len(axes) != 1:
        return UNKNOWN
    return Items([], "list", Unknown(is_number=True), collected=Gathered(axes[0].size, None))


def _note_batch(run: Run, owner: Tensor, given: Arguments, site: Site) -> None:
    """Record a reshape to literal sizes of a tensor whose number of elements depends on the batch."""
    sizes = given.sizes(0, "shape", "size")
    axes = axes_of(owner)
    if (
        not sizes
        or axes is None
        or site.scope.file is None
        or not site.scope.file.main
        or not isinstance(site.node, ast.Call)
    ):
        return
    total = ax.product(axes)
    if isinstance(total, int) or "B" not in dims.names(total) or not dims.is_known(total):
        return
    if all(isinstance(size, int) and size > 0 for size in sizes):
        argument = site.node.args[0] if site.node.args else site.node
        number = sizes[0]
        assert isinstance(number, int)
        shape = signatures.format_shape(tuple(sizes))
        run.reshapes.append(BatchReshape(site.scope.file.span(argument), number, shape, _holder(run)))


def _holder(run: Run) -> Instance | None:
    """Return the object whose method is running."""
    return next((receiver for receiver in reversed(run.receivers) if isinstance(receiver, Instance)), None)


def _note_expansion(run: Run, owner: Tensor, given: Arguments, site: Site) -> None:
    """Record an expansion to the batch size of an axis that has another size: it works for one batch size only."""
    sizes = given.sizes(0, "size", "sizes") or []
    axes = axes_of(owner) or ()
    if site.scope.file is None or not site.scope.file.main:
        return
    for axis, size in zip(reversed(axes), reversed(sizes)):
        if isinstance(axis.size, int) and axis.size > 1 and size == dims.symbol("B"):
            before = (-1,) * (len(sizes) - len(axes))
            kept = zip(sizes, (*before, *(one.size for one in axes)))
            shape = signatures.format_shape(tuple(have if want in (-1, size) else want for want, have in kept))
            span, steps = site.scope.file.span(site.node), axis.origin.steps
            run.reshapes.append(BatchReshape(span, axis.size, shape, _holder(run), "an expansion", steps))
            return


def data_method(run: Run, owner: Data, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of loader output: moving it keeps it, and its size is that of an image."""
    known = lines.find(name)
    primitive = known[0].primitive if known else ""
    if (known and all(operation.keeps_shape for operation in known)) or name in ("items", "values"):
        return owner
    if known and all(line.primitive == "broadcast" and not line.detaches for line in known) and _are_numbers(arguments):
        return owner
    if primitive == "new":
        sizes = arguments.sizes(0, "size")
        if sizes is None:
            return UNKNOWN
        return replace(tensor_operations.concrete(sizes), is_mask=masks.is_created(arguments))
    if primitive in tensor_operations.IN_PIECES:
        return Items([], "tuple", Data(dims.UNKNOWN_DIM))
    if primitive in RESHAPED:
        return replace(owner, sizes=(), rows=_rows_after(owner, name, arguments))
    if primitive == "reshape" and arguments.sizes(0, "shape", "size") == [-1, 1]:
        return replace(owner, sizes=())  # A column of labels.
    if primitive == "reshape":
        return Data(dims.UNKNOWN_DIM) if len(arguments.positional) > 3 else UNKNOWN
    place = arguments.integer(0, None, "dim")
    if name == "size" and not arguments.positional and not arguments.keywords:
        return Items([Const(owner.rows)], "tuple", UNKNOWN)
    if name == "size" and (place == 0 or (place is not None and owner.size is not None)):
        return _answer(image_sizes.image(owner), primitive, arguments)
    return UNKNOWN


def _are_numbers(arguments: Arguments) -> bool:
    """Return whether a call gets plain numbers only, which change no shape: `images.clamp(0, 1)`."""
    return arguments.complete and all(isinstance(one.value, Const) for one in arguments.every)


def _rows_after(owner: Data, name: str, arguments: Arguments) -> Dim:
    """Return the rows of images or labels after an operation on them; an open batch stays one."""
    if name == "repeat" and len(arguments.positional) == 1 and (times := arguments.integer(0, None)) is not None:
        return owner.rows * times
    return owner.rows if owner.rows == image_sizes.BATCH else dims.UNKNOWN_DIM


def data_attribute(run: Run, owner: Data, name: str, site: Site) -> Value:
    """Return an attribute of loader output; of its shape only the first axis is known, shared by images and labels."""
    if name == "shape":
        return Items([Const(owner.rows)], "tuple", UNKNOWN)
    return Const(name) if name in ("device", "dtype") else Bound(owner, name)


def tensor_attribute(run: Run, owner: Tensor, name: str, site: Site) -> Value:
    """Read `x.shape`, `x.ndim` or `x.T`."""
    known = lines.find(name, "attributes")
    if not known:
        return Bound(owner, name)
    if known[0].gives in QUESTIONS:
        return _answer(owner, known[0].gives, Arguments())
    if not known[0].primitive:
        run.observe_operation(name, owner, Arguments(), site)
    return tensor_operations.apply(name, owner, Arguments(), "attributes")


TENSOR = Kind(attribute=tensor_attribute, method=tensor_method)
DATA = Kind(attribute=data_attribute, method=data_method)
