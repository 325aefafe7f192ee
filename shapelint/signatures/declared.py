"""Signatures that a team has declared, under `[tool.shapelint.signatures]`.

"my_project.Trunk" = "B 3 H W -> B 256"                       whatever its arguments are "my_project.Neck(width,
depth=2)" = "B width -> B width"      in terms of its arguments
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from shapelint.common.frozen import replace
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.spec.roles import kind
from shapelint.spec.spec import ComponentSpec

OPEN_AXES = "..."
Declarations = tuple[tuple[str, str], ...]
"""Pairs of a target, as a name or a call, and its signature line."""


def find(
    declarations: Declarations, spec: ComponentSpec, names: Iterable[str]
) -> tuple[ComponentSignature, ComponentSpec] | None:
    """The declared signature of a component under one of its names, and the component as it is to be bound to it.

    A declaration without parameters applies to all arguments: they are not bound.
    """
    for target, line in declarations:
        name, parenthesis, _ = target.partition("(")
        if name in names:
            return _component(target, line), spec if parenthesis else replace(spec, positional=(), keywords=())
    return None


@lru_cache(maxsize=256)
def names(declarations: Declarations) -> frozenset[str]:
    """The names that have a signature, without their parameters."""
    return frozenset(target.partition("(")[0] for target, _ in declarations)


def suggestion(name: str, role: str) -> str:
    """A line of settings that gives a component a signature, in which the axes of its output are to be filled in."""
    return f'"{name}" = "{"B 3 H W" if kind(role) == "backbone" else "B ..."} -> B ..."'


def is_unfinished(line: str) -> bool:
    """Whether a line still has the open output of a suggestion."""
    taken, _, given = line.partition("->")
    return OPEN_AXES in given and (OPEN_AXES not in taken or given.split() == ["B", OPEN_AXES])


@lru_cache(maxsize=256)
def _component(target: str, line: str) -> ComponentSignature:
    """A declaration as a component all of whose arguments either are named in the line or change nothing."""
    component = ComponentSignature.validated({"call": target, "shapes": line})
    return component.changed(inert=frozenset(parameter.name for parameter in component.parameters))
