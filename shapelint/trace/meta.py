"""Modules on torch's meta device: built without memory, run without arithmetic, shapes alone.

torch is imported inside the functions: shapelint's default run never needs it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn


class Untraceable(Exception):
    """A component whose shapes could not be found out; the text is one line with the reason, and what would help.

    It does not mean that shapes do not fit: it is never a mismatch.
    """


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress warnings, and the tracebacks that torch logs while it works on fake tensors."""
    import logging

    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)


def build(make: Callable[[], Any]) -> nn.Module:
    """The module that `make` returns, in train mode, with every parameter and buffer on the meta device.

    Sequences of numbers (`linspace`, `tensor`) stay real while it is built, because constructors read them with
    `.item()`. If construction on meta fails nevertheless, it is repeated on the CPU. Raises Untraceable.
    """
    import torch
    from torch import nn
    from torch.overrides import TorchFunctionMode

    numbers = (torch.linspace, torch.arange, torch.logspace, torch.tensor)

    class RealNumbers(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            if function in numbers:
                kwargs.setdefault("device", "cpu")
            return function(*args, **kwargs)

    with quiet(), torch.no_grad():
        try:
            with torch.device("meta"), RealNumbers():
                module = make()
        except TypeError as error:
            raise Untraceable(f"cannot be constructed: {one_line(error)}") from error
        except Exception:
            try:
                module = make()
            except Exception as error:
                raise Untraceable(f"cannot be constructed: {one_line(error)}") from error
        if not isinstance(module, nn.Module):
            raise Untraceable(f"gives a {type(module).__name__}, not an nn.Module")
        if any(nn.parameter.is_lazy(value) for value in (*module.parameters(), *module.buffers())):
            raise Untraceable("is lazy: it has no widths before its first input")
        try:
            return module.to("meta").train()
        except Exception as error:
            raise Untraceable(f"cannot be moved to the meta device: {one_line(error)}") from error


def run(module: nn.Module, *shapes: Sequence[int], device: str = "meta") -> Any:
    """The module's output for inputs of these shapes; raises whatever the module raises."""
    import torch

    with quiet(), torch.no_grad(), _as_strict_as_a_cpu():
        return module(*(torch.zeros(tuple(shape), device=device) for shape in shapes))


def _as_strict_as_a_cpu() -> AbstractContextManager[Any]:
    """In this block a convolution refuses a map that is smaller than its kernel.

    On meta, torch 2.4 gives an empty map if one pixel is missing; a CPU raises, as later versions do on meta.
    """
    import torch
    from torch.overrides import TorchFunctionMode

    convolutions = (torch.conv1d, torch.conv2d, torch.conv3d)

    class Strict(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            if function in convolutions and not result.numel() and args[0].numel():
                raise RuntimeError("Kernel size can't be greater than actual input size")
            return result

    return Strict() if _gives_empty_maps() else nullcontext()


@cache
def _gives_empty_maps() -> bool:
    """Whether this torch has convolutions on meta that give empty maps."""
    import torch

    image, kernel = (torch.zeros(1, 1, size, device="meta") for size in (1, 2))
    try:
        return not torch.conv1d(image, kernel).numel()
    except RuntimeError:
        return False


def runs(module: nn.Module, *shapes: Sequence[int], device: str = "meta") -> bool:
    """Whether the module accepts inputs of these shapes."""
    try:
        run(module, *shapes, device=device)
    except Exception:
        return False
    return True


def one_line(error: BaseException) -> str:
    """An error's type and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def class_name(module: nn.Module) -> str:
    """The dotted name of a module's class: `torch.nn.Linear`, `torchvision.models.resnet.ResNet`."""
    kind = type(module)
    path = kind.__module__
    return f"torch.nn.{kind.__name__}" if path.startswith("torch.nn.") else f"{path}.{kind.__name__}"
