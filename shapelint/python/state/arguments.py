"""The arguments of a call, and where the call is."""

from __future__ import annotations

import ast
from dataclasses import field

from shapelint.common.frozen import frozen
from shapelint.python.state.values import Given, Items, Scope, Value, integer, truth
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim

Keywords = dict[str, Given]


@frozen
class Site:
    """Where something happens: a node of the syntax tree, and the scope that it is in."""

    node: ast.AST
    scope: Scope


NOWHERE = Site(ast.Constant(None), Scope({}))
"""The site of what the interpreter calls itself."""


@frozen
class Arguments:
    """The arguments of a call; they are `complete` unless an unknown `*sequence` or `**mapping` hides some.

    Those of a method are without the object, those of an operation without the tensor that it is applied to.
    """

    positional: tuple[Given, ...] = ()
    keywords: Keywords = field(default_factory=dict)
    complete: bool = True

    @property
    def every(self) -> tuple[Given, ...]:
        """All of them, in order."""
        return (*self.positional, *self.keywords.values())

    @property
    def values(self) -> list[Value]:
        """The values of the positional ones."""
        return [given.value for given in self.positional]

    def get(self, index: int, *names: str) -> Value | None:
        """An argument by place or name."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name].value
        return self.positional[index].value if index < len(self.positional) else None

    def integer(self, index: int, default: int | None, *names: str) -> int | None:
        """An argument that is a plain integer; None where it is given and unknown."""
        value = self.get(index, *names)
        if value is None:
            return default
        size = integer(value)
        return size if isinstance(size, int) else None

    def sizes(self, index: int, *names: str) -> list[Dim] | None:
        """Dimensions as one list or as the rest of the arguments; an unknown one is `?`."""
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
        """A boolean argument, False by default."""
        value = self.get(index, name)
        return bool(value is not None and truth(value))


def _dim(value: Value) -> Dim:
    size = integer(value)
    return dims.UNKNOWN if size is None else size
