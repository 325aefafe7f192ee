"""Forward hooks: functions that torch calls with a module, its inputs and its output whenever the module runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from shapelint.chain.chain import Flow, Origin
from shapelint.python.state import class_lookup, naming
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    NO_SPAN,
    NONE,
    UNKNOWN,
    Bound,
    Component,
    Const,
    Function,
    Given,
    Hook,
    Instance,
    Items,
    Method,
    Node,
    Partial,
    Table,
    Tensor,
    Unknown,
    Value,
)
from shapelint.shapes import dims, notation, signatures
from shapelint.shapes.notation import Pattern

STORES = frozenset({"append", "update", "__setitem__", "setdefault", "setattr", "extend", "add"})
"""What a lambda calls to store an output: it returns nothing."""


def register(owner: Node, arguments: Arguments) -> Value | None:
    """Interpret `register_forward_hook(hook)`; None if the hook is not known."""
    function = arguments.positional[0].value if arguments.positional else UNKNOWN
    if not isinstance(function, (Function, Method, Partial, Instance, Bound)):
        return None
    flag = arguments.keywords.get("with_kwargs")
    with_keywords = flag is not None and isinstance(flag.value, Const) and flag.value.value is True
    hook = Hook(owner, function, with_keywords)
    # The interpreter runs code more than once that a program runs once: the last registration counts.
    owner.hooks = (*(one for one in owner.hooks if _code(one.function) is not _code(function)), hook)
    return hook


def handle_method(run: Run, hook: Hook, name: str, arguments: Arguments, site: Site) -> Value:
    """Interpret a method of what `register_forward_hook` returns: `handle.remove()`."""
    if name == "remove":
        hook.owner.hooks = tuple(one for one in hook.owner.hooks if one is not hook)
    return NONE if name == "remove" else UNKNOWN


def may_replace(function: Value) -> bool:
    """Return whether a hook may return another output; one that returns nothing cannot."""
    node = _code(function)
    if isinstance(node, ast.Lambda):
        called = node.body.func if isinstance(node.body, ast.Call) else node.body
        return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) not in STORES
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not isinstance(function, Bound) or function.name not in STORES
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def after(run: Run, module: Node, arguments: Arguments, output: Value, site: Site) -> Value:
    """Call the hooks of a module that has run; return its output, or what one of them returns in its place."""
    inputs = Items([given.value for given in arguments.positional], "tuple")
    for hook in module.hooks:
        output = _call(run, hook, inputs, output, site)
    return output


def after_parts(run: Run, model: Component, bindings: Mapping[str, Any] | None, site: Site) -> None:
    """Call the hooks of the parts of a library model that has run with these sizes, None if they are not known.

    What comes out of a part in which another one was replaced, or which comes after that, is not known.
    """
    order = list(run.parts(model)) if model.replaced else []
    changed = min((order.index(name) for name in model.replaced if name in order), default=len(order))
    for name, part in _hooked(model.parts):
        if name not in model.replaced:
            known = not order or (name in order[:changed] and not any(o.startswith(f"{name}.") for o in model.replaced))
            taken, output = _ends(run, model, name, bindings if known else None)
            for hook in part.hooks:
                _call(run, hook, taken, output, site)


def _hooked(parts: Mapping[str, Component]) -> Iterator[tuple[str, Component]]:
    """The parts with hooks, by dotted name, inner ones first."""
    for name, part in parts.items():
        yield from ((f"{name}.{inner}", one) for inner, one in _hooked(part.parts))
        if part.hooks:
            yield name, part


def _ends(run: Run, model: Component, name: str, bindings: Mapping[str, Any] | None) -> tuple[Items, Tensor]:
    """Return what a part of a model takes, and what it gives, from the table of its parts."""
    origin = Origin(naming.place(model).role, model.resolved)
    shapes = run.parts(model).get(name, "").partition(":")[2]
    if bindings is None or model.resolved is None or "->" not in shapes or model.forgotten:
        return Items([], "tuple", UNKNOWN), Tensor(Flow(None, (), origin))
    signature = signatures.substitute(notation.parse_signature(shapes), dict(model.resolved.values))
    sizes, (alternative, *_) = {"B": dims.symbol("B"), **bindings}, signature.alternatives
    inputs: list[Value] = [_filled(pattern, sizes, origin) for pattern in alternative.inputs]
    return Items(inputs, "tuple"), _filled(alternative.output, sizes, origin)


def _filled(pattern: object, sizes: Mapping[str, Any], origin: Origin) -> Tensor:
    """Return a tensor of a pattern's axes with these sizes, unknown if it is of several tensors."""
    filled = signatures.fill(pattern, sizes) if isinstance(pattern, Pattern) else None
    if not isinstance(filled, tuple):
        return Tensor(Flow(None, (), origin))
    return Tensor(Flow(filled, (origin,) * len(filled), origin))


def _call(run: Run, hook: Hook, inputs: Items, output: Value, site: Site) -> Value:
    """Call one hook, and return the output after it."""
    given: list[Value] = [hook.owner, inputs, *([Table({}, True)] if hook.with_keywords else []), output]
    result = run.call(hook.function, Arguments(tuple(Given(value, NO_SPAN) for value in given)), site)
    replaces = may_replace(hook.function) and not (isinstance(result, Const) and result.value is None)
    if not replaces:
        return output
    return UNKNOWN if isinstance(result, Unknown) else result


def _code(function: Value) -> object:
    """The code of a hook, by which two registrations of it are recognised."""
    if isinstance(function, Partial):
        return _code(function.function)
    if isinstance(function, Instance) and function.cls is not None:
        return _code(class_lookup.find(function.cls, "__call__") or UNKNOWN)
    function = function.function if isinstance(function, Method) else function
    return function.node if isinstance(function, Function) else function
