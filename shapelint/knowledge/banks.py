"""Memory banks, which store vectors that are compared with features, from `rules/banks.yaml`."""

from __future__ import annotations

from functools import cache

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters


@frozen
class BankModule:
    """A class that stores vectors.

    `size` is its argument with their number and width, `takes` is the argument of a call with the features that are
    compared with them, and `when` is one that must be true for this, "" if they always are.
    """

    call: str
    size: str
    takes: str
    when: str = ""

    @property
    def target(self) -> str:
        """The dotted name of the class."""
        return self.call.partition("(")[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


def names() -> tuple[str, ...]:
    """Return the names of banks in a config or a program."""
    return tuple(rules_folder.load("banks.yaml")["names"])


def widths() -> tuple[str, ...]:
    """Return the arguments of other classes that are the width of what a bank stores."""
    return tuple(rules_folder.load("banks.yaml")["widths"])


def verified() -> tuple[str, tuple[str, ...]]:
    """The library of the classes, and the versions that they were verified with."""
    data = rules_folder.load("banks.yaml")
    return data["library"], tuple(data["versions"])


@cache
def modules() -> tuple[BankModule, ...]:
    """Return the classes that store vectors."""
    return tuple(BankModule(**entry) for entry in rules_folder.load("banks.yaml")["modules"])


def find(target: str) -> BankModule | None:
    """Return the bank of a class, by its own full name or that of a package from which it is imported."""
    package, _, name = target.rpartition(".")
    ends = (f"{package}.", f".{name}")
    return next((one for one in modules() if one.target.startswith(ends[0]) and one.target.endswith(ends[1])), None)
