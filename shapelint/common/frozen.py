"""`@frozen` and `@record`: replacements for `@dataclass` at a tenth of its import time.

A frozen dataclass is compiled from six generated functions, which takes almost a millisecond; all of them together
would cost more than importing pydantic. These decorators generate `__init__` only, and that when several objects have
been made; the fields are worked out when they are first asked for; equality, hash and repr are shared.
The type checker, not the run time, checks that nothing is assigned to a frozen object after construction.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")
INTERPRETED_CALLS = 8
"""How many objects of a class are made before it pays to compile their `__init__`."""

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Any:
        """Provide the type checker's marker, which Python 3.10 lacks."""
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class of immutable values, compared and hashed by their fields."""
    own = vars(cls)
    for name, method in SHARED:
        if name not in own:
            setattr(cls, name, method)
    return record(cls)


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Make a class of objects with fields that may change; each equals itself alone.

    Raises TypeError for a class with a `__post_init__`, which would not be called.
    """
    if hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} has a __post_init__: make it a dataclass")
    own = vars(cls)
    given = dict(getattr(cls, "__given__", ()))
    for name, written in own.get("__annotations__", {}).items():
        if not written.startswith("ClassVar"):
            value = own.get(name, MISSING)
            given[name] = _default(value) if isinstance(value, Field) else value
    names = tuple(name for name, default in given.items() if not _is_inner(default))
    cls.__given__, cls.__names__, cls.__values__ = given, names, _values_of(names)  # type: ignore[attr-defined]
    cls.__init__ = _first_init(given, names, cls)  # type: ignore[method-assign]
    cls.__dataclass_fields__ = _Pending(cls)  # type: ignore[attr-defined]
    return cls


def replace(instance: T, /, **changes: Any) -> T:
    """Return an object with other values in some of its fields, as `dataclasses.replace` does."""
    cls: Any = type(instance)
    if not hasattr(cls, "__values__"):
        return dataclasses.replace(instance, **changes)  # type: ignore[type-var]
    values = dict(zip(cls.__names__, cls.__values__(instance)))
    values.update(changes)
    if not len(values) == len(cls.__names__) == len(cls.__given__):  # an unknown name, or a field that is made anew
        made: T = cls(**values)
        return made
    other: T = cls.__new__(cls)
    other.__dict__.update(values)
    return other


class _Pending:
    """The fields of a class that nobody has asked for yet."""

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __get__(self, instance: object, owner: type) -> Any:
        del self.cls.__dataclass_fields__  # type: ignore[attr-defined]
        dataclass(init=False, eq=False, repr=False)(self.cls)
        return owner.__dataclass_fields__  # type: ignore[attr-defined]


def _default(written: Field[Any]) -> Any:
    """What a field has if it is not given: a value, MISSING, or what makes one."""
    made = written.default_factory
    return _Made(made, written.init) if made is not MISSING else written.default


class _Made:
    """What makes the value of a field anew for each object, if none `may_be_given`, or none is given."""

    def __init__(self, make: Callable[[], Any], may_be_given: bool) -> None:
        self.make = make
        self.may_be_given = may_be_given


def _is_inner(default: Any) -> bool:
    """Whether a field has a value that is never given."""
    return isinstance(default, _Made) and not default.may_be_given


def _first_init(given: dict[str, Any], names: tuple[str, ...], cls: type) -> Any:
    """An `__init__` for a few objects, or one that gets wrong arguments; then a compiled one, which is faster."""
    few = iter(range(INTERPRETED_CALLS))

    def first(instance: Any, *positional: Any, **keywords: Any) -> None:
        if next(few, None) is not None:
            values = {**given, **dict(zip(names, positional)), **keywords}
            fits = len(positional) <= len(names) and keywords.keys() <= {*names[len(positional) :]}
            if fits and not any(value is MISSING for value in values.values()):
                made = {name: value.make() for name, value in values.items() if isinstance(value, _Made)}
                instance.__dict__.update(values, **made)
                return
        if vars(cls).get("__init__") is first:
            cls.__init__ = _init(cls)  # type: ignore[misc]
        cls.__init__(instance, *positional, **keywords)  # type: ignore[misc]

    return first


def _init(cls: type) -> Any:
    """The `__init__` that assigns the fields of a class."""
    given: dict[str, Any] = cls.__given__  # type: ignore[attr-defined]
    scope: dict[str, Any] = {"MISSING": MISSING}
    parameters, lines = ["self"], ["pass"]
    for name, default in given.items():
        scope[f"default_{name}"] = default.make if isinstance(default, _Made) else default
        value = name
        if _is_inner(default):
            value = f"default_{name}()"
        elif isinstance(default, _Made):
            parameters.append(f"{name}=MISSING")
            value = f"default_{name}() if {name} is MISSING else {name}"
        else:
            parameters.append(name if default is MISSING else f"{name}=default_{name}")
        lines.append(f"self.{name} = {value}")
    text = f"def __init__({', '.join(parameters)}):\n  " + "\n  ".join(lines)
    exec(text, scope)
    made = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What returns the values of some attributes as a tuple, as `attrgetter` does for several."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)


def _values(self: Any) -> tuple[Any, ...]:
    found: tuple[Any, ...] = type(self).__values__(self)
    return found


def _equal(self: Any, other: object) -> Any:
    return self is other or _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), _values(self)))


def _show(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__given__)
    return f"{type(self).__name__}({fields})"


SHARED = (("__eq__", _equal), ("__hash__", _hash), ("__repr__", _show))
