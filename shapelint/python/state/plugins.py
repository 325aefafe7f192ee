"""Library plugins: what the interpreter knows of a library in addition to its signatures.

To add a library, add an entry to `rules/libraries.yaml`, which is enough for backbones, and a plugin if code that uses
it is to be understood, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.python.state.values import Component, Value
from shapelint.resolve.resolved import Resolved
from shapelint.spec.spec import Step

Handler = Callable[..., Value | None]
"""`handler(run, arguments, site)`: returns the result of a call, None if the handler does not know it."""


@frozen
class Number:
    """A number of a component that is not one of its arguments, None if unknown, and the places that determined it."""

    value: Any = None
    steps: tuple[Step, ...] = ()


@frozen
class Components:
    """What is known of the components of a library: its modules with a signature, stored or traced.

    - `canonical(name)`: another name of the component; None if `rules/libraries.yaml` determines it
    - `builds(target)`: whether a canonical name is a component; by default one that has a stored signature, or is
      lowercase like functions that build a model
    - `parameters`: the leading parameters of classes without a stored signature, by class name
    - `takes_classes`: whether arguments may be classes (`norm_layer=nn.LayerNorm`), which are then passed to the trace
    - `attribute(run, component, name)` and `method(run, component, name, arguments, site)`: attributes and methods of
      models and their parts; None for unknown ones, which are then looked up in the signature
    - `call(run, component, arguments, site)`: what a call gives, for models that take more than a tensor, or whose
      outputs depend on the call; None where its signature determines it
    - `resolve(component, role, options)`: a signature that is computed without a trace; None if there is none
    - `is_described(component)`: whether `resolve` or `numbers` knows it, so that no trace is needed
    - `traced_for_attributes`: whether a component without a stored signature is traced when an attribute is read
    - `has_all_parts(component)`: whether its signature lists all of its parts
    - `numbers(component)`: names in the lines of its methods in `rules/library_functions.yaml` that are not arguments
    - `observe_call(run, component, arguments)`: is notified of each call of such a method
    """

    canonical: Callable[[str], str | None] | None = None
    builds: Callable[[str], bool] | None = None
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_classes: bool = False
    attribute: Callable[..., Value | None] | None = None
    method: Callable[..., Value | None] | None = None
    call: Callable[..., Value | None] | None = None
    resolve: Callable[..., Resolved | None] | None = None
    is_described: Callable[[Component], bool] | None = None
    traced_for_attributes: bool = True
    has_all_parts: Callable[[Component], bool] | None = None
    numbers: Callable[[Component], Mapping[str, Number]] | None = None
    observe_call: Callable[..., None] | None = None


@frozen
class LibraryPlugin:
    """What is known of one library; its name is that in `rules/libraries.yaml`, if it is listed there.

    - `packages`: the dotted prefixes of its names; a package is never a file of the repository, except
    - `gives_way`: a package of the repository with its name is read instead, as in the library's own checkout
    - `functions`: handlers by dotted name, for anything that is neither a component nor an operation on tensors
    - `bases`: what the constructor of a class does for an object of a class derived from it, by dotted name:
      `handler(run, owner, arguments, site)`
    - `constants`: values by dotted name
    - `stand_ins`: files of `rules/python/`, by the dotted name of the object that is interpreted from there
    - `passes_on`: last names of functions that return their first argument, in any package (apex has torch's wrappers)
    - `keeps_iterators`: functions that take nothing out of an iterator, or handle it themselves
    - `decorators`: functions that return something else than the function they are called with as a decorator
    - `make(run, name, arguments, site)`: any other object of it, such as a transform; None for unknown names
    - `fallback(run, name, arguments, site)`: the result of a call of any other name
    - `components`: what is known of its components
    - `returns_self`, `quiet`: methods of modules that return the module, or that do not change what it computes
    """

    name: str
    packages: frozenset[str] = frozenset()
    gives_way: bool = False
    functions: Mapping[str, Handler] = field(default_factory=dict)
    bases: Mapping[str, Callable[..., None]] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    passes_on: frozenset[str] = frozenset()
    keeps_iterators: frozenset[str] = frozenset()
    decorators: frozenset[str] = frozenset()
    make: Callable[..., Value | None] | None = None
    fallback: Callable[..., Value] | None = None
    components: Components = Components()
    returns_self: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()


NO_PLUGIN = LibraryPlugin("")


class Libraries:
    """The plugins, and their contents by name."""

    def __init__(self, plugins: Iterable[LibraryPlugin] = ()) -> None:
        self.plugins = tuple(plugins)
        self.functions = {name: handler for one in self.plugins for name, handler in one.functions.items()}
        self.bases = {name: handler for one in self.plugins for name, handler in one.bases.items()}
        self.constants = {name: value for one in self.plugins for name, value in one.constants.items()}
        self.stand_ins = {name: file for one in self.plugins for name, file in one.stand_ins.items()}
        self.passes_on = frozenset[str]().union(*(one.passes_on for one in self.plugins))
        self.keeps_iterators = frozenset[str]().union(*(one.keeps_iterators for one in self.plugins))
        self.decorators = frozenset[str]().union(*(one.decorators for one in self.plugins))
        self.returns_self = frozenset[str]().union(*(one.returns_self for one in self.plugins))
        self.quiet = frozenset[str]().union(*(one.quiet for one in self.plugins))
        self._packages = {package: one for one in self.plugins for package in one.packages}
        self._found: dict[str, LibraryPlugin] = {}

    def of(self, name: str) -> LibraryPlugin:
        """Return the library of a dotted name, by the longest of its packages; `NO_PLUGIN` if there is none."""
        if name not in self._found:
            package = name
            while package not in self._packages and "." in package:
                package = package.rpartition(".")[0]
            self._found[name] = self._packages.get(package, NO_PLUGIN)
        return self._found[name]

    def claim(self, name: str) -> bool:
        """Return whether a dotted name belongs to a library, so that it does not refer to a file of the repository."""
        return self.of(name) is not NO_PLUGIN

    def components(self, component: Component) -> Components:
        """Return what is known of the components of a library, for a component or a part of one."""
        model = component.part_of if isinstance(component.part_of, Component) else component
        return self.of(model.spec.target).components
