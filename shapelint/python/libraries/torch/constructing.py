"""Construction of modules of known libraries: which names are modules, and where their arguments are written."""

from __future__ import annotations

import ast
from typing import Any

from shapelint.common.frozen import replace
from shapelint.knowledge import banks
from shapelint.python.libraries import library_functions
from shapelint.python.state import class_lookup, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import sequence
from shapelint.python.state.values import (
    UNKNOWN,
    Chained,
    Component,
    Const,
    Function,
    Given,
    Items,
    Library,
    Node,
    Table,
    Unknown,
    UserClass,
    Value,
)
from shapelint.shapes import dims
from shapelint.signatures import stored
from shapelint.spec.spec import Argument, ClassName, ComponentSpec, Insertion
from shapelint.text.source import Span


def is_component(run: Run, name: str) -> bool:
    """Return whether a dotted name is a module of a known library, to be resolved by its signature."""
    target = canonical(run, name)
    if stored.library_of(target) is None:
        return False
    builds = run.libraries.of(target).components.builds or is_model
    return target in library_functions.methods() or builds(target)


def is_model(target: str) -> bool:
    """Return whether a name has a stored signature, or is lowercase like functions that build a model."""
    return stored.find(target) is not None or target.rpartition(".")[2][:1].islower()


def canonical(run: Run, name: str) -> str:
    """Return the name under which a component is known."""
    own = run.libraries.of(name).components.canonical
    return (own(name) if own is not None else None) or stored.canonical(name, as_backbone=False)


def parameters(run: Run, target: str) -> tuple[str, ...]:
    """Return the names of the leading parameters of a class without a stored signature, as far as they are known."""
    known = run.libraries.of(target).components.parameters.get(target.rpartition(".")[2])
    bank = banks.find(target) if known is None else None
    return known or (tuple(parameter.name for parameter in bank.parameters) if bank else ())


def construct(run: Run, name: str, arguments: Arguments, site: Site) -> Value:
    """Return a module as written, with the place of every argument."""
    target = canonical(run, name)
    spec = specification(run, target, arguments, site)
    component = Component(
        spec=spec if arguments.complete else replace(spec, note="its arguments are unpacked from elsewhere")
    )
    component.arguments = _by_name(run, target, arguments)
    return component


def specification(run: Run, target: str, arguments: Arguments, site: Site) -> ComponentSpec:
    """Return a constructor call with the places of its arguments; in another file, the place of the call here."""
    main = site.scope.file is not None and site.scope.file.main
    classes = run.libraries.of(target).components.takes_classes
    anchor = run.anchors[-1] if run.anchors else Span(0, 0)
    span = site.scope.file.span(site.node) if site.scope.file else anchor
    head = site.scope.file.span(site.node.func) if site.scope.file and isinstance(site.node, ast.Call) else span
    return ComponentSpec(
        spelling="call",
        target=target,
        span=span,
        head=head,
        positional=tuple(argument(given, classes) for given in arguments.positional),
        keywords=tuple((name, argument(given, classes)) for name, given in arguments.keywords.items()),
        insertion=_insertion(run, span) if main and isinstance(site.node, ast.Call) else None,
    )


def _by_name(run: Run, target: str, arguments: Arguments) -> dict[str, Value]:
    """Return the values of the arguments by name, as far as the names are known."""
    found = stored.find(target)
    names = [p.name for p in found[1].parameters if p.kind == "positional"] if found else parameters(run, target)
    named = {name: given.value for name, given in zip(names, arguments.positional)}
    named.update({name: given.value for name, given in arguments.keywords.items()})
    for index, given in enumerate(arguments.positional):
        named.setdefault(f"({index})", given.value)
    return named


def argument(given: Given, classes: bool) -> Argument:
    """Return an argument: located at its literal if that is in the linted file, otherwise where it is used."""
    value = given.value
    if classes and isinstance(value, Library) and value.name.rpartition(".")[2][:1].isupper():
        return Argument(ClassName(value.name), given.span, None, given.key)
    if isinstance(value, Const) and value.place is not None:
        here = () if given.foreign or given.span == value.place else (given.span,)
        home, computed = (None, value.place) if value.computed else (value.place, None)
        return Argument(
            _plain(value),
            value.place,
            _literal(value) or home,
            given.key,
            uses=(*here, *value.hops),
            computed=computed,
            variables=value.variables,
        )
    elements: tuple[Argument, ...] = ()
    if isinstance(value, Items) and value.rest is None:
        elements = tuple(argument(Given(item, given.span, foreign=True), classes) for item in value.items)
    variables = value.variables if isinstance(value, Const) else ()
    cause = value.cause if isinstance(value, Unknown) else None
    made = Argument(_plain(value), given.span, _literal(value), given.key, elements=elements, variables=variables)
    if not isinstance(value, Const) or value.insertion is None:
        return replace(made, cause=cause)
    return replace(made, insertion=value.insertion, written_as=value.written_as)


def _literal(value: Value) -> Span | None:
    """Return where a number of another file may be edited."""
    file, node = value.literal if isinstance(value, Const) and value.literal is not None else (None, None)
    return file.home(node) if file is not None and node is not None else None


def _plain(value: Value) -> Any:
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Items) and value.rest is None:
        return tuple(_plain(item) for item in value.items)
    if isinstance(value, Component):
        return value.spec
    if isinstance(value, Unknown) and value.number is not None:
        return value.number
    return dims.UNKNOWN_DIM


def with_defaults(run: Run, cls: UserClass, arguments: Arguments, site: Site) -> Arguments:
    """Return the arguments of a class that stands for one of a library, with the defaults that the program may set."""
    made = class_lookup.find(cls, "__init__")
    spec = specification(run, cls.name, arguments, site)
    if not isinstance(made, Function) or spec.insertion is None or not arguments.complete:
        return arguments
    names = [one.arg for one in made.node.args.args]
    defaults = dict(zip(reversed(names), reversed(made.defaults)))
    given = {*names[1 : len(arguments.positional) + 1], *arguments.keywords}
    left_out = {
        name: Given(replace(value, insertion=spec.insertion, written_as=name), spec.span)
        for name, value in defaults.items()
        if name not in given and isinstance(value, Const) and type(value.value) is int
    }
    return replace(arguments, keywords={**arguments.keywords, **left_out})


def _insertion(run: Run, span: Span) -> Insertion | None:
    before = run.text[span.start : span.end - 1].rstrip()
    if run.text[span.end - 1 : span.end] != ")":
        return None
    prefix = "" if before.endswith("(") else " " if before.endswith(",") else ", "
    return Insertion(span.end - 1, prefix, "=")


def container(run: Run, kind: str, arguments: Arguments) -> Value:
    """Interpret `nn.Sequential(...)`, `nn.ModuleList([...])` or `nn.ModuleDict({...})`."""
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
        if isinstance(value, Node) and value.holder is None and value.name:
            chained.variables[name] = value.name
        naming.hold(chained, name, value)
    return chained


def given_by_name(run: Run, component: Component) -> dict[str, Argument]:
    """Return the arguments as written, by name."""
    names = parameters(run, component.spec.target)
    return {**dict(zip(names, component.spec.positional)), **dict(component.spec.keywords)}
