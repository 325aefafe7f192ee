"""What torch's functions and tensor methods do to the axes of one tensor: a table, by name.

What an operation cannot tell is None.
"""

from __future__ import annotations

from collections.abc import Callable

from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import Const, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.python.tensors.axes import Axes, Axis
from shapelint.shapes import dims


def axes_of(tensor: Tensor) -> Axes | None:
    """The axes of a tensor, None where not all of them are known."""
    return None if tensor.loose else ax.of(tensor.flow)


def given_axes(value: Value | None) -> Axes | None:
    """The axes of an argument that is a tensor."""
    return axes_of(value) if isinstance(value, Tensor) else None


SAME = words(
    """
    to cuda cpu float half double bfloat16 long int bool short byte contiguous clone detach detach_
    requires_grad_ relu relu_ sigmoid tanh gelu silu elu selu leaky_relu softplus mish exp log log2 log1p sqrt
    rsqrt abs neg square sign floor ceil round clamp clip clamp_ pow softmax log_softmax gumbel_softmax dropout
    dropout2d alpha_dropout normalize type type_as masked_fill masked_fill_ fill_ zero_ add_ sub_ mul_ div_
    copy_ flip roll cumsum nan_to_num layer_norm batch_norm instance_norm group_norm rms_norm
    zeros_like ones_like rand_like randn_like empty_like full_like triu tril sin cos erf logical_not reciprocal
    hardtanh relu6 hardswish hardsigmoid logsigmoid sigmoid_ tanh_ normal_ uniform_ requires_grad data real
    scatter scatter_ index_fill index_copy index_add retain_grad pin_memory share_memory_ as_tensor
    """
)
"""What leaves the shape of its first operand alone."""

BROADCAST = words(
    """
    add sub mul div true_divide floor_divide remainder maximum minimum lerp eq ne lt le gt ge
    logical_and logical_or atan2 addcmul addcdiv
    """
)

REDUCE = words(
    """
    mean sum prod std var amax amin norm logsumexp all any nanmean nansum count_nonzero
    """
)


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


def reduce(axes: Axes, given: Arguments, first: int = 0) -> Axes | None:
    """A reduction whose `dim` is the argument at a place, and whose `keepdim` the one after it."""
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
    other = given_axes(given.get(0, "other", "mat2"))
    return ax.matmul(axes, other) if other is not None else None


def _linear(axes: Axes, given: Arguments) -> Axes | None:
    """`F.linear(x, weight)`, a weight of out x in."""
    weight = given_axes(given.get(0, "weight"))
    if weight is None or len(weight) != 2 or dims.equal(axes[-1].size, weight[-1].size) is False:
        return None
    return (*axes[:-1], weight[0])


def _broadcast(axes: Axes, given: Arguments) -> Axes | None:
    other = given.get(0, "other")
    if isinstance(other, Const):
        return axes
    second = given_axes(other)
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
    return given_axes(given.get(0, "other"))


def _unflatten(axes: Axes, given: Arguments) -> Axes | None:
    axis, sizes = given.integer(0, None, "dim"), given.sizes(1, "sizes", "unflattened_size")
    place = None if axis is None else ax.position(axis, len(axes))
    if place is None or sizes is None:
        return None
    inner = ax.reshape((axes[place],), sizes)
    return None if inner is None else (*axes[:place], *inner, *axes[place + 1 :])


def _one_hot(axes: Axes, given: Arguments) -> Axes | None:
    size = given.size(0, "num_classes")
    return (*axes, Axis(size if size is not None and size != -1 else dims.UNKNOWN_DIM))


def _select(axes: Axes, given: Arguments) -> Axes | None:
    axis = given.integer(0, None, "dim")
    return None if axis is None else ax.reduce(axes, [axis])


def _narrow(axes: Axes, given: Arguments) -> Axes | None:
    axis, length = given.integer(0, None, "dim"), given.size(2, "length")
    return None if axis is None or length is None else ax.resized(axes, axis, length)


def _gather(axes: Axes, given: Arguments) -> Axes | None:
    return given_axes(given.get(1, "index"))


def _index_select(axes: Axes, given: Arguments) -> Axes | None:
    axis, index = given.integer(0, None, "dim"), given_axes(given.get(1, "index"))
    count = index[0].size if index else dims.UNKNOWN_DIM
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
    "linear": _linear,
    "dot": lambda axes, given: (),
    "argmax": reduce,
    "argmin": reduce,
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
    **dict.fromkeys(REDUCE, reduce),
    **dict.fromkeys(BROADCAST, _broadcast),
    **dict.fromkeys(SAME, lambda axes, given: axes),
}
