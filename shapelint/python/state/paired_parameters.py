"""Loops that write the parameters of one network into those of another, pair by pair: by an average, or a copy."""

from __future__ import annotations

import ast

from shapelint.common.words import words
from shapelint.python.state.run import Run
from shapelint.python.state.values import Node, Scope
from shapelint.spec.spec import Cause

IN_PLACE = words("copy_ add_ mul_ sub_ lerp_")


def note_loop(run: Run, loop: ast.For | ast.AsyncFor, scope: Scope) -> None:
    """Note the networks in `for p, q in zip(online.parameters(), target.parameters()): q.data.copy_(p.data)`."""
    lists = loop.iter.args if isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "zip" else []
    owners = [owner for one in lists if (owner := _owner(one)) is not None]
    written = _written(loop) if len(owners) == len(lists) == 2 else None
    if written is None:
        return
    networks = [run.evaluate(owner, scope) for owner in owners]
    target, online = networks[written], networks[1 - written]
    if not isinstance(target, Node) or not isinstance(online, Node) or target is online or target.origin is online:
        return
    name = ast.unparse(owners[1 - written])
    reason = f"its parameters are written in pairs with those of {name}, which have other names"
    run.paired.append((online, target, Cause(reason, run.place(loop, scope.file))))


def _owner(listed: ast.expr) -> ast.expr | None:
    """Return the network in `network.parameters()`."""
    called = listed.func if isinstance(listed, ast.Call) else None
    return called.value if isinstance(called, ast.Attribute) and called.attr == "parameters" else None


def _written(loop: ast.For | ast.AsyncFor) -> int | None:
    """Return which of the two variables of a loop its body writes into, with the other one; None if it does not."""
    names = (
        [one.id for one in loop.target.elts if isinstance(one, ast.Name)] if isinstance(loop.target, ast.Tuple) else []
    )
    for node in (part for statement in loop.body for part in ast.walk(statement)):
        read = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        if len(names) == 2 and set(names) <= read and (place := _place(node)) in names:
            return names.index(place)
    return None


def _place(node: ast.AST) -> str:
    """Return the variable that a call in place writes into, or whose data an average is assigned to."""
    place: ast.AST = node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in IN_PLACE:
        place = node.func.value
    elif isinstance(node, ast.Assign) and any(isinstance(one, ast.BinOp) for one in ast.walk(node.value)):
        place = node.targets[0]
    while isinstance(place, (ast.Attribute, ast.Call)):
        place = place.value if isinstance(place, ast.Attribute) else place.func
    return place.id if isinstance(place, ast.Name) and place is not node else ""
