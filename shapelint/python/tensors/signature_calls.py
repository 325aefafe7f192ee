"""Application of shape signatures to the inputs of library functions and methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from shapelint.chain.chain import Flow, Origin
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.notation import Ellipsis_, Pattern, Signature
from shapelint.shapes.signatures import Misfit, ShapeOrStructure, StructureValue


@cache
def parsed(text: str) -> Signature:
    """Parse a signature, once per text."""
    return notation.parse_signature(text)


def apply(
    text: str, inputs: Sequence[Flow | None], values: Mapping[str, Any], maker: Origin
) -> Flow | tuple[Flow, ...]:
    """Return the output of a function; an unknown input (None) binds no names, so these axes stay unknown.

    Several outputs are returned as a tuple of flows. Inputs that do not fit give an unknown tensor.
    """
    signature = signatures.substitute(parsed(text), dict(values))
    known = all(given is not None and given.value is not None for given in inputs)
    for alternative in signature.alternatives if known or len(signature.alternatives) == 1 else ():
        bindings: dict[str, Any] = {}
        origins: dict[str, Origin] = {}
        if len(inputs) > len(alternative.inputs):
            continue
        if all(_match(pattern, given, bindings, origins) for pattern, given in zip(alternative.inputs, inputs)):
            if inputs and inputs[0] is not None and alternative.output == alternative.inputs[0]:
                return inputs[0]
            for name in _free(alternative.output):
                bindings.setdefault(name, dims.UNKNOWN_DIM)
            return _flows(signatures.fill(alternative.output, bindings), alternative.output, origins, maker)
    output = signature.alternatives[0].output
    blank = Flow(None, (), maker)
    return blank if isinstance(output, Pattern) else (blank,) * len(output.elements)


def _match(pattern: Pattern, given: Flow | None, bindings: dict[str, Any], origins: dict[str, Origin]) -> bool:
    if given is None or not isinstance(given.value, tuple):
        return True
    if isinstance(signatures.match(pattern, given.value, bindings), Misfit):
        return False
    if pattern.rank == len(given.origins):
        for axis, origin in zip(pattern.axes, given.origins):
            origins.setdefault(str(axis), origin)
    elif pattern.axes and given.origins:
        origins.setdefault(str(pattern.axes[-1]), given.origins[-1])
    return True


def _free(output: notation.OutputPattern) -> set[str]:
    patterns = [output] if isinstance(output, Pattern) else [e for e in output.elements if isinstance(e, Pattern)]
    return {name for p in patterns for axis in p.axes if not isinstance(axis, Ellipsis_) for name in dims.names(axis)}


def _flows(
    value: ShapeOrStructure, output: notation.OutputPattern, origins: Mapping[str, Origin], maker: Origin
) -> Flow | tuple[Flow, ...]:
    if isinstance(value, StructureValue):
        assert not isinstance(output, Pattern)
        flows = [_flows(v, o, origins, maker) for v, o in zip(value.elements, output.elements)]
        return tuple(flow for flow in flows if isinstance(flow, Flow))
    assert isinstance(output, Pattern)
    if output.rank != len(value):
        return Flow(value, (maker,) * len(value), maker)
    return Flow(value, tuple(origins.get(str(axis), maker) for axis in output.axes), maker)
