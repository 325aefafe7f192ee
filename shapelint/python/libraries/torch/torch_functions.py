"""Torch functions on tensors: `torch.flatten(x, 1)`, `F.normalize(x)`, `torch.cat([...])`."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.chain import propagation
from shapelint.chain.chain import Flow
from shapelint.common.frozen import replace
from shapelint.knowledge import bystanders
from shapelint.knowledge import operations as lines
from shapelint.python.libraries.torch import constructing, loss_calls, misuse, tensor_methods
from shapelint.python.objects import effects
from shapelint.python.state import causes, gradients
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.class_lookup import has_module_or_tensor
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Component,
    Const,
    Data,
    Given,
    Items,
    Tensor,
    UserClass,
    Value,
)
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors import image_sizes, joining, tensor_operations, unknown_operations
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import Misfit
from shapelint.spec.roles import Role

OTHER_PACKAGES = ("torch.nn.init.", "torch.cuda.", "torch.optim.", "torch.distributed.", "torch.utils.")
"""Modules whose functions are not operations on tensors."""


def call(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a function on tensors."""
    last = lines.listed(name)
    joins = lines.find(last, "joins")
    if joins:
        return _join(run, joins[0].primitive, arguments, site, last)
    if lines.find(last, "creations"):
        return tensor_operations.create(last, arguments)
    if loss_calls.is_function(name):
        return loss_calls.functional(run, name, arguments, site)
    first = _first(last, arguments)
    others = Arguments(arguments.positional[1:], arguments.keywords, arguments.complete)
    layer = lines.layer_of(name)
    if layer and isinstance(first, Tensor):
        return _layer(run, layer, last, first, others, site)
    if isinstance(first, Data) and layer == "torch.nn.Upsample" and len(others.sizes(0, "size") or ()) == 2:
        # Two sizes imply (B, C, H, W); the number of channels of a mask is unknown.
        return _layer(run, layer, last, image_sizes.image(first, dims.UNKNOWN_DIM), others, site)
    if isinstance(first, Data):
        return tensor_methods.data_method(run, first, last, others, site)
    is_asked = isinstance(first, Tensor) and tensor_operations.is_asked(last)
    if isinstance(first, Tensor) and is_asked:
        run.observe_operation(last, first, others, site)
    elif isinstance(first, Tensor) and tensor_operations.known(last):
        return tensor_methods.tensor_method(run, first, last, others, site)
    if name.startswith(OTHER_PACKAGES):
        effects.hand_over(run, site, arguments)
        return UNKNOWN
    asked = unknown_operations.ask(run, name, arguments, site.node)
    if asked is not None:
        return asked
    if isinstance(first, Tensor) and is_asked:
        return tensor_operations.apply(last, first, others)
    return unseen(run, name, arguments, site)


def _first(name: str, arguments: Arguments) -> Value | None:
    """Return the tensor of an operation, which may be passed by keyword."""
    if arguments.positional:
        return arguments.positional[0].value
    given = (arguments.keywords[key].value for key in lines.firsts(name) if key in arguments.keywords)
    return next(given, None)


def _layer(run: Run, target: str, name: str, value: Tensor, arguments: Arguments, site: Site) -> Tensor:
    """Return the output of a layer with the function's arguments; unknown if the input does not fit."""
    given = {name: argument for name, argument in arguments.keywords.items() if name != "input"}
    resized = _to_size(value, arguments.sizes(0, "size")) if target == "torch.nn.Upsample" else None
    if resized is not None:
        return resized
    component = constructing.construct(run, target, Arguments(arguments.positional, given, True), site)
    if value.loose or not isinstance(component, Component):
        return blank(value)
    resolved = run.resolve(component)
    edge, outgoing = propagation.step(Role("function", ""), resolved, value.flow)
    if isinstance(edge.result, Misfit):
        misuse.note_layer(run, name, resolved, value, site)
        return blank(value)
    if edge.result is None or not isinstance(outgoing.value, tuple):
        return _of_unknown_size(value)
    return Tensor(Flow(outgoing.value, value.flow.origins, value.flow.maker), value.trains)


def _to_size(value: Tensor, sizes: Sequence[Dim] | None) -> Tensor | None:
    """Return images of other sizes, such as those of another map; None if there is not one for each axis."""
    found = axes_of(value)
    if found is None or sizes is None or len(sizes) != len(found) - 2 or not all(map(dims.is_known, sizes)):
        return None
    kept = (*found[:2], *(replace(axis, size=size) for axis, size in zip(found[2:], sizes)))
    return replace(value, flow=ax.flow(kept, value.flow.maker), ones=None, order=())


def _of_unknown_size(value: Tensor) -> Tensor:
    """Return images of a size that is not known: these layers keep the batch and the channels."""
    found = axes_of(value)
    if found is None or len(found) < 3:
        return blank(value)
    resized = (*found[:2], *(replace(axis, size=dims.UNKNOWN_DIM) for axis in found[2:]))
    return replace(value, flow=ax.flow(resized, value.flow.maker))


