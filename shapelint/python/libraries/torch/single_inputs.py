"""Layers with several inputs, seen as if they took one of these alone."""

from __future__ import annotations

from collections.abc import Callable

from shapelint.common.frozen import replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.notation import Alternative, Pattern, Signature, Structure

STATES = {"torch.nn.RNN": 1, "torch.nn.GRU": 1, "torch.nn.LSTM": 2}
"""Layers that may be given the state to start from, and how many tensors it has: those that they end with."""
CELLS = {"torch.nn.RNNCell": 1, "torch.nn.GRUCell": 1, "torch.nn.LSTMCell": 2}
"""Those that take one step, which give nothing but their state."""


def input_alone(resolved: Resolved, position: int) -> Resolved:
    """Return a component as if it had one of its inputs only, whose shape it keeps."""

    def alone(one: Alternative) -> Alternative:
        kept = one.inputs[position]
        return Alternative((kept,), kept, "" if position else one.where)

    return _each(resolved, alone)


def state_alone(resolved: Resolved, position: int) -> Resolved:
    """Return a recurrent layer as if it had one tensor of its state only, which it gives again."""
    is_cell = resolved.spec.target in CELLS

    def alone(one: Alternative) -> Alternative:
        state = one.output.elements[1] if isinstance(one.output, Structure) and not is_cell else one.output
        kept = state.elements[position] if isinstance(state, Structure) else state
        assert isinstance(kept, Pattern)
        return Alternative((kept,), kept, "")

    return _each(resolved, alone)


def _each(resolved: Resolved, change: Callable[[Alternative], Alternative]) -> Resolved:
    def changed(signature: Signature | None) -> Signature | None:
        return signature and replace(signature, alternatives=tuple(map(change, signature.alternatives)))

    return replace(resolved, signature=changed(resolved.signature), template=changed(resolved.template))
