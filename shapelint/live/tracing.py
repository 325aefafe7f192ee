"""One run of fake modules that records misfits instead of stopping, and continues with what the layer declares.

A layer that only passes shapes on, such as a norm, passes on its input, by which the next layer is judged.

Hooks on the fake copies compare the input of each known layer with its signature. A tensor carries its maker, the layer
that gave it its width, through everything that only passes it on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from shapelint.live import forward_operations
from shapelint.live.live_layers import KnownLayer, layer_of
from shapelint.live.misfits import NOBODY, Fault, Maker, declared, fault_of, inherit, is_variadic, maker_of, mark
from shapelint.shapes import signatures
from shapelint.shapes.notation import Ellipsis_, Pattern
from shapelint.shapes.signatures import Misfit, Shape
from shapelint.signatures import stored

DEFAULT_CLASSES = 1000
"""The number of classes of ImageNet, the default of the classifiers in torchvision and timm."""

TRIES = 8
"""How many axes of one input may be wrong at once."""


class Stopped(Exception):
    """The sizes after a misfit are unknown, so that nothing more can be checked."""


class TooSlowError(Exception):
    """A run takes longer than it may."""


@dataclass
class Trace:
    """The results of one run. `components` maps the names of components to modules, `names` modules to dotted names.

    No operation begins after `until`, a monotonic time.
    """

    components: Mapping[str, nn.Module]
    names: Mapping[nn.Module, str]
    faults: dict[tuple[Any, ...], Fault] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    stack: list[tuple[str, KnownLayer | None]] = field(default_factory=list)
    batch: int = 0
    until: float = math.inf
    _replaced: dict[int, torch.Tensor] = field(default_factory=dict)

    def attach(self) -> None:
        """Install the hooks; they are discarded with the copies."""
        components = {module: name for name, module in self.components.items()}
        for module in self.names:
            module.register_forward_pre_hook(self._before, with_kwargs=True)
            module.register_forward_hook(self._after, prepend=True)
            if module in components:
                module.register_forward_hook(self._leave(components[module]), prepend=False)

    def component_of(self, name: str) -> str:
        """The component that a dotted name belongs to; empty if it belongs to none."""
        inside = (c for c in self.components if c and (name == c or name.startswith(c + ".")))
        return max(inside, key=len, default="")

    def note(self, fault: Fault) -> None:
        """Add a fault, once."""
        self.faults.setdefault(fault.key, fault)

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        layer = layer_of(module)
        self.stack.append((self.names[module], layer))
        if layer is None:
            return None
        given = (kwargs["input"],) if not args and "input" in kwargs else args
        count = len(layer.signature.alternatives[0].inputs)
        if len(given) < count:
            return None
        corrected = self._corrected(module, layer, given[:count])
        if corrected is None:
            return None
        kwargs = {name: value for name, value in kwargs.items() if name != "input"}
        return (*corrected, *given[count:]), kwargs

    def _corrected(self, module: nn.Module, layer: KnownLayer, inputs: tuple[Any, ...]) -> list[torch.Tensor] | None:
        """Record the misfit and return inputs that fit; None if these inputs fit."""
        this = self._this(module, layer)
        if len(inputs) == 1 and isinstance(inputs[0], (tuple, list, dict)):
            tensor = next(forward_operations.tensors(inputs[0]), None)
            shown = self._structure(inputs[0])
            self.note(Fault(this, maker_of(tensor), "type", actual=shown, actual_shape=shown, **declared(layer)))
            return [self._declared_input(layer, tensor)]
        if not all(isinstance(value, torch.Tensor) and not value.is_nested for value in inputs):
            return None
        sizes = [tuple(value.shape) for value in inputs]
        misfit = self._unify(layer, sizes, this.component)
        if not isinstance(misfit, Misfit) or any(size == 0 for shape in sizes for size in shape):
            self._note_logits(this, inputs[0])
            return None
        tensor = inputs[misfit.input]
        fault = fault_of(this, layer, misfit, tensor, self._show(tensor))
        fault = replace(fault, are_logits=misfit.kind == "axis" and self._are_logits(this, tensor))
        self.note(fault)
        if fault.about_size:
            raise Stopped
        if _passes_on(layer):
            self._replaced[id(module)] = tensor
        if misfit.kind == "axis":
            return self._with_expected_axes(layer, inputs, sizes, misfit)
        return [self._with_larger_batch(tensor) if fault.about_batch else self._declared_input(layer, tensor)]

    def _note_logits(self, this: Maker, tensor: torch.Tensor) -> None:
        if self._are_logits(this, tensor):
            width, shown = int(tensor.shape[-1]), self._show(tensor)
            fault = Fault(
                this, maker_of(tensor), "axis", width, width, 1, tensor.dim(), 2, shown, shown, are_logits=True
            )
            self.note(fault)

    def _are_logits(self, this: Maker, tensor: torch.Tensor) -> bool:
        """Whether the classifier of a library's model, with its default class count, feeds another component."""
        maker = maker_of(tensor)
        component = self.components.get(maker.component)
        library = type(component).__module__.partition(".")[0]
        has_models = any(known.features and known.library == library for known in stored.libraries())
        is_classifier = maker.label == "Linear" and has_models and tensor.dim() == 2
        return is_classifier and maker.component != this.component and tensor.shape[-1] == DEFAULT_CLASSES

    def _unify(self, layer: KnownLayer, sizes: list[Shape], component: str) -> signatures.Fit | Misfit:
        result = signatures.unify(layer.signature, *sizes)
        usual = layer.signature.alternatives[0]
        rank = len(sizes[0])
        vectors = is_variadic(usual.inputs[0]) and (rank > 3 or (rank == 3 and component != self._first_component()))
        if isinstance(result, Misfit) and result.kind == "axis" and vectors:
            return Misfit("rank", usual, expected=2, actual=rank)
        return result

    def _first_component(self) -> str:
        return next(iter(self.components), "")

    def _with_expected_axes(
        self, layer: KnownLayer, inputs: tuple[torch.Tensor, ...], sizes: list[Shape], misfit: Misfit
    ) -> list[torch.Tensor]:
        result: Any = misfit
        for _ in range(TRIES):
            if not isinstance(result, Misfit) or result.kind != "axis":
                break
            shape = list(sizes[result.input])
            shape[result.axis] = result.expected if isinstance(result.expected, int) else 1
            sizes[result.input] = tuple(shape)
            result = signatures.unify(layer.signature, *sizes)
        if isinstance(result, Misfit):
            raise Stopped
        return [_like_tensor(tensor, shape) for tensor, shape in zip(inputs, sizes)]

    def _with_larger_batch(self, tensor: torch.Tensor) -> torch.Tensor:
        return _like_tensor(tensor, (2 * tensor.shape[0], *tensor.shape[1:]))

    def _declared_input(self, layer: KnownLayer, tensor: torch.Tensor | None) -> torch.Tensor:
        """The input of the layer's usual alternative, with axes that may have any size set to 1."""
        alternative = layer.signature.alternatives[0]
        axes = [axis for axis in alternative.inputs[0].axes if not isinstance(axis, Ellipsis_)]
        if not _passes_on(layer) and any(not isinstance(axis, int) and str(axis) != "B" for axis in axes):
            raise Stopped
        variadic = is_variadic(alternative.inputs[0])
        widths = [axis if isinstance(axis, int) else max(2, self.batch) if str(axis) == "B" else 2 for axis in axes]
        shape = (max(2, self.batch), *widths) if variadic else tuple(widths)
        return torch.empty(shape) if tensor is None else _like_tensor(tensor, shape)

    def _after(self, module: nn.Module, args: Any, output: Any) -> Any:
        _, layer = self.stack.pop() if self.stack else ("", None)
        if id(module) in self._replaced:
            return self._replaced.pop(id(module))
        first = next(forward_operations.tensors(args), None)
        for tensor in forward_operations.tensors(output):
            if layer is not None and _makes_width(layer):
                mark(tensor, self._this(module, layer))
            elif layer is None and module._parameters and not module._modules:
                mark(tensor, Maker(self.component_of(self.names[module]), self.names[module], type(module).__name__))
            elif maker_of(tensor) == NOBODY:
                inherit(tensor, first)
        return output

    def _leave(self, name: str) -> Callable[..., None]:
        def leave(module: nn.Module, args: Any, output: Any) -> None:
            for tensor in forward_operations.tensors(output):
                if maker_of(tensor).component != name:
                    mark(tensor, Maker(name))
            self.outputs[name] = output

        return leave

    def _this(self, module: nn.Module, layer: KnownLayer) -> Maker:
        name = self.names[module]
        return Maker(self.component_of(name), name, layer.label)

    def _show(self, tensor: torch.Tensor) -> str:
        batch = ["B"] if tensor.dim() > 1 and tensor.shape[0] == self.batch else []
        sizes = [*batch, *(str(size) for size in tensor.shape[len(batch) :])]
        return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"

    def _structure(self, value: Any) -> str:
        kind = "dict" if isinstance(value, dict) else "list" if isinstance(value, list) else "tuple"
        return f"{kind} of " + ", ".join(self._show(tensor) for tensor in forward_operations.tensors(value))

    def operation_fault(self, misfit: forward_operations.OperationMisfit) -> None:
        """Record the misfit of an operation that a forward calls outside any layer."""
        name = self.stack[-1][0] if self.stack else ""
        this = Maker(self.component_of(name), name, misfit.name)
        shape_text = self._show(misfit.tensor)
        pair = {misfit.expected, misfit.actual}
        if any({old.expected, old.actual} == pair for old in self.faults.values() if old.kind == "axis"):
            return  # for example a sum after a layer whose misfit was corrected
        self.note(
            Fault(
                this,
                maker_of(misfit.tensor),
                "axis" if isinstance(misfit.expected, int) else "rank",
                misfit.expected,
                misfit.actual if isinstance(misfit.actual, int) else shape_text,
                axis=1,
                rank=misfit.tensor.dim(),
                expected_shape=str(misfit.expected),
                actual_shape=shape_text,
            )
        )


