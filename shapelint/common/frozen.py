"""`@frozen`: a replacement for `@dataclass(frozen=True)` at a fifth of its import time.

A frozen dataclass is compiled from six generated functions, which takes almost a millisecond; all of them together
would cost more than importing pydantic. This decorator generates `__init__` only, and that when the first object is
made or the fields are first asked for; equality, hash and repr are shared.
The type checker, not the run time, checks that nothing is assigned after construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Provide the type checker's marker, which Python 3.10 lacks."""
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of immutable values, compared and hashed by their fields."""
    for name, method in SHARED.items():
        if name not in vars(cls):
            setattr(cls, name, method)
    pending = _Pending(cls)
    cls.__init__ = pending.initialise()  # type: ignore[method-assign]
    cls.__dataclass_fields__ = pending  # type: ignore[attr-defined]
    return cls


class _Pending:
    """The fields of a class whose `__init__` is not generated yet: asking for them generates it."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __get__(self, instance: object, owner: type) -> Any:
        self.complete()
        return self.cls.__dataclass_fields__  # type: ignore[attr-defined]

    def complete(self) -> None:
        """Make a dataclass of the class, as `@dataclass` does."""
        del self.cls.__init__, self.cls.__dataclass_fields__  # type: ignore[misc, attr-defined]
        dataclass(eq=False, repr=False)(self.cls)
        names = self.cls.__dataclass_fields__  # type: ignore[attr-defined]
        self.cls.__values__ = attrgetter(*names) if len(names) > 1 else _few(tuple(names))  # type: ignore[attr-defined]

    def initialise(self) -> Any:
        """An `__init__` that is replaced by the real one when it is first called."""

        def first(instance: Any, *positional: Any, **keywords: Any) -> None:
            if vars(self.cls).get("__init__") is first:
                self.complete()
            self.cls.__init__(instance, *positional, **keywords)  # type: ignore[misc]

        return first


def _few(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What `attrgetter` is for several names: the values of one, or of none, as a tuple."""
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _values(self: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = type(self).__values__(self)
    return found


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), _values(self)))


def _show(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
    return f"{type(self).__name__}({fields})"


SHARED = {"__eq__": _equal, "__hash__": _hash, "__repr__": _show}