def blank(like: Tensor | None = None) -> Tensor:
    """Return a tensor of unknown shape."""
    return Tensor(Flow(None, (), like.flow.maker if like else ax.NO_ORIGIN), like.trains if like else frozenset())


def _join(run: Run, primitive: str, arguments: Arguments, site: Site, name: str) -> Value:
    """Join several tensors: `cat`, `stack`, `einsum`."""
    if primitive == "unknown":
        return blank()
    if primitive == "einsum":
        return _einsum(run, arguments.positional, site)
    if primitive in joining.GRIDS:
        return _grid(run, primitive, arguments, site, name)
    pieces = arguments.get(0, "tensors")
    items = sequence(pieces) if pieces is not None else None
    if primitive == "product":
        return _product(run, items or Items([one.value for one in arguments.positional]), site)
    given = Arguments(arguments.positional[1:], arguments.keywords)
    if items is None:
        return UNKNOWN
    data = [
        item for item in [*items.items, *([items.rest] if items.rest is not None else [])] if isinstance(item, Data)
    ]
    if data:
        whole = primitive == "concatenate"
        rows = dims.symbol("V") * data[0].rows if items.rest is not None else len(items.items) * data[0].rows
        if items.collected is not None and items.collected.rows is not None:
            rows = items.collected.rows
        sizes = image_sizes.together(data) if len(data) == len(items.items) + (items.rest is not None) else ()
        return Data(rows if whole else dims.UNKNOWN_DIM, whole, sizes)
    primitive, items, given = joining.as_concatenation(primitive, items, given)
    misuse.note_pieces(run, name, joining.refused(primitive, items, given), site)
    misuse.note_maps(run, name, *joining.pieces(primitive, items, given), site)
    return joining.join(primitive, items, given)


def _grid(run: Run, primitive: str, arguments: Arguments, site: Site, name: str) -> Value:
    """Join vectors or matrices that are passed as one list or one by one."""
    given = [one.value for one in arguments.positional]
    items = sequence(given[0]) if len(given) == 1 and not isinstance(given[0], Tensor) else Items(given)
    if items is None or items.rest is not None or not items.items:
        return UNKNOWN
    tensors = [one for one in items.items if isinstance(one, Tensor)]
    if len(tensors) < len(items.items):
        return UNKNOWN
    misuse.note_pieces(run, name, joining.refused_of_grid(primitive, tensors), site)
    return joining.grid(primitive, tensors, arguments.keywords.get("indexing"))


def _product(run: Run, items: Items, site: Site) -> Value:
    """Multiply the matrices of a list in order."""
    if items.rest is not None or not items.items:
        return UNKNOWN
    result, *others = items.items
    for other in others:
        if not isinstance(result, Tensor):
            return UNKNOWN
        given = Arguments((Given(other, NO_SPAN),))
        run.observe_operation("matmul", result, given, site)
        result = tensor_operations.apply("matmul", result, given)
    return result


def _einsum(run: Run, positional: Sequence[Given], site: Site) -> Value:
    equation = positional[0].value if positional else UNKNOWN
    operands = [given.value for given in positional[1:]]
    if len(operands) == 1 and isinstance(operands[0], Items):
        operands = operands[0].items
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    if (
        not isinstance(equation, Const)
        or not isinstance(equation.value, str)
        or len(tensors) < len(operands)
        or not tensors
    ):
        return UNKNOWN
    misuse.note_einsum(run, equation.value, tensors, site)
    axes = [axes_of(tensor) for tensor in tensors]
    whole = [one for one in axes if one is not None]
    result = ax.einsum(equation.value, whole) if len(whole) == len(axes) else None
    return Tensor(ax.flow(result, tensors[0].flow.maker), gradients.through(tensors))


def unseen(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call something that cannot be followed: it may use the modules that are passed to it."""
    if bystanders.records(name):
        return UNKNOWN
    effects.note(run, site, arguments, name)
    effects.hand_over(run, site, arguments)
    given = arguments.every
    for argument in given:
        run.escape(argument.value)
        if isinstance(argument.value, UserClass):
            argument.value.registered = True
        if "parametriz" in name:
            forget(run, argument.value)
    quiet = name.startswith(("torch.optim.", "torch.utils.")) or not has_module_or_tensor(given)
    if not quiet:
        if name.startswith("torch."):
            causes.leave_unknown_open(run, name, given, site)
        run.unknown(f"{name} is not known", site.node, site.scope.file)
    if name.startswith(("torch.func.", "torch.vmap")):
        return UNKNOWN  # what it gives calls a function with other arguments than it gets
    return unknown_among(*(argument.value for argument in given))
