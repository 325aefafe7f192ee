"""Stored vectors that meet the features, from `rules/banks.yaml`."""

from __future__ import annotations

from functools import cache, cached_property

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.knowledge.schema.strict import Strict


class BankModule(Strict):
    """A class that stores vectors.

    `size` is its argument with their number and width, `takes` the argument of a call with the features that meet them,
    and `when` one that must be true for it, "" where they always do.
    """

    call: str
    size: str
    takes: str
    when: str = ""

    @property
    def target(self) -> str:
        """The dotted name of the class."""
        return self.call.partition("(")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


class Banks(Strict):
    """What banks are called, which arguments are the width of one, and the modules that keep them."""

    names: tuple[str, ...]
    widths: tuple[str, ...]
    modules: tuple[BankModule, ...]


@cache
def load() -> Banks:
    """The content of the file, read once."""
    return Banks.trusted(rules_folder.load("banks.yaml"))


def find(target: str) -> BankModule | None:
    """The bank that a class is, by its own full name or that of a package which it is imported from."""
    package, _, name = target.rpartition(".")
    return next((one for one in load().modules if one.target.endswith(f".{name}") and _is_in(one, package)), None)


def _is_in(module: BankModule, package: str) -> bool:
    return module.target.startswith(f"{package}.")
