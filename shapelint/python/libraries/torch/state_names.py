"""The tensors of a module by the names under which `state_dict()` lists them."""

from __future__ import annotations

from shapelint.chain import tensors
from shapelint.python.state import class_lookup, part_names
from shapelint.python.state.run import Run
from shapelint.python.state.saved_weights import SavedNames
from shapelint.python.state.values import (
    Chained,
    Component,
    Instance,
    Library,
    Loss,
    Node,
    Tensor,
    Unknown,
    UserClass,
    Value,
)

CUSTOM = ("state_dict", "load_state_dict", "_load_from_state_dict", "_save_to_state_dict", "get_extra_state")
"""Methods by which a class has names of its own."""
TENSORLESS = ("Module", "object", "ABC", "Mixin", "Generic", "Protocol")
"""Endings of the names of library classes that add no tensors to a user-defined class."""
MAXIMUM_INNER_DEPTH = 12
NOTHING = SavedNames()


def of(run: Run, module: Value, depth: int = 0) -> SavedNames:
    """Return the names and shapes of all tensors that a module saves."""
    if depth > MAXIMUM_INNER_DEPTH:
        return _unseen("it is nested too deeply")
    if isinstance(module, Node) and _is_renamed(run, module):
        return _unseen("a wrapper puts something before its names")
    if isinstance(module, Instance):
        return _of_instance(run, module, depth)
    if isinstance(module, Chained):
        return _of_children(run, module, depth)
    if isinstance(module, Component):
        return _of_component(run, module, depth)
    return _unseen("it is not known")


def _unseen(reason: str) -> SavedNames:
    return SavedNames(unseen={"": reason})


def _is_renamed(run: Run, module: Node) -> bool:
    """Return whether a module, or the one that it is a copy of, is wrapped by one that gives it other names."""
    node: Node | None = module
    for _ in range(MAXIMUM_INNER_DEPTH):
        if node is None:
            return False
        if id(node) in run.renamed:
            return True
        node = node.origin
    return False


def _of_instance(run: Run, module: Instance, depth: int) -> SavedNames:
    assert module.cls is not None
    name = module.cls.name
    if any(class_lookup.find(module.cls, method) is not None for method in CUSTOM):
        return _unseen(f"{name} has a method of its own that names its tensors")
    found = NOTHING if module.base is None else of(run, module.base, depth + 1)
    if module.base is None and not _is_plain(module):
        return _unseen(f"{name} has a base that is not seen")
    if module.opaque:
        found = found.joined(_unseen(f"{name} has parts that are not seen"))
    for attribute, value in module.attributes.items():
        inside = _of_attribute(run, attribute, value, depth)
        if attribute in module.maybe_missing:
            inside = SavedNames(inside.tensors, frozenset(inside.tensors), inside.variants, inside.unseen)
        found = found.without(attribute).joined(inside)
    return found


def _is_plain(module: Instance) -> bool:
    """Return whether all bases of a class that are no part of the program have no tensors."""
    line = class_lookup.resolution_order(module.cls) if module.cls is not None else []
    others = [cls for cls in line if not isinstance(cls, UserClass)]
    return all(isinstance(cls, Library) and cls.name.endswith(TENSORLESS) for cls in others)


def _of_attribute(run: Run, name: str, value: Value, depth: int) -> SavedNames:
    """Return what an attribute of a user-defined module adds: a module, a parameter, a buffer, or nothing."""
    if isinstance(value, Tensor):
        is_saved = run.saved.get(id(value), (value, None))[1]
        if is_saved is False:
            return NOTHING
        return SavedNames({name: value.shape}, frozenset() if is_saved else frozenset({name}))
    if isinstance(value, (Instance, Chained, Component)):
        return of(run, value, depth + 1).below(f"{name}.") if _is_module(value) else NOTHING
    if isinstance(value, Loss):
        return _of_loss(name, value)
    if isinstance(value, Node) or (isinstance(value, Unknown) and not value.is_number):
        reason = value.cause.reason if isinstance(value, Unknown) and value.cause is not None else "it is not known"
        return SavedNames({}, unseen={f"{name}.": reason, name: reason})
    return NOTHING


def _of_loss(name: str, loss: Loss) -> SavedNames:
    """Return what a loss saves: one of torch nothing but the weights that it is given."""
    given = loss.spec is not None and (loss.spec.positional or loss.spec.keywords)
    if loss.target.startswith("torch.") and not given:
        return NOTHING
    return SavedNames(unseen={f"{name}.": f"the tensors of {loss.target.rpartition('.')[2]} are not known here"})


def _is_module(value: Node) -> bool:
    return not isinstance(value, Instance) or (value.cls is not None and class_lookup.is_module(value.cls))


def _of_children(run: Run, module: Chained, depth: int) -> SavedNames:
    found = NOTHING if module.rest is None else _unseen("its layers are not all known")
    for name, child in module.children.items():
        if isinstance(child, (Node, Unknown)):
            found = found.joined(of(run, child, depth + 1).below(f"{name}."))
        elif isinstance(child, Tensor):
            found = found.joined(SavedNames({name: child.shape}))
    return found


def _of_component(run: Run, module: Component, depth: int) -> SavedNames:
    """Return the tensors of a library module, with those of its parts that were replaced."""
    whole = module.part_of if isinstance(module.part_of, Component) else module
    label = whole.spec.target.rpartition(".")[2]
    if whole.forgotten or module.forgotten:
        return _unseen(f"{label} was changed in a way that cannot be followed")
    found = _listed(run, whole, label)
    for name, new in whole.replaced.items():
        found = found.without(name).joined(_of_attribute(run, name, new, depth))
    return found if whole is module else found.inside(f"{part_names.own_name(module)}.")


def _listed(run: Run, module: Component, label: str) -> SavedNames:
    """Return the tensors of a library module as it was built."""
    holdings = tensors.held_by(run.resolve(module))
    return SavedNames(
        {tensor.name: tensor.shape for tensor in holdings.tensors},
        frozenset(tensor.name for tensor in holdings.tensors if not tensor.certain),
        frozenset(tensor.name for tensor in holdings.variants),
        {} if holdings.complete else {"": f"the tensors of {label} are not known here"},
    )
