"""Side effects that an unknown call may have on its arguments: if its result is unused, it is made for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from shapelint.common import syntax_trees
from shapelint.common.patterns import pattern
from shapelint.common.while_it_lives import while_it_lives
from shapelint.common.words import words
from shapelint.knowledge import bystanders
from shapelint.python.state import causes, class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import forget, forget_recursively
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    CommandLine,
    Function,
    Given,
    Instance,
    Items,
    Method,
    Partial,
    Scope,
    Table,
    Tensor,
    Unknown,
    UserClass,
    Value,
)

ONLY_LOOKS = pattern(
    r"print|log|info|debug|warn|error|save|dump|write|watch|init|seed|setup|summary|show|plot|display|check|assert|valid"
    r"|step|run|train|fit|main|spawn|launch|eval|test|register|backward|sync|barrier|send|close|exit|track|record"
    r"|add_scalar|add_image|add_graph|makedirs|sleep|manual",
    re.IGNORECASE,
)
"""Names of functions that show, store or use their arguments, but do not modify them."""
KEEPS_SHAPES = pattern(
    r"grad|freeze|(^|_)ema|momentum|average|update|load|weight|param|distribut|count|flop|device|cuda|copy|sync|attach|profile",
    re.IGNORECASE,
)
"""Names of functions that set or count the parameters of a network, or place it, and keep its layers as they are."""
KEEPS_A_COPY = pattern(r"\b(config|hparams|meta|metadata|summary)\.update$", re.IGNORECASE)
"""Calls by which the settings of a run are recorded, of a tracker that is not seen."""


INITIALIZERS_CALL = words(
    """
    isinstance issubclass hasattr getattr type print len range int float min max zip enumerate sqrt prod size numel
    find startswith endswith lower calculate_gain parameters named_parameters no_grad _calculate_fan_in_and_fan_out
    """
)
"""Functions and methods that initializers of weights call, beside those that change a tensor in place."""
LOOP = "for given in every:\n    function(given)"
"""How a function is called that a library calls any number of times."""
MODIFYING_LIBRARIES = (
    "heapq.", "bisect.insort", "random.shuffle", "threading.", "concurrent.", "multiprocessing.", "asyncio.",
    "weakref.", "collections.ChainMap", "contextvars.", "atexit.", "types.",
)  # fmt: skip
"""Libraries whose functions modify or call their arguments."""


def note(run: Run, site: Site, arguments: Arguments, library: str = "") -> None:
    """Forget the contents of containers and objects that are passed to a call for its side effects."""
    node, scope = site.node, site.scope
    if not isinstance(node, ast.Call) or (node is not run.effect and not library.startswith(MODIFYING_LIBRARIES)):
        return
    if bystanders.owns(library):
        return
    for given in arguments.every if library.startswith(MODIFYING_LIBRARIES) else ():
        forget_recursively(run, given.value)
        if isinstance(given.value, (Function, Method)):
            with run.journal.conditional():
                run.call(given.value, Arguments(complete=False), Site(node, Scope({})))
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not ONLY_LOOKS.search(name) and not KEEPS_A_COPY.search(ast.unparse(node.func)):
        expose_to_unknown_code(run, arguments.every)
        if not library.startswith("torch.") and not is_harmless(name):
            causes.unfollowed(run, [given.value for given in arguments.every], Site(node, scope))


def hand_over(run: Run, site: Site, arguments: Arguments) -> None:
    """Note the networks that code which is not seen gets together with a tensor, or that it may call by its name.

    A function that it gets with a tensor is followed as one that may be called, with what is not known.
    """
    if not isinstance(site.node, ast.Call):
        return
    values = [given.value for given in arguments.every]
    values += [one for value in values if isinstance(value, Items) for one in value.items]
    has_tensor = any(isinstance(value, Tensor) for value in values)
    if has_tensor or not is_harmless(ast.unparse(site.node.func)):
        causes.handed_over(run, values, site)
    for value in values:
        if isinstance(value, Tensor):
            forget(run, value)
    for function in values if has_tensor else ():
        if isinstance(function, (Function, Method, Partial)):
            with run.journal.conditional():
                run.call(function, Arguments(complete=False), Site(site.node, Scope({})))


def is_harmless(name: str) -> bool:
    """Return whether a function that is not seen keeps the layers of a network as they are, by its name."""
    return bool(ONLY_LOOKS.search(name) or KEEPS_SHAPES.search(name))


def expose_to_unknown_code(run: Run, given: Sequence[Given], receiver: Value | None = None) -> None:
    """Note that unknown code gets hold of these values: the contents of containers and plain objects become unknown."""
    for one in given:
        run.escape(one.value)
        if isinstance(one.value, UserClass):
            one.value.registered = True
    for value in (*(one.value for one in given), *([] if receiver is None else [receiver])):
        if isinstance(value, (Items, Table, CommandLine, Unknown)) or _is_plain(value):
            forget(run, value)


def _is_plain(value: Value) -> bool:
    """Return whether a value is an object of a user-defined class that is not a module."""
    if not isinstance(value, Instance) or value.cls is None:
        return False
    return all(isinstance(base, UserClass) for base in class_lookup.resolution_order(value.cls))


def call_repeatedly(run: Run, function: Value, given: Value, site: Site) -> None:
    """Call a function of the program with a value that stands for each it may get, unless it fills tensors alone."""
    if not isinstance(function, (Function, Method, Partial)) or _only_fills_tensors(function):
        return
    names: dict[str, Value] = {"every": Items([], "list", given), "function": function}
    run.execute(_loop(site.node), Scope(names, None, site.scope.file, "function"))


def _only_fills_tensors(function: Function | Method | Partial) -> bool:
    """Return whether a function calls nothing that may change more than the numbers in a tensor."""
    if isinstance(function, Partial):
        return False
    node = (function.function if isinstance(function, Method) else function).node
    parts = list(ast.walk(node))
    stores = any(
        isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load) for part in parts
    )
    if stores or any(isinstance(part, (ast.Global, ast.Nonlocal)) for part in parts):
        return False
    called = [ast.unparse(part.func).rpartition(".")[2] for part in parts if isinstance(part, ast.Call)]
    return all(name in INITIALIZERS_CALL or name.endswith("_") for name in called)


@while_it_lives
def _loop(node: ast.AST) -> list[ast.stmt]:
    """Return a loop as if it were written at a node."""
    loop = syntax_trees.module(LOOP).body
    for statement in loop:
        for part in ast.walk(statement):
            if isinstance(part, (ast.stmt, ast.expr)):
                ast.copy_location(part, node)
    return loop
