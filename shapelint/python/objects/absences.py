"""Attributes and names of libraries that a program reads and that are not there."""

from __future__ import annotations

import ast
import re

from shapelint.python.state import guards, local_trees
from shapelint.python.state.arguments import Site
from shapelint.python.state.run import Failure, Run
from shapelint.python.state.values import Chained, Component, Node, Scope
from shapelint.signatures import absent_names
from shapelint.signatures.absent_names import Absent
from shapelint.spec.spec import Problem
from shapelint.text.source import Span

OF_CLASSIFIERS = re.compile(rf"\.({'|'.join(absent_names.CLASSIFIERS)})\b|\[-?\d+\]")
"""The last layer of a classifier of several."""


def note_import(run: Run, module: str, node: ast.ImportFrom, scope: Scope) -> None:
    """Remember the names of `from lightly.loss import ...` that the module does not have, or a module that is none."""
    if scope.file is None or not scope.file.main:
        return
    package = absent_names.of_module(module)
    if package is not None and package.was_lost:
        _remember(run, package, node, _within(run, scope.file.span(node), module))
        return
    for alias in node.names:
        absent = absent_names.of_module(f"{module}.{alias.name}")
        if absent is not None and f"{module}.{alias.name}" not in run.patched:
            _remember(run, absent, node, _within(run, scope.file.span(node), alias.name))


def note_name(run: Run, dotted: str, site: Site) -> None:
    """Remember `torchvision.models.resnet19`."""
    absent = absent_names.of_module(dotted) if dotted not in run.patched else None
    span = _span(site)
    if absent is not None and span is not None:
        _remember(run, absent, site.node, span)


def note_part(run: Run, owner: Component, name: str, site: Site) -> Absent | None:
    """Remember `resnet.classifier`; return it if nothing in the file gives something a part of that name."""
    if not is_as_built(owner):
        return None
    return _noted(run, owner, absent_names.of_component(owner.spec, name), site)


def _noted(run: Run, owner: Node, absent: Absent | None, site: Site) -> Absent | None:
    span = _span(site)
    if absent is not None and span is not None and guards.is_certain(run):
        _remember(run, absent, site.node, span, owner)
        return absent if absent.name not in guards.given_names(run.tree) else None
    return None


def note_of_container(run: Run, owner: Chained, name: str, site: Site) -> Absent | None:
    """Remember `head.in_features` of an `nn.Sequential`, which nothing gives an attribute of that name."""
    is_known = owner.kind == "Sequential" and owner.rest is None and owner.base_of is None
    if not is_known or name in owner.children:
        return None
    absent = absent_names.of_layer("torch.nn.Sequential", name)
    return None if absent is None or _may_be_given(run, name) else _noted(run, owner, absent, site)


def _may_be_given(run: Run, name: str) -> bool:
    """Return whether a program or a file that it imports may give some object an attribute."""
    given = map(guards.names_given_to_others, local_trees.of(run))
    return any(names is None or name in names for names in given)


def is_as_built(owner: Component) -> bool:
    """Return whether a component is a whole model, of which nothing was changed that cannot be followed."""
    return owner.part_of is None and not owner.forgotten and owner.base_of is None


def _span(site: Site) -> Span | None:
    """Where the name of an attribute stands that the linted file reads."""
    node = site.node
    if not isinstance(node, ast.Attribute) or site.scope.file is None or not site.scope.file.main:
        return None
    span = site.scope.file.span(node)
    return Span(span.end - len(node.attr), span.end)


def _within(run: Run, span: Span, name: str) -> Span:
    """The place of a name in an import."""
    start = run.text.find(name, span.start, span.end)
    return Span(start, start + len(name)) if start >= 0 else span


def _with_part(run: Run, span: Span) -> Span:
    """The place of a name with the part of it that follows, which a last layer does not have: `head.fc`."""
    part = OF_CLASSIFIERS.match(run.text, span.end)
    return Span(span.start, part.end()) if part else span


def _remember(run: Run, absent: Absent, node: ast.AST, span: Span, owner: Node | None = None) -> None:
    message = f"{absent.owner} has no {'attribute' if owner else 'name'} {absent.name!r}"
    help_ = f"did you mean {absent.nearest}?" if absent.nearest else absent.hint
    label = "an earlier version had it" if absent.was_lost else ""
    is_exact = absent.exact and isinstance(node, ast.Attribute)
    replacement = (_with_part(run, span) if owner else span, absent.nearest) if is_exact else None
    problem = Problem("SL114", message, span, "", absent.nearest or None, absent.name, help_, replacement, label=label)
    run.failures.append(Failure(node, owner, problem, absent.name if owner else ""))
