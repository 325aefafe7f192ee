"""One forward on fake tensors whose free axes are symbols: what comes out is exact for every size that takes the same path.

torch is imported inside the functions: nothing of shapelint's default run comes here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from shapelint import dims
from shapelint.dims import Dim
from shapelint.resolve.meta import Untraceable, class_name, one_line, quiet, run
from shapelint.shapes import Shape, StructureValue, Value

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Free:
    """An axis of any size: its name, and a size to try it with."""

    name: str
    hint: int


Axis = Union[int, Free]


@dataclass(frozen=True)
class Layer:
    """What one child module did: its class, the shapes it got, what it returned (None where it was never called)."""

    kind: str
    inputs: tuple[Shape, ...] = ()
    output: Value | None = None


@dataclass(frozen=True)
class Observation:
    """One forward: inputs, output, every child by dotted name, learnable parameters, and normalisation counts.

    `counts` holds, for every layer that normalises over a set of values in training, the axes of that set: torch demands
    that it has more than one value.
    """

    inputs: tuple[Shape, ...]
    output: Value
    layers: Mapping[str, Layer]
    parameters: tuple[Shape, ...]
    counts: tuple[Shape, ...]
    specialised: Mapping[str, int] = field(default_factory=dict)


def observe(module: nn.Module, *templates: Sequence[Axis]) -> Observation:
    """Run a meta module on inputs of these axes. Raises Untraceable with the reason where that fails.

    A free axis that the module forces to one size is listed under `specialised`. Without a free axis it is a plain run
    on the meta device, ten times as fast.
    """
    if not any(isinstance(axis, Free) for template in templates for axis in template):
        return _observe_sizes(module, [tuple(axis for axis in template if isinstance(axis, int)) for template in templates])
    import torch
    from torch._dynamo.source import ConstantSource
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

    environment = ShapeEnv()
    mode = FakeTensorMode(shape_env=environment, allow_non_fake_inputs=True)
    names: dict[str, str] = {}
    free: dict[str, Any] = {}

    def fake(index: int, template: Sequence[Axis]) -> torch.Tensor:
        real = torch.empty([axis if isinstance(axis, int) else axis.hint for axis in template], device="meta")
        dynamic = [DimDynamic.STATIC if isinstance(axis, int) else DimDynamic.DYNAMIC for axis in template]
        context = StatelessSymbolicContext(dynamic_sizes=dynamic)
        tensor = mode.from_tensor(real, symbolic_context=context, source=ConstantSource(f"input{index}"))
        for axis, size in zip(template, tensor.shape):
            if isinstance(axis, Free):
                names[str(size.node.expr)] = axis.name
                free[axis.name] = size.node.expr
        return tensor

    recorder = _Recorder(module, names)
    with quiet(), torch.no_grad():
        try:
            inputs = [fake(index, template) for index, template in enumerate(templates)]
            state = {
                name: mode.from_tensor(tensor, static_shapes=True)
                for name, tensor in [*module.named_parameters(), *module.named_buffers()]
            }
            shapes = tuple(recorder.shape(tensor) for tensor in inputs)
            with mode, _shortcuts():
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
                specialised=specialised,
            )
        except Untraceable:
            raise
        except Exception as error:
            raise Untraceable(f"does not run on tensors of shapes alone: {one_line(error)}") from error
        finally:
            recorder.remove()


def _shortcuts() -> Any:
    """A mode that answers the questions in which torch's symbolic arithmetic is slow or lacking.

    A function that returns the shape it gets returns its input, and a linear one changes the last axis: that the input
    fits is what a run on the meta device has to say, not this one. A constant padding stays symbolic, where torch's own kernel takes numbers alone.
    """
    import torch
    from torch._refs import constant_pad_nd
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode
    from torch.utils._sympy.functions import Mod

    keeping = {function for name in KEEPING for home in (functional, torch) if (function := getattr(home, name, None))}

    class Shortcuts(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if function in keeping:
                return args[0] if args else kwargs["input"]
            if function is functional.linear:
                tensor, weight = [*args, *(kwargs[name] for name in ("input", "weight") if name in kwargs)][:2]
                return tensor.new_empty((*tensor.shape[:-1], weight.shape[0]))
            if function is functional.pad:
                tensor, widths, *more = [*args, *(kwargs[name] for name in ("pad",) if name in kwargs)]
                kind = kwargs.get("mode", more[0] if more else "constant")
                if kind == "constant":
                    if any(isinstance(width, torch.SymInt) and width.node.expr.has(Mod) for width in widths):
                        raise Untraceable("pads its input to whole windows, for which torch's symbols are too slow")
                    return constant_pad_nd(tensor, tuple(widths))
            return function(*args, **kwargs)

    return Shortcuts()


KEEPING = (
    "alpha_dropout", "batch_norm", "celu", "dropout", "dropout1d", "dropout2d", "dropout3d", "elu", "feature_alpha_dropout",
    "gelu", "group_norm", "hardsigmoid", "hardswish", "hardtanh", "instance_norm", "layer_norm", "leaky_relu", "logsigmoid",
    "mish", "normalize", "relu", "relu6", "relu_", "rms_norm", "selu", "sigmoid", "silu", "softmax", "softplus", "tanh",
)  # fmt: skip
"""Functions of torch.nn.functional and torch whose first argument's shape is that of the result."""


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
    return Observation(tuple(shapes), output, recorder.layers(), learnable(module), tuple(recorder.counts))


