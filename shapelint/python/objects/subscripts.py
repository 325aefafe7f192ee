"""Evaluate `owner[index]`: elements of containers, children of modules, and slices of tensors."""

from __future__ import annotations

from shapelint.common.frozen import replace
from shapelint.python.objects import attributes, dicts, item_methods
from shapelint.python.state import choices, class_lookup, command_words, unknown_numbers
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.joins import join
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import blamed, integer, sequence, unknown_among
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Chained,
    Const,
    Data,
    Given,
    Instance,
    Items,
    Library,
    Node,
    Scope,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.python.tensors import collected_rows, indexing
from shapelint.python.tensors.axes import Axis
from shapelint.python.tensors.image_sizes import BATCH
from shapelint.shapes import dims


def get(run: Run, owner: Value, index: Value, site: Site) -> Value:
    """Return the element; Unknown if it cannot be determined."""

    if isinstance(owner, Data):
        return _index_data(owner, index)
    if isinstance(owner, Tensor):
        if isinstance(index, (Tensor, Const, Items)):
            run.observe_operation("__getitem__", owner, Arguments((Given(index, NO_SPAN),)), site)
        return indexing.indexed(owner, index)
    if isinstance(owner, Items):
        if owner.shape_of is not None and not isinstance(index, Items):
            run.observe_operation("size", owner.shape_of, Arguments((Given(index, NO_SPAN),)), site)
        return _item(owner, index)
    if isinstance(owner, Table) and isinstance(owner.of, Node) and index == Const("_modules"):
        return run.attribute(owner.of, "_modules", site)
    if isinstance(owner, Table) and owner.kind and not isinstance(getattr(index, "value", None), str):
        return _item(dicts.by_position(owner), index)
    if isinstance(owner, Table):
        key = index.value if isinstance(index, Const) else None
        if isinstance(key, (str, int)) and key in owner.items:
            return owner.items[key]
        if isinstance(key, (str, int)) and not owner.open:
            if owner.of is None:
                command_words.note_stop(run, f"there is no key {key!r}", site)
            return UNKNOWN
        found = choices.by_key(run, owner, index, site) or unknown_among(*owner.items.values())
        return found if owner.cause is None else blamed(found, Unknown(owner.cause))
    if isinstance(owner, Unknown) and (same := choices.element(run, owner, index, site)) is not None:
        return same
    if isinstance(owner, Unknown):
        key = index.value if isinstance(index, Const) else None
        return unknown_numbers.part(run, owner, f"[{key}]" if isinstance(key, (str, int)) else "")
    if isinstance(owner, Chained):
        return _child(owner, index)
    if isinstance(owner, Instance):
        items = sequence(owner)
        return item_methods.get_item(run, owner, index) if items is None else _item(items, index)
    kind = run.kind_of(owner)
    if kind.element is not None:
        return kind.element(run, owner, index, site)
    if isinstance(owner, Library):
        return _of_library(run, owner, index, site.scope)
    if isinstance(owner, Const) and isinstance(owner.value, str):
        known, start, stop, step = bounds(index)
        if known and step != 0:
            return Const(owner.value[start:stop:step])
        position = integer(index)
        if isinstance(position, int) and -len(owner.value) <= position < len(owner.value):
            return Const(owner.value[position])
        known, start, stop, step = bounds(index)
        return Const(owner.value[start:stop:step]) if known and step != 0 else UNKNOWN
    return UNKNOWN


