"""Signatures that the settings give to what a program defines: a class, or a part of one that is not seen.

"Wrapper" = "B 3 H W -> B 256"                 whatever its forward does "BYOL.encoder.features" = "B 3 H W -> B 256"
what `self.encoder.features` is, in the class BYOL
"""

from __future__ import annotations

import ast
from pathlib import PurePath

from shapelint.python.state import causes, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import Bound, Chained, Component, Instance, Unknown, UserClass, Value
from shapelint.signatures import declared


def name_of_class(run: Run, cls: UserClass | None) -> str:
    """Return the name under which the settings know a class: its own, or with the module that it is in; else ""."""
    for name in declared.names(run.options.signatures) if cls is not None else ():
        module, _, last = name.rpartition(".")
        if cls is not None and last == cls.name and _is_module(cls, module):
            return name
    return ""


def _is_module(cls: UserClass, module: str) -> bool:
    """Return whether a class is in a module, by the end of its path."""
    parts = module.split(".") if module else []
    file = cls.scope.file
    path = PurePath(file.path).with_suffix("").parts if file is not None else ()
    return not parts or list(path[-len(parts) :]) == parts


def build(run: Run, owner: Instance, arguments: Arguments, site: Site) -> None:
    """Give an object of a class with a signature the component that stands for it."""
    name = name_of_class(run, owner.cls)
    built = run.call_library(name, arguments, site) if name else None
    if isinstance(built, Component):
        built.base_of = owner
        run.touch(owner)
        owner.base = built


def _is_unseen(function: Value) -> bool:
    """Return whether the inside of what is called is not seen; a network may have layers that are not known."""
    return isinstance(function, (Unknown, Bound)) or (isinstance(function, Chained) and function.rest is not None)


def part(run: Run, function: Value, node: ast.Call, site: Site) -> Value:
    """Return what a call calls: the component of a signature, if it is an unseen part of a class that has one."""
    path = causes.path_of(node.func, site) if _is_unseen(function) else None
    if path is None:
        return function
    owner, names = path
    whole = f"{owner.cls.name}.{names}" if owner.cls is not None else ""
    if whole not in declared.names(run.options.signatures):
        return function
    known = owner.attributes.get(names)
    if isinstance(known, Component):
        return known
    built = run.call_library(whole, Arguments(), site)
    if isinstance(built, Component):
        run.touch(owner)
        owner.attributes[names] = built
        naming.hold(owner, names.partition(".")[0], built)
    return built
