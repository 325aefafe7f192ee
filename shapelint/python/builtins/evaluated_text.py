"""`eval(f"{key}()")` with a key that is not known: one of the networks that a name of the module builds."""

from __future__ import annotations

import ast

from shapelint.python.state import causes, class_lookup, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.choices import MAXIMUM_CHOICES, key_among, quiet
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import one_of
from shapelint.python.state.values import (
    UNKNOWN,
    Component,
    Const,
    Function,
    Instance,
    Library,
    Node,
    Scope,
    Unknown,
    UserClass,
    Value,
)

KNOWN_WHOLE = frozenset({"torch", "torchvision"})
"""Packages in which what builds a network is known as such."""


def network(run: Run, site: Site) -> Value:
    """Return the network that `eval(f"{key}()")` builds; unknown if the text is another one."""
    key = _called_key(site.node)
    value = run.evaluate(key, site.scope) if key is not None else UNKNOWN
    if key is None or not isinstance(value, Unknown):
        return UNKNOWN
    networks = None if _has_stars(site.scope) else _networks(run, site)
    if networks is None or not 1 < len(networks) <= MAXIMUM_CHOICES:
        return UNKNOWN
    return one_of(
        tuple(networks.values()), key_among(value, list(networks)), causes.chosen(run, value, list(networks), site)
    )


def _called_key(node: ast.AST) -> ast.expr | None:
    """Return `key` of `eval(f"{key}()")`."""
    text = node.args[0] if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords else None
    if not isinstance(text, ast.JoinedStr) or len(text.values) != 2:
        return None
    key, rest = text.values
    plain = isinstance(key, ast.FormattedValue) and key.format_spec is None and key.conversion == -1
    called = isinstance(rest, ast.Constant) and str(rest.value).replace(" ", "") == "()"
    return key.value if isinstance(key, ast.FormattedValue) and plain and called else None


def _networks(run: Run, site: Site) -> dict[str, Node] | None:
    """Return what each name that is seen here builds from no arguments, if it is a network; None if one cannot be told.

    What takes a backbone is built around the network that is chosen, and is not one of those to choose from.
    """
    found: dict[str, Node] = {}
    for name, value in _names(site.scope).items():
        if not _is_callable(value, run) or _takes_backbone(value):
            continue
        before = len(run.instances)
        with quiet(run), run.journal.conditional():
            built = run.call(value, Arguments(()), site)
        if isinstance(built, (Component, Instance)) and not naming.is_model_like(built):
            found[name] = built
            continue
        del run.instances[before:]
        if not isinstance(built, Const) and not _builds_none(value):
            return None
    return found


def _names(scope: Scope | None) -> dict[str, Value]:
    """Return the names that code in this scope sees: of functions, those whose values are known."""
    found: dict[str, Value] = {}
    while scope is not None:
        known = {name: value for name, value in scope.names.items() if not isinstance(value, Unknown)}
        found = {**(scope.names if scope.parent is None else known), **found}
        scope = scope.parent
    return found


def _has_stars(scope: Scope | None) -> bool:
    return scope is not None and (bool(scope.stars) or _has_stars(scope.parent))


def _start(value: Value) -> Function | None:
    """Return the function that a call runs, if it is seen."""
    start = class_lookup.find(value, "__init__") if isinstance(value, UserClass) else value
    return start if isinstance(start, Function) else None


def _takes_backbone(value: Value) -> bool:
    start = _start(value)
    given = start.node.args if start is not None else None
    return given is not None and any(naming.kind(one.arg) == "backbone" for one in (*given.args, *given.kwonlyargs))


def _is_callable(value: Value, run: Run) -> bool:
    """Return whether a call without arguments may succeed; a function that is running is not called again."""
    start = _start(value)
    if start is None:
        return isinstance(value, (Unknown, Library, UserClass))
    given = start.node.args
    required = len(given.posonlyargs) + len(given.args) - len(start.defaults)
    complete = required <= (start.owner is not None) and None not in start.keyword_defaults
    return complete and start.node not in run.active


def _builds_none(value: Value) -> bool:
    """Return whether a name is of a library whose networks are all known."""
    return isinstance(value, Library) and value.name.partition(".")[0] in KNOWN_WHOLE | causes.IMPORTABLE_ONLY
