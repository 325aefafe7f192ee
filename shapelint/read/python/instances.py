"""Objects of the file's own classes, as they are built: `__init__`, the fields of a dataclass, `super()`."""

from __future__ import annotations

import ast

from shapelint.read.python import calling
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.run import Run
from shapelint.read.python.values import (
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


def instantiate(
    run: Run,
    cls: UserClass,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    complete: bool = True,
) -> Value:
    """An object of a class of the file, after its `__init__`."""
    from shapelint.read.python import attributes

    owner = Instance(cls=cls)
    run.instances.append(owner)
    initialise = attributes.find(cls, "__init__")
    if isinstance(initialise, Function):
        calling.call_function(run, initialise, positional, keywords, owner, complete)
    elif cls.dataclass:
        _fields(run, owner, cls, positional, keywords)
    else:
        base_init(run, cls, owner, positional, keywords, node, scope, None)
    return owner


def _fields(run: Run, owner: Instance, cls: UserClass, positional: Arguments, keywords: Keywords) -> None:
    """The attributes of a dataclass."""
    from shapelint.read.python import attributes

    for base in reversed([one for one in attributes.linear(cls) if isinstance(one, UserClass)]):
        names = [s.target.id for s in base.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        for index, name in enumerate(names):
            default = base.scope.names.get(name, UNKNOWN)
            given = keywords.get(name) or (positional[index] if index < len(positional) and base is cls else None)
            owner.attributes[name] = given.value if given else default
    after = attributes.find(cls, "__post_init__")
    if isinstance(after, Function):
        calling.call_function(run, after, [], {}, owner)


def base_init(
    run: Run,
    cls: UserClass,
    owner: Instance,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    after: UserClass | None,
) -> None:
    """`super().__init__(...)` where the next base is a library's class: nn.Module does nothing, a head is built."""
    from shapelint.read.python import attributes, libraries

    line = attributes.linear(cls)
    if after is not None and after in line:
        line = line[line.index(after) + 1 :]
    library = next((base for base in line if isinstance(base, Library)), None)
    if library is None or library.name.endswith(("Module", "object", "ABC", "Mixin")):
        return
    built = libraries.call(run, library.name, positional, keywords, node, scope, True)
    if isinstance(built, (Component, Chained)):
        built.base_of = owner
        owner.attributes["(base)"] = built
        if isinstance(built, Chained):
            owner.attributes.update(built.children)


def superclass(run: Run, node: ast.Call, scope: Scope) -> Value:
    """`super()`, as the method that is being interpreted means it."""
    inner: Scope | None = scope
    while inner is not None and inner.function is None:
        inner = inner.parent
    function = inner.function if inner else None
    if function is None or function.owner is None or not run.receivers:
        return UNKNOWN
    receiver = run.receivers[-1]
    return Super(function.owner, receiver) if isinstance(receiver, (Instance, UserClass)) else UNKNOWN
