"""`match`: which case is taken, and what its pattern captures.

A pattern that may match gives two branches: its own case, and the cases after it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import partial

from shapelint.python.builtins import arithmetic, builtin_functions
from shapelint.python.objects import dicts
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.journal import State
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import truth
from shapelint.python.state.values import NO_SPAN, UNKNOWN, Const, Given, Items, Library, Scope, Table, UserClass, Value
from shapelint.python.syntax import expressions

Captures = dict[str, Value]
Match = tuple[bool | None, Captures]
"""Whether a pattern matches (None if unknown), and what it captures if it does."""

ITSELF = frozenset({"bool", "dict", "float", "int", "list", "set", "str", "tuple"})
"""Built-in classes whose only positional pattern is matched against the value itself."""


def match(run: Run, node: ast.Match, scope: Scope) -> bool:
    """Execute a `match` statement; return True if every branch exits early."""
    return _cases(run, node.cases, run.evaluate(node.subject, scope), scope)


def _cases(run: Run, cases: Sequence[ast.match_case], subject: Value, scope: Scope) -> bool:
    for place, case in enumerate(cases):
        fits, captures = fit(run, case.pattern, subject, scope)
        if fits is False:
            continue
        taken = partial(_taken, run, case, captures, scope)
        later = partial(_cases, run, cases[place + 1 :], subject, scope)
        if fits is None:
            return _branches(run, [taken, partial(_refused, run, case, later, scope)])
        _capture(run, captures, scope)
        guard = truth(run.evaluate(case.guard, scope)) if case.guard else True
        if guard is None:
            return _branches(run, [partial(Run.execute, run, case.body, scope), later])
        if guard:
            return run.execute(case.body, scope)
    return False


def _taken(run: Run, case: ast.match_case, captures: Captures, scope: Scope) -> bool:
    _capture(run, captures, scope)
    if case.guard:
        run.evaluate(case.guard, scope)
    return run.execute(case.body, scope)


def _refused(run: Run, case: ast.match_case, later: Callable[[], bool], scope: Scope) -> bool:
    """Run the cases after one whose pattern does not match, or whose guard rejects its captures."""
    if case.guard:
        _capture(run, dict.fromkeys(_names(case.pattern), UNKNOWN), scope)
        expressions.evaluate_conditionally(run, case.guard, scope)
    return later()


def _branches(run: Run, ways: Sequence[Callable[[], bool]]) -> bool:
    """Run each branch from here, and continue from all of them that do not exit early."""
    live: list[State] = []
    for branch in ways:
        with run.journal.frame() as frame:
            if not branch():
                live.append(run.journal.state(frame))
            run.journal.undo(frame)
    run.step(sum(len(state) for state in live))
    run.journal.merge(live)
    return not live


def _capture(run: Run, captures: Captures, scope: Scope) -> None:
    for name, value in captures.items():
        run.bind(ast.Name(name, ast.Store()), value, scope)


def _names(pattern: ast.pattern) -> list[str]:
    """Return the names that a pattern captures."""
    found = [getattr(part, field, None) for part in ast.walk(pattern) for field in ("name", "rest")]
    return [name for name in found if isinstance(name, str)]


def fit(run: Run, pattern: ast.pattern, value: Value, scope: Scope) -> Match:
    """Match a value against a pattern; captures that cannot be determined are unknown."""
    fits, captures = _FITS[type(pattern)](run, pattern, value, scope)
    return fits, {} if fits is False else {**dict.fromkeys(_names(pattern), UNKNOWN), **captures}


def _all(run: Run, pairs: Sequence[tuple[ast.pattern, Value]], scope: Scope, fits: bool | None = True) -> Match:
    """Match several patterns, each against its own value."""
    found = [fit(run, pattern, value, scope) for pattern, value in pairs]
    results = [fits, *(one for one, _ in found)]
    captures = {name: value for _, captures in found for name, value in captures.items()}
    return False if False in results else None if None in results else True, captures


def _value(run: Run, pattern: ast.MatchValue, value: Value, scope: Scope) -> Match:
    asked = run.evaluate(pattern.value, scope)
    if isinstance(value, (Items, Table)) and isinstance(asked, Const):
        return False, {}
    return None if _is_member(run, pattern.value, scope) else arithmetic.compared(ast.Eq(), value, asked), {}


def _is_member(run: Run, node: ast.expr, scope: Scope) -> bool:
    """Return whether an expression names an enumeration member, which equals its value only in some enumerations."""
    owner = run.evaluate(node.value, scope) if isinstance(node, ast.Attribute) else None
    bases = class_lookup.resolution_order(owner) if isinstance(owner, UserClass) else []
    return any(isinstance(base, Library) and base.name.startswith("enum.") for base in bases)


def _singleton(run: Run, pattern: ast.MatchSingleton, value: Value, scope: Scope) -> Match:
    return arithmetic.compared(ast.Is(), value, Const(pattern.value)), {}


def _sequence(run: Run, pattern: ast.MatchSequence, value: Value, scope: Scope) -> Match:
    if isinstance(value, (Const, Table)):
        return False, {}
    if not isinstance(value, Items) or value.rest is not None or value.kind not in ("list", "tuple"):
        return None, {}
    patterns, items = pattern.patterns, value.items
    star = next((place for place, one in enumerate(patterns) if isinstance(one, ast.MatchStar)), None)
    if star is None:
        return _all(run, list(zip(patterns, items)), scope) if len(patterns) == len(items) else (False, {})
    end = len(items) - (len(patterns) - star - 1)
    if end < star:
        return False, {}
    parts = [*items[:star], Items(items[star:end]), *items[end:]]
    return _all(run, list(zip(patterns, parts)), scope)


def _mapping(run: Run, pattern: ast.MatchMapping, value: Value, scope: Scope) -> Match:
    if isinstance(value, (Const, Items)):
        return False, {}
    if not isinstance(value, Table) or dicts.is_namespace(value):
        return None, {}
    keys = [dicts.key_of(run.evaluate(key, scope)) for key in pattern.keys]
    known = [key for is_known, key in keys if is_known]
    if any(key not in value.items for key in known) and not value.open:
        return False, {}
    complete = len(known) == len(keys) and all(key in value.items for key in known)
    pairs = [(one, value.items.get(key, UNKNOWN)) for one, (_, key) in zip(pattern.patterns, keys)] if complete else []
    fits, captures = _all(run, pairs, scope, True if complete else None)
    if pattern.rest and complete:
        others = {key: item for key, item in value.items.items() if key not in known}
        captures = {**captures, pattern.rest: Table(others, value.open)}
    return fits, captures


def _class(run: Run, pattern: ast.MatchClass, value: Value, scope: Scope) -> Match:
    cls = run.evaluate(pattern.cls, scope)
    fits = truth(
        builtin_functions.call(
            run, "isinstance", Arguments((Given(value, NO_SPAN), Given(cls, NO_SPAN))), Site(pattern, scope)
        )
    )
    if fits is False:
        return False, {}
    if isinstance(cls, Library) and cls.name.rpartition(".")[2] in ITSELF:
        return _all(run, [(one, value) for one in pattern.patterns], scope, fits)
    found = class_lookup.find(cls, "__match_args__") if isinstance(cls, UserClass) else None
    names = [item.value for item in found.items if isinstance(item, Const)] if isinstance(found, Items) else []
    asked = [*zip(names, pattern.patterns), *zip(pattern.kwd_attrs, pattern.kwd_patterns)]
    if len(names) < len(pattern.patterns):
        return None, {}
    has = [
        truth(builtin_functions.attribute(run, "hasattr", [value, Const(name)], Site(pattern, scope)))
        for name, _ in asked
    ]
    if False in has:
        return False, {}
    pairs = [(one, run.named_attribute(value, str(name), Site(pattern, scope))) for name, one in asked]
    return _all(run, pairs, scope, None if None in has else fits)


def _as(run: Run, pattern: ast.MatchAs, value: Value, scope: Scope) -> Match:
    fits, captures = fit(run, pattern.pattern, value, scope) if pattern.pattern else (True, {})
    return fits, {**captures, pattern.name: value} if pattern.name else captures


def _star(run: Run, pattern: ast.MatchStar, value: Value, scope: Scope) -> Match:
    return True, {pattern.name: value} if pattern.name else {}


def _or(run: Run, pattern: ast.MatchOr, value: Value, scope: Scope) -> Match:
    """Take the first alternative that matches; if an earlier one may match, the captures are unknown."""
    results: list[bool | None] = []
    for one in pattern.patterns:
        fits, captures = fit(run, one, value, scope)
        if fits:
            return True, {} if None in results else captures
        results.append(fits)
    return None if None in results else False, {}


_FITS: dict[type[ast.pattern], Callable[..., Match]] = {
    ast.MatchValue: _value,
    ast.MatchSingleton: _singleton,
    ast.MatchSequence: _sequence,
    ast.MatchMapping: _mapping,
    ast.MatchClass: _class,
    ast.MatchAs: _as,
    ast.MatchStar: _star,
    ast.MatchOr: _or,
}
