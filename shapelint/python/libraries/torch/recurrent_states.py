"""The states of recurrent layers: the one that a layer starts from has the shape of the one that it ends with."""

from __future__ import annotations

from collections.abc import Sequence

from shapelint.python.libraries.torch import single_inputs
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import Component, Items, Tensor, Value
from shapelint.python.tensors import row_faults
from shapelint.python.tensors.tensor_axes import axes_of
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.notation import Alternative, Pattern, Structure

STATES = {"torch.nn.RNN": 1, "torch.nn.GRU": 1, "torch.nn.LSTM": 2}
"""Layers that may be given the state to start from, and how many tensors it has: those that they end with."""
CELLS = {"torch.nn.RNNCell": 1, "torch.nn.GRUCell": 1, "torch.nn.LSTMCell": 2}
"""Those that take one step, which give nothing but their state."""


def state_alone(resolved: Resolved, position: int) -> Resolved:
    """Return a recurrent layer as if it had one tensor of its state only, which it gives again."""
    is_cell = resolved.spec.target in CELLS

    def alone(one: Alternative) -> Alternative:
        state = one.output.elements[1] if isinstance(one.output, Structure) and not is_cell else one.output
        kept = state.elements[position] if isinstance(state, Structure) else state
        assert isinstance(kept, Pattern)
        return Alternative((kept,), kept, "")

    return single_inputs.each(resolved, alone)


def end(result: Value, target: str) -> Sequence[Value]:
    """Return the state that a recurrent layer ends with, as one tensor or two."""
    state = result.items[-1] if isinstance(result, Items) and result.items and target not in CELLS else result
    return state.items if isinstance(state, Items) else [state]


def compare_rows(run: Run, module: Component, state: Value, made: Value, site: Site) -> None:
    """Note a state that has other rows, in its last axis but one, than the state that is made of it."""
    one, other = (axes_of(value) if isinstance(value, Tensor) else None for value in (state, made))
    if one and other and len(one) == len(other) > 1:
        row_faults.compare(run, module.name or module.spec.target.rpartition(".")[2], other[-2], one[-2], site)