def _index_data(data: Data, index: Value) -> Data:
    """Take a view, a label, or a column of a batch out of data by its index; some of its rows are an unknown number."""
    if data.joined and isinstance(index, Items) and index.kind == "slice":
        return replace(data, rows=indexing.length(Axis(data.rows), index))
    if data.rows != BATCH and integer(index) is None and not isinstance(index, Const):
        data = replace(data, rows=dims.UNKNOWN_DIM)
    if data.size is not None:
        many = isinstance(index, Items) and (index.kind != "slice" and len(index.items) > 2)
        return replace(data, sizes=()) if many else data
    if not data.sizes:
        return data
    place = integer(index)
    if data.labelled:
        return replace(data, labelled=False, sizes=data.sizes if place == 0 else ())
    if isinstance(place, int) and -len(data.sizes) <= place < len(data.sizes):
        return replace(data, sizes=(data.sizes[place],))
    known, start, stop, step = bounds(index)
    return replace(data, sizes=data.sizes[start:stop:step] if known else ())


def _outermost(scope: Scope) -> Scope:
    return scope if scope.parent is None else _outermost(scope.parent)


def _of_library(run: Run, owner: Library, index: Value, scope: Scope) -> Value:
    """Evaluate `models.__dict__["resnet50"]` or `sys.modules[__name__]`; others (`Generic[T]`) change nothing."""

    if owner.name == "sys.modules":
        return class_lookup.namespace(_outermost(scope))
    if owner.name == "sys.argv" and isinstance(index, Const):
        return command_words.word(run, f"argument {index.value}") if index.value != 0 else owner
    module = owner.name.removesuffix(".__dict__")
    if module == owner.name:
        return owner
    if not isinstance(index, Const) or not isinstance(index.value, str):
        return UNKNOWN
    return attributes.of_library(run, f"{module}.{index.value}")


def bounds(index: Value) -> tuple[bool, int | None, int | None, int | None]:
    """Return whether a slice is completely known, and its start, stop and step as integers."""
    if not isinstance(index, Items) or index.kind != "slice":
        return False, None, None, None
    parts: list[int | None] = []
    for part in index.items:
        value = part.value if isinstance(part, Const) else UNKNOWN
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            return False, None, None, None
        parts.append(value)
    return True, parts[0], parts[1], parts[2]


def _item(owner: Items, index: Value) -> Value:
    if isinstance(index, Items):
        known, start, stop, step = bounds(index)
        if not known:
            alike = owner.rest
            for item in owner.items:
                alike = item if alike is None else join(alike, item)
            return Items([], owner.kind, alike if alike is not None else UNKNOWN)
        if owner.rest is None:
            return Items(owner.items[start:stop:step], owner.kind)
        if not owner.items and step is None and (start or 0) >= 0 and stop is not None and 0 <= stop <= 64:
            return Items([owner.rest] * max(0, stop - (start or 0)), owner.kind)
        if owner.items or step is not None:
            return Items([], owner.kind, _alike(owner))
        return Items([], owner.kind, owner.rest, collected=collected_rows.part(owner.collected, start, stop))
    position = integer(index)
    if isinstance(position, int) and -len(owner.items) <= position < len(owner.items) and owner.rest is None:
        return owner.items[position]
    if isinstance(position, int) and 0 <= position < len(owner.items):
        return owner.items[position]
    return _alike(owner)


def _alike(owner: Items) -> Value:
    """Return the element at an unknown index: the join of all elements."""
    found = owner.rest
    for item in owner.items[:64]:
        found = item if found is None else join(found, item)
    return UNKNOWN if found is None else found


def _child(owner: Chained, index: Value) -> Value:
    if owner.rest is not None:
        return UNKNOWN
    names = list(owner.children)
    if isinstance(index, Const) and index.value in owner.children:
        return owner.children[index.value]
    if isinstance(index, Items):
        known, start, stop, step = bounds(index)
        if not known:
            return UNKNOWN
        chosen = names[start:stop:step]
        children = {str(number): owner.children[name] for number, name in enumerate(chosen)}
        return Chained(owner.name, owner.holder, children=children, kind=owner.kind)
    position = integer(index)
    if isinstance(position, int) and -len(names) <= position < len(names):
        return owner.children[names[position]]
    if len(names) == 1 and position is None:
        return owner.children[names[0]]
    return UNKNOWN
