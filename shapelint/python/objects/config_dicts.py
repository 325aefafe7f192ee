"""Dicts of libraries of configs: the methods that they have beside those of a dict, and what else they do otherwise."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.documents.data_files import form_of
from shapelint.python.objects import dicts
from shapelint.python.state import loading
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.references import settled
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import NONE, UNKNOWN, Const, DataFile, Items, Table, Value

MERGES = words("merge_update merge_from_other_cfg merge")
"""Methods that merge another dict, key by key."""
MERGES_DOTTED = words("merge_from_dict update_from_flattened_dict")
"""Methods whose dict has keys such as `model.head.width`."""
COPIES = words("copy clone deepcopy copy_and_resolve_references")
PLAIN = words("to_dict toDict todict as_dict")
ONLY_GUARDS = words("lock unlock freeze defrost set_new_allowed")
"""Methods that only say which changes are allowed."""
GUARDED = words("unlocked ignore_type")
"""Methods whose result is a context in which changes are allowed."""


def call_method(run: Run, owner: Table, name: str, arguments: Arguments, site: Site) -> Value | None:
    """Call a method of a dict with attributes; None if it has no other than those of a dict."""
    value = arguments.values[0] if arguments.values else None
    if (name == "update" and owner.merges and not arguments.keywords) or name in MERGES:
        return _merge(run, owner, value)
    if name in MERGES_DOTTED:
        return _merge_dotted(run, owner, _entries(value))
    if name == "merge_from_list":
        return _merge_dotted(run, owner, _listed(value))
    if name == "merge_from_file":
        return _merge(run, owner, _read(run, value, site))
    if name == "copy" and owner.converts != "any":
        return replace(owner, items=dict(owner.items), of=None)
    if name in COPIES:
        return copied(owner, owner)
    if name in PLAIN:
        return copied(owner, Table({}))
    if name in ONLY_GUARDS:
        return NONE
    return owner if name in GUARDED else None


def copied(value: Value, like: Table) -> Value:
    """Return a copy of a dict, whose dicts are of the kind of another one at any depth."""
    value = settled(value)
    if isinstance(value, Table):
        items = {key: copied(item, like) for key, item in value.items.items()}
        return Table(
            items,
            value.open,
            attributes=like.attributes,
            maybe_missing=value.maybe_missing,
            converts=like.converts,
            merges=like.merges,
            cause=value.cause,
        )
    if isinstance(value, Items) and value.kind in ("list", "tuple"):
        return Items([copied(item, like) for item in value.items], value.kind, value.rest)
    return value


def merge_into(run: Run, owner: Table, more: Table) -> None:
    """Merge a dict into another one: dicts key by key, anything else replaces what was there."""
    for key, value in more.items.items():
        old = owner.items.get(key)
        if isinstance(old, Table) and isinstance(value, Table) and not value.open:
            merge_into(run, old, value)
        else:
            dicts.put(run, owner, Const(key), value)


def _merge(run: Run, owner: Table, more: Value | None) -> Value:
    if isinstance(more, Table) and not more.open and not more.maybe_missing:
        merge_into(run, owner, more)
    else:
        dicts.lose_keys(run, owner, *([more] if more is not None else []))
    return NONE


def _merge_dotted(run: Run, owner: Table, entries: list[tuple[str, Value]] | None) -> Value:
    if entries is None:
        dicts.lose_keys(run, owner)
    for key, value in entries or []:
        for name in reversed(key.split(".")):
            value = Table({name: value})
        assert isinstance(value, Table)
        merge_into(run, owner, value)
    return NONE


def _entries(value: Value | None) -> list[tuple[str, Value]] | None:
    if not isinstance(value, Table) or value.open or value.maybe_missing:
        return None
    return [(str(key), item) for key, item in value.items.items()]


def _listed(value: Value | None) -> list[tuple[str, Value]] | None:
    """Return the keys and values that alternate in a list; None if they are not known."""
    items = sequence(value) if value is not None else None
    if items is None or items.rest is not None or len(items.items) % 2:
        return None
    keys = [key.value if isinstance(key, Const) else None for key in items.items[::2]]
    if not all(isinstance(key, str) for key in keys):
        return None
    return [(str(key), item) for key, item in zip(keys, items.items[1::2])]


def _read(run: Run, path: Value | None, site: Site) -> Value:
    if isinstance(path, Const) and isinstance(path.value, str):
        path = DataFile(path.value)
    if not isinstance(path, DataFile):
        return UNKNOWN
    return loading.load(run, DataFile(path.path, "file"), form_of(path.path), site)
