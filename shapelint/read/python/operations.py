"""What torch's functions and tensor methods do to shapes: one table, `x.flatten(1)` and `torch.flatten(x, 1)` alike.

An operation takes the tensor and the other arguments; what it cannot tell is a tensor of unknown shape.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from shapelint import dims
from shapelint.chain import Flow
from shapelint.dims import Dim
from shapelint.frozen import frozen
from shapelint.read.python import axes as ax
from shapelint.read.python.axes import Axes, Axis
from shapelint.read.python.values import UNKNOWN, Const, Given, Items, Tensor, Value, integer, sequence, truth
from shapelint.read.python.words import words

SAME = words(
    """
    to cuda cpu float half double bfloat16 long int bool short byte contiguous clone detach detach_
    requires_grad_ relu relu_ sigmoid tanh gelu silu elu selu leaky_relu softplus mish exp log log2 log1p sqrt
    rsqrt abs neg square sign floor ceil round clamp clip clamp_ pow softmax log_softmax gumbel_softmax dropout
    dropout2d alpha_dropout normalize type type_as masked_fill masked_fill_ fill_ zero_ add_ sub_ mul_ div_
    copy_ flip roll cumsum sort_values nan_to_num layer_norm batch_norm instance_norm group_norm rms_norm
    zeros_like ones_like rand_like randn_like empty_like full_like triu tril sin cos erf logical_not reciprocal
    hardtanh relu6 hardswish hardsigmoid logsigmoid sigmoid_ tanh_ normal_ uniform_ requires_grad data real
    nonzero_mask scatter scatter_ index_fill index_copy index_add retain_grad pin_memory share_memory_ as_tensor
    gather_same
    """
)
"""What leaves the shape of its first operand alone."""

BROADCAST = words(
    """
    add sub mul div true_divide floor_divide remainder maximum minimum where_two lerp eq ne lt le gt ge
    logical_and logical_or atan2 addcmul addcdiv
    """
)
REDUCE = words(
    """
    mean sum prod std var amax amin norm logsumexp all any nanmean nansum count_nonzero median_value
    """
)
PAIRS = frozenset(["max", "min", "median", "mode", "kthvalue", "cummax", "cummin"])
GRADIENT_FREE = frozenset(["detach", "detach_", "data", "argmax", "argmin"])


@frozen
class Arguments:
    """The arguments of an operation, after the tensor itself."""

    positional: tuple[Given, ...]
    keywords: dict[str, Given]

    def get(self, index: int, *names: str) -> Value | None:
        """An argument by place or name."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name].value
        return self.positional[index].value if index < len(self.positional) else None

    def size(self, index: int, *names: str) -> Dim | None:
        """An argument that is a dimension."""
        return integer(self.get(index, *names))

    def integer(self, index: int, default: int | None, *names: str) -> int | None:
        """An argument that is a plain integer; None where it is given and unknown."""
        value = self.get(index, *names)
        if value is None:
            return default
        size = integer(value)
        return size if isinstance(size, int) else None

    def sizes(self, index: int, *names: str) -> list[Dim] | None:
        """Dimensions as one list or as the rest of the arguments; an unknown one is `?`."""
        value = self.get(index, *names)
        if value is None:
            return None
        if isinstance(value, Items):
            return None if value.rest is not None else [_dim(item) for item in value.items]
        if integer(value) is None:
            return None
        given = self.positional[index:] if index < len(self.positional) else ()
        return [_dim(argument.value) for argument in given] or [_dim(value)]

    def over(self, index: int) -> tuple[list[int] | None, bool]:
        """`dim=`: the axes to reduce over (None: all), and whether that is known."""
        value = self.get(index, "dim", "axis")
        if value is None or (isinstance(value, Const) and value.value is None):
            return None, True
        found = [integer(item) for item in value.items] if isinstance(value, Items) else [integer(value)]
        known = [axis for axis in found if isinstance(axis, int)]
        return known, len(known) == len(found)

    def flag(self, index: int, name: str) -> bool:
        """A boolean argument, False by default."""
        value = self.get(index, name)
        return bool(value is not None and truth(value))


def _dim(value: Value) -> Dim:
    size = integer(value)
    return dims.UNKNOWN if size is None else size


Operation = Callable[[Axes, Arguments], "Axes | None"]


def _flatten(axes: Axes, given: Arguments) -> Axes | None:
    start, end = given.integer(0, 0, "start_dim"), given.integer(1, -1, "end_dim")
    return None if start is None or end is None else ax.flatten(axes, start, end)


def _reshape(axes: Axes, given: Arguments) -> Axes | None:
    sizes = given.sizes(0, "shape", "size")
    return None if sizes is None else ax.reshape(axes, sizes)


