"""What the annotation of a parameter makes of a value that a config gives, as jsonargparse reads it.

A text may name a class or a file with its arguments, a mapping may hold the fields of a dataclass, and a class may be
asked for as a factory: https://jsonargparse.readthedocs.io/en/stable/#type-hints
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from shapelint.common import syntax_trees
from shapelint.common.frozen import frozen
from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import Function, Library, Scope, UserClass, Value

UNION_TYPES = frozenset({"Optional", "Union", "Annotated"})
LIST_TYPES = frozenset({"list", "List", "Sequence", "Iterable", "tuple", "Tuple"})
FACTORY_TYPES = frozenset({"Callable"})
NOT_CLASSES = ("builtins.", "typing.", "collections.", "pathlib.", "enum.", "os.", "numbers.", "jsonargparse.")
"""Beginnings of types that are no classes to be built."""


@frozen
class ParameterType:
    """The classes that an annotation names, the type of the elements of a list, and whether it asks for a factory."""

    classes: tuple[Value, ...] = ()
    takes_text: bool = False
    element: ParameterType | None = None
    factory: bool = False


ANYTHING = ParameterType(takes_text=True)


def of_parameter(run: Run, target: Value, name: str, site: Site) -> ParameterType:
    """Return what the parameter of a function or class takes; anything where it is not annotated."""
    for function in _functions(target):
        for parameter in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs):
            if parameter.arg == name and parameter.annotation is not None:
                return _type(run, parameter.annotation, function.scope)
    for cls in _dataclasses(target):
        for part in cls.node.body:
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id == name:
                return _type(run, part.annotation, cls.scope)
    return ANYTHING


def _dataclasses(target: Value) -> Iterator[UserClass]:
    """Yield a class and its bases that are dataclasses, whose fields are parameters."""
    for cls in class_lookup.resolution_order(target) if isinstance(target, UserClass) else ():
        if isinstance(cls, UserClass) and cls.fields is not None:
            yield cls


def _functions(target: Value) -> Iterator[Function]:
    """Yield the constructors whose parameters a class takes: each passes those that it does not name to the next."""
    if isinstance(target, Function):
        yield target
    for cls in class_lookup.resolution_order(target) if isinstance(target, UserClass) else ():
        found = cls.scope.names.get("__init__") if isinstance(cls, UserClass) else None
        if isinstance(found, Function):
            yield found


def parameters(target: Value) -> dict[str, Value | None] | None:
    """Return the parameters of a function or class with their defaults; None if it takes others that are not seen."""
    found: dict[str, Value | None] = {}
    for cls in _dataclasses(target):
        found = {**{one.name: one.default for one in cls.fields or () if one.initial}, **found}
    for function in _functions(target):
        named = function.node.args
        names = [one.arg for one in (*named.posonlyargs, *named.args)]
        defaults: dict[str, Value | None] = dict(zip(reversed(names), reversed(function.defaults)))
        defaults.update(zip((one.arg for one in named.kwonlyargs), function.keyword_defaults))
        found = {**dict.fromkeys([*names, *defaults]), **defaults, **found}
        if named.kwarg is None:
            return found
    return found if isinstance(target, (Function, UserClass)) and not _has_unseen_base(target) else None


def _has_unseen_base(target: Function | UserClass) -> bool:
    if isinstance(target, Function):
        return True
    line = class_lookup.resolution_order(target)
    return any(not isinstance(base, (UserClass, Library)) for base in line)


def _type(run: Run, node: ast.expr, scope: Scope) -> ParameterType:
    classes: list[Value] = []
    takes_text = factory = False
    element: ParameterType | None = None
    for part in _alternatives(node):
        head = part.value if isinstance(part, ast.Subscript) else part
        name = ast.unparse(head).rpartition(".")[2]
        if isinstance(part, ast.Subscript) and name in LIST_TYPES:
            inner = part.slice.elts[0] if isinstance(part.slice, ast.Tuple) and part.slice.elts else part.slice
            element = _type(run, inner, scope)
        elif name in FACTORY_TYPES:
            factory = True
        elif not isinstance(part, ast.Subscript):
            found = run.evaluate(part, scope)
            takes_text = takes_text or name in ("str", "Any", "object") or not isinstance(found, (UserClass, Library))
            classes += [found] if _is_class(found) else []
    return ParameterType(tuple(classes), takes_text, element, factory)


def _is_class(value: Value) -> bool:
    if isinstance(value, UserClass):
        bases = class_lookup.resolution_order(value)
        return not any(isinstance(base, Library) and base.name.startswith("enum.") for base in bases)
    return isinstance(value, Library) and not value.name.startswith(NOT_CLASSES)


def _alternatives(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the types of a union, without None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            yield from _alternatives(syntax_trees.expression(node.value))
        except SyntaxError:
            return
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from (*_alternatives(node.left), *_alternatives(node.right))
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] in UNION_TYPES:
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for one in inner:
            yield from _alternatives(one)
    elif not (isinstance(node, ast.Constant) and node.value is None):
        yield node
