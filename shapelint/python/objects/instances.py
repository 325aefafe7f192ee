"""Creation of objects of user-defined classes: `__init__`, the fields of a dataclass, `super()`."""

from __future__ import annotations

import ast

from shapelint.python.objects import dataclass_fields, declared_parts, dict_classes, dicts, enums
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    UNKNOWN,
    Chained,
    Component,
    Function,
    Instance,
    Library,
    Scope,
    Super,
    UserClass,
    Value,
)

WITHOUT = ("Module", "object", "ABC", "Mixin", "Generic", "Protocol")
"""Name endings of library classes whose constructors do nothing with their arguments."""


def instantiate(
    run: Run,
    cls: UserClass,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Create an object of a user-defined class, and run its `__init__`."""

    if enums.is_plain(cls):
        return enums.looked_up(cls, arguments.positional[0].value if arguments.positional else None)
    if _is_strange(cls):
        for given in arguments.every:
            run.escape(given.value)
        return run.unknown(f"what {cls.name}(...) makes cannot be seen", site.node, site.scope.file)
    if dict_classes.is_dict(cls, arguments):
        return dicts.with_attributes(run.call_library("builtins.dict", arguments, site))
    owner = Instance(cls=cls)
    run.instances.append(owner)
    initialise(run, class_lookup.resolution_order(cls), owner, arguments, site)
    declared_parts.build(run, owner, arguments, site)
    return owner


def _is_strange(cls: UserClass) -> bool:
    """Return whether a call of a class may return anything but an object of it, because of `__new__` or a metaclass."""

    strange = any(isinstance(one, UserClass) and one.strange for one in class_lookup.resolution_order(cls))
    return strange or class_lookup.find(cls, "__new__") is not None


def initialise(
    run: Run,
    line: list[Value],
    owner: Instance,
    arguments: Arguments,
    site: Site,
) -> None:
    """Run the first `__init__` among the classes of `line`, or build the library base that comes before it.

    The `__init__` of nn.Module does nothing; for other library bases, such as a head, a component is built.
    """

    built = False
    for one in line:
        if isinstance(one, Library) and not built:
            built = not one.name.endswith(WITHOUT)
            if built:
                _base(run, one, owner, arguments, site)
        if not isinstance(one, UserClass):
            continue
        function = one.scope.names.get("__init__")
        if isinstance(function, Function):
            run.call_function(function, arguments, owner)
        elif function is not None:
            forget(run, owner)
        elif one.fields is not None:
            dataclass_fields.initialise(run, one, owner, arguments)
        else:
            continue
        return


def _base(
    run: Run,
    library: Library,
    owner: Instance,
    arguments: Arguments,
    site: Site,
) -> None:

    handler = run.libraries.bases.get(library.name)
    if handler is not None:
        handler(run, owner, arguments, site)
        return
    built = run.call_library(library.name, arguments, site)
    if isinstance(built, (Component, Chained)):
        built.base_of = owner
        run.touch(owner)
        owner.base = built
        if isinstance(built, Chained):
            owner.attributes.update(built.children)


def superclass(run: Run, node: ast.Call, scope: Scope) -> Value:
    """Evaluate `super()` inside the method that is being interpreted, or `super(cls, receiver)`."""

    if len(node.args) == 2:
        cls, one = (run.evaluate(argument, scope) for argument in node.args)
        known = isinstance(cls, UserClass) and isinstance(one, (Instance, UserClass))
        return Super(cls, one) if known and isinstance(cls, UserClass) else UNKNOWN
    inner: Scope | None = scope
    while inner is not None and inner.function is None:
        inner = inner.parent
    function = inner.function if inner else None
    if function is None or function.owner is None or not run.receivers:
        return UNKNOWN
    receiver = run.receivers[-1]
    return Super(function.owner, receiver) if isinstance(receiver, (Instance, UserClass)) else UNKNOWN