def _permute(axes: Axes, given: Arguments) -> Axes | None:
    order = given.sizes(0, "dims")
    return ax.permute(axes, [o for o in order if isinstance(o, int)]) if order else None


def _transpose(axes: Axes, given: Arguments) -> Axes | None:
    first, second = given.integer(0, None, "dim0", "axis0"), given.integer(1, None, "dim1", "axis1")
    return None if first is None or second is None else ax.transpose(axes, first, second)


def _reduce(axes: Axes, given: Arguments, first: int = 0) -> Axes | None:
    over, known = given.over(first)
    return ax.reduce(axes, over, given.flag(first + 1, "keepdim")) if known else None


def _squeeze(axes: Axes, given: Arguments) -> Axes | None:
    over, known = given.over(0)
    return ax.squeeze(axes, over) if known else None


def _unsqueeze(axes: Axes, given: Arguments) -> Axes | None:
    axis = given.integer(0, None, "dim")
    return None if axis is None else ax.unsqueeze(axes, axis)


def _expand(axes: Axes, given: Arguments) -> Axes | None:
    sizes = given.sizes(0, "size")
    if sizes is None or len(sizes) < len(axes):
        return None
    padded = (*ax.sized([1] * (len(sizes) - len(axes))), *axes)
    return tuple(axis if size == -1 else Axis(size, axis.origin) for axis, size in zip(padded, sizes))


def _repeat(axes: Axes, given: Arguments) -> Axes | None:
    times = given.sizes(0, "repeats", "size")
    if times is None or len(times) < len(axes):
        return None
    padded = (*ax.sized([1] * (len(times) - len(axes))), *axes)
    return tuple(Axis(axis.size * count, axis.origin) for axis, count in zip(padded, times))


def _repeat_interleave(axes: Axes, given: Arguments) -> Axes | None:
    count, axis = given.size(0, "repeats"), given.integer(1, None, "dim")
    place = None if axis is None else ax.position(axis, len(axes))
    return None if count is None or place is None else ax.resized(axes, place, axes[place].size * count)


def _matmul(axes: Axes, given: Arguments) -> Axes | None:
    other = _axes(given.get(0, "other", "mat2"))
    return ax.matmul(axes, other) if other is not None else None


def _broadcast(axes: Axes, given: Arguments) -> Axes | None:
    other = given.get(0, "other")
    if isinstance(other, Const):
        return axes
    second = _axes(other)
    return ax.broadcast(axes, second) if second is not None else None


def _pool(axes: Axes, given: Arguments) -> Axes | None:
    """Adaptive pooling over the last axes, as many as `output_size` says."""
    sizes = given.sizes(0, "output_size")
    if sizes is None:
        return None
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    if len(axes) < len(sizes) + 1:
        return None
    last = axes[len(axes) - len(sizes) :]
    return (*axes[: -len(sizes)], *(Axis(size, axis.origin) for size, axis in zip(sizes, last)))


def _pool_one(axes: Axes, given: Arguments) -> Axes | None:
    size = given.size(0, "output_size")
    return None if size is None or len(axes) < 2 else ax.resized(axes, -1, size)


def _interpolate(axes: Axes, given: Arguments) -> Axes | None:
    sizes, factor = given.sizes(0, "size"), given.size(1, "scale_factor")
    if sizes is not None and len(axes) > 2:
        sizes = sizes * (len(axes) - 2) if len(sizes) == 1 else sizes
        return (*axes[:2], *(Axis(size, axis.origin) for size, axis in zip(sizes, axes[2:])))
    if factor is not None:
        return (*axes[:2], *(Axis(axis.size * factor, axis.origin) for axis in axes[2:]))
    return None


def _similarity(axes: Axes, given: Arguments) -> Axes | None:
    """`F.cosine_similarity` and `F.pairwise_distance`: the broadcast operands without one axis."""
    both = _broadcast(axes, Arguments(given.positional[:1], given.keywords))
    axis = given.integer(1, 1, "dim")
    return None if both is None or axis is None else ax.reduce(both, [axis])


def _t(axes: Axes, given: Arguments) -> Axes | None:
    return ax.transpose(axes, 0, 1) if len(axes) == 2 else axes if len(axes) < 2 else None


def _mt(axes: Axes, given: Arguments) -> Axes | None:
    return ax.transpose(axes, -1, -2) if len(axes) > 1 else None


def _new(axes: Axes, given: Arguments) -> Axes | None:
    sizes = given.sizes(0, "size")
    return None if sizes is None else ax.sized(sizes)


def _expand_as(axes: Axes, given: Arguments) -> Axes | None:
    return _axes(given.get(0, "other"))


