"""Methods of modules: those that every nn.Module has, and those of known modules."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapelint.common.frozen import replace
from shapelint.python.builtins import builtin_functions
from shapelint.python.libraries import library_functions
from shapelint.python.libraries.torch import (
    hooks,
    hyperparameters,
    members,
    module_calls,
    stored_widths,
    training_modes,
    weight_files,
)
from shapelint.python.libraries.torch.method_names import ADDS, CHANGES
from shapelint.python.objects import effects, mutation
from shapelint.python.state import causes, frozen_modules
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget, forget_recursively
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence, truth, unknown_among
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
    Items,
    Library,
    Method,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.tensors import mask_counts, trail

Module = Instance | Component | Chained


def component_method(run: Run, owner: Component, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a library module: one that every module has, or one that its library is known to define."""
    found = _shapeless(run, owner, name, arguments, site)
    if found is not None:
        return found
    known = library_functions.methods().get(owner.spec.target, {}).get(name)
    if known is not None:
        return module_calls.call_method(run, owner, known, arguments, site)
    if name in ("forward", "__call__"):
        return run.call(owner, arguments, site)
    found = _common(run, owner, name, arguments, site)
    own = run.libraries.components(owner).method
    if found is None and own is not None and not owner.forgotten:
        found = own(run, owner, name, arguments, site)
    return found if found is not None else _unknown(run, owner, name, arguments, site)


