"""The constructor arguments of a component, parsed from its `call`."""

from __future__ import annotations

import ast
from typing import Any, Literal

from shapelint.common import syntax_trees
from shapelint.common.frozen import frozen


@frozen
class Parameter:
    """One constructor argument: its name, how it may be passed, its default if it has one."""

    name: str
    kind: Literal["positional", "keyword", "variadic"] = "positional"
    required: bool = True
    default: Any = None


def parse_parameters(call: str) -> tuple[Parameter, ...]:
    """The parameters of `name(a, b=1, *, c=2)`; defaults are literals. Raises SyntaxError or ValueError.

    >>> [parameter.name for parameter in parse_parameters("Linear(in_features, out_features, bias=True)")]
    ['in_features', 'out_features', 'bias']
    """
    parameters = "(" + call.partition("(")[2] if "(" in call else "()"
    definition, *more = syntax_trees.module(f"def call{parameters}: pass").body
    if more or not isinstance(definition, ast.FunctionDef):
        raise ValueError("not a call with names of parameters")
    arguments = definition.args
    found: list[Parameter] = []
    first_default = len(arguments.args) - len(arguments.defaults)
    for index, argument in enumerate(arguments.args):
        default = arguments.defaults[index - first_default] if index >= first_default else None
        found.append(_parameter(argument.arg, "positional", default))
    if arguments.vararg:
        found.append(Parameter(name=arguments.vararg.arg, kind="variadic", required=False))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        found.append(_parameter(argument.arg, "keyword", default))
    return tuple(found)


def _parameter(name: str, kind: Literal["positional", "keyword"], default: ast.expr | None) -> Parameter:
    if default is None:
        return Parameter(name=name, kind=kind)
    return Parameter(name=name, kind=kind, required=False, default=ast.literal_eval(default))
