"""Modules and objects that a program looks up by name: `importlib.import_module`, `pydoc.locate`."""

from __future__ import annotations

from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.named_objects import named
from shapelint.python.state.plugins import LibraryPlugin
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed
from shapelint.python.state.values import UNKNOWN, Const, Value


def _named(run: Run, arguments: Arguments, site: Site) -> Value:
    """Interpret a look-up by a dotted name; one that begins with a dot depends on a package that is not followed."""
    name = settled(arguments.get(0, "name", "path") or UNKNOWN)
    if not isinstance(name, Const) or not isinstance(name.value, str) or not arguments.complete:
        return blamed(UNKNOWN, name)
    return UNKNOWN if name.value.startswith(".") else named(run, name.value, site)


IMPORTING = LibraryPlugin(
    "importing",
    packages=frozenset({"importlib", "pydoc", "pkgutil"}),
    functions=dict.fromkeys(("importlib.import_module", "pydoc.locate", "pkgutil.resolve_name"), _named),
)
