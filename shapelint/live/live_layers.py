"""A live layer of torch.nn, its stored shape signature, and the constructor call that makes it.

A layer is known if its class is a class of torch.nn, or a subclass that computes the same (it overrides no forward).
Widths are read from the weights where torch uses the weights, otherwise from the attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import nn

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.shapes import expression, notation, signatures
from shapelint.shapes.notation import Ellipsis_, Pattern, Signature
from shapelint.signatures import stored

UNNAMED = ("TransformerEncoder", "TransformerDecoder", "Dropout", "FeatureAlphaDropout", "SyncBatchNorm")
"""Beginnings of the names of layers without a signature of their own.

They are checked by their parts, or their signature holds in one mode or process only.
"""


@frozen
class KnownLayer:
    """A known layer. `template` has the names of constructor arguments where `signature` has their values."""

    component: ComponentSignature
    values: Mapping[str, Any]
    template: Signature
    signature: Signature

    @property
    def label(self) -> str:
        """The short name of the class: `Linear`."""
        return self.component.target.rpartition(".")[2]

    @property
    def width_argument(self) -> str:
        """The constructor argument that alone sets the last axis of the output, or the channels; "" if none does."""
        output, taken = self.template.alternatives[0].output, self.template.alternatives[0].inputs[0]
        if not isinstance(output, Pattern) or output == taken:
            return ""
        axis = output.axes[-1] if isinstance(output.axes[0], Ellipsis_) else output.axes[1]
        return str(axis) if str(axis) in self.values else ""

    def call(self, changed: Mapping[str, Any]) -> str:
        """The constructor call with some arguments changed: `Linear(256, 1024)`."""
        return call_text(self.component, {**self.values, **changed})


_ABSENT = object()

RECURRENT = {
    kind: ComponentSignature(
        call=f"torch.nn.{kind}(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, "
        "bidirectional=False)",
        inert=frozenset({"num_layers", "bias", "batch_first", "dropout", "bidirectional"}),
        rows=(SignatureRow(shapes="L B input_size -> L B hidden_size | L input_size -> L hidden_size"),),
    )
    for kind in ("RNN", "LSTM", "GRU")
}
"""The inputs of recurrent layers. Their outputs, tuples of several states, are not included."""


def layer_of(module: nn.Module) -> KnownLayer | None:
    """The layer that a module is, or None if it is not a torch.nn layer with a stored signature."""
    component = _component(module)
    if component is None or any(
        held is not None and nn.parameter.is_lazy(held) for held in module._parameters.values()
    ):
        return None
    values = _values(component, module)
    row = _row(component, values) if values is not None else None
    if values is None or row is None:
        return None
    template = _in_mode(_parsed(row.shapes), module)
    return KnownLayer(component, values, template, signatures.substitute(template, values))


_parsed = lru_cache(maxsize=None)(notation.parse_signature)


def known_class(module: nn.Module) -> type[nn.Module] | None:
    """The class of torch.nn whose forward a module runs, or None if it runs one of its own."""
    if "forward" in vars(module):
        return None
    for base in type(module).__mro__:
        if base.__module__.startswith("torch.nn.modules.") and issubclass(base, nn.Module):
            return base if type(module).forward is base.forward else None
    return None


def _component(module: nn.Module) -> ComponentSignature | None:
    base = known_class(module)
    if base is None or base.__name__.startswith(UNNAMED):
        return None
    if base.__name__ in RECURRENT:
        return RECURRENT[base.__name__]
    found = stored.find(f"torch.nn.{base.__name__}")
    return found[1] if found and found[1].role == "layer" else None


def _values(component: ComponentSignature, module: nn.Module) -> dict[str, Any] | None:
    """The constructor arguments of a live layer, or None if one cannot be read."""
    values: dict[str, Any] = {}
    for parameter in component.parameters:
        if parameter.name in ("device", "dtype") or parameter.kind == "variadic":
            values[parameter.name] = parameter.default
        elif (held := _held(module, parameter.name)) is not _ABSENT:
            values[parameter.name] = _plain(parameter.name, held)
        elif parameter.name in component.inert or not parameter.required:
            values[parameter.name] = parameter.default
        else:
            return None
    if isinstance(module, nn.MultiheadAttention):
        same = module.kdim == module.vdim == module.embed_dim
        values |= {"bias": module.in_proj_bias is not None, **({"kdim": None, "vdim": None} if same else {})}
    return values | _weight_values(module)


def _plain(name: str, value: Any) -> Any:
    if name == "bias":
        return value is not None and value is not False
    if isinstance(value, float) and value.is_integer() and name == "scale_factor":
        return int(value)
    return tuple(value) if isinstance(value, (list, torch.Size)) else value


def _held(module: nn.Module, name: str) -> Any:
    """What a module holds under a name; never computed, since reading a spectral norm's weight changes its buffers."""
    for place in (vars(module), module._parameters, module._buffers):
        if name in place:
            return place[name]
    return _ABSENT


