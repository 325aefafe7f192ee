"""Objects of the file's own classes, as they are built: `__init__`, the fields of a dataclass, `super()`."""

from __future__ import annotations

import ast

from shapelint.read.python import calling
from shapelint.read.python.calling import Arguments, Keywords
from shapelint.read.python.hiding import hide
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
    elif any(isinstance(one, UserClass) and one.dataclass for one in attributes.linear(cls)):
        _fields(run, owner, cls, positional, keywords, complete)
    else:
        base_init(run, cls, owner, positional, keywords, node, scope, None, complete)
    if isinstance(attributes.find(cls, "__new__"), Function):
        hide(run, owner)
    return owner


def _fields(
    run: Run, owner: Instance, cls: UserClass, positional: Arguments, keywords: Keywords, complete: bool
) -> None:
    """The attributes of a dataclass: those of its bases first."""
    from shapelint.read.python import attributes

    defaults: dict[str, Value] = {}
    for base in reversed([one for one in attributes.linear(cls) if isinstance(one, UserClass)]):
        for field in base.node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and not _is_of_class(field):
                defaults[field.target.id] = base.scope.names.get(field.target.id, UNKNOWN)
    given = {**dict(zip(defaults, positional)), **keywords}
    for name, default in defaults.items():
        owner.attributes[name] = given[name].value if name in given else default if complete else UNKNOWN
    after = attributes.find(cls, "__post_init__")
    if isinstance(after, Function):
        calling.call_function(run, after, [], {}, owner)


def _is_of_class(field: ast.AnnAssign) -> bool:
    return "ClassVar" in ast.unparse(field.annotation)


def base_init(
    run: Run,
    cls: UserClass,
    owner: Instance,
    positional: Arguments,
    keywords: Keywords,
    node: ast.AST,
    scope: Scope,
    after: UserClass | None,
    complete: bool = True,
) -> None:
    """`super().__init__(...)` where the next base is a library's class: nn.Module does nothing, a head is built."""
    from shapelint.read.python import attributes, libraries

    line = attributes.linear(cls)
    if after is not None and after in line:
        line = line[line.index(after) + 1 :]
    library = next((base for base in line if isinstance(base, Library)), None)
    if library is None or library.name.endswith(("Module", "object", "ABC", "Mixin")):
        return
    built = libraries.call(run, library.name, positional, keywords, node, scope, complete)
    if isinstance(built, (Component, Chained)):
        built.base_of = owner
        run.touch(owner)
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
