"""Lightning's `save_hyperparameters`: what `self.hparams` then holds.

The rules are those of Lightning 2, `lightning/pytorch/utilities/parsing.py`.
"""

from __future__ import annotations

from shapelint.python.state.arguments import Arguments
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import UNKNOWN, Const, Instance, Scope, Table, Value


def save(run: Run, owner: Instance, arguments: Arguments) -> None:
    """Perform `self.save_hyperparameters("width", ignore=["net"])`: what was saved before is kept."""
    run.touch(owner)
    found = _chosen(_of_constructors(run, owner), arguments)
    before = owner.hyperparameters
    if found is None or not isinstance(before, (Table, type(None))):
        owner.hyperparameters = UNKNOWN
        return
    ignored = _ignored(arguments) or set()
    merged = {**(before.items if before is not None else {}), **found.items}
    kept = {key: value for key, value in merged.items() if key not in ignored}
    missing = found.maybe_missing | (before.maybe_missing - found.items.keys() if before is not None else set())
    is_open = found.open or (before is not None and before.open)
    owner.hyperparameters = Table(
        kept, is_open, attributes=True, maybe_missing=frozenset(missing - ignored), converts=found.converts
    )


def _chosen(constructed: Table, arguments: Arguments) -> Table | None:
    """Return what a call saves: all arguments, those that it lists, or the config that it is given; None if unknown."""
    ignored, values = _ignored(arguments), arguments.values
    if ignored is None or not arguments.complete:
        return None
    names = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, str)]
    if not values:
        kept = {key: value for key, value in constructed.items.items() if key not in ignored}
        return Table(kept, constructed.open)
    if len(names) == len(values):
        return Table({name: constructed.items.get(name, UNKNOWN) for name in names})
    config = values[0] if len(values) == 1 else UNKNOWN
    return config if isinstance(config, Table) else None


def _ignored(arguments: Arguments) -> set[str] | None:
    """Return the names that are not saved; None if they are not known."""
    given = arguments.keywords.get("ignore")
    if given is None or given.value == Const(None):
        return set()
    if isinstance(given.value, Const):
        return {str(given.value.value)}
    items = sequence(given.value)
    if items is None or items.rest is not None or not all(isinstance(item, Const) for item in items.items):
        return None
    return {str(item.value) for item in items.items if isinstance(item, Const)}


def _of_constructors(run: Run, owner: Instance) -> Table:
    """Return the arguments of the constructors of an object that are running, those of the most derived class last."""
    frames = list(zip(run.scopes, run.receivers))
    while frames and not _constructs(*frames[-1], owner):
        frames.pop()
    found: Table = Table({}, open=not frames)
    while frames and _constructs(*frames[-1], owner):
        scope, _ = frames.pop()
        own = _arguments(scope)
        found.items.update(own.items)
        found.open = found.open or own.open
    return found


def _constructs(scope: Scope, receiver: Value, owner: Instance) -> bool:
    return receiver is owner and scope.function is not None and scope.function.name == "__init__"


def _arguments(scope: Scope) -> Table:
    """Return the parameters of a constructor but the first, as they are now, with what a `**` parameter holds."""
    assert scope.function is not None
    parameters = scope.function.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)]
    found = {name: scope.names[name] for name in names[1:] if name in scope.names}
    rest = scope.names.get(parameters.kwarg.arg) if parameters.kwarg is not None else Table({})
    if not isinstance(rest, Table):
        return Table(found, open=True)
    return Table({**found, **rest.items}, rest.open)
