"""`gin`: what its files say of a configurable function or class takes the place of the defaults in the program."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.run import Run
from shapelint.python.state.values import UNKNOWN, Const, Function, Library, Partial, Unknown, UserClass, Value
from shapelint.spec.spec import Cause

MAKES_CONFIGURABLE = words(
    "gin.configurable gin.external_configurable gin.config.configurable gin.config.external_configurable"
)
NAMED_CONFIGURABLE = "gin.configurable.decorated"
"""What `gin.configurable("name")` returns."""


def _configurable(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret `@gin.configurable`, with a name or without."""
    given = arguments.get(0, "name_or_fn", "fn_or_cls")
    return Partial(Library(NAMED_CONFIGURABLE)) if given is None or isinstance(given, Const) else _configured(given)


def _decorated(run: Run, arguments: Arguments, site: Site) -> Value:
    """Apply `@gin.configurable("name")`."""
    return _configured(arguments.values[0]) if arguments.positional else UNKNOWN


def _configured(value: Value) -> Value:
    """Return a function or class whose arguments may be others than its defaults."""
    if isinstance(value, Function):
        return _open(value, value.name)
    made = value.scope.names.get("__init__") if isinstance(value, UserClass) else None
    if isinstance(value, UserClass) and isinstance(made, Function):
        value.scope.names["__init__"] = _open(made, value.name)
    return value


def _open(function: Function, name: str) -> Function:
    lost = Unknown(Cause(f"a file of gin may say what {name} gets"))
    keywords = tuple(None if default is None else lost for default in function.keyword_defaults)
    return replace(function, defaults=(lost,) * len(function.defaults), keyword_defaults=keywords)


GIN = LibraryPlugin(
    "gin",
    packages=frozenset({"gin"}),
    decorators=frozenset({*MAKES_CONFIGURABLE, NAMED_CONFIGURABLE}),
    functions={**dict.fromkeys(MAKES_CONFIGURABLE, _configurable), NAMED_CONFIGURABLE: _decorated},
)
