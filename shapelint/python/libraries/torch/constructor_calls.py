"""Calls of constructors that Python refuses: an argument that is not taken, or one that lacks.

Only what is stored counts, verified with the installed version, and only a call that names the class and whose
arguments are all seen.
"""

from __future__ import annotations

import ast

from shapelint.knowledge import banks, losses
from shapelint.knowledge.schema.call_parameters import Parameter
from shapelint.python.libraries.torch import constructing
from shapelint.python.state.arguments import Arguments, Site
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import Node, Value
from shapelint.signatures import binding, stored, versions


def note(run: Run, name: str, arguments: Arguments, site: Site, made: Value) -> None:
    """Remember what Python refuses of a call that makes a component, a loss or a bank."""
    if not arguments.complete or not isinstance(made, Node) or not _is_named(name, site):
        return
    target = constructing.canonical(run, name)
    known = _parameters(target)
    if known is None:
        return
    spec = constructing.specification(run, target, arguments, site)
    run.failures += [Failure(site.node, made, problem) for problem in binding.refused_arguments(known, spec, "")]


def _is_named(name: str, site: Site) -> bool:
    """Whether a call of the linted file names the class: it can be no other one."""
    if not isinstance(site.node, ast.Call) or site.scope.file is None or not site.scope.file.main:
        return False
    called = site.node.func
    written = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return written == name.rpartition(".")[2]


def _parameters(target: str) -> tuple[Parameter, ...] | None:
    """The arguments of a class or function that is stored; None for another one, or another version of it."""
    found = stored.find(target)
    if found is not None:
        file, component = found
        return None if versions.difference(file.library, file.versions) else component.parameters
    loss = losses.listed(target)
    if loss is not None:
        return None if versions.difference(*losses.verified(target)) else loss.parameters
    bank = banks.find(target)
    return None if bank is None or versions.difference(*banks.verified()) else bank.parameters
