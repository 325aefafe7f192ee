"""Assignments to names, attributes, and elements of containers and modules."""

from __future__ import annotations

import ast
from collections.abc import Callable

from shapelint.knowledge import bystanders
from shapelint.python.objects import dicts, item_methods, lists, mutation
from shapelint.python.state import choices, names, part_names, unknown_numbers
from shapelint.python.state.arguments import Site
from shapelint.python.state.forgetting import forget, forget_recursively
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed, integer, sequence, truth
from shapelint.python.state.values import (
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Instance,
    Items,
    Library,
    Node,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.python.tensors import indexing, mask_counts


def bind(run: Run, target: ast.expr, value: Value, scope: Scope, own: bool = True) -> None:
    """Assign a value to a name, an attribute, an element, or several of them.

    If `own` is False, a number does not get the target as its variable: a loop target has another value in each
    iteration.
    """
    if isinstance(target, ast.Name):
        home = names.home(scope, target.id)
        # Another name for a number that has a variable already is not a variable of its own.
        literal = own and isinstance(value, Const) and not value.variables
        run.touch(home)
        home.names[target.id] = (
            run.named(value, home, target.id) if literal else unknown_numbers.held(run, value, target.id, own)
        )
        if isinstance(value, Node) and not value.name:
            value.name = target.id
    elif isinstance(target, ast.Attribute):
        owner = run.evaluate(target.value, scope)
        name = names.mangled(scope, target.attr)
        if isinstance(owner, (Instance, Component)) and scope.file:
            run.assigned[(id(owner), name)] = scope.file.span(target)
            if isinstance(owner, Component) and isinstance(owner.part_of, Component):
                run.assigned[(id(owner.part_of), f"{part_names.own_name(owner)}.{name}")] = scope.file.span(target)
        if target.attr == "data":
            mutation.set_tensor(run, owner, value, Site(target, scope))
            if isinstance(owner, Tensor) and isinstance(value, Tensor) and value.shape != owner.shape:
                bind(run, target.value, value, scope, own)
        # What an object holds may be written to between two calls of its methods.
        kept = mask_counts.without(value) if isinstance(value, Tensor) else value
        assign_attribute(run, owner, name, unknown_numbers.held(run, kept, name, own))
    elif isinstance(target, ast.Subscript):
        owner = run.evaluate(target.value, scope)
        index = run.evaluate(target.slice, scope)
        if isinstance(owner, Tensor) and isinstance(value, Tensor):
            run.observe_copy(indexing.indexed(owner, index), value, Site(target, scope))
        assign_element(run, owner, index, value)
    elif isinstance(target, ast.Starred):
        bind(run, target.value, value, scope, own)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _unpack(run, target.elts, value, scope, own)


def _unpack(run: Run, targets: list[ast.expr], value: Value, scope: Scope, own: bool) -> None:
    starred = next((index for index, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    items = (
        sequence(value)
        or choices.row(run, value, len(targets), Site(targets[0], scope))
        or run.rows(value, len(targets))
    )
    parts: list[Value] = [blamed(UNKNOWN, value)] * len(targets)
    needed = len(targets) - (starred is not None)
    if items is not None and (starred is None or len(items.items) < needed):
        run.observe_unpacking(items, needed, Site(targets[0], scope))
    if items is not None and starred is None:
        have = items.items[: len(targets)]
        missing = len(targets) - len(have)
        if len(items.items) == len(targets) or items.rest is not None:
            filler = items.rest if items.rest is not None else UNKNOWN
            parts = [*have, *[filler] * missing]
    elif items is not None and starred is not None and items.rest is None:
        after = len(targets) - starred - 1
        if len(items.items) >= len(targets) - 1:
            end = len(items.items) - after
            parts = [*items.items[:starred], Items(items.items[starred:end]), *items.items[end:]]
    elif items is not None and items.rest is not None and not items.items:
        parts = [Items([], "list", items.rest) if i == starred else items.rest for i in range(len(targets))]
    for target, part in zip(targets, parts):
        bind(run, target, part, scope, own)


NAMED = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple)
"""Expressions that a tensor can be assigned to again."""


def change_in_place(run: Run, function: Value, node: ast.Call, value: Value, scope: Scope) -> None:
    """Assign what an operation gives to the tensor that it gives another shape: `x.t_()`, `torch.cat(two, out=x)`.

    Another name of that tensor keeps the shape that it had.
    """
    owner = function.owner if isinstance(function, Bound) else None
    targets = [keyword.value for keyword in node.keywords if keyword.arg == "out"]
    if isinstance(owner, Tensor) and isinstance(function, Bound) and isinstance(node.func, ast.Attribute):
        in_place = function.name.endswith("_") and not function.name.endswith("__")
        if in_place and (not isinstance(value, Tensor) or _differs(value, owner)):
            targets.append(node.func.value)
    for target in targets:
        if isinstance(target, NAMED):
            bind(run, target, value, scope)


def _differs(one: Tensor, other: Tensor) -> bool:
    return one.flow.value != other.flow.value or one.ones is not other.ones


REWIRING_ATTRIBUTES = frozenset({"__class__", "__code__", "__defaults__", "__kwdefaults__", "__bases__", "__globals__"})
"""Attributes by which a program changes how its own code works."""


def _to_any(run: Run, owner: Unknown, change: Callable[[Value], None]) -> None:
    """Apply a change to a value that may be any of several: to each of them as a change that may not happen."""
    for one in owner.inside:
        with run.journal.conditional():
            change(one)


def _rewires(owner: str, name: str) -> bool:
    """Return whether a write to a library changes how its code works: to a class of it, but not to a setting.

    A name in capitals is a setting, of a module too whose own name begins with a capital (`PIL.ImageFile`).
    """
    is_class = owner.rpartition(".")[2][:1].isupper() or owner == "torch.nn.functional"
    return is_class and not name.isupper() and not bystanders.owns(owner)


def assign_attribute(run: Run, owner: Value, name: str, value: Value) -> None:
    """Perform `owner.name = value`; a module that had no holder gets its name from it."""
    if name == "training" and truth(value) is not True:
        _set_to_evaluation(run, owner)
    set_attribute = run.kind_of(owner).set_attribute
    if set_attribute is not None and set_attribute(run, owner, name, value):
        return
    if isinstance(owner, Unknown) and owner.choice is not None:
        choices.change(run, owner, owner.choice, name, value)
    elif isinstance(owner, Unknown):
        if not mutation.HARMLESS_ATTRIBUTES.search(name):
            _to_any(run, owner, lambda one: assign_attribute(run, one, name, value))
            forget_recursively(run, owner)
    elif isinstance(owner, Library):
        run.patched[f"{owner.name}.{name}"] = value
        if _rewires(owner.name, name):
            run.rewired = run.rewired or f"{owner.name}.{name}"
    elif name in REWIRING_ATTRIBUTES:
        run.rewired = run.rewired or name
    elif isinstance(owner, Instance):
        mutation.set_attribute(run, owner, name, value)
    elif isinstance(owner, (Chained, Component)):
        mutation.set_child(run, owner, name, value)
    elif isinstance(owner, UserClass):
        run.touch(owner.scope)
        owner.scope.names[name] = value
    elif dicts.is_namespace(owner) and name == "__dict__":
        dicts.replace_names(run, owner, value)  # type: ignore[arg-type]
    elif dicts.takes_attributes(owner):
        dicts.put(run, owner, Const(name), value)  # type: ignore[arg-type]
    elif not mutation.is_harmless(name):
        forget(run, owner)


def _set_to_evaluation(run: Run, owner: Value) -> None:
    """Note that a module, or what may be any, was set to evaluation."""
    if isinstance(owner, Node):
        run.asleep[id(owner)] = owner
    else:
        run.is_any_asleep = True


def assign_element(run: Run, owner: Value, index: Value, value: Value) -> None:
    """Perform `owner[index] = value`."""
    if isinstance(owner, Unknown):
        _to_any(run, owner, lambda one: assign_element(run, one, index, value))
        forget_recursively(run, owner)
    elif isinstance(owner, Instance):
        item_methods.set_item(run, owner, index, value)
    elif isinstance(owner, Library) and owner.name.endswith(".__dict__") and isinstance(index, Const):
        run.patched[f"{owner.name.removesuffix('.__dict__')}.{index.value}"] = value
    elif isinstance(owner, Table):
        dicts.put(run, owner, index, value)
    elif isinstance(owner, Items):
        lists.put(run, owner, index, value)
    elif isinstance(owner, (Chained, Component)):
        mutation.set_element(run, owner, index, value)
    else:
        forget(run, owner)


def remove_attribute(run: Run, owner: Value, name: Value) -> None:
    """Perform `delattr(owner, name)`."""
    if isinstance(name, Const) and isinstance(name.value, str):
        mutation.delete_attribute(run, owner, name.value)
    else:
        forget(run, owner)


def delete(run: Run, target: ast.expr, scope: Scope) -> None:
    """Perform `del target` for a name, an attribute, an element, or several of them."""
    if isinstance(target, ast.Name):
        home = names.home(scope, target.id)
        run.touch(home)
        home.names.pop(target.id, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for one in target.elts:
            delete(run, one, scope)
    elif isinstance(target, ast.Attribute):
        name = names.mangled(scope, target.attr)
        mutation.delete_attribute(run, run.evaluate(target.value, scope), name)
    elif isinstance(target, ast.Subscript):
        owner = run.evaluate(target.value, scope)
        index = run.evaluate(target.slice, scope)
        place = integer(index)
        if isinstance(owner, Table):
            dicts.remove(run, owner, index)
        elif isinstance(owner, Items) and isinstance(place, int):
            lists.remove(run, owner, place)
        else:
            mutation.delete_element(run, owner, index)