def container_method(run: Run, owner: Chained, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of an `nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""
    found = _shapeless(run, owner, name, arguments, site)
    if found is None and name in ("forward", "__call__"):
        return run.call(owner, arguments, site)
    found = found if found is not None else _common(run, owner, name, arguments, site)
    return found if found is not None else _of_container(run, owner, name, arguments)


def instance_method(run: Run, owner: Instance, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method that a user-defined module inherits from torch."""
    found = _shapeless(run, owner, name, arguments, site)
    found = found if found is not None else _common(run, owner, name, arguments, site)
    if found is not None:
        return found
    base = owner.base
    if isinstance(base, Chained):
        return _of_container(run, base, name, arguments)
    return _unknown(run, owner, name, arguments, site)


def _shapeless(run: Run, owner: Module, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a method that does not change what a module computes, or that lists its parts; None for any other."""
    if name in ("__setattr__", "__delattr__"):
        given = Arguments((Given(owner, NO_SPAN), *arguments.positional), arguments.keywords)
        return builtin_functions.call(run, name.strip("_"), given, site)
    if name == "apply" and arguments.positional and _sets_parts(arguments.positional[0].value):
        forget_recursively(run, owner)
    if name == "apply" and arguments.positional:
        effects.call_repeatedly(run, arguments.positional[0].value, unknown_among(owner), site)
    unseen = any(isinstance(given.value, (Unknown, Library)) for given in arguments.every)
    if name == "apply" and unseen and not effects.is_harmless(ast.unparse(site.node)):
        causes.unfollowed(run, [owner], site)
    if name in training_modes.MODES:
        training_modes.note(run, owner, name, arguments)
    if name == "requires_grad_":
        frozen_modules.note(run, owner, site.node)
    if name in run.libraries.returns_self:
        return owner
    if name in run.libraries.quiet:
        return _quiet(run, owner, name, arguments, site)
    if name not in ("children", "named_children"):
        return None
    children = members.listed(run, owner, name)
    if not isinstance(owner, Chained):
        trail.listed(children, site.node, site.scope)
    return children


def _quiet(run: Run, owner: Module, name: str, arguments: Arguments, site: Site) -> Value:
    if name == "register_parameter" and isinstance(owner, Component):
        forget(run, owner)
    if name == "manual_backward":
        run.observe_unseen_call(site, arguments)
    if name in ("register_buffer", "register_parameter") and isinstance(owner, Instance):
        _register(run, owner, name, arguments, site)
    if name == "state_dict" and not arguments.every:
        return weight_files.state_dict(run, owner)
    if name == "load_state_dict":
        return weight_files.load_into(run, owner, arguments, site)
    if name == "save_hyperparameters" and isinstance(owner, Instance):
        hyperparameters.save(run, owner, arguments)
    if name in ("get_parameter", "get_buffer") and arguments.positional:
        found = _at_path(run, owner, arguments.positional[0].value, site)
        return found if isinstance(found, Tensor) else unknown_among(owner)
    if name in ("modules", "named_modules"):
        inside = unknown_among(owner)
        return Items([], "list", inside if name == "modules" else Items([UNKNOWN, inside], "tuple"))
    return Items([], "list", UNKNOWN) if name in ("parameters", "named_parameters") else NONE


def _register(run: Run, owner: Instance, name: str, arguments: Arguments, site: Site) -> None:
    """Store a parameter or a buffer, and note whether it is saved."""
    key, value = arguments.get(0, "name"), arguments.get(1, "tensor", "param")
    if not isinstance(key, Const) or not isinstance(key.value, str) or value is None:
        return
    persistent = arguments.get(2, "persistent")
    is_saved = True if persistent is None or name == "register_parameter" else truth(persistent)
    if isinstance(value, Tensor) and name == "register_buffer":
        value = mask_counts.without(stored_widths.located(run, owner, key.value, value, site))
    if isinstance(value, Tensor) and is_saved is not None:
        value = replace(value)
        run.saved[id(value)] = (value, is_saved)
    mutation.store(run, owner, key.value, value)


def _common(run: Run, owner: Module, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a method that adds a child, finds one or registers a hook; None for any other."""
    if name in ADDS and len(arguments.positional) > 1:
        key = arguments.positional[0].value
        if isinstance(key, Const) and isinstance(key.value, str):
            mutation.set_submodule(run, owner, key.value, arguments.positional[1].value)
        else:
            forget(run, owner)
        return NONE
    if name == "get_submodule" and arguments.positional:
        return _at_path(run, owner, arguments.positional[0].value, site)
    if name.startswith("register_") and name.endswith("hook"):
        return _hook(run, owner, name, arguments)
    return None


def _hook(run: Run, owner: Module, name: str, arguments: Arguments) -> Value:
    """Register a hook; a module is forgotten if a hook may change it, or the rest of the model that it is part of."""
    handle = hooks.register(owner, arguments) if name == "register_forward_hook" else None
    inside = isinstance(owner, Component) and owner.part_of is not None
    if handle is not None and not (inside and hooks.may_replace(arguments.positional[0].value)):
        return handle
    function = arguments.positional[0].value if arguments.positional else UNKNOWN
    if hooks.may_replace(function) or _sets_parts(function):
        forget_recursively(run, owner)
    return NONE if handle is None else handle


def _unknown(run: Run, owner: Module, name: str, arguments: Arguments, site: Site) -> Value:
    """Call an unknown method, which may change the module, and use whatever is passed to it."""
    if CHANGES.match(name):
        forget(run, owner)
    run.escape(owner)
    for given in arguments.every:
        run.escape(given.value)
    return run.unknown(f".{name}() of a module is not known", site.node, site.scope.file)


def _at_path(run: Run, owner: Value, path: Value, site: Site) -> Value:
    """Return what a dotted path leads to; it may be any part where the path is not known."""
    if not isinstance(path, Const) or not isinstance(path.value, str):
        return unknown_among(owner)
    for step in path.value.split(".") if path.value else ():
        owner = run.attribute(owner, step, site)
    return owner


def _sets_parts(function: Value) -> bool:
    """Return whether a user-defined function sets attributes or elements other than weights."""
    if not isinstance(function, (Function, Method)):
        return False
    node = (function.function if isinstance(function, Method) else function).node
    stored = [part for part in ast.walk(node) if isinstance(part, (ast.Attribute, ast.Subscript))]
    names = [getattr(part, "attr", "") for part in stored if isinstance(part.ctx, ast.Store)]
    called = any(isinstance(part, ast.Name) and part.id in ("setattr", "delattr") for part in ast.walk(node))
    return called or any(name not in (*mutation.STARTS, "data") for name in names)


def _of_container(run: Run, owner: Chained, name: str, arguments: Arguments) -> Value:
    """Call a method that adds layers or iterates over them."""
    values = [given.value for given in arguments.positional]
    if name in ("append", "add_module", "register_module") and values:
        key: object = str(len(owner.children))
        if name != "append":
            key = values[0].value if isinstance(values[0], Const) else None
        _add(run, owner, [(key, values[-1])])
        return owner
    if name in ("keys", "values", "items"):
        pairs = list(owner.children.items())
        if name == "items":
            return Items([Items([Const(key), value], "tuple") for key, value in pairs], rest=owner.rest)
        found: list[Value] = [Const(key) for key, _ in pairs] if name == "keys" else [value for _, value in pairs]
        return Items(found, rest=owner.rest)
    if name == "update" and values and isinstance(values[0], Table) and not values[0].open:
        _add(run, owner, list(values[0].items.items()))
        return NONE
    if name == "extend" and values:
        items = sequence(values[0])
        if items is not None and items.rest is None:
            _add(run, owner, [(str(len(owner.children) + index), value) for index, value in enumerate(items.items)])
            return owner
    forget(run, owner)
    return owner if name in ("extend", "insert") else UNKNOWN


def _add(run: Run, owner: Chained, children: Sequence[tuple[object, Value]]) -> None:
    for key, value in children:
        if isinstance(key, str):
            mutation.set_child(run, owner, key, value)
        else:
            forget(run, owner)
