"""What the parts of the interpreter, each of which knows only some kinds of values, may ask of it as a whole.

`Run` is a `Kernel` without implementations; `interpreter.py`, which imports all modules, provides them. So no module
has to import another one from a layer above its own.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from shapelint.common.frozen import frozen
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import Libraries
from shapelint.python.state.values import Chained, Component, Function, Instance, Items, Node, Scope, UserClass, Value
from shapelint.resolve.resolved import Resolved


@frozen
class Kind:
    """Operations that a library-specific kind of value supports; each function takes the run and the value first.

    `attribute(run, owner, name, site)`, `call(run, owner, arguments, site)`,
    `method(run, owner, name, arguments, site)`, `element(run, owner, index, site)`,
    `set_attribute(run, owner, name, value)`, which says whether it knows the name, `children(run, owner)`, by name,
    None where they are not known, and `divide(run, left, right)` for `left / right`. A kind that has none of these is
    treated like a value that is not known.
    """

    attribute: Callable[..., Value] | None = None
    call: Callable[..., Value] | None = None
    method: Callable[..., Value] | None = None
    element: Callable[..., Value] | None = None
    set_attribute: Callable[..., bool] | None = None
    children: Callable[..., list[tuple[str, Value]] | None] | None = None
    divide: Callable[..., Value] | None = None


NO_KIND = Kind()


@frozen
class Observer:
    """Callbacks that only watch: each function takes the run first, and changes no value of the program.

    `operation(run, name, tensor, arguments, site)` is called for an operation on a tensor, and returns True to keep it
    from the remaining observers; `unpacking(run, items, count, site)` for a tuple of sizes that is assigned to several
    names; `copy(run, place, value, site)` for a tensor that is written into part of another; `unseen_call(run, site,
    arguments)` for a call of something unknown; and `result(run, function, value)` for what a user-defined function
    gives.
    """

    operation: Callable[..., bool] | None = None
    unpacking: Callable[..., None] | None = None
    copy: Callable[..., None] | None = None
    unseen_call: Callable[..., None] | None = None
    result: Callable[..., None] | None = None


class Kernel:
    """The interpreter as its parts see it."""

    kinds: ClassVar[Mapping[type, Kind]] = {}
    observers: ClassVar[Sequence[Observer]] = ()
    libraries: ClassVar[Libraries] = Libraries()

    def kind_of(self, value: Value) -> Kind:
        """Return what a library-specific value supports; `NO_KIND` for any other value."""
        return self.kinds.get(type(value), NO_KIND)

    def observe_operation(self, name: str, tensor: Value, arguments: Arguments, site: Site) -> None:
        """Notify the observers of an operation on a tensor, up to the first that claims it."""
        for observer in self.observers:
            if observer.operation is not None and observer.operation(self, name, tensor, arguments, site):
                return

    def observe_unpacking(self, items: Items, count: int, site: Site) -> None:
        """Notify the observers of a tuple that is assigned to several names."""
        for observer in self.observers:
            if observer.unpacking is not None:
                observer.unpacking(self, items, count, site)

    def observe_copy(self, place: Value, value: Value, site: Site) -> None:
        """Notify the observers of a tensor that is written into part of another."""
        for observer in self.observers:
            if observer.copy is not None:
                observer.copy(self, place, value, site)

    def observe_unseen_call(self, site: Site, arguments: Arguments) -> None:
        """Notify the observers of a call of something unknown."""
        for observer in self.observers:
            if observer.unseen_call is not None:
                observer.unseen_call(self, site, arguments)

    def observe_result(self, function: Function, value: Value) -> None:
        """Notify the observers of what a user-defined function gives."""
        for observer in self.observers:
            if observer.result is not None:
                observer.result(self, function, value)

    # Syntax

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """Evaluate an expression."""
        raise NotImplementedError

    def execute(self, body: Sequence[ast.stmt], scope: Scope) -> bool:
        """Execute statements; return True if they exit early, so that nothing after them runs."""
        raise NotImplementedError

    def lookup(self, name: str, scope: Scope, node: ast.AST | None = None) -> Value:
        """Look up a name."""
        raise NotImplementedError

    def bind(self, target: ast.expr, value: Value, scope: Scope, own: bool = True) -> None:
        """Assign to a name, an attribute, an element, or several of them."""
        raise NotImplementedError

    def rows(self, value: Value, count: int) -> Items | None:
        """Return the elements of a tensor or of a part of a model; `count` is the number expected, 0 for any."""
        raise NotImplementedError

    def load_file(self, path: Path, script: bool = False) -> Scope | None:
        """Interpret a file as a module; None if it cannot be read."""
        raise NotImplementedError

    # Calls

    def call(self, function: Value, arguments: Arguments, site: Site) -> Value:
        """Call a value."""
        raise NotImplementedError

    def call_function(self, function: Function, arguments: Arguments, receiver: Value | None) -> Value:
        """Call a user-defined function, as a method of `receiver` if there is one."""
        raise NotImplementedError

    def instantiate(self, cls: UserClass, arguments: Arguments, site: Site) -> Value:
        """Create an object of a user-defined class."""
        raise NotImplementedError

    def call_library(self, name: str, arguments: Arguments, site: Site) -> Value:
        """Call a function or class of a library by its dotted name."""
        raise NotImplementedError

    def knows(self, name: str) -> bool:
        """Return whether the interpreter knows a dotted name of a library."""
        raise NotImplementedError

    def stand_in(self, name: str) -> Value | None:
        """Return what is interpreted in place of a library object; None if nothing is."""
        raise NotImplementedError

    # Objects

    def attribute(self, owner: Value, name: str, site: Site) -> Value:
        """Read `owner.name`."""
        raise NotImplementedError

    def named_attribute(self, owner: Value, name: str, site: Site | None = None) -> Value:
        """Read an attribute, or a child whose name is a number."""
        raise NotImplementedError

    def element(self, owner: Value, index: Value, site: Site) -> Value:
        """Read `owner[index]`."""
        raise NotImplementedError

    def assign_attribute(self, owner: Value, name: str, value: Value) -> None:
        """Perform `owner.name = value`."""
        raise NotImplementedError

    def assign_element(self, owner: Value, index: Value, value: Value) -> None:
        """Perform `owner[index] = value`."""
        raise NotImplementedError

    def store(self, owner: Instance, name: str, value: Value) -> None:
        """Store an attribute of an object, without the setters and `__setattr__` of its class."""
        raise NotImplementedError

    def remove_attribute(self, owner: Value, name: Value) -> None:
        """Perform `delattr(owner, name)`."""
        raise NotImplementedError

    # Modules

    def resolve(self, component: Component) -> Resolved:
        """Look up or trace the signature of a component."""
        raise NotImplementedError

    def parts(self, component: Component) -> dict[str, str]:
        """Return the parts of a library model by dotted name, each with its row of the parts table."""
        raise NotImplementedError

    def children(self, owner: Instance | Component | Chained) -> list[tuple[str, Value]] | None:
        """Return the children of a module by name; None if they are unknown."""
        raise NotImplementedError

    def run_hooks(self, module: Node, arguments: Arguments, output: Value, site: Site) -> Value:
        """Call the hooks of a module that has run; return its output after them."""
        raise NotImplementedError
