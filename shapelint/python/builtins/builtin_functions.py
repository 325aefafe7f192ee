"""Built-in functions on values of any kind, and calls of all built-in functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapelint.common.patterns import pattern
from shapelint.python.builtins import arithmetic, evaluated_text, iteration, numbers
from shapelint.python.builtins.iteration import BuiltinHandler, any_of
from shapelint.python.objects import absences, dicts, isinstance_checks, laziness, lists, module_method_names, mutation
from shapelint.python.state import class_lookup, forgetting, guards
from shapelint.python.state.arguments import NO_SITE, Arguments, Keywords, Site
from shapelint.python.state.joins import join
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import cause_among, elements, sequence, truth, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Chained,
    Component,
    Const,
    Function,
    Given,
    Instance,
    Items,
    Library,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.signatures import absent_names
from shapelint.spec.spec import Cause

STATEMENTS_BEYOND_ASSIGNMENT = pattern(
    r"\b(def|class|import|del|for|lambda|setattr|update)\b|[\w\]]\s*\]\s*=|\.\w+\s*=|'\]\s*="
)
"""Code in a string that does more than assign to names."""
MODIFYING_CODE = pattern(r":=|__|\b(update|setattr|append|pop|insert|setdefault|extend|add_module)\b")
"""Expressions in a string that change values."""
NUMBERS_OF_TENSORS = ("bool", "int", "float")
"""Functions that take a tensor only if it has a single element."""


def call(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a built-in function by its name."""

    values = [given.value for given in arguments.positional]
    if name in NUMBERS_OF_TENSORS and values and isinstance(values[0], Tensor):
        run.observe_operation(f"__{name}__", values[0], Arguments(), site)
    if name == "sum" and values and (total := arithmetic.total(run, values[0], site)) is not None:
        return total
    if name in ("map", "filter"):
        return _map(run, name, values, site)
    if name == "delattr" and len(values) == 2:
        run.remove_attribute(values[0], values[1])
        return NONE
    if name in ("getattr", "setattr", "hasattr"):
        return attribute(run, name, values, site)
    if name in ("vars", "locals", "globals"):
        return _names(run, values, site.scope, everywhere=name == "globals")
    if name == "sorted" and values:
        items = elements(values[0])
        return UNKNOWN if items is None else lists.in_order(run, items, arguments.keywords, site)
    if name == "exec":
        run.unfollowed.append(((), Cause("exec runs code that is not seen", run.place(site.node, site.scope.file))))
        return _execute(run, site.scope, values)
    if name in ("eval", "__import__"):
        run.evaluates_strings = True
        if values and isinstance(values[0], Const) and MODIFYING_CODE.search(str(values[0].value)):
            run.rewired = run.rewired or name
        return evaluated_text.network(run, site) if name == "eval" else UNKNOWN
    for value in values:
        if isinstance(value, UserClass) and name not in ("isinstance", "issubclass", "print", "super"):
            value.registered = True
    if name in ("max", "min") and "key" in arguments.keywords:
        items = sequence(values[0]) if len(values) == 1 else Items(values)
        return UNKNOWN if items is None else any_of(items)
    handler = _HANDLERS.get(name)
    if handler is not None:
        return handler(run, values, arguments.keywords)
    for value in values:
        run.escape(value)
    return UNKNOWN


def _map(run: Run, name: str, values: list[Value], site: Site) -> Value:
    """Evaluate `map(function, *iterables)` or `filter(function, iterable)`."""
    columns = [iteration.column(run, value) for value in values[1:]]
    known = [column for column in columns if column is not None]
    if not known or len(known) < len(columns):
        return UNKNOWN
    if name == "filter":
        return _filter(run, values[0], known[0], site)

    def one(row: Iterable[Value]) -> Value:
        return _applied(run, values[0], [Given(item, NO_SPAN) for item in row], site)

    if any(column.rest is not None for column in known):
        return Items([], "iterator", one([any_of(column) for column in known]))
    rows = list(zip(*(column.items for column in known)))[:MAXIMUM_ELEMENTS]
    return Items([one(row) for row in rows], "iterator")


def _applied(run: Run, function: Value, given: Sequence[Given], site: Site) -> Value:
    """Call the function of an iterator; if the iterator is consumed later, the result is unknown."""
    if laziness.at_once(run, site.node) or isinstance(function, (Library, Component, Chained)):
        return run.call(function, Arguments(tuple(given)), site)
    with run.journal.conditional():
        run.call(function, Arguments(tuple(given)), site)
    return UNKNOWN


def _filter(run: Run, function: Value, items: Items, site: Site) -> Value:
    def kept(item: Value) -> bool | None:
        given = _applied(run, function, [Given(item, NO_SPAN)], site) if function != NONE else item
        return truth(given)

    found = [kept(item) for item in items.items]
    if items.rest is not None or None in found:
        return Items([], "iterator", any_of(items))
    return Items([item for item, keep in zip(items.items, found) if keep], "iterator")