class Following(TorchFunctionMode):
    """Pass makers on through operations, and correct the operations whose shapes do not fit."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if time.monotonic() > self.trace.until:
            raise TooSlowError("a forward on fake tensors takes too long")
        kwargs = kwargs or {}
        misfit = forward_operations.misfit(function, args, kwargs)
        if misfit is None:
            output = function(*args, **kwargs)
        else:
            self.trace.operation_fault(misfit)
            output = misfit.tensor.new_empty(misfit.output)
        first = next((tensor for tensor in forward_operations.tensors(args) if maker_of(tensor) != NOBODY), None)
        if first is not None:
            for tensor in forward_operations.tensors(output):
                if maker_of(tensor) == NOBODY:
                    inherit(tensor, first)
        return output


def dotted_names(components: Mapping[str, nn.Module]) -> dict[nn.Module, str]:
    """The dotted name of every module inside components; a module that occurs twice has its first name."""
    found: dict[nn.Module, str] = {}
    for prefix, root in components.items():
        for name, module in root.named_modules():
            found.setdefault(module, ".".join(filter(None, (prefix, name))))
    return found


def _passes_on(layer: KnownLayer) -> bool:
    """Whether a layer returns the shape that it takes."""
    alternative = layer.template.alternatives[0]
    return alternative.output == alternative.inputs[0]


def _makes_width(layer: KnownLayer) -> bool:
    output = layer.template.alternatives[0].output
    while not isinstance(output, Pattern):
        output = output.elements[0]
    return any((axis.name if isinstance(axis, Ellipsis_) else str(axis)) in layer.values for axis in output.axes)


def _like_tensor(tensor: torch.Tensor, shape: Any) -> torch.Tensor:
    fresh = tensor.new_empty(shape)
    inherit(fresh, tensor)
    return fresh
