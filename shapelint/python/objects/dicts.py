"""Dicts: assigning, removing and updating items, and the methods of dicts.

An operation that cannot be followed (with an unknown key, or another dict with unknown keys) may have changed any of
the values.
"""

from __future__ import annotations

from typing import Literal

from shapelint.common.frozen import replace
from shapelint.common.words import words
from shapelint.python.state.arguments import Arguments, Keywords
from shapelint.python.state.forgetting import forget
from shapelint.python.state.joins import all_of, join
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import cause_among, cause_of, sequence, unknown_among
from shapelint.python.state.values import NONE, UNKNOWN, Const, Instance, Items, Node, Scope, Table, Unknown, Value

NO_ARGUMENTS = Arguments()
TableKey = str | int | bool | float | None
DICT_READ_METHODS = frozenset(
    {"get", "keys", "values", "items", "copy", "__getitem__", "__contains__", "__len__", "state_dict"}
)

DICT_METHODS = frozenset(dir(dict)) | {"toDict", "to_dict", "toJSON", "to_json", "toYAML", "to_yaml", "to_tuple"}
"""Names that an attribute of a dict with attributes is looked up under before its keys."""

CONFIG_METHODS = words(
    """
    merge_update merge_from_other_cfg merge merge_from_dict update_from_flattened_dict merge_from_list merge_from_file
    clone deepcopy copy_and_resolve_references todict as_dict lock unlock freeze defrost set_new_allowed unlocked
    ignore_type
    """
)
"""Methods of dicts of libraries of configs, unless the dict has such a key; `config_dicts.py` performs them."""


def key_of(value: Value | None) -> tuple[bool, TableKey]:
    """Return whether a value is a known key, and the key."""
    known = isinstance(value, Const) and isinstance(value.value, (str, int, bool, float, type(None)))
    return known, value.value if isinstance(value, Const) and known else None


def is_namespace(value: Value) -> bool:
    """Return whether a value is an object whose keys are read as attributes."""
    return isinstance(value, Table) and value.namespace


def reads_attributes(value: Value, name: str) -> bool:
    """Return whether a name that is read as an attribute of a value is one of its keys, and not a method."""
    if not isinstance(value, Table) or not (value.namespace or value.attributes):
        return False
    if value.namespace or name in DICT_METHODS:
        return value.namespace
    if name in CONFIG_METHODS and not value.open:
        return name in value.items
    return name in value.items or not name.startswith("_")


def takes_attributes(value: Value) -> bool:
    """Return whether an attribute that is assigned to a value becomes one of its keys."""
    return isinstance(value, Table) and (value.namespace or value.attributes)


def with_attributes(value: Value, converts: Literal["", "plain", "any"] = "", merges: bool = False) -> Value:
    """Return a dict as one whose keys, at any depth, are read as attributes, too."""
    if isinstance(value, Table):
        items = {key: with_attributes(item, converts, merges) for key, item in value.items.items()}
        return Table(
            items,
            value.open,
            attributes=True,
            maybe_missing=value.maybe_missing,
            converts=converts,
            merges=merges,
            cause=value.cause,
        )
    if isinstance(value, Items) and value.kind in ("list", "tuple"):
        return Items([with_attributes(item, converts, merges) for item in value.items], value.kind, value.rest)
    return _in_its_file(value)


def _in_its_file(value: Value) -> Value:
    """Return a value of a config; a number that is written in another file has its place there."""
    if not isinstance(value, Const) or value.place is not None or value.literal is None:
        return value
    file, node = value.literal
    return replace(value, place=file.home(node))


def unseen_key(owner: Table) -> Value:
    """Return what a key of a dict stands for that is not among the known ones."""
    found = unknown_among(owner)
    return found if owner.cause is None else replace(found, cause=owner.cause)


def namespace(items: dict[str, Value]) -> Table:
    """Create an object with these attributes, which may have others as well."""
    return Table(dict(items), True, namespace=True)


def by_position(owner: Table) -> Items:
    """Return the values of an object that is also read by position, as a tuple."""
    return Items([value for value in owner.items.values() if value != NONE], "tuple", UNKNOWN if owner.open else None)


def names_of(owner: Table) -> Table:
    """Return `vars(namespace)`: the same names as a dict."""
    return Table(owner.items, owner.open, of=owner, maybe_missing=owner.maybe_missing, cause=owner.cause)


def put(run: Run, table: Table, index: Value, value: Value) -> None:
    """Perform `table[index] = value`."""
    known, key = key_of(index)
    if not known:
        lose_keys(run, table, index, value)
        return
    run.touch(table)
    if isinstance(value, Table) and _is_converted(table, value):
        value = with_attributes(value, table.converts, table.merges)
    value = _in_its_file(value) if table.attributes else value
    table.items[key] = value
    table.maybe_missing -= {key}
    if isinstance(value, Node) and not value.name:
        value.name = str(key)
    if isinstance(table.of, Scope):
        run.touch(table.of)
        table.of.names[str(key)] = value
    elif isinstance(table.of, Instance):
        run.store(table.of, str(key), value)
    elif table.of is not None:
        run.assign_attribute(table.of, str(key), value)


