"""What is put into modules and objects, and what is taken out of them.

A child of a library's model is replaced where the table of its parts knows the place; any other change of how it works
hides it.
"""

from __future__ import annotations

import re

from shapelint.chain.chain import Flow
from shapelint.python.objects import dicts
from shapelint.python.state import class_lookup, naming, part_names
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.forgetting import hide, lose
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Chained,
    Component,
    Const,
    Function,
    Given,
    Instance,
    Node,
    Table,
    Tensor,
    Value,
)

HARMLESS = re.compile(r"requires_grad|training|inplace|momentum|^eps|^p$|drop|checkpoint|track|lr$|decay|^data$|^grad")
"""Attributes that do not decide what a module gives."""
STARTS = ("weight", "bias")
"""What functions that give a network its first weights set."""
DESCRIBES = re.compile(r"name|(^|_)(feat(ure)?s?|dims?|channels|classes|width|embed|latent|size)(_|\d|$)")
"""Attributes by which people note something of a whole model; a layer works with what is called so."""


def is_harmless(name: str, owner: Value | None = None) -> bool:
    """Whether setting an attribute of a library's module leaves what it gives alone."""
    layer = isinstance(owner, Component) and (owner.part_of is not None or owner.spec.target.startswith("torch."))
    return bool(HARMLESS.search(name)) or (not layer and bool(DESCRIBES.search(name)))


def set_attribute(run: Run, owner: Instance, name: object, value: Value) -> None:
    """`owner.name = value`, by what the class says of it: a property's setter, a `__setattr__` of its own."""
    if not isinstance(name, str):
        _anywhere(run, owner, value)
        return
    if name == "__dict__":
        lose(run, owner)
        return
    assert owner.cls is not None
    found, setter = class_lookup.find(owner.cls, name), class_lookup.find(owner.cls, "__setattr__")
    if isinstance(setter, Function):
        run.call_function(setter, Arguments((Given(Const(name), NO_SPAN), Given(value, NO_SPAN))), owner)
        return
    if isinstance(found, Function) and found.setter is not None:
        run.call_function(found.setter, Arguments((Given(value, NO_SPAN),)), owner)
        return
    descriptor = isinstance(found, Instance) and found.cls is not None and class_lookup.find(found.cls, "__set__")
    if isinstance(descriptor, Function):
        run.call_function(descriptor, Arguments((Given(owner, NO_SPAN), Given(value, NO_SPAN))), found)
    else:
        store(run, owner, name, UNKNOWN if descriptor else value)


def _anywhere(run: Run, owner: Instance, value: Value) -> None:
    """An attribute by a name that is not known."""
    base = owner.base
    if isinstance(base, Chained):
        hide(run, base)
    if not isinstance(value, Node):
        hide(run, owner)
    run.touch(owner)
    owner.opaque = True


def store(run: Run, owner: Instance, name: str, value: Value) -> None:
    """An attribute as it is kept: a module that a sequence of the file is given becomes its next layer.

    An empty tensor is a place for one that comes later, from a hook for instance.
    """
    if isinstance(value, Tensor) and 0 in (value.shape or ()):
        value = Tensor(Flow(None, (), value.flow.maker), value.detached)
    base = owner.base
    if isinstance(base, Chained) and isinstance(value, Node):
        run.touch(base)
        base.children[name] = value
    elif isinstance(base, Component):
        set_child(run, base, name, value)
    run.touch(owner)
    owner.attributes[name] = value
    owner.perhaps -= {name}
    naming.hold(owner, name, value)


