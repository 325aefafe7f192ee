"""A fake copy of a module: the same Python objects, but tensors without memory, so that a run computes only shapes.

The original is only read. The copy has its own attributes, hooks and modes, and shares no tensor with it.
"""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeCopyMode, FakeTensorMode

from shapelint.common.frozen import frozen
from shapelint.trace.meta import one_line, quiet


class CannotTraceError(Exception):
    """The module cannot be run on fake tensors, for a reason other than a shape fault; the text says what to do."""


def fake_copy(modules: Sequence[nn.Module], mode: FakeTensorMode) -> list[nn.Module]:
    """Copy modules onto fake tensors; a module that occurs twice stays one. Raises CannotTraceError."""
    for module in modules:
        if not isinstance(module, nn.Module):
            raise TypeError(f"a model is an nn.Module, or a chain of them; this is a {type(module).__name__}")
        for name, parameter in [*module.named_parameters(), *module.named_buffers()]:
            if nn.parameter.is_lazy(parameter):
                raise CannotTraceError(f"{name} has no shape yet, it belongs to a lazy layer: run one real batch first")
    try:
        with quiet(), FakeCopyMode(mode):
            copies: list[nn.Module] = copy.deepcopy(list(modules))
            return copies
    except Exception as error:
        raise CannotTraceError(
            f"the model cannot be copied ({one_line(error)}): keep files, locks and loaders outside of it"
        ) from error


@contextmanager
def running(mode: FakeTensorMode) -> Iterator[None]:
    """Run fakes: without gradients, without warnings, and with all random number generators restored afterwards."""
    numpy = sys.modules.get("numpy")
    python_state, numpy_state = random.getstate(), numpy.random.get_state() if numpy else None
    cuda = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if cuda else []
    try:
        with quiet(), torch.random.fork_rng(devices), torch.no_grad(), mode:
            yield
    finally:
        random.setstate(python_state)
        if numpy:
            numpy.random.set_state(numpy_state)


def new_mode() -> FakeTensorMode:
    """A mode in which real tensors (constants made in a forward, for example) become fakes too."""
    return FakeTensorMode(allow_non_fake_inputs=True)


@frozen
class Input:
    """One input: its sizes, batch first, and its type if that is not the model's own."""

    size: tuple[int, ...]
    dtype: torch.dtype | None = None


def fake_inputs(inputs: Sequence[Input], module: nn.Module) -> list[torch.Tensor]:
    """Inputs on the device of the module's first weight, and of its type if they name none; for use inside the mode."""
    weights = (tensor for tensor in module.parameters() if tensor.is_floating_point())
    first: Any = next(weights, torch.empty(0))
    return [torch.empty(one.size, dtype=one.dtype or first.dtype, device=first.device) for one in inputs]