def learnable(module: nn.Module) -> tuple[Shape, ...]:
    """The shapes of the parameters that training changes."""
    return tuple(tuple(parameter.shape) for parameter in module.parameters() if parameter.requires_grad)


class _Recorder:
    """Hooks on every child that note the shapes of its first call."""

    def __init__(self, module: nn.Module, names: Mapping[str, str]) -> None:
        self.module = module
        self.names = names
        self.calls: dict[str, Layer] = {}
        self.counts: list[Shape] = []
        self.handles = []
        for name, child in module.named_modules():
            self.handles.append(child.register_forward_pre_hook(self._before))
            if name:
                self.handles.append(child.register_forward_hook(self._after(name)))

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def layers(self) -> dict[str, Layer]:
        found = {}
        for name, child in self.module.named_modules():
            if name:
                found[name] = self.calls.get(name, Layer(class_name(child)))
        return found

    def shape(self, tensor: Any) -> Shape:
        return shape_of(tensor, self.names)

    def value(self, output: Any) -> Value:
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
                self.calls[name] = Layer(class_name(child), shapes, self.value(output))
            except Untraceable:
                self.calls[name] = Layer(class_name(child))

        return note


def shape_of(tensor: Any, names: Mapping[str, str]) -> Shape:
    """The shape of a tensor in named dimensions."""
    return tuple(to_dim(size, names) for size in tensor.shape)


def value_of(output: Any, names: Mapping[str, str]) -> Value:
    """The shapes in a tensor, tuple, list or dict; None inside them is left out. Raises Untraceable for others."""
    if hasattr(output, "shape"):
        return shape_of(output, names)
    if isinstance(output, dict):
        items = {str(key): element for key, element in output.items() if element is not None}
        return StructureValue("dict", tuple(value_of(item, names) for item in items.values()), tuple(items))
    if isinstance(output, (tuple, list)):
        kind = "list" if isinstance(output, list) else "tuple"
        return StructureValue(kind, tuple(value_of(element, names) for element in output if element is not None))
    raise Untraceable(f"returns a {type(output).__name__}, in which no shapes are seen")


def _normalised_axes(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The axes over which a layer in train mode takes a mean, for the layers that demand more than one value.

    `torch.nn.functional.batch_norm` and `instance_norm` raise for one value.
    """
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.instancenorm import _InstanceNorm

    if not inputs or not hasattr(inputs[0], "shape"):
        return None
    size = tuple(inputs[0].shape)
    if isinstance(layer, _InstanceNorm):
        return size[2:] if len(size) == layer._get_no_batch_dim() + 1 else size[1:]
    if isinstance(layer, _BatchNorm) and (layer.training or layer.running_mean is None):
        return (size[0], *size[2:])
    return None


def _product(sizes: Sequence[Any]) -> Any:
    result: Any = 1
    for size in sizes:
        result = result * size
    return result


def to_dim(size: Any, names: Mapping[str, str]) -> Dim:
    """A size of a fake tensor as a dimension; raises Untraceable for what the notation has no words for."""
    if isinstance(size, int):
        return size
    return _convert(size.node.expr, names)


def _convert(expression: Any, names: Mapping[str, str]) -> Dim:
    if expression.count_ops() > MAXIMUM_OPERATIONS:
        raise Untraceable(f"has sizes that take formulas too long to be read (such as {str(expression)[:60]}...)")
    if expression.is_Integer:
        return int(expression)
    if expression.is_Symbol:
        if str(expression) not in names:
            raise Untraceable(f"has a size that depends on data ({expression})")
        return dims.symbol(names[str(expression)])
    kind = expression.func.__name__
    if kind in ("FloorToInt", "TruncToInt", "CeilToInt"):
        return _rounded(kind, expression.args[0], names)
    operands = [_convert(argument, names) for argument in expression.args] if kind in _OPERATIONS else []
    if kind == "Pow":
        base, exponent = operands
        if isinstance(exponent, int) and exponent > 0:
            return _product([base] * exponent)
    elif kind in _OPERATIONS:
        return _OPERATIONS[kind](*operands)
    raise Untraceable(f"has a size that the notation cannot say ({expression})")


def _rounded(kind: str, quotient: Any, names: Mapping[str, str]) -> Dim:
    """`floor(a / b)` and `ceil(a / b)` of positive integers."""
    if quotient.func.__name__ not in ("IntTrueDiv", "FloatTrueDiv") or len(quotient.args) != 2:
        return _convert(quotient, names)
    left, right = (_convert(argument, names) for argument in quotient.args)
    return 0 - (0 - left) // right if kind == "CeilToInt" else left // right


def _sum(*operands: Dim) -> Dim:
    total: Dim = 0
    for operand in operands:
        total = total + operand
    return total


MAXIMUM_OPERATIONS = 60

_OPERATIONS: dict[str, Any] = {
    "Add": _sum,
    "Mul": lambda *operands: _product(operands),
    "Pow": None,
    "FloorDiv": lambda left, right: left // right,
    "CleanDiv": lambda left, right: left // right,
    "CeilDiv": lambda left, right: 0 - (0 - left) // right,
    "Mod": lambda left, right: left % right,
    "PythonMod": lambda left, right: left % right,
    "Max": lambda *operands: dims.extreme(max, operands),
    "Min": lambda *operands: dims.extreme(min, operands),
    "ToFloat": lambda operand: operand,
    "Identity": lambda operand: operand,
}