def set_child(run: Run, owner: Chained | Component, name: str, value: Value) -> None:
    """`resnet.fc = nn.Identity()`, `encoder.norm = nn.LayerNorm(8)`; what is no module is an attribute."""
    if isinstance(owner, Chained):
        _set_of_chained(run, owner, name, value)
    elif isinstance(owner.part_of, Component):
        known = name in part_names.inner_names(owner)
        if known:
            _replace(run, owner.part_of, f"{part_names.own_name(owner)}.{name}", value)
        elif isinstance(value, Node) or not is_harmless(name, owner):
            hide(run, owner)
    elif isinstance(value, Node) or name in run.parts(owner) or is_harmless(name, owner):
        _replace(run, owner, name, value)
    else:
        hide(run, owner)


def _set_of_chained(run: Run, owner: Chained, name: str, value: Value) -> None:
    if isinstance(value, Node) or name in owner.children:
        run.touch(owner)
        owner.children[name] = value
        naming.hold(owner, name, value)
    elif not is_harmless(name):
        hide(run, owner)


def _replace(run: Run, owner: Component, name: str, value: Value) -> None:
    run.touch(owner)
    owner.replaced[name] = value
    if isinstance(value, Node) and value.holder is None:
        value.name, value.holder = name.rpartition(".")[2], owner


def set_element(run: Run, owner: Value, index: Value, value: Value) -> None:
    """`sequence[0] = layer`, `vgg.classifier[6] = nn.Identity()`, `heads["online"] = head`."""
    names = _names(owner)
    position = integer(index)
    if isinstance(position, int) and -len(names) <= position < len(names):
        name: object = names[position]
    else:
        name = index.value if isinstance(index, Const) else None
    if not isinstance(name, str) or not isinstance(owner, (Chained, Component)):
        hide(run, owner)
    else:
        set_child(run, owner, name, value)


def _names(owner: Value) -> list[str]:
    if isinstance(owner, Chained):
        return list(owner.children) if owner.kind != "ModuleDict" and owner.rest is None else []
    return part_names.inner_names(owner) if isinstance(owner, Component) else []


def delete_attribute(run: Run, owner: Value, name: str) -> None:
    """`del owner.name`."""
    base = owner.base if isinstance(owner, Instance) else None
    if isinstance(owner, Instance):
        run.touch(owner)
        owner.attributes.pop(name, None)
        owner.perhaps -= {name}
        if isinstance(base, Component):
            delete_attribute(run, base, name)
    elif isinstance(owner, Table) and owner.namespace:
        dicts.remove(run, owner, Const(name))
    elif isinstance(owner, Component) and name in run.parts(owner):
        set_child(run, owner, name, UNKNOWN)
    else:
        hide(run, owner)


def delete_element(run: Run, owner: Value, index: Value) -> None:
    """`del sequence[-1]`: the layers behind it move up; `del heads["online"]`."""
    if not isinstance(owner, Chained) or owner.rest is not None:
        hide(run, owner)
        return
    names, position = list(owner.children), integer(index)
    run.touch(owner)
    if owner.kind == "ModuleDict":
        owner.children.pop(index.value, None) if isinstance(index, Const) else hide(run, owner)
    elif isinstance(position, int) and -len(names) <= position < len(names):
        layers = [layer for name, layer in owner.children.items() if name != names[position]]
        owner.children = {str(place): layer for place, layer in enumerate(layers)}
    else:
        hide(run, owner)


def set_submodule(run: Run, owner: Value, path: str, value: Value) -> None:
    """`model.set_submodule("head.fc", layer)`."""

    *way, name = path.split(".")
    for step in way:
        owner = run.named_attribute(owner, step)
    run.assign_attribute(owner, name, value)


def modules_of(owner: Instance | Chained | Component, found: list[tuple[str, Value]] | None) -> Table:
    """`model._modules`: its children by name, to be changed as well."""
    return Table(dict(found or ()), found is None, of=owner)


def set_tensor(run: Run, weight: Tensor, new: Value) -> None:
    """`module.weight.data = tensor`: one of another shape makes another module of it."""
    same = isinstance(new, Tensor) and weight.shape is not None and weight.shape == new.shape
    if not same and weight.weight_of is not None:
        hide(run, weight.weight_of)