def attribute(run: Run, name: str, values: list[Value], site: Site) -> Value:
    """Evaluate `getattr`, `setattr` or `hasattr`."""

    key = values[1].value if len(values) > 1 and isinstance(values[1], Const) else None
    if name == "setattr":
        if isinstance(key, str) and len(values) > 2:
            run.assign_attribute(values[0], key, values[2])
        elif values and isinstance(values[0], Instance):
            mutation.set_attribute(run, values[0], None, values[2] if len(values) > 2 else UNKNOWN)
        elif values:
            mutation.note_set_anywhere(run, values[0], values[2] if len(values) > 2 else UNKNOWN)
            forgetting.forget(run, values[0], cause_among(*values[1:]))
        return NONE
    if not isinstance(key, str):
        return unknown_among(*values)
    has = _has(run, values[0], key)
    if name == "hasattr":
        return UNKNOWN if has is None else Const(has)
    found = named_attribute(run, values[0], key, site)
    if len(values) < 3 or has is True:
        return found
    return values[2] if has is False else join(found, values[2])


def named_attribute(run: Run, owner: Value, name: str, site: Site | None = None) -> Value:
    """Evaluate `getattr(owner, name)`."""
    return run.attribute(owner, name, site or NO_SITE)


def _has(run: Run, owner: Value, name: str) -> bool | None:
    """Return whether an object has an attribute; None if that is uncertain."""

    if isinstance(owner, Instance) and owner.cls is not None:
        found = class_lookup.find(owner.cls, name)
        if name.startswith("__") and hasattr(object(), name):
            return True
        if found is not None and name not in owner.attributes and isinstance(found, Unknown):
            return None  # it may only be annotated, without a value
        if found is not None:
            return None if isinstance(found, Function) and found.wrapper.endswith("property") else True
        if name in owner.attributes:
            return None if name in owner.maybe_missing else True
        mine = all(isinstance(one, UserClass) for one in class_lookup.resolution_order(owner.cls))
        mine = mine and not name.startswith("__")
        return False if mine and not owner.opaque and class_lookup.find(owner.cls, "__getattr__") is None else None
    if isinstance(owner, Component):
        if owner.forgotten or name in guards.names_given_unseen(run.tree):
            return None
        known = owner.replaced[name] if name in owner.replaced else run.parts(owner).get(name, UNKNOWN)
        if not isinstance(known, Unknown):
            return True
        asked = absences.is_as_built(owner) and name not in owner.replaced
        return absent_names.has(owner.spec, name) if asked else None
    if isinstance(owner, Table) and dicts.reads_attributes(owner, name):
        return True if name in owner.items.keys() - owner.maybe_missing else None
    if isinstance(owner, Chained):
        sure = owner.rest is None and not name.startswith("_") and name not in module_method_names.OF_CONTAINERS
        return True if name in owner.children else False if sure else None
    return None


def _isinstance(run: Run, values: list[Value], keywords: Keywords) -> Value:
    if len(values) != 2:
        return UNKNOWN
    names = values[1].items if isinstance(values[1], Items) else [values[1]]
    found = [isinstance_checks.is_a(values[0], cls) for cls in names]
    if isinstance(values[1], Items) and values[1].rest is not None:
        found.append(None)
    return Const(True) if True in found else UNKNOWN if None in found else Const(False)


def _type(run: Run, values: list[Value], keywords: Keywords) -> Value:
    value = values[0] if len(values) == 1 else UNKNOWN
    return value.cls if isinstance(value, Instance) and value.cls is not None else UNKNOWN


def _names(run: Run, values: list[Value], scope: Scope, everywhere: bool) -> Value:
    """Evaluate `vars(x)`, `vars()` or `locals()`, or `globals()` if `everywhere` is True."""
    if values:
        return named_attribute(run, values[0], "__dict__")
    while everywhere and scope.parent is not None:
        scope = scope.parent
    if scope.kind != "module":
        return Table(dict(scope.names), True)
    return Table(scope.names, True, of=scope)


def _execute(run: Run, scope: Scope, values: list[Value]) -> Value:
    """Evaluate `exec(text)`: any name of the file may get another value, and classes may be instantiated.

    If the text is known and does more than assign, it may change how the code of the file works.
    """

    if values and isinstance(values[0], Const) and STATEMENTS_BEYOND_ASSIGNMENT.search(str(values[0].value)):
        run.rewired = run.rewired or "exec"
    run.evaluates_strings = True
    here: Scope | None = scope
    while here is not None:
        forgetting.forget(run, here)
        here = here.parent
    return UNKNOWN


_HANDLERS: dict[str, BuiltinHandler] = {
    **iteration.CONTAINER_FUNCTIONS,
    **numbers.NUMBER_FUNCTIONS,
    "isinstance": _isinstance,
    "type": _type,
    "print": lambda run, values, keywords: NONE,
}
