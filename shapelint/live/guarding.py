"""`guard`: hooks that stop a real forward at the first wrong shape, and name the component and the fix."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from torch import nn

from shapelint.live.head_calls import call_with
from shapelint.live.live_layers import KnownLayer, known_class, layer_of
from shapelint.live.misfits import Maker, fault_of
from shapelint.shapes import signatures
from shapelint.shapes.signatures import Misfit


class ShapeError(RuntimeError):
    """A layer got a shape that it cannot take: `role` is its dotted name, `expected` and `actual` are in conflict."""

    def __init__(self, message: str, role: str, expected: Any, actual: Any) -> None:
        super().__init__(message)
        self.role, self.expected, self.actual = role, expected, actual


class Guard:
    """The hooks of one guarded module; `remove()`, or leaving a `with` block, removes them."""

    def __init__(self, module: nn.Module) -> None:
        named = dict(module.named_modules())
        self._handles = [
            inner.register_forward_pre_hook(_Hook(name, named), with_kwargs=True)
            for name, inner in named.items()
            if known_class(inner) is not None
        ]

    def remove_after(self, module: nn.Module) -> None:
        """Remove every hook when a forward of the module ends without an error."""
        self._handles.append(module.register_forward_hook(self._ended))

    def _ended(self, *_: Any) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove every hook; calling it again has no effect."""
        while self._handles:
            self._handles.pop().remove()

    def __enter__(self) -> Guard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def guard(module: nn.Module) -> Guard:
    """Watch the real forwards of a module: the first wrong shape raises ShapeError, before torch's own error.

    The message names the layer, the two numbers and the fix. Layers of torch.nn are watched; shapes that torch accepts
    never raise. Returns a handle with `remove()`, which is a context manager too:

        with shapelint.guard(model):
            model(images)

    A forward takes some tens of microseconds longer per layer; shapes that were seen before are not checked again.
    Nothing else changes: values, gradients, autocast and modes stay as they are. Inside `torch.compile` the hooks do
    nothing, and break no graph: try one batch uncompiled to see where a shape is wrong.
    """
    return Guard(module)


def guard_first_batch(module: nn.Module) -> Guard:
    """Watch a module as `guard` does until its first whole forward has ended; after that it is as fast as before.

        shapelint.guard_first_batch(model)
        for images in loader:
            model(images)

    Parts that are called without the module's own forward, as `model.backbone(x)`, stay guarded.
    """
    watched = Guard(module)
    watched.remove_after(module)
    return watched


class _Hook:
    """A forward pre-hook that remembers the shapes that fit."""

    def __init__(self, name: str, modules: dict[str, nn.Module]) -> None:
        self.name, self.modules = name, modules
        self.fitting: set[Any] = set()

    def __deepcopy__(self, memo: dict[int, Any]) -> _Hook:
        """Copy a guarded module: the copy is guarded too, without copying everything that the messages refer to."""
        return self

    def __reduce__(self) -> tuple[type[_Hook], tuple[str, dict[str, nn.Module]]]:
        """Save a guarded module: after loading it is still guarded, and names the layer itself as the fix."""
        return _Hook, (self.name, {})

    def __call__(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if torch.compiler.is_compiling() or torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            return
        given = (kwargs["input"],) if not args and "input" in kwargs else args
        if not all(type(value) in (torch.Tensor, nn.Parameter) for value in given):
            return
        if any(value.is_nested or value.layout is not torch.strided for value in given):
            return
        key = (*(value.shape for value in given), module.training, _weight_shape(module))
        if key in self.fitting:
            return
        self._judge(module, given)
        self.fitting.add(key)

    def _judge(self, module: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        layer = layer_of(module)
        if layer is None:
            return
        count = len(layer.signature.alternatives[0].inputs)
        sizes = [tuple(value.shape) for value in given[:count]]
        if len(sizes) < count or any(size == 0 for shape in sizes for size in shape):
            return
        misfit = signatures.unify(layer.signature, *sizes)
        may_be_empty = isinstance(module, nn.modules.conv._ConvTransposeNd)  # its output, without an error
        if isinstance(misfit, Misfit) and not (misfit.kind == "condition" and may_be_empty):
            raise self._error(layer, misfit, given[misfit.input])

    def _error(self, layer: KnownLayer, misfit: Misfit, tensor: torch.Tensor) -> ShapeError:
        shown = str(tuple(tensor.shape))
        fault = fault_of(Maker("", self.name, layer.label), layer, misfit, tensor, shown)
        name = f"{self.name} ({layer.label})" if self.name else layer.label
        if misfit.kind == "axis":
            text = f"{name} expects {fault.expected} on axis {fault.axis}, but gets {fault.actual} in {shown}"
        elif misfit.kind == "rank":
            text = f"{name} expects {fault.expected}, but gets {shown}, {tensor.dim()} axes"
        else:
            text = f"{name} needs {fault.condition}, but gets {shown}"
        fix = f"; use {call_with(fault.change, (), self.modules)}" if fault.change else ""
        return ShapeError(text + fix, self.name, fault.expected, fault.actual)


def _weight_shape(module: nn.Module) -> Any:
    weight = module._parameters.get("weight")
    return None if weight is None or nn.parameter.is_lazy(weight) else weight.shape
