"""Changes to modules and objects: setting, replacing and deleting their attributes and children.

A child of a library model is replaced if the table of its parts has it; after any other change to how the model works,
the model is forgotten.
"""

from __future__ import annotations

from shapelint.chain.chain import Flow
from shapelint.common.patterns import pattern
from shapelint.python.objects import dicts
from shapelint.python.state import causes, class_lookup, naming, part_names
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget, forget_all_attributes, forget_recursively
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import cause_of, integer
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
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
    Unknown,
    Value,
)
from shapelint.signatures import absent_names
from shapelint.spec.spec import Cause

HARMLESS_ATTRIBUTES = pattern(
    r"requires_grad|training|inplace|momentum|^eps|^p$|drop|checkpoint|track|lr$|decay|^data$|^grad"
)
"""Attributes that do not affect the output of a module."""
STARTS = ("weight", "bias")
"""Attributes that functions for the initialization of weights set."""
DESCRIBES = pattern(r"name|(^|_)(feat(ure)?s?|dims?|channels|classes|width|embed|latent|size)(_|\d|$)")
"""Attributes by which users describe a whole model; a layer computes with attributes of these names."""


def is_harmless(name: str, owner: Value | None = None) -> bool:
    """Return whether setting an attribute of a library module leaves its output unchanged."""
    layer = isinstance(owner, Component) and (owner.part_of is not None or owner.spec.target.startswith("torch."))
    return bool(HARMLESS_ATTRIBUTES.search(name)) or (not layer and bool(DESCRIBES.search(name)))


def set_attribute(run: Run, owner: Instance, name: object, value: Value) -> None:
    """Perform `owner.name = value` as the class defines it: by a property setter, a descriptor or `__setattr__`."""
    if not isinstance(name, str):
        _anywhere(run, owner, value)
        return
    if name == "__dict__":
        forget_all_attributes(run, owner, cause_of(value))
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
    """Set an attribute whose name is unknown."""
    base = owner.base
    if isinstance(base, Chained):
        forget(run, base)
    if not isinstance(value, Node):
        forget(run, owner, cause_of(value))
    else:
        note_set_anywhere(run, owner, value)
    run.touch(owner)
    owner.opaque = True


def note_set_anywhere(run: Run, owner: Value, value: Value) -> None:
    """Note that a module, or what may be one, is set under a name that is not known.

    If the owner is not known either, that may be in any model. What builds a network adds parts; a module that other
    code sets may take the place of any part.
    """
    if isinstance(value, Node) and not any(one is owner for one in run.receivers):
        forget_recursively(run, owner)
    inside = owner.inside if isinstance(owner, Unknown) else (owner,)
    networks = tuple(one for one in inside if isinstance(one, Node))
    if isinstance(value, Node) or (networks and isinstance(value, Unknown)):
        cause = Cause("a module is set under a name that is not known", run.place(None, None))
        run.unfollowed.append((networks, cause))


def store(run: Run, owner: Instance, name: str, value: Value) -> None:
    """Store an attribute; a module that is stored in a user-defined Sequential becomes its next layer.

    An empty tensor is a placeholder for one that is set later, for instance by a hook.
    """
    if isinstance(value, Tensor) and 0 in (value.shape or ()):
        value = Tensor(Flow(None, (), value.flow.maker), value.trains)
    base = owner.base
    if isinstance(base, Chained) and isinstance(value, Node):
        run.touch(base)
        base.children[name] = value
    elif isinstance(base, Component):
        set_child(run, base, name, value)
    run.touch(owner)
    if isinstance(value, Node) and isinstance(owner.attributes.get(name), Const):
        del owner.attributes[name]  # what was no module had no place among them: `torch.nn.Module.__setattr__`
    owner.attributes[name] = value
    owner.maybe_missing -= {name}
    naming.hold(owner, name, value)


def set_child(run: Run, owner: Chained | Component, name: str, value: Value) -> None:
    """Perform `resnet.fc = nn.Identity()` or `encoder.norm = nn.LayerNorm(8)`; other values are plain attributes."""
    if isinstance(owner, Chained):
        _set_of_chained(run, owner, name, value)
    elif name in STARTS and _is_layer(owner) and not isinstance(value, Node):
        if not _fits_weight(run, owner, name, value):
            forget(run, owner)
    elif isinstance(owner.part_of, Component):
        whole = f"{part_names.own_name(owner)}.{name}"
        if name in part_names.inner_names(owner) or absent_names.of_component(owner.part_of.spec, whole):
            _replace(run, owner.part_of, whole, value)
        elif isinstance(value, Node) or not is_harmless(name, owner):
            forget(run, owner)
    elif isinstance(value, (Node, Tensor)) or name in run.parts(owner) or is_harmless(name, owner):
        _replace(run, owner, name, value)
    else:
        forget(run, owner)


