"""What the interpreter knows of a library beside its signatures: one record a library, and all of them together.

A library is added by an entry in `rules/libraries.yaml`, which suffices where it only has backbones, and by a record
where its code is to be understood as well.
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
"""`handler(run, arguments, site)`: what a call gives, None where it is none that the handler knows."""


@frozen
class Number:
    """A number of a component that none of its arguments is, None if unknown, and the places that decided it."""

    value: Any = None
    steps: tuple[Step, ...] = ()


@frozen
class Components:
    """What is known of the components of a library: the modules that have a signature, stored or traced.

    - `canonical(name)`: another name of the component, None for one that `rules/libraries.yaml` says
    - `builds(target)`: whether a canonical name is a component; by default one that has a stored signature, or is
      written in lower case as functions are that build a model
    - `parameters`: the leading parameters of classes without a stored signature, by class name
    - `takes_classes`: whether classes may be arguments (`norm_layer=nn.LayerNorm`), with which it is traced then
    - `attribute(run, component, name)` and `method(run, component, name, arguments, site)`: what models and their parts
      have; None for what is not known, which is then looked up in the signature
    - `resolve(component, role, options)`: a signature that is worked out without a trace, None where there is none
    - `is_described(component)`: whether `resolve` or `numbers` knows it, so that nothing has to be traced
    - `traced_for_attributes`: whether a component without a stored signature is traced when an attribute is read
    - `has_all_parts(component)`: whether the parts of its signature are all of them
    - `numbers(component)`: what the lines of its methods in `rules/library_functions.yaml` name beside arguments
    - `observe_call(run, component, arguments)`: sees each call of such a method
    """

    canonical: Callable[[str], str | None] | None = None
    builds: Callable[[str], bool] | None = None
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_classes: bool = False
    attribute: Callable[..., Value | None] | None = None
    method: Callable[..., Value | None] | None = None
    resolve: Callable[..., Resolved | None] | None = None
    is_described: Callable[[Component], bool] | None = None
    traced_for_attributes: bool = True
    has_all_parts: Callable[[Component], bool] | None = None
    numbers: Callable[[Component], Mapping[str, Number]] | None = None
    observe_call: Callable[..., None] | None = None


@frozen
class LibraryPlugin:
    """What is known of one library; a name of `rules/libraries.yaml` where that has it.

    - `packages`: the dotted prefixes of its names; a package is never a file of the repository
    - `functions`: handlers by dotted name, for what is neither a component nor an operation on tensors
    - `constants`: values by dotted name
    - `stand_ins`: files of `rules/python/`, by the dotted name of what is interpreted from there
    - `passes_on`: last names of what gives its first argument back, from whatever package (apex has torch's wrappers)
    - `keeps_iterators`: functions that take nothing out of an iterator, or say themselves what they take
    - `make(run, name, arguments, site)`: anything else that it has, such as a transform, else None
    - `fallback(run, name, arguments, site)`: what any other name gives
    - `components`: what is known of its components
    - `returns_self`, `quiet`: methods of modules that give the module, or that leave what it computes alone
    """

    name: str
    packages: frozenset[str] = frozenset()
    functions: Mapping[str, Handler] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    passes_on: frozenset[str] = frozenset()
    keeps_iterators: frozenset[str] = frozenset()
    make: Callable[..., Value | None] | None = None
    fallback: Callable[..., Value] | None = None
    components: Components = Components()
    returns_self: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()


NO_PLUGIN = LibraryPlugin("")


class Libraries:
    """The plugins, and what they have by name."""

    def __init__(self, plugins: Iterable[LibraryPlugin] = ()) -> None:
        self.plugins = tuple(plugins)
        self.functions = {name: handler for one in self.plugins for name, handler in one.functions.items()}
        self.constants = {name: value for one in self.plugins for name, value in one.constants.items()}
        self.stand_ins = {name: file for one in self.plugins for name, file in one.stand_ins.items()}
        self.passes_on = frozenset[str]().union(*(one.passes_on for one in self.plugins))
        self.keeps_iterators = frozenset[str]().union(*(one.keeps_iterators for one in self.plugins))
        self.returns_self = frozenset[str]().union(*(one.returns_self for one in self.plugins))
        self.quiet = frozenset[str]().union(*(one.quiet for one in self.plugins))
        self._packages = {package: one for one in self.plugins for package in one.packages}
        self._found: dict[str, LibraryPlugin] = {}

    def of(self, name: str) -> LibraryPlugin:
        """The library of a dotted name, by the longest of its packages; `NO_PLUGIN` where there is none."""
        if name not in self._found:
            package = name
            while package not in self._packages and "." in package:
                package = package.rpartition(".")[0]
            self._found[name] = self._packages.get(package, NO_PLUGIN)
        return self._found[name]

    def claim(self, name: str) -> bool:
        """Whether a dotted name belongs to a library, so that no file of the repository is meant by it."""
        return self.of(name) is not NO_PLUGIN

    def components(self, component: Component) -> Components:
        """What is known of the components of a library, for one of them or a part of one."""
        model = component.part_of if isinstance(component.part_of, Component) else component
        return self.of(model.spec.target).components
