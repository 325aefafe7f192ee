"""Image sizes in a training script: its transforms and its datasets."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.python.libraries import library_functions
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.kernel import Kind
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer, sequence
from shapelint.python.state.values import (
    NO_SPAN,
    UNKNOWN,
    Bound,
    Const,
    Data,
    Function,
    Given,
    Instance,
    Items,
    Method,
    Scope,
    Size,
    Table,
    Value,
    Views,
)
from shapelint.shapes import dims
from shapelint.shapes.dims import Dim
from shapelint.text.source import Span

MAXIMUM_VIEWS = 64
OF_MODULES = frozenset({"to", "cuda", "cpu", "train", "eval", "requires_grad_"})
HOMES = ("transforms", "datasets", "data")
"""Subpackages with transforms or datasets; the table is not read for names outside of them."""


@frozen
class SizeTransform:
    """A transform that crops or resizes: its parameters, and for each that is a size, the number of views with it."""

    parameters: tuple[Parameter, ...]
    views: Mapping[str, int | str]


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, SizeTransform]]:
    """Return the transforms that crop or resize, by package and class."""
    packages = rules_folder.load("transforms.yaml")["views"]
    return {
        package: {call.partition("(")[0]: SizeTransform(parse_parameters(call), views) for call, views in lines.items()}
        for package, lines in packages.items()
    }


@lru_cache(maxsize=1)
def _datasets() -> tuple[str, ...]:
    """Return the prefixes of the names of datasets."""
    return tuple(f"{package}." for package in rules_folder.load("transforms.yaml")["datasets"])


def construct(run: Run, name: str, arguments: Arguments, site: Site) -> Views | None:
    """Construct a transform, or a dataset with one; None for anything else, or if the image size is unknown."""
    if name.partition(".")[2].partition(".")[0] not in HOMES:
        return None
    if name.startswith(_datasets()):
        return views(run, arguments.keywords["transform"].value) if "transform" in arguments.keywords else None
    package = next((package for package in table() if name.startswith(f"{package}.")), "")
    if not package:
        return None
    data, last = rules_folder.load("transforms.yaml"), name.rpartition(".")[2]
    if last in data["sequences"]:
        return _sequence(run, arguments.get(0, "transforms") or UNKNOWN)
    if last in data["same"][package].split():
        return Views((), keeps=True)
    transform = table()[package].get(last)
    head = site.scope.file.span(site.node.func) if site.scope.file and isinstance(site.node, ast.Call) else None
    return None if transform is None else _views_of(run, transform, arguments, head)


def views(run: Run, transform: Value) -> Views | None:
    """Return the views that a transform creates; a user-defined transform is called with an image."""
    if isinstance(transform, Views):
        return transform
    if not isinstance(transform, (Instance, Function, Method)):
        return None

    given = run.call(
        transform, Arguments((Given(Data(dims.UNKNOWN_DIM), NO_SPAN),)), Site(ast.Constant(None), Scope({}))
    )
    sizes = sizes_of(given)
    return Views(sizes) if sizes else None


def apply(run: Run, transform: Views, arguments: Arguments, site: Site) -> Value:
    """Interpret `transform(image)`."""
    value = arguments.positional[0].value if arguments.positional else UNKNOWN
    rows = value.rows if isinstance(value, Data) else dims.UNKNOWN_DIM
    if transform.keeps:
        return value if isinstance(value, Data) else Data(rows)
    return Data(rows, sizes=transform.sizes)


def attribute(run: Run, transform: Views, name: str, site: Site) -> Value:
    """Read a method of a transform that is a module."""
    return Bound(transform, name) if name in OF_MODULES else UNKNOWN


def method(run: Run, transform: Views, name: str, arguments: Arguments, site: Site) -> Value:
    """Call a method of a transform that is a module: those that move it, or set its mode, return it."""
    return transform if name in OF_MODULES else UNKNOWN


def sizes_of(value: Value | None) -> tuple[Size, ...]:
    """Return the sizes of the images in a value, in order."""
    if isinstance(value, Data):
        return value.sizes
    inner = list(value.items.values()) if isinstance(value, Table) else []
    inner = [*value.items, *([value.rest] if value.rest else [])] if isinstance(value, Items) else inner
    return tuple(size for item in inner for size in sizes_of(item))


def _sequence(run: Run, steps: Value) -> Views | None:
    """Compose transforms: the last one that crops or resizes applies, unless something unknown follows it."""
    items = sequence(steps)
    if items is None or items.rest is not None:
        return None
    result: Views | None = Views((), keeps=True)
    for step in items.items:
        one = views(run, step)
        result = result if one is not None and one.keeps else one
    return result


def _views_of(run: Run, transform: SizeTransform, arguments: Arguments, head: Span | None) -> Views | None:
    """Return the views of a transform with its arguments; a default is located where the transform is named."""
    given = library_functions.by_name(transform.parameters, arguments)
    values: dict[str, tuple[Value, Span | None]] = {}
    for parameter in transform.parameters:
        argument = given.get(parameter.name)
        if argument is None or (isinstance(argument.value, Const) and argument.value.value is None):
            values[parameter.name] = (_literal(parameter.default), head)
        else:
            values[parameter.name] = (argument.value, argument.span)
    found: list[Size] = []
    for name, count in transform.views.items():
        number = values[count][0] if isinstance(count, str) else Const(count)
        sizes = _counted(run, values[name][0], number, values[name][1])
        if sizes is None or len(found) + len(sizes) > MAXIMUM_VIEWS:
            return None
        found += sizes
    return Views(tuple(found)) if found else None


def _counted(run: Run, value: Value, count: Value, place: Span | None) -> list[Size] | None:
    """Return `count` views of a size; for several sizes with as many counts, pair them."""
    if isinstance(value, Items) and isinstance(count, Items):
        if value.rest is not None or count.rest is not None or len(value.items) != len(count.items):
            return None
        parts = [_counted(run, one, number, place) for one, number in zip(value.items, count.items)]
        return None if None in parts else [size for part in parts for size in part or ()]
    number = integer(count)
    sizes = _sizes(run, value, place)
    if sizes is None or not isinstance(number, int) or not 0 <= number * len(sizes) <= MAXIMUM_VIEWS:
        return None
    return sizes * number


def _sizes(run: Run, value: Value, place: Span | None) -> list[Size] | None:
    """Return the sizes that a value stands for: an integer for a square, height and width, or transforms."""
    if isinstance(value, Items) and value.rest is None:
        pair = [integer(item) for item in value.items]
        if len(pair) == 2 and isinstance(pair[0], int) and isinstance(pair[1], int):
            return [Size(pair[0], pair[1], place)]
        inner = [views(run, item) for item in value.items]
        known = [one.sizes for one in inner if one is not None and one.sizes]
        return [size for sizes in known for size in sizes] if len(known) == len(inner) and inner else None
    edge: Dim | None = integer(value)
    if isinstance(edge, int):
        written = value.place if isinstance(value, Const) else None
        return [Size(edge, edge, written or place)]
    one = views(run, value)
    return list(one.sizes) if one is not None and one.sizes else None


def _literal(default: object) -> Value:
    return Items([Const(item) for item in default], "tuple") if isinstance(default, tuple) else Const(default)


def set_attribute(run: Run, owner: Views, name: str, value: Value) -> bool:
    """Interpret `dataset.transform = transform`."""
    if name != "transform":
        return False
    given = views(run, value)
    run.touch(owner)
    owner.sizes = given.sizes if given is not None else ()
    return True


VIEWS = Kind(call=apply, attribute=attribute, method=method, set_attribute=set_attribute)