def _unflatten(axes: Axes, given: Arguments) -> Axes | None:
    axis, sizes = given.integer(0, None, "dim"), given.sizes(1, "sizes", "unflattened_size")
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or sizes is None:
        return None
    inner = ax.reshape((axes[place],), sizes)
    return None if inner is None else (*axes[:place], *inner, *axes[place + 1 :])


def _one_hot(axes: Axes, given: Arguments) -> Axes | None:
    size = given.size(0, "num_classes")
    return (*axes, Axis(size if size is not None and size != -1 else dims.UNKNOWN))


def _select(axes: Axes, given: Arguments) -> Axes | None:
    axis = given.integer(0, None, "dim")
    return None if axis is None else ax.reduce(axes, [axis])


def _narrow(axes: Axes, given: Arguments) -> Axes | None:
    axis, length = given.integer(0, None, "dim"), given.size(2, "length")
    return None if axis is None or length is None else ax.resized(axes, axis, length)


def _gather(axes: Axes, given: Arguments) -> Axes | None:
    return _axes(given.get(1, "index"))


def _index_select(axes: Axes, given: Arguments) -> Axes | None:
    axis, index = given.integer(0, None, "dim"), _axes(given.get(1, "index"))
    count = index[0].size if index else dims.UNKNOWN
    return None if axis is None else ax.resized(axes, axis, count)