def replace_names(run: Run, owner: Table, names: Value) -> None:
    """Perform `args.__dict__ = names`: from here on they are the same."""
    if not isinstance(names, Table) or names.of is not None:
        forget(run, owner, cause_of(names))
        return
    run.touch(owner)
    owner.items.clear()
    owner.items.update(names.items)
    owner.open, owner.maybe_missing, owner.cause = names.open, names.maybe_missing, names.cause
    names.of = owner


def _is_converted(table: Table, value: Table) -> bool:
    """Return whether a dict that is put into another one becomes one of its kind, which is a copy."""
    if value.of is not None or value.namespace or not table.converts:
        return False
    return table.converts == "any" or not value.attributes


def lose_keys(run: Run, table: Table, *sources: Value) -> None:
    """Forget a dict, whose keys are not known because of what is not known of these values."""
    forget(run, table, cause_among(*sources))


def remove(run: Run, table: Table, index: Value) -> Value:
    """Perform `del table[index]` or `table.pop(index)`, and return the removed value."""
    known, key = key_of(index)
    if not known or table.of is not None:
        forget(run, table)
        return UNKNOWN
    run.touch(table)
    table.maybe_missing -= {key}
    return table.items.pop(key, UNKNOWN)


def update(run: Run, table: Table, more: Value | None, arguments: Arguments = NO_ARGUMENTS) -> None:
    """Perform `table.update(more, **keywords)` with the keywords of these arguments."""
    pairs = _pairs(more) if more is not None else []
    if pairs is None or not arguments.complete or (isinstance(more, Table) and more.open):
        forget(run, table, cause_of(more) or arguments.cause)
    perhaps = more.maybe_missing if isinstance(more, Table) else frozenset()
    for key, value in pairs or []:
        _, name = key_of(key)
        if name in perhaps:
            put(run, table, key, join(table.items[name], value) if name in table.items else value)
            table.maybe_missing |= {name}
        else:
            put(run, table, key, value)
    for name, given in arguments.keywords.items():
        put(run, table, Const(name), given.value)


def _pairs(more: Value) -> list[tuple[Value, Value]] | None:
    """Return the items of a dict, or of a sequence of pairs of keys and values; None if they are unknown."""
    if isinstance(more, Table):
        return [(Const(key), value) for key, value in more.items.items()]
    items = sequence(more)
    if items is None or items.rest is not None:
        return None
    pairs = [pair.items for pair in items.items if isinstance(pair, Items) and len(pair.items) == 2]
    return [(pair[0], pair[1]) for pair in pairs] if len(pairs) == len(items.items) else None


def made(run: Run, source: Value | None, keywords: Keywords) -> Table:
    """Evaluate `dict(source, **keywords)`."""
    table = Table({})
    update(run, table, source, Arguments(keywords=keywords))
    return table


def call_method(run: Run, owner: Table, name: str, arguments: Arguments) -> Value:
    """Call a method of a dict."""
    values, keywords = arguments.values, arguments.keywords
    if name == "update":
        update(run, owner, values[0] if values else None, arguments)
        return NONE
    if name in ("__setitem__", "__delitem__") and values:
        if name == "__delitem__":
            remove(run, owner, values[0])
        else:
            put(run, owner, values[0], values[1] if len(values) > 1 else UNKNOWN)
        return NONE
    if name in ("get", "pop", "setdefault"):
        default = values[1] if len(values) > 1 else keywords["default"].value if "default" in keywords else NONE
        return _look_up(run, owner, name, values[0] if values else None, default)
    if name in ("keys", "values", "items"):
        return _listed(owner, name)
    if name == "to_tuple" and owner.kind:
        return by_position(owner)
    if name == "copy":
        return Table(dict(owner.items), owner.open, maybe_missing=owner.maybe_missing)
    if name == "clear" and owner.of is None:
        run.touch(owner)
        owner.items.clear()
        owner.open, owner.maybe_missing = False, frozenset()
        return NONE
    if name not in DICT_READ_METHODS:
        forget(run, owner)
    return UNKNOWN


def _look_up(run: Run, owner: Table, name: str, index: Value | None, default: Value) -> Value:
    known, key = key_of(index)
    if not known:
        if name != "get":
            forget(run, owner)
        return unknown_among(default, *owner.items.values())
    if key in owner.items:
        found = owner.items[key]
        if key in owner.maybe_missing:
            found = join(found, default)
            if name == "setdefault":
                put(run, owner, Const(key), found)
        if name == "pop":
            remove(run, owner, Const(key))
        return found
    if owner.open:
        return UNKNOWN if owner.cause is None else Unknown(owner.cause)
    if name == "setdefault":
        put(run, owner, Const(key), default)
    return default


def _listed(owner: Table, name: str) -> Items:
    rest = UNKNOWN if owner.open else None
    if owner.maybe_missing:
        values = Items([], "view", all_of([*owner.items.values(), *([UNKNOWN] if owner.open else [])]))
        return values if name == "values" else Items([], "view", UNKNOWN)
    if name == "items":
        return Items([Items([Const(k), v], "tuple") for k, v in owner.items.items()], "view", rest)
    return Items([Const(k) for k in owner.items] if name == "keys" else list(owner.items.values()), "view", rest)
