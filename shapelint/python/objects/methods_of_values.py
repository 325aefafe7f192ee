"""Methods that the interpreter implements itself, by the kind of value."""

from __future__ import annotations

from shapelint.python.objects import config_dicts, dicts, instances, lists, mutation, strings
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NONE,
    UNKNOWN,
    Bound,
    Chained,
    Component,
    Const,
    Instance,
    Items,
    Super,
    Table,
    UserClass,
    Value,
)


def call_method(
    run: Run,
    bound: Bound,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call a method that the interpreter implements; with incomplete arguments, it may change its owner in any way."""
    owner, name, values = bound.owner, bound.name, [given.value for given in arguments.positional]
    if not arguments.complete and not isinstance(owner, (Table, Super, UserClass, Instance, Component, Chained)):
        forget(run, owner, arguments.cause)
        return UNKNOWN
    kind = run.kind_of(owner)
    if kind.method is not None:
        return kind.method(run, owner, name, arguments, site)
    if isinstance(owner, Items):
        return lists.call_method(run, owner, name, arguments, site)
    if isinstance(owner, Table):
        own = config_dicts.call_method(run, owner, name, arguments, site) if owner.attributes else None
        return dicts.call_method(run, owner, name, arguments) if own is None else own
    if isinstance(owner, Const):
        return strings.call_method(owner, name, values)
    if isinstance(owner, Super):
        return _super_method(run, owner, name, arguments, site)
    if name in ("prepare", "setup"):
        return values[0] if len(values) == 1 else Items(values, "tuple")
    for given in arguments.every:
        run.escape(given.value)
    return UNKNOWN


def explicit(
    run: Run,
    cls: UserClass,
    arguments: Arguments,
    site: Site,
) -> Value:
    """Call `Base.__init__(owner, ...)` of a class that does not define it itself."""
    receiver = arguments.positional[0].value if arguments.positional else UNKNOWN
    if isinstance(receiver, Instance):
        line = class_lookup.resolution_order(cls)
        instances.initialise(
            run, line, receiver, Arguments(arguments.positional[1:], arguments.keywords, arguments.complete), site
        )
    return NONE


def _super_method(
    run: Run,
    owner: Super,
    name: str,
    arguments: Arguments,
    site: Site,
) -> Value:
    receiver = owner.receiver
    if not isinstance(receiver, Instance) or receiver.cls is None:
        return UNKNOWN
    if name == "__init__":
        line = class_lookup.resolution_order(receiver.cls)
        rest = line[line.index(owner.cls) + 1 :] if owner.cls in line else []
        instances.initialise(run, rest, receiver, arguments, site)
        return NONE
    base = receiver.base
    if isinstance(base, (Component, Chained)) and name in ("forward", "__call__"):
        return run.call(base, arguments, site)
    if name == "__setattr__" and len(arguments.positional) == 2:
        key = arguments.positional[0].value
        if isinstance(key, Const) and isinstance(key.value, str):
            mutation.store(run, receiver, key.value, arguments.positional[1].value)
        else:
            mutation.set_attribute(run, receiver, None, arguments.positional[1].value)
        return NONE
    return UNKNOWN
