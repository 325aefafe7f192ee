"""Modules of known libraries as they are constructed: what is one, and where its arguments stand in the text."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from shapelint.python.libraries import library_functions, vision_transformers
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    UNKNOWN,
    Chained,
    Component,
    Const,
    Given,
    Items,
    Library,
    Table,
    Value,
    sequence,
)
from shapelint.shapes import dims
from shapelint.signatures import heads, stored
from shapelint.spec.spec import Argument, ClassName, ComponentSpec, Insertion
from shapelint.text.source import Span

NO_COMPONENT = ("functional", "init", "utils", "Parameter", "parameter")


def is_component(name: str) -> bool:
    """Whether a dotted name is a module of a known library, to be resolved by its signature."""
    if library_functions.methods().get(canonical(name)) is not None:
        return True
    target = stored.canonical(name, as_backbone=False)
    library = stored.library_of(target)
    if library is None or name.startswith(tuple(f"torch.nn.{part}" for part in NO_COMPONENT)):
        return False
    last = target.rpartition(".")[2]
    if library.library == "torchvision" and last[:1].isupper():
        return not last.endswith("_Weights")
    if library.library in ("torch", "lightly"):
        is_known = library.library == "torch" or stored.find(target) is not None or heads.is_head(target)
        return last[:1].isupper() and is_known
    return stored.find(target) is not None or last[:1].islower() or vision_transformers.describes(target)


def canonical(name: str) -> str:
    """The name under which the tables of methods know a module."""
    head, _, last = name.rpartition(".")
    return f"lightly.models.modules.{last}" if head.startswith("lightly.models") else name


def construct(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """A module as written, with the place of every argument."""
    target = (
        canonical(name) if canonical(name) in library_functions.methods() else stored.canonical(name, as_backbone=False)
    )
    spec = specification(run, target, arguments, site)
    component = Component(
        spec=spec if arguments.complete else replace(spec, note="its arguments are unpacked from elsewhere")
    )
    component.arguments = _by_name(target, arguments)
    return component


def wrapped(run: Run, name: str, inner: Value, site: Site) -> Value:
    """A wrapper that a class method makes around a vision transformer, or around its encoder."""
    component = Component(spec=specification(run, canonical(name), Arguments(), site))
    vit = inner.part_of if isinstance(inner, Component) and inner.part_of is not None else inner
    component.arguments = {"vit": vit}
    return component


def specification(run: Run, target: str, arguments: Arguments, site: Site) -> ComponentSpec:
    """A call of a library's constructor with the places of its arguments; in another file, those of the call here."""
    main = site.scope.file is not None and site.scope.file.main
    anchor = run.anchors[-1] if run.anchors else Span(0, 0)
    span = site.scope.file.span(site.node) if site.scope.file else anchor
    head = site.scope.file.span(site.node.func) if site.scope.file and isinstance(site.node, ast.Call) else span
    return ComponentSpec(
        spelling="call",
        target=target,
        span=span,
        head=head,
        positional=tuple(_argument(given, main, takes_classes(target)) for given in arguments.positional),
        keywords=tuple(
            (name, _argument(given, main, takes_classes(target))) for name, given in arguments.keywords.items()
        ),
        insertion=_insertion(run, span) if main and isinstance(site.node, ast.Call) else None,
    )


def _by_name(target: str, arguments: Arguments) -> dict[str, Value]:
    """The values of the arguments by name, as far as the names are known."""
    found = stored.find(target)
    names = (
        [p.name for p in found[1].parameters if p.kind == "positional"]
        if found
        else vision_transformers.parameters(target)
    )
    named = {name: given.value for name, given in zip(names, arguments.positional)}
    named.update({name: given.value for name, given in arguments.keywords.items()})
    for index, given in enumerate(arguments.positional):
        named.setdefault(f"({index})", given.value)
    return named


def takes_classes(target: str) -> bool:
    """Whether classes may be handed to a constructor: it is traced with them."""
    return target.startswith(("torchvision.", "timm."))


def _argument(given: Given, main: bool, classes: bool) -> Argument:
    """An argument: where its literal stands if it has one in the linted file, else where it is used."""
    value = given.value
    if classes and isinstance(value, Library) and value.name.rpartition(".")[2][:1].isupper():
        return Argument(ClassName(value.name), given.span, None, given.key)
    if isinstance(value, Const) and value.place is not None:
        here = () if given.foreign or given.span == value.place else (given.span,)
        home, computed = (None, value.place) if value.computed else (value.place, None)
        return Argument(
            _plain(value),
            value.place,
            home,
            given.key,
            uses=(*here, *value.hops),
            computed=computed,
            variables=value.variables,
        )
    elements: tuple[Argument, ...] = ()
    if isinstance(value, Items) and value.rest is None:
        elements = tuple(_argument(Given(item, given.span, foreign=True), main, classes) for item in value.items)
    variables = value.variables if isinstance(value, Const) else ()
    return Argument(_plain(value), given.span, None, given.key, elements=elements, variables=variables)


def _plain(value: Value) -> Any:
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items) and value.rest is None:
        return tuple(_plain(item) for item in value.items)
    if isinstance(value, Component):
        return value.spec
    if isinstance(value, Library):
        return dims.UNKNOWN
    return dims.UNKNOWN


def _insertion(run: Run, span: Span) -> Insertion | None:
    before = run.text[span.start : span.end - 1].rstrip()
    if run.text[span.end - 1 : span.end] != ")":
        return None
    prefix = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    return Insertion(span.end - 1, prefix, "=")


def container(run: Run, kind: str, arguments: Arguments) -> Value:
    """`nn.Sequential(...)`, `nn.ModuleList([...])`, `nn.ModuleDict({...})`."""
    chained = Chained(kind=kind, rest=None if arguments.complete else UNKNOWN)
    values = [given.value for given in arguments.positional]
    first = values[0] if values else None
    if len(values) == 1 and isinstance(first, Table):
        children = {str(key): value for key, value in first.items.items()}
        chained.rest = UNKNOWN if first.open else chained.rest
    else:
        if kind != "Sequential" and len(values) == 1:
            items = sequence(values[0])
            chained.rest = UNKNOWN if items is None or items.rest is not None else chained.rest
            values = items.items if items is not None else []
        children = {str(index): value for index, value in enumerate(values)}
    for name, value in children.items():
        chained.children[name] = value
        chained.hold(name, value)
    return chained


def given_by_name(component: Component) -> dict[str, Argument]:
    """The arguments as written, by name."""
    names = vision_transformers.parameters(component.spec.target)
    return {**dict(zip(names, component.spec.positional)), **dict(component.spec.keywords)}
