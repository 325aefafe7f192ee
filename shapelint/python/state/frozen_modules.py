"""Modules whose parameters may take no gradients: `requires_grad_(False)`, `deactivate_requires_grad(model)`, loops.

Whatever touches `requires_grad` counts, whichever way it sets it: what is reported is certain.
"""

from __future__ import annotations

import ast

from shapelint.common.patterns import pattern
from shapelint.python.state import local_trees
from shapelint.python.state.run import Run
from shapelint.python.state.values import Node, Scope, Unknown, Value

SETS = pattern(r"requires_grad|detach_$|freeze|frozen|stop_?grad|grad_enabled")
"""Names by which a program keeps parameters from gradients."""
LISTINGS = frozenset({"parameters", "named_parameters", "modules", "named_modules", "children", "named_children"})

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def note(run: Run, value: Value, node: ast.AST) -> None:
    """Note that a module may have been frozen at a node of a program."""
    if isinstance(value, Node):
        run.frozen[id(value)] = value
        run.freezing[id(node)] = node
    elif isinstance(value, Unknown) and value.inside:
        for one in value.inside:
            note(run, one, node)
    else:
        run.freezing_unknown.add(id(node))


def note_loop(run: Run, loop: ast.For | ast.AsyncFor, scope: Scope) -> None:
    """Note the modules over whose parameters a loop runs, if it sets whether these take gradients."""
    calls = [one for one in ast.walk(loop.iter) if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)]
    owners = [one.func.value for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr in LISTINGS]
    owners = [one for one in owners if isinstance(one, (ast.Name, ast.Attribute, ast.Subscript))]
    if owners and any(sets(part) for statement in loop.body for part in ast.walk(statement)):
        for owner in owners:
            note(run, run.evaluate(owner, scope), loop)


def sets(node: ast.AST) -> bool:
    """Return whether a node sets whether something takes gradients, or names a function that may."""
    if isinstance(node, ast.Attribute):
        return bool(SETS.search(node.attr)) and (node.attr != "requires_grad" or isinstance(node.ctx, ast.Store))
    text = node.id if isinstance(node, ast.Name) else node.value if isinstance(node, ast.Constant) else ""
    return isinstance(text, str) and len(text) < 40 and bool(SETS.search(text))


def all_are_known(run: Run) -> bool:
    """Return whether every place of the program that may freeze something is one whose modules are known."""
    known = [node for key, node in run.freezing.items() if key not in run.freezing_unknown]
    followed = {id(one) for node in known for one in ast.walk(node)}
    every = list(local_trees.of(run))
    used = {one.id for tree in every for one in ast.walk(tree) if isinstance(one, ast.Name)}
    used |= {one.attr for tree in every for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    own = {one.name for tree in every for one in ast.walk(tree) if isinstance(one, DEFINITIONS)}
    parts = (part for tree in every for part in tree.body)
    live = [part for part in parts if not isinstance(part, DEFINITIONS) or part.name in used]
    left = (one for part in live for one in ast.walk(part) if id(one) not in followed and sets(one))
    return all((one.id if isinstance(one, ast.Name) else getattr(one, "attr", "")) in own for one in left)
