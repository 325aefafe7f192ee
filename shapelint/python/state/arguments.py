"""Arguments of a call, and the site of a call."""

from __future__ import annotations

import ast
from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.python.state.value_facts import integer, truth
from shapelint.python.state.values import Given, Items, Scope, Value
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Cause

Keywords = dict[str, Given]


@frozen
class Site:
    """Where something happens: a node of the syntax tree, and the scope it is evaluated in."""

    node: ast.AST
    scope: Scope


NO_SITE = Site(ast.Constant(None), Scope({}))
"""Site of calls that the interpreter makes itself, without a node in the source."""


@frozen
class Arguments:
    """Arguments of a call; `complete` is False if an unknown `*sequence` or `**mapping` may add others.

    `cause` is why those are not known, if that is known.
    Neither the receiver of a method nor the tensor that an operation is applied to is among them.
    """

    positional: tuple[Given, ...] = ()
    keywords: Keywords = field(default_factory=dict)
    complete: bool = True
    cause: Cause | None = None

    @property
    def every(self) -> tuple[Given, ...]:
        """All arguments in order, the positional ones first."""
        return (*self.positional, *self.keywords.values())

    @property
    def values(self) -> list[Value]:
        """Values of the positional arguments."""
        return [given.value for given in self.positional]

    def get(self, index: int, *names: str) -> Value | None:
        """Return the value of the argument at a position or with one of the names; None if it is not given."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name].value
        return self.positional[index].value if index < len(self.positional) else None

    def integer(self, index: int, default: int | None, *names: str) -> int | None:
        """Return an argument that is a plain integer, or `default` if it is not given; None if its value is unknown."""
        value = self.get(index, *names)
        if value is None:
            return default
        size = integer(value)
        return size if isinstance(size, int) else None

    def sizes(self, index: int, *names: str) -> list[Dim] | None:
        """Return dimensions given as one list or as the remaining positional arguments; an unknown dimension is `?`."""
        value = self.get(index, *names)
        if value is None:
            return None
        if isinstance(value, Items):
            return None if value.rest is not None else [_dim(item) for item in value.items]
        if integer(value) is None:
            return None
        given = self.positional[index:] if index < len(self.positional) else ()
        return [_dim(argument.value) for argument in given] or [_dim(value)]

    def flag(self, index: int, name: str) -> bool:
        """Return a boolean argument; False if it is not given or unknown."""
        value = self.get(index, name)
        return bool(value is not None and truth(value))


def _dim(value: Value) -> Dim:
    size = integer(value)
    return dims.UNKNOWN_DIM if size is None else size