def _is_layer(owner: Component) -> bool:
    """Return whether a component is a layer, which computes with its weight and its bias alone."""
    return owner.spec.target.startswith("torch.nn.") or owner.part_of is not None


def _fits_weight(run: Run, owner: Component, name: str, value: Value) -> bool:
    """Return whether a tensor is certainly as large as the weight or the bias that it replaces; no bias is needed."""
    if value == NONE:
        return name == "bias"
    before = run.named_attribute(owner, name)
    return isinstance(before, Tensor) and isinstance(value, Tensor) and _has_shape_of(value, before)


def _has_shape_of(value: Tensor, other: Tensor) -> bool:
    return value.shape is not None and value.shape == other.shape


def _set_of_chained(run: Run, owner: Chained, name: str, value: Value) -> None:
    is_parameter = isinstance(value, Tensor) and owner.kind != "Sequential"
    if isinstance(value, Node) or name in owner.children or is_parameter:
        if name not in owner.children and owner.holder is not None and not _is_at_work(run, owner):
            run.extended.update(id(holder) for holder in owner.path[:-1])
        run.touch(owner)
        owner.children[name] = value
        naming.hold(owner, name, value)
    elif not is_harmless(name):
        forget(run, owner)


def _is_at_work(run: Run, owner: Node) -> bool:
    """Return whether code of an object that holds a module runs."""
    return bool(run.receivers) and run.receivers[-1] in owner.path


def _replace(run: Run, owner: Component, name: str, value: Value) -> None:
    run.touch(owner)
    owner.replaced[name] = value
    if isinstance(value, Node) and value.holder is None:
        value.name, value.holder = name.rpartition(".")[2], owner


def set_element(run: Run, owner: Value, index: Value, value: Value) -> None:
    """Perform `sequence[0] = layer`, `vgg.classifier[6] = nn.Identity()` or `heads["online"] = head`."""
    names = _names(owner)
    position = integer(index)
    if isinstance(position, int) and -len(names) <= position < len(names):
        name: object = names[position]
    else:
        name = index.value if isinstance(index, Const) else None
    if not isinstance(name, str) or not isinstance(owner, (Chained, Component)):
        forget(run, owner)
    else:
        set_child(run, owner, name, value)


def _names(owner: Value) -> list[str]:
    if isinstance(owner, Chained):
        return list(owner.children) if owner.kind != "ModuleDict" and owner.rest is None else []
    return part_names.inner_names(owner) if isinstance(owner, Component) else []


def delete_attribute(run: Run, owner: Value, name: str) -> None:
    """Perform `del owner.name`."""
    base = owner.base if isinstance(owner, Instance) else None
    if isinstance(owner, Instance):
        run.touch(owner)
        owner.attributes.pop(name, None)
        owner.maybe_missing -= {name}
        if isinstance(base, Component):
            delete_attribute(run, base, name)
    elif isinstance(owner, Table) and (owner.namespace or owner.attributes):
        dicts.remove(run, owner, Const(name))
    elif isinstance(owner, Component) and name in run.parts(owner):
        set_child(run, owner, name, UNKNOWN)
    else:
        forget(run, owner)


def delete_element(run: Run, owner: Value, index: Value) -> None:
    """Perform `del sequence[-1]`, which moves up the layers after it, or `del heads["online"]`."""
    if not isinstance(owner, Chained) or owner.rest is not None:
        forget(run, owner)
        return
    names, position = list(owner.children), integer(index)
    run.touch(owner)
    if owner.kind == "ModuleDict":
        owner.children.pop(index.value, None) if isinstance(index, Const) else forget(run, owner)
    elif isinstance(position, int) and -len(names) <= position < len(names):
        layers = [layer for name, layer in owner.children.items() if name != names[position]]
        owner.children = {str(place): layer for place, layer in enumerate(layers)}
    else:
        forget(run, owner)


def set_submodule(run: Run, owner: Value, path: str, value: Value) -> None:
    """Perform `model.set_submodule("head.fc", layer)`."""

    *parents, name = path.split(".")
    for parent in parents:
        owner = run.named_attribute(owner, parent)
    run.assign_attribute(owner, name, value)


def modules_of(owner: Instance | Chained | Component, found: list[tuple[str, Value]] | None) -> Table:
    """Return `model._modules`: a table of the children by name, through which they can be changed."""
    return Table(dict(found or ()), found is None, of=owner)


def set_tensor(run: Run, weight: Value, new: Value, site: Site) -> None:
    """Perform `module.weight.data = tensor`; a tensor of another shape makes it a different module.

    Of a weight that is not known, what is of a shape that is its own may be of another one.
    """
    if isinstance(weight, Tensor):
        same = isinstance(new, Tensor) and _has_shape_of(new, weight)
        if not same and weight.weight_of is not None:
            forget(run, weight.weight_of)
    elif isinstance(weight, Unknown) and isinstance(new, Tensor) and new.shape is not None:
        causes.reshaped(run, weight.inside, site)
