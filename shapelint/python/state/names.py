"""Storage of names in scopes: `global`, `nonlocal`, and the mangling of private names."""

from __future__ import annotations

from shapelint.python.state.run import Run
from shapelint.python.state.values import Scope, Value


def home(scope: Scope, name: str) -> Scope:
    """Return the scope that an assignment to a name changes."""
    if name in scope.globals_:
        while scope.parent is not None:
            scope = scope.parent
        return scope
    if name in scope.nonlocals:
        outer = scope.parent
        while outer is not None and (name not in outer.names or outer.kind == "class"):
            outer = outer.parent
        return outer or scope
    return scope


def put(run: Run, scope: Scope, name: str, value: Value) -> Scope:
    """Assign a value to a name in the scope that stores it, and return that scope."""
    kept = home(scope, name)
    run.touch(kept)
    kept.names[name] = value
    return kept


def mangled(scope: Scope, name: str) -> str:
    """Return a private name as mangled inside its class.

    https://docs.python.org/3/reference/expressions.html#private-name-mangling
    """
    owner = scope.function.owner if scope.function is not None else None
    return name if owner is None else private(owner.name, name)


def private(owner: str, name: str) -> str:
    """Return the name under which a class keeps what its body calls `name`."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{owner.lstrip('_')}{name}"
