"""torch's own words: its error for a misfit, from the layer that raises it first.

The texts are those of torch 2.x: `addmm`, `batch_norm`, `conv2d`. They are what people search for.
"""

from __future__ import annotations

from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim

TEXTS = {
    "Linear": "mat1 and mat2 shapes cannot be multiplied (Bx{actual} and {expected}x{out})",
    "BatchNorm1d": "running_mean should contain {actual} elements not {expected}",
    "BatchNorm2d": "running_mean should contain {actual} elements not {expected}",
    "Conv2d": "expected input to have {expected} channels, but got {actual} channels instead",
}


def text(component: Resolved, expected: Dim | None, actual: Dim | None) -> str:
    """A sentence with torch's words for a component that gets `actual` where it takes `expected`; "" if unknown."""
    if expected is None or actual is None:
        return ""
    kind, out = _first_layer(component)
    if kind not in TEXTS:
        return ""
    return f'training would stop with "{TEXTS[kind].format(expected=expected, actual=actual, out=out)}"'


def _first_layer(component: Resolved) -> tuple[str, str]:
    """The class of the layer that gets the input first, and its output width."""
    parts = component.row.parts if component.row else {}
    leaf = next((one for name, one in parts.items() if not any(other.startswith(name + ".") for other in parts)), "")
    if leaf:
        kind, _, shapes = leaf.partition(":")
        out = shapes.split()[-1]
        return kind.rpartition(".")[2], str(component.values.get(out, out))
    return component.label, str(component.values.get("out_features", "..."))
