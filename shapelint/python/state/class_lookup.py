"""Name lookup in a class and its bases."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapelint.python.state.values import (
    Data,
    Function,
    Given,
    Instance,
    Library,
    Method,
    Node,
    Scope,
    Tensor,
    UserClass,
    Value,
)


def resolution_order(cls: UserClass, depth: int = 0) -> list[Value]:
    """Return a class and its bases in method resolution order.

    https://docs.python.org/3/howto/mro.html
    """
    lines = [
        resolution_order(base, depth + 1) if isinstance(base, UserClass) and depth < 20 else [base]
        for base in cls.bases
    ]
    waiting = [*lines, list(cls.bases)]
    found: list[Value] = [cls]
    while waiting := [line for line in waiting if line]:
        later = [one for line in waiting for one in line[1:]]
        following = next((line[0] for line in waiting if line[0] not in later), waiting[0][0])
        found.append(following)
        waiting = [[one for one in line if one != following] for line in waiting]
    return found


def is_dataclass(cls: UserClass | None) -> bool:
    """Return whether a class or one of its bases is a dataclass."""
    return cls is not None and any(
        isinstance(one, UserClass) and one.fields is not None for one in resolution_order(cls)
    )


def find(cls: UserClass, name: str, after: UserClass | None = None) -> Value | None:
    """Look up a name in a class and its bases; with `after`, only in those that follow that class."""
    line = resolution_order(cls)
    if after is not None and after in line:
        line = line[line.index(after) + 1 :]
    return next((one.scope.names[name] for one in line if isinstance(one, UserClass) and name in one.scope.names), None)


def is_module(cls: UserClass) -> bool:
    """Return whether a class is an nn.Module, or may be one through a base class that cannot be followed."""
    for base in resolution_order(cls):
        if isinstance(base, Library):
            if base.name.endswith(("Module", "Sequential")) or not base.name.startswith(
                ("builtins.", "enum.", "abc.", "typing.")
            ):
                return True
        elif not isinstance(base, UserClass):
            return True
    return False


def namespace(scope: Scope) -> Value:
    """Return a local module as a value whose attributes are its names."""

    return UserClass("module", (), scope, ast.ClassDef("module", [], [], [], []))


CALLABLE_DECORATORS = (Function, Method, Instance, UserClass)
"""User-defined kinds of values that can be called as a decorator."""


def has_module_or_tensor(given: Sequence[Given]) -> bool:
    """Return whether a call of something unknown is worth a note: one of its arguments is a module or a tensor."""
    return any(isinstance(one.value, (Node, Tensor, Data)) for one in given)
