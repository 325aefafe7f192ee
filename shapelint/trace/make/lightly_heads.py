"""lightly's heads as signatures: one component per class, one row for every structural variant."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow
from shapelint.shapes import dims, expression
from shapelint.trace.layer_signatures import layer_row
from shapelint.trace.variant import bind

STRUCTURAL: dict[str, dict[str, tuple[Any, ...]]] = {
    "CAPIProjectionHead": {"bias": (False, True), "weight_norm": (False, True)},
    "DINOProjectionHead": {"batch_norm": (False, True), "norm_last_layer": (True, False)},
    "DINOv2ProjectionHead": {"batch_norm": (False, True)},
    "LeJEPAProjectionHead": {"num_layers": (2, 3, 4)},
    "LeWMProjectionHead": {"batch_norm": (True, False)},
    "MMCRProjectionHead": {"batch_norm": (True, False), "use_bias": (False, True), "num_layers": (1, 2, 3)},
    "MoCoProjectionHead": {"batch_norm": (False, True), "num_layers": (2, 3, 4)},
    "SimCLRProjectionHead": {"batch_norm": (True, False), "num_layers": (2, 3, 4)},
    "SwaVPrototypes": {"n_prototypes": (3000, [3000], [3000, 3000], [3000, 3000, 3000], [3000, 3000, 3000, 3000])},
    "VICRegProjectionHead": {"num_layers": (2, 3, 4)},
}
"""The values of structural arguments that get a row.

A number of layers below the first is treated as the first if the class accepts it, and one above the last gets a row of
its own, without parts.
"""

NO_FEWER = frozenset({"LeJEPAProjectionHead"})
"""Classes that raise for fewer layers than the first."""

_INERT = frozenset({"freeze_last_layer", "n_steps_frozen_prototypes"})
DENSE = frozenset({"CAPIProjectionHead", "DenseCLProjectionHead", "VicRegLLocalProjectionHead"})
WITHOUT_WIDTHS = frozenset({"ProjectionHead", "SMoGPrototypes"})
"""Classes that are constructed from other objects, not from numbers."""

SMALLEST = {"input_dim": 16}
"""Arguments without a default."""


def component_file() -> SignatureFile:
    """The signatures of every head and of the prototypes."""
    import lightly
    from lightly.models.modules import heads
    from torch import nn

    classes = [
        value
        for name, value in inspect.getmembers(heads, inspect.isclass)
        if issubclass(value, nn.Module) and value.__module__ == heads.__name__ and name not in WITHOUT_WIDTHS
    ]
    components = tuple(component(head) for head in classes)
    return SignatureFile(library="lightly", versions=(lightly.__version__,), made_by="tracer", components=components)


def component(head: type) -> ComponentSignature:
    """One head: a row for every structural variant."""
    name = head.__name__
    return ComponentSignature(
        call=call_string(head),
        role="head",
        rows=tuple(_rows(head, STRUCTURAL.get(name, {}))),
        inert=frozenset(_INERT & set(inspect.signature(head).parameters)),
        dense=name in DENSE,
    )


def call_string(head: type) -> str:
    """`lightly.models.modules.BYOLProjectionHead(input_dim=2048, ...)`, in the canonical module of all heads."""
    parameters = [
        name if parameter.default is parameter.empty else f"{name}={parameter.default!r}"
        for name, parameter in inspect.signature(head).parameters.items()
    ]
    return f"lightly.models.modules.{head.__name__}({', '.join(parameters)})"


def _rows(head: type, structural: Mapping[str, tuple[Any, ...]]) -> Iterator[SignatureRow]:
    layered = "num_layers" in structural
    others = {name: values for name, values in structural.items() if name != "num_layers"}
    for values in itertools.product(*others.values()):
        chosen = dict(zip(others, values))
        condition = [_condition(name, value) for name, value in chosen.items()]
        if not layered:
            yield _row(head, chosen, condition)
            continue
        first, *rest = structural["num_layers"]
        few = f"num_layers {'==' if head.__name__ in NO_FEWER else '<='} {first}"
        for number, text in [(first, few), *((number, f"num_layers == {number}") for number in rest)]:
            yield _row(head, {**chosen, "num_layers": number}, [*condition, text])
        yield _deeper_row(head, chosen, condition, rest[-1])


def _row(head: type, arguments: Mapping[str, Any], condition: list[str]) -> SignatureRow:
    required = {name: value for name, value in SMALLEST.items() if _is_required(head, name)}
    row = layer_row(bind(head, (), {**required, **arguments}))
    return row.changed(when=" and ".join(condition), tensors={})  # the parts determine them


def _is_required(head: type, name: str) -> bool:
    parameters = inspect.signature(head).parameters
    return name in parameters and parameters[name].default is inspect.Parameter.empty


def _deeper_row(head: type, chosen: Mapping[str, Any], condition: list[str], last: int) -> SignatureRow:
    """The row for more layers than `last`: weights grow by the same number with each, which is verified."""
    rows = [_row(head, {**chosen, "num_layers": last + more}, []) for more in (0, 1, 3)]
    weights = [_weights(row) for row in rows]
    growing = weights[0] + (dims.symbol("num_layers") - last) * (weights[1] - weights[0])
    if dims.substitute(growing, {"num_layers": last + 3}) != weights[2] or len({row.shapes for row in rows}) != 1:
        raise AssertionError(f"{head.__name__} does not grow evenly with num_layers")
    when = " and ".join([*condition, f"num_layers > {last}"])
    return SignatureRow(when=when, shapes=rows[0].shapes, weights=str(growing))


def _weights(row: SignatureRow) -> dims.Dim:
    names = {name: dims.symbol(name) for name in ("input_dim", "hidden_dim", "output_dim")}
    value: dims.Dim = expression.evaluate(str(row.weights), names)
    return value


def _condition(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name if value else f"not {name}"
    return f"len({name}) == {len(value) if isinstance(value, list) else 0}"  # an integer is not a list
