"""Evaluate `owner.name`."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.python.objects import absences, dicts, enums, mutation
from shapelint.python.state import choices, class_lookup, forgetting, unknown_numbers
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.class_lookup import find, resolution_order
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import (
    UNKNOWN,
    Bound,
    CommandLine,
    Component,
    Const,
    Function,
    Instance,
    Items,
    Library,
    Method,
    Node,
    Partial,
    Super,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.python.tensors import fed_batches

REWIRING_LIBRARY_NAMES = ("unittest.mock.", "mock.", "gc.get_", "sys._getframe", "ctypes.", "importlib.reload")
"""Names by which a program changes how its own code works."""
FROM_CHECKPOINT = "load_from_checkpoint"
APPLY = "apply"
AUTOGRAD = ("torch.autograd.Function", "torch.autograd.function.Function")
PREPARES = ("prepare", "setup")
"""Methods of unknown objects that may return what they are given, wrapped."""


def get(run: Run, owner: Value, name: str, site: Site) -> Value:
    """Return an attribute of a value; Unknown if it cannot be determined."""

    kind = run.kind_of(owner)
    if kind.attribute is not None:
        return kind.attribute(run, owner, name, site)
    if isinstance(owner, Instance):
        return of_instance(run, owner, name, site)
    if isinstance(owner, UserClass):
        if name == "__name__":
            return Const(owner.name)
        owner.registered = owner.registered or name in ("mro", "__mro__", "__subclasses__", "__class__")
        if name == "__dict__":
            return Table(dict(owner.scope.names), True)
        found = find(owner, name)
        if name == "__init__" and (not isinstance(found, Function) or found.owner is not owner):
            return Bound(owner, name)
        if isinstance(found, Function) and found.wrapper == "classmethod":
            return Method(found, owner)
        if found is None and name == APPLY and any(Library(base) in resolution_order(owner) for base in AUTOGRAD):
            return Bound(owner, name)
        if found is None and name == FROM_CHECKPOINT and class_lookup.is_module(owner):
            return Bound(owner, name)
        return enums.member(owner, name, found) if found is not None else UNKNOWN
    if isinstance(owner, Library):
        absences.note_name(run, f"{owner.name}.{name}", site)
        return of_library(run, f"{owner.name}.{name}")
    if isinstance(owner, Unknown) and (same := choices.attribute(run, owner, name, site)) is not None:
        return same
    if isinstance(owner, Unknown) and (owner.inside or (owner.cause and name not in PREPARES)):
        return unknown_numbers.part(run, _part(owner), f".{name}")
    if isinstance(owner, Bound) and isinstance(owner.owner, (Node, CommandLine)):
        return unknown_among(owner.owner)
    if isinstance(owner, Function) and name == "cache_clear":
        forgetting.forget(run, owner.memory)
        return UNKNOWN
    if isinstance(owner, Function) and name == "setter":
        return Bound(owner, name)
    if isinstance(owner, Super):
        return of_super(run, owner, name)
    if isinstance(owner, Items) and name == "batch_size" and owner.rest is not None:
        size = fed_batches.size_in(run, owner.rest)
        return UNKNOWN if size is None else Const(size)
    if isinstance(owner, (Items, Table, Const, CommandLine)):
        return _of_container(owner, name)
    if isinstance(owner, Partial) and name in ("func", "args", "keywords"):
        return UNKNOWN
    return Bound(owner, name) if name in PREPARES else UNKNOWN


def _part(owner: Unknown) -> Unknown:
    """Return a part of an unknown value, for which the signature of the whole says nothing."""
    cause = owner.cause
    is_whole = cause is not None and not cause.is_output and cause.help.startswith('"')
    return replace(owner, cause=replace(cause, help="")) if cause is not None and is_whole else owner


def of_library(run: Run, dotted: str) -> Value:
    """Return a name of a library: what the file replaced it with, a known constant, or else the name itself."""
    if dotted in run.patched:
        return run.patched[dotted]
    if dotted.startswith(REWIRING_LIBRARY_NAMES):
        run.rewired = run.rewired or dotted
    constants = run.libraries.constants
    return Const(constants[dotted]) if dotted in constants else Library(dotted)


def _of_container(owner: Items | Table | Const | CommandLine, name: str) -> Value:
    if isinstance(owner, Table) and dicts.reads_attributes(owner, name):
        return dicts.names_of(owner) if name == "__dict__" else owner.items.get(name) or dicts.unseen_key(owner)
    if isinstance(owner, Const) and name == "value":
        return owner  # a member of an enumeration; numbers and strings have no such attribute
    if isinstance(owner, CommandLine) and name.startswith("_"):
        return unknown_among(owner)
    if isinstance(owner, Items) and name in ("values", "indices") and _is_reduced(owner):
        return owner.items[("values", "indices").index(name)]
    return Bound(owner, name)


def _is_reduced(owner: Items) -> bool:
    """Return whether a tuple is what `max(dim)` gives: the values, and where they were."""
    tensors = [one for one in owner.items if isinstance(one, Tensor)]
    return owner.kind == "tuple" and len(tensors) == len(owner.items) == 2 and tensors[0].flow == tensors[1].flow


def of_instance(run: Run, owner: Instance, name: str, site: Site) -> Value:
    """Return an attribute of an object: one of its own, then one of its class, then one that every nn.Module has."""

    assert owner.cls is not None
    found = find(owner.cls, name)
    if _is_handled(owner.cls, found):
        return UNKNOWN
    if isinstance(found, Function) and found.wrapper == "property":
        return run.call_function(found, Arguments(), owner)
    if name in owner.attributes:
        own = owner.attributes[name]
        if name in owner.maybe_missing and find(owner.cls, "__getattr__") is not None:
            return unknown_among(own)
        # nn.Module keeps its children apart: Python looks for them after the attributes of the class.
        hidden = isinstance(own, Node) and isinstance(found, Const) and class_lookup.is_module(owner.cls)
        return found if hidden and found is not None else own
    if name == "__class__":
        return owner.cls
    if name == "__dict__":
        mine = all(isinstance(one, UserClass) for one in resolution_order(owner.cls))
        is_open, perhaps = owner.opaque or not mine, owner.maybe_missing
        return Table(owner.attributes, is_open, of=owner, maybe_missing=perhaps, cause=owner.cause)
    if owner.opaque and (found is None or isinstance(found, (Const, Items, Table))):
        unknown = unknown_among(owner)
        return unknown if owner.cause is None else replace(unknown, cause=owner.cause)
    if isinstance(found, Function):
        if found.wrapper == "cached_property":
            value = run.call_function(found, Arguments(), owner)
            run.touch(owner)
            owner.attributes[name] = value
            return value
        if found.wrapper == "staticmethod":
            return found
        return Method(found, owner.cls if found.wrapper == "classmethod" else owner)
    if found is not None:
        return found
    base = owner.base
    if isinstance(base, Component):
        return get(run, base, name, site)
    if name == "_modules":
        return mutation.modules_of(owner, run.children(owner))
    if name in ("current_epoch", "global_step", "hparams", "trainer", "device"):
        return _hyperparameters(owner) if name == "hparams" else UNKNOWN
    if name == "module":
        return owner
    if name in ("__setattr__", "__delattr__"):
        return Bound(owner, name)
    if name.startswith("__"):
        return UNKNOWN
    getter = find(owner.cls, "__getattr__")
    return UNKNOWN if getter is not None else Bound(owner, name)


def _is_handled(cls: UserClass, found: Value | None) -> bool:
    """Return whether user code decides what an attribute is: a descriptor, or a `__getattribute__` of the class."""
    described = isinstance(found, Instance) and found.cls is not None and find(found.cls, "__get__") is not None
    return described or isinstance(find(cls, "__getattribute__"), Function)


def _hyperparameters(owner: Instance) -> Value:
    return owner.hyperparameters or UNKNOWN


def of_super(run: Run, owner: Super, name: str) -> Value:
    """Return `super().name`: a method of the next class, or an attribute of a library class."""
    receiver = owner.receiver
    cls = receiver.cls if isinstance(receiver, Instance) else receiver
    if isinstance(cls, UserClass) and name != "__init__":
        found = find(cls, name, owner.cls)
        if isinstance(found, Function):
            return found if found.wrapper == "staticmethod" else Method(found, receiver)
        if found is not None:
            return found
    return Bound(owner, name)
