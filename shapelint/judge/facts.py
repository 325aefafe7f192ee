"""The facts that rules may name: attributes of an edge and of a component.

Adding a fact is one field here and the line that computes it in `edge_facts.py` or `component_facts.py`. A fact that
cannot be known is None, and a rule that needs it stays silent.
"""

from __future__ import annotations

from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.shapes.dims import Dim


@frozen
class Port:
    """What goes into or comes out of a component. `features` is the axis in conflict, or the last one."""

    features: Dim | None = None
    axes: int | None = None
    shape: str = "?"


@frozen
class Side:
    """One end of an edge. `name` is how messages call it: the role, or a layer inside it."""

    role: str
    name: str
    component: str = ""
    input: Port = field(default=Port())
    output: Port = field(default=Port())
    is_backbone: bool = False
    is_head: bool = False
    is_dense: bool = False
    has_default_classes: bool = False

    def __str__(self) -> str:
        return self.name


@frozen
class EdgeFacts:
    """Where one component takes what another gives.

    `fits` is True, False, or None where it depends on the image or the batch; `axes_fit` is False where the number of
    axes is at fault, `size_fits` where the image size is, `batch_fits` where the batch is. `width_depends_on_size` says
    that the width in question changes with the image; `extra_axes` that a head that is made for (B, D)
    takes more axes. `counted` is what the numbers in conflict count. `crash` tells what torch would say, "" where that
    is not known.
    """

    consumer: Side
    producer: Side
    inside: bool
    fits: bool | None
    axes_fit: bool
    size_fits: bool
    batch_fits: bool
    channels_fit: bool
    is_one_tensor: bool
    width_depends_on_size: bool
    image_size_is_open: bool
    extra_axes: bool
    condition: str
    fitting_sizes: str
    counted: str
    crash: str


@frozen
class ComponentFacts:
    """One component by itself. `hidden` is its narrowest hidden layer."""

    role: str
    name: str
    declared: Dim | None
    output: Port
    input: Port
    hidden: Dim | None
    is_projection_head: bool

    def __str__(self) -> str:
        return self.name
