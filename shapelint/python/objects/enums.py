"""Members of enumerations: objects of their own, that are no equal of their value (but for those of texts or numbers).

https://docs.python.org/3/howto/enum.html
"""

from __future__ import annotations

from shapelint.python.state import class_lookup
from shapelint.python.state.value_facts import among
from shapelint.python.state.values import Const, Instance, Items, Library, Table, UserClass, Value

PLAIN = ("enum.Enum", "enum.Flag")


def is_plain(cls: UserClass) -> bool:
    """Whether the members of a class are equal to nothing but themselves."""
    line = class_lookup.linear(cls)
    libraries = [base.name for base in line if isinstance(base, Library)]
    return bool(libraries) and all(name in PLAIN for name in libraries)


def member(cls: UserClass, name: str, value: Value) -> Value:
    """A member, the same object whenever it is asked for; what is no member is itself."""
    if not isinstance(value, (Const, Items, Table)) or name.startswith("_") or not is_plain(cls):
        return value
    if name not in cls.members:
        cls.members[name] = Instance(cls=cls, attributes={"value": value, "name": Const(name)})
    return cls.members[name]


def looked_up(cls: UserClass, value: Value | None) -> Value:
    """`Arch("resnet18")`: the member of a value."""
    known = {name: one for name, one in cls.scope.names.items() if isinstance(one, Const)}
    for name, one in known.items():
        if isinstance(value, Const) and type(one.value) is type(value.value) and one.value == value.value:
            return member(cls, name, one)
    return among(*(member(cls, name, one) for name, one in known.items()))
