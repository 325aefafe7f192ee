"""One forward on fake tensors whose free axes are symbols: exact for every size that takes the same branch.

torch is imported inside the functions: shapelint's default run never needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Union

from shapelint.common.frozen import frozen
from shapelint.shapes.signatures import Shape, ShapeOrStructure
from shapelint.trace.meta import Untraceable, class_name, one_line, quiet, run
from shapelint.trace.shortcuts import shortcuts
from shapelint.trace.symbolic_sizes import shape_of, to_dim, value_of

if TYPE_CHECKING:
    from torch import nn


@frozen
class Free:
    """An axis of any size: its name, and a size to try it with."""

    name: str
    hint: int


TracedAxis = Union[int, Free]


@frozen
class ObservedLayer:
    """The behaviour of one child module: its class, its input shapes, and its output (None if it was never called)."""

    kind: str
    inputs: tuple[Shape, ...] = ()
    output: ShapeOrStructure | None = None


@frozen
class Held:
    """One tensor of a module's state dict, and whether it is one of its parameters."""

    shape: Shape
    is_parameter: bool


@frozen
class Observation:
    """One forward: inputs, output, every child by dotted name, learnable parameters, tensors, normalisation counts.

    `counts` holds, for every layer that normalises over a set of values in training, the axes of that set: torch
    requires that it has more than one value.
    """

    inputs: tuple[Shape, ...]
    output: ShapeOrStructure
    layers: Mapping[str, ObservedLayer]
    parameters: tuple[Shape, ...]
    counts: tuple[Shape, ...]
    tensors: Mapping[str, Held] = field(default_factory=dict)
    specialised: Mapping[str, int] = field(default_factory=dict)


def observe(module: nn.Module, *templates: Sequence[TracedAxis]) -> Observation:
    """Run a meta module on inputs of these axes. Raises Untraceable with the reason if that fails.

    A free axis that the module forces to one size is listed under `specialised`. Without a free axis it is a plain run
    on the meta device, ten times as fast.
    """
    if not any(isinstance(axis, Free) for template in templates for axis in template):
        return _observe_sizes(
            module, [tuple(axis for axis in template if isinstance(axis, int)) for template in templates]
        )
    import torch
    from torch._dynamo.source import ConstantSource
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

    environment = ShapeEnv()
    mode = FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)
    names: dict[str, str] = {}
    free: dict[str, Any] = {}

    def fake(index: int, template: Sequence[TracedAxis]) -> torch.Tensor:
        real = torch.empty([axis if isinstance(axis, int) else axis.hint for axis in template], device="meta")
        dynamic = [DimDynamic.STATIC if isinstance(axis, int) else DimDynamic.DYNAMIC for axis in template]
        context: Any = StatelessSymbolicContext(dynamic_sizes=dynamic)
        tensor = mode.from_tensor(real, symbolic_context=context, source=ConstantSource(f"input{index}"))
        sizes: tuple[Any, ...] = tuple(tensor.shape)
        for axis, size in zip(template, sizes):
            if isinstance(axis, Free):
                names[str(size.node.expr)] = axis.name
                free[axis.name] = size.node.expr
        return tensor

    recorder = _Recorder(module, names)
    with quiet(), torch.no_grad():
        try:
            inputs = [fake(index, template) for index, template in enumerate(templates)]
            state: dict[str, torch.Tensor] = {
                name: mode.from_tensor(tensor, static_shapes=True)
                for name, tensor in [*module.named_parameters(), *module.named_buffers()]
            }
            shapes = tuple(recorder.shape(tensor) for tensor in inputs)
            with mode, shortcuts():
                output = torch.func.functional_call(module, state, tuple(inputs))
            specialised = {
                name: int(environment.replacements[symbol])
                for name, symbol in free.items()
                if symbol in environment.replacements and environment.replacements[symbol].is_Integer
            }
            return Observation(
                inputs=shapes,
                output=recorder.value(output),
                layers=recorder.layers(),
                parameters=learnable(module),
                counts=tuple(recorder.counts),
                tensors=held(module),
                specialised=specialised,
            )
        except Untraceable:
            raise
        except Exception as error:
            raise Untraceable(f"does not run on tensors of shapes alone: {one_line(error)}") from error
        finally:
            recorder.remove()


def _observe_sizes(module: nn.Module, shapes: Sequence[tuple[int, ...]]) -> Observation:
    recorder = _Recorder(module, {})
    try:
        output = recorder.value(run(module, *shapes))
    except Untraceable:
        raise
    except Exception as error:
        raise Untraceable(f"does not run on {', '.join(map(str, shapes))}: {one_line(error)}") from error
    finally:
        recorder.remove()
    layers, counts = recorder.layers(), tuple(recorder.counts)
    return Observation(tuple(shapes), output, layers, learnable(module), counts, held(module))


def learnable(module: nn.Module) -> tuple[Shape, ...]:
    """The shapes of the parameters that training changes."""
    return tuple(tuple(parameter.shape) for parameter in module.parameters() if parameter.requires_grad)


def held(module: nn.Module) -> dict[str, Held]:
    """The module's state dict, in its order; if a parameter has two names, only the first counts as a parameter."""
    parameters = {name for name, _ in module.named_parameters()}
    return {name: Held(tuple(value.shape), name in parameters) for name, value in module.state_dict().items()}


class _Recorder:
    """Hooks on every child that record the shapes of its first call."""

    def __init__(self, module: nn.Module, names: Mapping[str, str]) -> None:
        self.module = module
        self.names = names
        self.calls: dict[str, ObservedLayer] = {}
        self.counts: list[Shape] = []
        self.handles = []
        for name, child in module.named_modules():
            self.handles.append(child.register_forward_pre_hook(self._before))
            if name:
                self.handles.append(child.register_forward_hook(self._after(name)))

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def layers(self) -> dict[str, ObservedLayer]:
        found = {}
        for name, child in self.module.named_modules():
            if name:
                found[name] = self.calls.get(name, ObservedLayer(class_name(child)))
        return found

    def shape(self, tensor: Any) -> Shape:
        return shape_of(tensor, self.names)

    def value(self, output: Any) -> ShapeOrStructure:
        return value_of(output, self.names)

    def _before(self, child: nn.Module, inputs: tuple[Any, ...]) -> None:
        axes = _normalised_axes(child, inputs)
        if axes is not None:
            self.counts.append(tuple(to_dim(size, self.names) for size in axes))

    def _after(self, name: str) -> Any:
        def note(child: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            if name in self.calls:
                return
            shapes = tuple(self.shape(tensor) for tensor in inputs if hasattr(tensor, "shape"))
            try:
                self.calls[name] = ObservedLayer(class_name(child), shapes, self.value(output))
            except Untraceable:
                self.calls[name] = ObservedLayer(class_name(child))

        return note


def _normalised_axes(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The axes over which a layer in train mode takes a mean, for the layers that require more than one value.

    `torch.nn.functional.batch_norm` and `instance_norm` raise for one value.
    """
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.instancenorm import _InstanceNorm

    if not inputs or not hasattr(inputs[0], "shape"):
        return None
    size = tuple(inputs[0].shape)
    if isinstance(layer, _InstanceNorm):
        batched = len(size) == layer._get_no_batch_dim() + 1  # type: ignore[no-untyped-call]
        return size[2:] if batched else size[1:]
    if isinstance(layer, _BatchNorm) and (layer.training or layer.running_mean is None):
        return (size[0], *size[2:])
    return None
