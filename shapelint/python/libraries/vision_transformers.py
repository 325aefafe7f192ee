"""Vision transformers of any library: their numbers, and the attributes that scripts read from them."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureRow
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Component, Const, Tensor, Value
from shapelint.python.tensors import axes as ax
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Step

SIZES = ("img_size", "image_size")


@frozen
class Vit:
    """The numbers of a vision transformer; `prefix` is the number of class and register tokens."""

    width: Dim
    patch: int
    image: int
    prefix: int

    @property
    def grid(self) -> int:
        """Number of patches along one side."""
        return self.image // self.patch

    @property
    def tokens(self) -> int:
        """Number of patches and prefix tokens of one image."""
        return self.grid * self.grid + self.prefix


@frozen
class Layout:
    """A signature with one row, computed for a transformer.

    `given` are the parameters of the call as a signature lists them, `inert` those that change no shape; `classes` is
    the parameter with the number of classes, if there is a classifier.
    """

    given: tuple[str, ...]
    shapes: str
    parts: dict[str, str]
    inert: tuple[str, ...] = ()
    classes: str | None = None


def whole(component: Component) -> Component:
    """Return the model that a component is part of, or else the component itself."""
    return component.part_of if isinstance(component.part_of, Component) else component


def number(component: Component, name: str, default: int) -> int | None:
    """Return a numeric argument, or its default; None if it is given but unknown."""
    value = component.arguments.get(name)
    size = default if value is None else integer(value)
    return size if isinstance(size, int) else None


def as_given(component: Component, name: str, size: int) -> Value:
    """Return a number of a transformer, located at the argument that sets it."""
    given = component.arguments.get(name)
    return given if isinstance(given, Const) and given.value == size else Const(size)


def attributes(vit: Vit) -> dict[str, Value]:
    """Return the attributes that every vision transformer has."""
    return {
        "num_prefix_tokens": Const(vit.prefix),
        "has_class_token": Const(vit.prefix > 0),
        "pos_embed": Tensor(ax.flow(ax.sized([1, vit.tokens, vit.width]), ax.NO_ORIGIN)),
    }


def written(component: Component, names: tuple[str, ...]) -> tuple[Step, ...]:
    """Return the arguments with these names that a transformer was built with, as steps of a report."""
    given = ((name, argument) for name, argument in component.spec.keywords if name in names)
    return tuple(Step(argument.span, f"{name} is {argument.value}") for name, argument in given)


def resolved(component: Component, layout: Layout, role: str, options: Options) -> Resolved:
    """Resolve a transformer with a computed signature, without a trace."""
    signature = ComponentSignature(
        call=f"{component.spec.target}({', '.join(layout.given)})",
        role="backbone",
        rows=(SignatureRow(parts=layout.parts, shapes=layout.shapes),),
        inert=frozenset(layout.inert),
        classes=layout.classes,
    )
    return resolver.applied(signature, component.spec, component.spec.target, role, "stored")
