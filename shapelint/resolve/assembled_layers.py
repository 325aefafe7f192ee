"""The layers of an assembly for the arguments that a user wrote; each argument keeps its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from shapelint.common import slips
from shapelint.common.frozen import frozen, replace
from shapelint.knowledge.assemblies import FoundAssembly
from shapelint.knowledge.schema.assembly_files import AssembledLayers
from shapelint.shapes import dims, expression
from shapelint.signatures.binding import Binding
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Span

MAXIMUM_LAYERS = 1000

_TORCH = "torch.nn."


class UnknownLayersError(ValueError):
    """Which layers there are is not known; the message says why."""


@frozen
class _Call:
    """A component as written, with its bound arguments, and the count of a repetition."""

    found: FoundAssembly
    binding: Binding
    spec: ComponentSpec
    count: int = 0

    @property
    def values(self) -> Mapping[str, Any]:
        return {**self.binding.values, "i": self.count}


def foreign(found: FoundAssembly, spec: ComponentSpec) -> str:
    """An argument that the component does not take as far as is known here, "" if there is none.

    A misspelt one is none: it is reported as such.
    """
    parameters = found.assembly.signature.parameters
    if any(one.kind == "variadic" for one in parameters):
        return ""
    given = {name for name, _ in spec.keywords}
    absent = [one.name for one in parameters if one.name not in given]
    known = {one.name for one in parameters}
    return next((name for name in given if name not in known and not slips.meant(name, absent)), "")


def layers_of(found: FoundAssembly, binding: Binding, spec: ComponentSpec) -> tuple[ComponentSpec, ...]:
    """The layers of a component in order; raises UnknownLayersError."""
    call = _Call(found, binding, spec)
    layers: list[ComponentSpec] = []
    for step in found.assembly.layers:
        whole = AssembledLayers(layers=(step,)) if isinstance(step, str) else step
        if whole.when and not _decided(whole.when, call):
            continue
        for count in range(_number(whole.repeat, call)):
            layers += [_layer(text, replace(call, count=count)) for text in whole.layers]
            if len(layers) > MAXIMUM_LAYERS:
                raise UnknownLayersError(f"it has more than {MAXIMUM_LAYERS} layers")
    return tuple(layers)


def require(found: FoundAssembly, binding: Binding) -> None:
    """Raise UnknownLayersError if what is known of the component does not hold for these arguments."""
    call = _Call(found, binding, ComponentSpec("call", "", Span(0, 0), Span(0, 0)))
    if found.assembly.passes:
        raise UnknownLayersError(f"its {found.assembly.passes} is known at run time only")
    if found.assembly.when and not _decided(found.assembly.when, call):
        raise UnknownLayersError("its stored signature does not cover these arguments")


def model_name(found: FoundAssembly, binding: Binding) -> str:
    """The name of the model that a component is; raises UnknownLayersError."""
    name = found.assembly.model
    for parameter, value in binding.values.items():
        if f"{{{parameter}}}" in name:
            if not isinstance(value, str):
                raise UnknownLayersError(f"its {parameter} is known at run time only")
            name = name.replace(f"{{{parameter}}}", value)
    return name


def _decided(condition: str, call: _Call) -> bool:
    value = _evaluated(condition, call)
    if not isinstance(value, (bool, int)):
        raise UnknownLayersError(f"whether {condition} is not known")
    return bool(value)


def _number(text: str, call: _Call) -> int:
    value = _evaluated(text, call)
    if type(value) is not int:
        raise UnknownLayersError(f"{text} is not known")
    return value


def _evaluated(text: str, call: _Call) -> Any:
    try:
        return expression.evaluate(text, call.values)
    except (expression.ExpressionError, TypeError, OverflowError):
        raise UnknownLayersError(f"{text} is not known") from None


def _layer(text: str, call: _Call) -> ComponentSpec:
    """A layer such as `Linear(in_channels, hid_channels)`, or `norm_cfg(hid_channels)`."""
    node = expression.parse(text)
    assert isinstance(node, ast.Call)
    name = ast.unparse(node.func)
    target, head = f"{_TORCH}{name}", call.spec.head
    if name in call.binding.values:
        target, head = _class_of(name, call)
    positional = tuple(_argument(argument, call) for argument in node.args)
    return ComponentSpec("call", target, call.spec.span, head, positional)


def _class_of(parameter: str, call: _Call) -> tuple[str, Span]:
    """The class that an argument names, as a text or as a mapping with its type, and where it is written."""
    value, given = call.binding.values[parameter], call.binding.given.get(parameter)
    component = value if isinstance(value, ComponentSpec) else None
    name = component.target if component else value
    known = call.found.names.get(name) if isinstance(name, str) else None
    if known is None:
        raise UnknownLayersError(f"what {parameter} makes is not known")
    place = component.head if component else given.span if given else call.spec.head
    return f"{_TORCH}{known}", place


def _argument(node: ast.expr, call: _Call) -> Argument:
    """An argument of a layer: the user's own, an element of one, a default, or what is computed from them."""
    text = ast.unparse(node)
    base = node.value if isinstance(node, ast.Subscript) else node
    given = call.binding.given.get(base.id) if isinstance(base, ast.Name) else None
    if given is not None and isinstance(node, ast.Subscript):
        place = _number(ast.unparse(node.slice), call)
        if not -len(given.elements) <= place < len(given.elements):
            raise UnknownLayersError(f"{text} is not known")
        return given.elements[place]
    if given is not None:
        return given
    value = _evaluated(text, call)
    places = [call.binding.given[name] for name in _names(node) if name in call.binding.given]
    span = places[0].span if places else call.spec.head
    return Argument(dims.UNKNOWN_DIM if value is None else value, span, None)


def _names(node: ast.expr) -> Iterator[str]:
    return (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
