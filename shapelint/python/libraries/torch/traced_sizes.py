"""Models that are known at some image sizes only, traced at the size of the images that a program gives them."""

from __future__ import annotations

from shapelint.common import bounds
from shapelint.python.state import naming
from shapelint.python.state.run import Run
from shapelint.python.state.values import Component
from shapelint.resolve import resolver
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.signatures import ShapeOrStructure


def at_size_of(run: Run, component: Component, resolved: Resolved, shape: ShapeOrStructure | None) -> Resolved:
    """Return a model with its shapes at the size of its input (B, C, H, W) as well, if they can be traced.

    A program may come with any number of sizes, and a trace takes seconds: those beyond a bound stay unknown.
    """
    is_whole = component.resolved is resolved and resolved.spec is component.spec and resolved.signature is not None
    if not is_whole or not resolved.is_listed or not isinstance(shape, tuple) or len(shape) != 4:
        return resolved
    height, width = shape[2:]
    if not isinstance(height, int) or not isinstance(width, int) or resolver.is_known_at(resolved, (height, width)):
        return resolved
    if not run.may_trace:
        run.untraced = True
        return resolved
    run.traced_sizes.add((height, width))
    if len(run.traced_sizes) > bounds.TRACED_SIZES:
        return resolved
    component.resolved = resolver.at_size(resolved, naming.place(component).kind, run.options, (height, width))
    return component.resolved
