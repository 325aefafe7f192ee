"""The batches that the inputs of a layer of attention have in common, and its masks.

A mask is for each pair of tokens, or for each token of each image.

https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
"""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.python.state import causes
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import NONE, Component, Tensor, Value
from shapelint.python.tensors import row_faults
from shapelint.python.tensors.axes import Axes
from shapelint.python.tensors.tensor_axes import axes_of

OF_PAIRS = {"attn_mask": 1, "memory_mask": 1, "src_mask": 0, "tgt_mask": 0}
"""Masks with an axis for the tokens of the first input, and one for those of the input of this number."""
OF_TOKENS = {"key_padding_mask": 1, "memory_key_padding_mask": 1, "src_key_padding_mask": 0, "tgt_key_padding_mask": 0}
"""Masks with an axis for the batch, and one for the tokens of the input of this number."""
BY_POSITION = 6
"""The number of positional arguments after which one may be `batch_first`."""
MASKS = {**OF_PAIRS, **OF_TOKENS}


def given(arguments: Arguments) -> dict[str, Value]:
    """Return the masks of a call by their names."""
    found = {name: one.value for name, one in arguments.keywords.items() if name in MASKS}
    return {name: value for name, value in found.items() if value != NONE}


def compare(run: Run, module: Component, inputs: Sequence[Value | None], arguments: Arguments, site: Site) -> None:
    """Note inputs of other batches than the first, and masks with other sizes than the inputs.

    A link to a mask of unknown shape is unchecked.
    """
    batch_first = _batch_first(module)
    known = [axes_of(one) if isinstance(one, Tensor) else None for one in inputs]
    tensors = [axes for axes in known if axes is not None and len(axes) == 3]
    if batch_first is not None and 1 < len(tensors) == len(known):
        first, last, name = tensors[0], tensors[-1], module.name or module.spec.target.rpartition(".")[2]
        at = 0 if batch_first else 1
        for other in tensors[1:]:
            _compare(run, name, first[at : at + 1], other[at : at + 1], site)
        _compare(run, name, tensors[1][1 - at : 2 - at], last[1 - at : 2 - at], site)
    for name, mask in given(arguments).items():
        pair = [inputs[0], inputs[MASKS[name]] if len(inputs) > 1 else inputs[0]]
        query, key = (axes_of(one) if isinstance(one, Tensor) else None for one in pair)
        axes = axes_of(mask) if isinstance(mask, Tensor) else None
        if axes is None or batch_first is None:
            causes.leave_open(run, name, [one for one in pair if isinstance(one, Tensor)], None, site)
        elif query and key and len(query) == len(key) == 3 and len(axes) > 1:
            tokens, batch = (1, 0) if batch_first else (0, 1)
            _compare(run, name, (query[tokens if name in OF_PAIRS else batch], key[tokens]), axes[-2:], site)


def _compare(run: Run, name: str, expected: Axes, axes: Axes, site: Site) -> None:
    for want, have in zip(expected, axes):
        if row_faults.compare(run, name, want, have, site):
            return


def _batch_first(module: Component) -> bool | None:
    """Return whether the first axis is the batch; None if that is not known, or not given by name."""
    value = dict(module.spec.keywords).get("batch_first")
    if value is None:
        return None if len(module.spec.positional) > BY_POSITION else False
    return value.value if isinstance(value.value, bool) else None
