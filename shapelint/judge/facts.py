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
    """The input or output of a component. `features` is the axis in conflict, or the last one."""

    features: Dim | None = None
    axes: int | None = None
    shape: str = "?"


@frozen
class Side:
    """One end of an edge. `name` is its name in messages: the role, or a layer inside it."""

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
    """One component that takes the output of another.

    `fits` is True, False, or None if it depends on the image or the batch; `axes_fit` is False if the number of axes is
    at fault, `size_fits` if the image size is, `batch_fits` if the batch is. `width_depends_on_size` is whether the
    width in question changes with the image; `extra_axes` whether a head that is made for (B, D) gets more axes.
    `counted` is what the numbers in conflict count. `crash` is torch's own error, "" if that is not known.
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