def _weight_values(module: nn.Module) -> dict[str, Any]:
    """The widths that torch takes from the weights, whatever the attributes are."""
    weight = _held(module, "weight")
    if isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)):
        held = module.running_mean if module.running_mean is not None else weight
        known = {"num_features": held.shape[0]} if isinstance(held, torch.Tensor) else {}
        affine = {} if weight is _ABSENT else {"affine": weight is not None}
        return {**known, **affine, "track_running_stats": module.running_mean is not None}
    if not isinstance(weight, torch.Tensor) or weight.dim() < 2:
        return {}
    if isinstance(module, nn.Linear):
        return {"out_features": weight.shape[0], "in_features": weight.shape[1]}
    if isinstance(module, nn.modules.conv._ConvTransposeNd):
        return {"in_channels": weight.shape[0], "out_channels": weight.shape[1] * module.groups}
    if isinstance(module, nn.modules.conv._ConvNd):
        return {"out_channels": weight.shape[0], "in_channels": weight.shape[1] * module.groups}
    return {}


def _row(component: ComponentSignature, values: Mapping[str, Any]) -> SignatureRow | None:
    named = component.named
    for parameter in component.parameters:
        is_free = parameter.name in component.inert or parameter.name in named or parameter.required
        if not is_free and values[parameter.name] != parameter.default:
            return None
    return next((row for row in component.rows if not row.when or _holds(row.when, values)), None)


def _holds(condition: str, values: Mapping[str, Any]) -> bool:
    try:
        return expression.evaluate(condition, values) is True
    except (expression.ExpressionError, TypeError):
        return False


def _in_mode(signature: Signature, module: nn.Module) -> Signature:
    """The signature in the current mode: a norm that uses running statistics accepts one value per channel."""
    normalises = isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm))
    if not normalises or module.training or module.running_mean is None:
        return signature
    return Signature(tuple(replace(alternative, where="") for alternative in signature.alternatives))


def call_text(component: ComponentSignature, values: Mapping[str, Any]) -> str:
    """A constructor call: required arguments by position, then those that differ from their default by name.

    A head's widths are given by position too, as people write them: `BYOLProjectionHead(256, 1024, 256)`.
    """
    texts: list[str] = []
    by_position = True
    for parameter in component.parameters:
        if parameter.kind == "variadic" or parameter.name in ("device", "dtype") or parameter.name not in values:
            by_position = False
            continue
        value = values[parameter.name]
        is_width = component.role == "head" and isinstance(value, int) and not isinstance(value, bool)
        same = value == parameter.default or (parameter.name in ("stride", "kernel_size") and value is None)
        by_position = by_position and parameter.kind == "positional" and (parameter.required or is_width)
        if by_position:
            texts.append(_argument(value))
        elif parameter.required or not _is_same(value, parameter.default, same):
            texts.append(f"{parameter.name}={_argument(value)}")
    return f"{component.target.rpartition('.')[2]}({', '.join(texts)})"


def _is_same(value: Any, default: Any, same: bool) -> bool:
    """Whether a value is the default; torch stores one integer for every axis as a tuple."""
    return same or (isinstance(value, tuple) and len(set(value)) == 1 and value[0] == default)


def _argument(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1:
        return repr(value[0])
    return repr(value)
