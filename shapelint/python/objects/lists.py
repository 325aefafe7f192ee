"""Lists: adding, removing, assigning and sorting elements, and the methods of lists."""

from __future__ import annotations

import math

from shapelint.python.objects import sets
from shapelint.python.state.arguments import Arguments, Keywords, Site
from shapelint.python.state.forgetting import forget
from shapelint.python.state.joins import all_of
from shapelint.python.state.run import MAXIMUM_ELEMENTS, Run
from shapelint.python.state.value_facts import integer, sequence, truth
from shapelint.python.state.values import NO_SPAN, NONE, UNKNOWN, Const, Given, Items, Value
from shapelint.python.tensors import collected_rows

LIST_READ_METHODS = frozenset({"index", "count", "copy", "__len__", "__contains__", "__getitem__", "union", "numel"})
PROGRESS_METHODS = frozenset(
    {"set_description", "set_description_str", "set_postfix", "set_postfix_str", "refresh", "display", "unpause"}
)
"""What a progress bar around a list can do in addition: it changes no element."""


def call_method(run: Run, owner: Items, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a list, tuple, set or shape."""
    values = arguments.values
    if name in ("append", "add") and values:
        append(run, owner, values[0])
    elif name == "extend" and values:
        extend(run, owner, values[0])
    elif name == "insert" and len(values) == 2 and isinstance(place := integer(values[0]), int) and owner.rest is None:
        _touch(run, owner)
        owner.items.insert(place, values[1])
    elif name == "appendleft" and values and owner.rest is None:
        _touch(run, owner)
        owner.items.insert(0, values[0])
    elif name == "popleft":
        return remove(run, owner, 0)
    elif name == "pop" and owner.kind == "set":
        forget(run, owner)
    elif name == "pop" and isinstance(place := integer(values[0]) if values else -1, int):
        return remove(run, owner, place)
    elif name == "copy":
        return Items(list(owner.items), owner.kind, owner.rest, collected=owner.collected)
    elif name == "reverse":
        _touch(run, owner)
        owner.items = list(reversed(owner.items)) if owner.rest is None else [_any(owner)]
    elif name == "sort":
        ordered = in_order(run, owner, arguments.keywords, site)
        _touch(run, owner)
        owner.items, owner.rest = ordered.items, ordered.rest
    elif name == "clear":
        _touch(run, owner)
        owner.items, owner.rest = [], None
    elif name == "numel":
        sizes = [integer(item) for item in owner.items]
        return UNKNOWN if None in sizes or owner.rest else Const(math.prod(size for size in sizes if size is not None))
    elif name not in LIST_READ_METHODS | PROGRESS_METHODS:
        forget(run, owner)
        return UNKNOWN
    return UNKNOWN if name in LIST_READ_METHODS or name == "pop" else NONE


def _touch(run: Run, owner: Items) -> None:
    """Note that a list is about to change; if it may be one of several lists, forget the contents of each of them."""
    run.touch(owner)
    owner.collected = None
    for one in owner.one_of:
        forget(run, one)


def _any(owner: Items) -> Value:
    return all_of([*owner.items, *([] if owner.rest is None else [owner.rest])])


def append(run: Run, owner: Items, value: Value) -> None:
    """Append an element."""
    collected = collected_rows.with_one(owner, value)
    _touch(run, owner)
    if owner.kind == "set":
        more = sets.distinct(Items([*owner.items, value], "set", owner.rest))
        owner.items, owner.rest = more.items, more.rest
    elif owner.rest is None and len(owner.items) < MAXIMUM_ELEMENTS:
        owner.items.append(value)
    else:
        owner.items, owner.rest, owner.collected = [], all_of([_any(owner), value]), collected


def extend(run: Run, owner: Items, more: Value) -> None:
    """Append the elements of another value."""
    found, collected = sequence(more) or run.rows(more, 0), collected_rows.with_all(owner, more)
    _touch(run, owner)
    if found is None:
        owner.rest = UNKNOWN
    elif owner.rest is not None:
        owner.rest = all_of([owner.rest, *found.items, *([] if found.rest is None else [found.rest])])
    else:
        owner.items.extend(found.items[:MAXIMUM_ELEMENTS])
        owner.rest = found.rest
    if owner.rest is not None and owner.kind == "list":
        owner.collected = collected
    if isinstance(more, Items) and more.kind == "iterator":
        forget(run, more)
    if owner.kind == "set" and owner.items:
        known = sets.distinct(owner)
        owner.items, owner.rest = known.items, known.rest


def remove(run: Run, owner: Items, place: int) -> Value:
    """Remove the element at an index, and return it; of a list of unknown length it may be any."""
    if owner.rest is not None and not owner.items:
        _touch(run, owner)
        return owner.rest
    if owner.rest is not None or not -len(owner.items) <= place < len(owner.items):
        forget(run, owner)
        return UNKNOWN
    _touch(run, owner)
    return owner.items.pop(place)


def put(run: Run, owner: Items, index: Value, value: Value) -> None:
    """Perform `owner[index] = value`."""
    place = integer(index)
    if isinstance(place, int) and owner.rest is None and -len(owner.items) <= place < len(owner.items):
        _touch(run, owner)
        owner.items[place] = value
    else:
        forget(run, owner)


def in_order(run: Run, items: Items, keywords: Keywords, site: Site) -> Items:
    """Evaluate `sorted(items, key=..., reverse=...)`; if some keys are unknown, the order of the elements is, too."""
    key, reverse = keywords.get("key"), keywords.get("reverse")
    keys = [_key(run, item, key.value if key else None, site) for item in items.items]
    backwards = truth(reverse.value) if reverse else False
    alike = len({type(one) for one in keys}) < 2 and all(isinstance(one, (int, float, str)) for one in keys)
    if items.rest is not None or backwards is None or not alike:
        return Items([], "list", _any(items) if items.items or items.rest is not None else None)
    pairs = sorted(zip(keys, items.items), key=lambda pair: pair[0], reverse=backwards)  # type: ignore[arg-type, return-value]
    return Items([item for _, item in pairs])


def _key(run: Run, item: Value, function: Value | None, site: Site) -> object:
    if function is not None and function != NONE:
        item = run.call(function, Arguments((Given(item, NO_SPAN),)), site)
    return item.value if isinstance(item, Const) else None
