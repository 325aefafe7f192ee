"""What a call that cannot be seen may have done to its arguments: one whose result nobody takes is called for that."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from shapelint.python.state import class_lookup
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.forgetting import hide, hide_inside
from shapelint.python.state.run import Run
from shapelint.python.state.values import (
    CommandLine,
    Function,
    Given,
    Instance,
    Items,
    Method,
    Scope,
    Table,
    UserClass,
    Value,
)

ONLY_LOOKS = re.compile(
    r"print|log|info|debug|warn|error|save|dump|write|watch|init|seed|setup|summary|show|plot|display|check|assert|valid"
    r"|step|run|train|fit|main|spawn|launch|eval|test|register|backward|sync|barrier|send|close|exit|track|record"
    r"|add_scalar|add_image|add_graph|makedirs|sleep|manual",
    re.IGNORECASE,
)
"""Names of functions that show, keep or use what they are given, and do not write into it."""


WRITES = (
    "heapq.", "bisect.insort", "random.shuffle", "threading.", "concurrent.", "multiprocessing.", "asyncio.",
    "weakref.", "collections.ChainMap", "contextvars.", "atexit.", "types.",
)  # fmt: skip
"""Libraries whose functions write into what they are given, or call it."""


def note(run: Run, node: ast.AST, arguments: Arguments, library: str = "") -> None:
    """Forget what is in the containers and objects that a call for its effect was given."""
    if not isinstance(node, ast.Call) or (node is not run.effect and not library.startswith(WRITES)):
        return
    for given in arguments.every if library.startswith(WRITES) else ():
        hide_inside(run, given.value)
        if isinstance(given.value, (Function, Method)):
            with run.journal.perhaps():
                run.call(given.value, Arguments(complete=False), Site(node, Scope({})))
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if not ONLY_LOOKS.search(name):
        forget(run, arguments.every)


def forget(run: Run, given: Sequence[Given], receiver: Value | None = None) -> None:
    """Code that cannot be seen has these values in hand: what is in containers and plain objects is unknown."""
    for one in given:
        run.escape(one.value)
        if isinstance(one.value, UserClass):
            one.value.registered = True
    for value in (*(one.value for one in given), *([] if receiver is None else [receiver])):
        if isinstance(value, (Items, Table, CommandLine)) or _is_plain(value):
            hide(run, value)


def _is_plain(value: Value) -> bool:
    """Whether a value is an object of a class of the file that is no module."""
    if not isinstance(value, Instance) or value.cls is None:
        return False
    return all(isinstance(base, UserClass) for base in class_lookup.linear(value.cls))
