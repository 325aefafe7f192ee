"""Members of enumerations: objects of their own, not equal to their values (except in enumerations of str or int).

https://docs.python.org/3/howto/enum.html
"""

from __future__ import annotations

from shapelint.python.state import class_lookup
from shapelint.python.state.value_facts import unknown_among
from shapelint.python.state.values import Const, Instance, Items, Library, Table, UserClass, Value

IDENTITY_COMPARED_ENUMS = ("enum.Enum", "enum.Flag")


def is_plain(cls: UserClass) -> bool:
    """Return whether the members of a class are equal to nothing but themselves."""
    line = class_lookup.resolution_order(cls)
    libraries = [base.name for base in line if isinstance(base, Library)]
    return bool(libraries) and all(name in IDENTITY_COMPARED_ENUMS for name in libraries)


def member(cls: UserClass, name: str, value: Value) -> Value:
    """Return an enumeration member, the same object each time; a value that is not a member is returned unchanged."""
    if not isinstance(value, (Const, Items, Table)) or name.startswith("_") or not is_plain(cls):
        return value
    if name not in cls.members:
        cls.members[name] = Instance(cls=cls, attributes={"value": value, "name": Const(name)})
    return cls.members[name]


def looked_up(cls: UserClass, value: Value | None) -> Value:
    """Evaluate `Arch("resnet18")`: look up the member with a value."""
    known = {name: one for name, one in cls.scope.names.items() if isinstance(one, Const)}
    for name, one in known.items():
        if isinstance(value, Const) and type(one.value) is type(value.value) and one.value == value.value:
            return member(cls, name, one)
    return unknown_among(*(member(cls, name, one) for name, one in known.items()))
