"""The constructor call of a live head, derived from its layers by the parts of its stored signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.live.live_layers import call_text, layer_of
from shapelint.live.misfits import Change
from shapelint.shapes import notation
from shapelint.shapes.notation import Ellipsis_, Pattern, SignatureError
from shapelint.signatures import heads as known_heads


def head_of(module: nn.Module) -> tuple[ComponentSignature, SignatureRow] | None:
    """The stored signature of a head, and the row whose parts are the module's layers."""
    kind = type(module)
    component = known_heads.find(f"{kind.__module__}.{kind.__name__}")
    if component is None or kind.forward is not vars(kind).get("forward", kind.forward):
        return None
    names = {name for name, _ in module.named_modules() if name}
    for row in component.rows:
        parts = {name for name in row.parts if name}
        deepest = max((name.count(".") for name in parts), default=0)
        if parts and parts == {name for name in names if name.count(".") <= deepest}:
            return component, row
    return None


def call_with(change: Change, others: Sequence[Change], modules: Mapping[str, nn.Module]) -> str:
    """The constructor call that carries out a change, together with the other changes of the same head.

    It is the call of the nearest known head around the layer that has an argument for it, or of the layer itself.
    """
    home = _home(change, modules)
    if home is None:
        layer = layer_of(modules[change.layer]) if change.layer in modules else None
        if layer is None:
            return f"{change.argument}={change.value}"
        same = [other for other in (*others, change) if other.layer == change.layer]
        return layer.call({other.argument: other.value for other in same if _home(other, modules) is None})
    found = _arguments(modules[home])
    assert found is not None
    component, names, values = found
    changed = dict(values)
    for other in (*others, change):
        if _home(other, modules) == home:
            changed[names[_inside(other.layer, home), other.argument]] = other.value
    defaults = {parameter.name: parameter.default for parameter in component.parameters if not parameter.required}
    return call_text(component, defaults | changed)


def _home(change: Change, modules: Mapping[str, nn.Module]) -> str | None:
    parts = change.layer.split(".")
    for count in range(len(parts) - 1, -1, -1):
        outer = ".".join(parts[:count])
        found = _arguments(modules[outer]) if outer in modules else None
        if found and (_inside(change.layer, outer), change.argument) in found[1]:
            return outer
    return None


def _inside(name: str, outer: str) -> str:
    return name[len(outer) :].lstrip(".")


def _arguments(module: nn.Module) -> tuple[ComponentSignature, dict[tuple[str, str], str], dict[str, Any]] | None:
    """The arguments of a known head by (layer, argument of the layer), and their present values."""
    found = head_of(module)
    if found is None:
        return None
    component, row = found
    names: dict[tuple[str, str], str] = {}
    values: dict[str, Any] = {}
    for part, text in row.parts.items():
        for argument, name, value in _governed(module.get_submodule(part), text, component):
            names[part, argument] = name
            values.setdefault(name, value)
    return component, names, values


def _governed(module: nn.Module, text: str, component: ComponentSignature) -> list[tuple[str, str, Any]]:
    """Each argument of a layer that the head's arguments govern: its name, the head's name for it, its present value.

    A part's shapes name the head's arguments where the layer's own signature names the layer's.
    """
    layer = layer_of(module)
    _, colon, signature = text.partition(":")
    if layer is None or not colon:
        return []
    try:
        outer = notation.parse_signature(signature).alternatives[0]
    except SignatureError:
        return []
    parameters = {parameter.name for parameter in component.parameters}
    found: list[tuple[str, str, Any]] = []
    for own in layer.template.alternatives:
        pairs = [(outer.inputs[0], own.inputs[0]), (outer.output, own.output)]
        for there, here in pairs:
            if not isinstance(there, Pattern) or not isinstance(here, Pattern):
                continue
            for name, argument in _aligned(there, here):
                if name in parameters and argument in layer.values:
                    found.append((argument, name, layer.values[argument]))
        if found:
            break
    return found


def _aligned(there: Pattern, here: Pattern) -> list[tuple[str, str]]:
    """Pairs of axis names; aligned at the end if the layer takes any leading axes, otherwise at the start."""
    backwards = any(isinstance(axis, Ellipsis_) and not axis.name for axis in (*there.axes[:1], *here.axes[:1]))
    left, right = (reversed(there.axes), reversed(here.axes)) if backwards else (iter(there.axes), iter(here.axes))
    if not backwards and len(there.axes) != len(here.axes):
        return []
    return [(str(a), b.name if isinstance(b, Ellipsis_) else str(b)) for a, b in zip(left, right)]