def _pad(axes: Axes, given: Arguments) -> Axes | None:
    sizes = given.sizes(0, "pad")
    if sizes is None or len(sizes) % 2 or len(sizes) > 2 * len(axes):
        return None
    result = list(axes)
    for index in range(len(sizes) // 2):
        axis = result[-1 - index]
        result[-1 - index] = Axis(axis.size + sizes[2 * index] + sizes[2 * index + 1], axis.origin)
    return tuple(result)


OPERATIONS: dict[str, Operation] = {
    "flatten": _flatten,
    "ravel": lambda axes, given: ax.flatten(axes),
    "view": _reshape,
    "reshape": _reshape,
    "view_as": _expand_as,
    "reshape_as": _expand_as,
    "unflatten": _unflatten,
    "permute": _permute,
    "transpose": _transpose,
    "transpose_": _transpose,
    "swapaxes": _transpose,
    "swapdims": _transpose,
    "t": _t,
    "T": _t,
    "mT": _mt,
    "adjoint": _mt,
    "squeeze": _squeeze,
    "squeeze_": _squeeze,
    "unsqueeze": _unsqueeze,
    "unsqueeze_": _unsqueeze,
    "expand": _expand,
    "expand_as": _expand_as,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_interleave,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "mv": _matmul,
    "dot": lambda axes, given: (),
    "argmax": _reduce,
    "argmin": _reduce,
    "adaptive_avg_pool2d": _pool,
    "adaptive_max_pool2d": _pool,
    "adaptive_avg_pool1d": _pool_one,
    "adaptive_max_pool1d": _pool_one,
    "interpolate": _interpolate,
    "cosine_similarity": _similarity,
    "pairwise_distance": lambda axes, given: ax.reduce(axes, [-1]),
    "new_zeros": _new,
    "new_ones": _new,
    "new_empty": _new,
    "new_full": _new,
    "one_hot": _one_hot,
    "select": _select,
    "narrow": _narrow,
    "gather": _gather,
    "index_select": _index_select,
    "pad": _pad,
    "topk_values": lambda axes, given: None,
    **dict.fromkeys(REDUCE, _reduce),
    **dict.fromkeys(BROADCAST, _broadcast),
    **dict.fromkeys(SAME, lambda axes, given: axes),
}
SEQUENCES = frozenset({"chunk", "tensor_split", "split", "split_with_sizes", "unbind"})


def known(name: str) -> bool:
    """Whether the table has an operation of this name."""
    return name in OPERATIONS or name in SEQUENCES or name in PAIRS or name == "topk"


def apply(name: str, tensor: Tensor, given: Arguments) -> Value:
    """The result of `tensor.name(*given)`."""
    detached = tensor.detached or name in GRADIENT_FREE
    if name in SAME:
        return replace(tensor, detached=detached)
    axes = axes_of(tensor)
    maker = tensor.flow.maker
    if name in SEQUENCES:
        return UNKNOWN if axes is None else _pieces(name, axes, given, tensor)
    if name in PAIRS or name == "topk":
        return _pair(name, axes, given, tensor)
    if axes is None:
        return Tensor(Flow(None, (), maker), detached)
    if name == "norm" and given.get(0, "p") is not None and "dim" not in given.keywords:
        result = _reduce(axes, given, 1)
    else:
        result = OPERATIONS[name](axes, given)
    return Tensor(ax.flow(result, maker), detached)


def _pair(name: str, axes: Axes | None, given: Arguments, tensor: Tensor) -> Value:
    """`max` and its like: a tensor over all axes or against another tensor, a pair along one axis."""
    other = _axes(given.get(0, "other"))
    if axes is not None and other is not None:
        return Tensor(ax.flow(ax.broadcast(axes, other), tensor.flow.maker), tensor.detached)
    if name == "topk":
        count, axis = given.size(0, "k"), given.integer(1, -1, "dim")
        result = None if axes is None or axis is None or count is None else ax.resized(axes, axis, count)
    elif not given.positional and not given.keywords:
        return Tensor(ax.flow(() if axes is not None else None, tensor.flow.maker), tensor.detached)
    else:
        result = None if axes is None else _reduce(axes, given)
    one = Tensor(ax.flow(result, tensor.flow.maker), tensor.detached)
    return Items([one, replace(one, detached=True)], "tuple")


def _pieces(name: str, axes: Axes, given: Arguments, tensor: Tensor) -> Value:
    """`chunk`, `split`, `unbind`: a tuple of tensors, or an unknown number of them."""
    along = given.integer(0 if name == "unbind" else 1, 0, "dim")
    place = None if along is None else ax.position(along, len(axes))
    if place is None:
        return UNKNOWN

    def piece(size: Dim | None) -> Tensor:
        result = ax.reduce(axes, [place]) if size is None else ax.resized(axes, place, size)
        return Tensor(ax.flow(result, tensor.flow.maker), tensor.detached)

    whole = axes[place].size
    if name == "unbind":
        return Items(_copies(piece(None), whole), "tuple") if _small(whole) else Items([], "tuple", piece(None))
    if name in ("split", "split_with_sizes") and isinstance(
        given.get(0, "split_size", "split_size_or_sections"), Items
    ):
        sizes = given.sizes(0, "split_size", "split_size_or_sections")
        return UNKNOWN if sizes is None else Items([piece(size) for size in sizes], "tuple")
    size = given.size(0, "chunks", "split_size", "split_size_or_sections", "indices_or_sections")
    if size is None:
        return Items([], "tuple", piece(dims.UNKNOWN))
    if name == "split":
        count = _quotient(whole, size)
        return Items(_copies(piece(size), count), "tuple") if _small(count) else Items([], "tuple", piece(size))
    each = _quotient(whole, size)
    return Items(_copies(piece(each), size), "tuple") if _small(size) else Items([], "tuple", piece(each))


def _copies(piece: Value, count: Dim) -> list[Value]:
    return [piece] * count if isinstance(count, int) else []


def _small(count: Dim) -> bool:
    return isinstance(count, int) and 0 <= count <= 64


def _quotient(whole: Dim, parts: Dim) -> Dim:
    """`whole / parts` where it is exact, else unknown."""
    result = ax.divided(whole, parts)
    return dims.UNKNOWN if result is None else result


def axes_of(tensor: Tensor) -> Axes | None:
    """The axes of a tensor, None where not all of them are known."""
    return None if tensor.loose else ax.of(tensor.flow)


def _axes(value: Value | None) -> Axes | None:
    return axes_of(value) if isinstance(value, Tensor) else None


def join(name: str, pieces: Value, given: Arguments) -> Value:
    """`cat` and `stack` of a list of tensors."""
    items = sequence(pieces)
    along = given.integer(0, 0, "dim", "axis")
    if items is None or along is None:
        return UNKNOWN
    tensors = [item for item in items.items if isinstance(item, Tensor)]
    rest = items.rest if isinstance(items.rest, Tensor) else None
    if len(tensors) < len(items.items) or (items.rest is not None and rest is None) or not (tensors or rest):
        return UNKNOWN
    first = tensors[0] if tensors else rest
    assert first is not None
    axes = [axes_of(tensor) for tensor in [*tensors, *([rest] if rest else [])]]
    whole = [piece for piece in axes if piece is not None]
    detached = all(tensor.detached for tensor in tensors)
    if len(whole) < len(axes):
        return Tensor(Flow(None, (), first.flow.maker), detached)
    if name == "stack":
        alike = ax.concatenate([ax.stack(piece, 0, 1) or piece for piece in whole], 0) is not None
        result = ax.stack(whole[0], along, dims.symbol("V") if rest else len(whole)) if alike else None
    else:
        result = ax.concatenate(whole, along)
        if rest and result is not None:
            result = ax.resized(result, along, dims.symbol("V") * whole[0][along].size)
    return Tensor(ax.flow(result, first.flow.maker), detached)


def concrete(sizes: Sequence[Dim], detached: bool = True) -> Tensor:
    """A new tensor of given sizes."""
    return Tensor(ax.flow(ax.sized(sizes), ax.NOWHERE), detached)
