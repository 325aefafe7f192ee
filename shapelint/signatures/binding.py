"""Match constructor arguments as written with the parameters of a component's signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.common.nearest_words import nearest_word
from shapelint.common.patterns import pattern
from shapelint.common.value_words import describe
from shapelint.knowledge.schema.call_parameters import Parameter
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.knowledge.schema.widths import is_width
from shapelint.shapes import dims
from shapelint.spec.spec import Argument, ComponentSpec, Problem, as_json

_LIST = pattern(r"(?:^|\s)\*(\w+)|\b(\w+)\[|len\((\w+)\)")
"""What is spread over axes, indexed, or chooses the row by its length."""


@frozen
class Binding:
    """Arguments by parameter name: `given` as the user wrote them, `values` with the defaults filled in."""

    given: Mapping[str, Argument]
    values: Mapping[str, Any]
    problems: tuple[Problem, ...] = field(default=())


def bind(component: ComponentSignature, spec: ComponentSpec, role: str) -> Binding:
    """Match arguments with parameters; one that does not match is SL902, one missing SL905, a wrong value SL903."""
    label = component.target.rpartition(".")[2]
    parameters = component.parameters
    given, problems = _match(label, parameters, spec, role)
    problems += _missing(label, parameters, given, spec, role)
    widths = component.widths
    values: dict[str, Any] = {}
    misspelt = {problem.expected for problem in problems}
    for parameter in parameters:
        argument = given.get(parameter.name)
        if argument is None and parameter.name in misspelt:
            values[parameter.name] = dims.UNKNOWN_DIM
            continue
        if argument is None:
            is_seen = not parameter.required and not spec.note  # what is unpacked may hold any argument
            values[parameter.name] = parameter.default if is_seen else dims.UNKNOWN_DIM
            continue
        values[parameter.name] = argument.value
        if parameter.name in widths and isinstance(argument.value, dims.Expression):
            values[parameter.name] = argument.value if dims.is_unknown(argument.value) else dims.UNKNOWN_DIM
            reason = argument.why_unknown(f"{parameter.name} of {label}").reason
            hint = f"write {parameter.name} as a number to have it checked"
            problems.append(Problem("SL901", reason, argument.span, role, help=hint))
        elif parameter.name == component.classes and argument.value == 0:
            continue  # a classifier without outputs can be built: torch makes a Linear of width 0
        elif parameter.name in widths and not _is_width(argument.value, parameter, component):
            message = f"{parameter.name} of {label} must be a positive integer, found {describe(argument.value)}"
            problems.append(Problem("SL903", message, argument.span, role, actual=as_json(argument.value)))
            values[parameter.name] = dims.UNKNOWN_DIM
    return Binding(given, values, tuple(problems))


def refused_arguments(parameters: tuple[Parameter, ...], spec: ComponentSpec, role: str) -> tuple[Problem, ...]:
    """What Python refuses of a call as it is written: arguments that are not taken (SL902) or lack (SL905)."""
    label = spec.target.rpartition(".")[2]
    given, problems = _match(label, parameters, spec, role)
    return (*problems, *_missing(label, parameters, given, spec, role))


def _match(
    label: str, parameters: tuple[Parameter, ...], spec: ComponentSpec, role: str
) -> tuple[dict[str, Argument], list[Problem]]:
    given: dict[str, Argument] = {}
    problems: list[Problem] = []
    places = [parameter.name for parameter in parameters if parameter.kind == "positional"]
    given.update(zip(places, spec.positional))
    if len(spec.positional) > len(places) and not any(parameter.kind == "variadic" for parameter in parameters):
        message = f"{label} takes {len(places)} arguments, but {len(spec.positional)} are given"
        extra = spec.positional[len(places)]
        problems.append(
            Problem(
                "SL902", message, extra.span, role, len(places), len(spec.positional), f"it takes {_list(parameters)}"
            )
        )
    known = {parameter.name for parameter in parameters if parameter.kind != "variadic"}
    for name, argument in spec.keywords:
        place = argument.key or argument.span
        if name not in known and not any(parameter.kind == "variadic" for parameter in parameters):
            problems.append(_unknown(label, name, parameters, argument, role))
        elif name in given:
            problems.append(Problem("SL902", f"{label} gets {name} twice", place, role, actual=name))
        elif name in known:
            given[name] = argument
    return given, problems


def _unknown(label: str, name: str, parameters: tuple[Parameter, ...], argument: Argument, role: str) -> Problem:
    near = nearest_word(name, [parameter.name for parameter in parameters])
    hint = f"did you mean {near}?" if near else f"it takes {_list(parameters)}"
    place = argument.key or argument.span
    replacement = (place, near) if near and argument.key else None
    message = f"{label} takes no argument {name!r}"
    return Problem("SL902", message, place, role, near or None, name, hint, replacement)


def _missing(
    label: str, parameters: tuple[Parameter, ...], given: Mapping[str, Argument], spec: ComponentSpec, role: str
) -> list[Problem]:
    """The required arguments that are not given, as one problem; none where not all arguments are seen."""
    if spec.partial or spec.note:
        return []
    names = [one.name for one in parameters if one.required and one.kind != "variadic" and one.name not in given]
    if not names:
        return []
    have = "has" if len(names) == 1 else "have"
    message = f"{label} needs {_listed(names)}, which {have} no default"
    return [Problem("SL905", message, spec.head, role, expected=", ".join(names), label=f"{_listed(names)} not given")]


def _listed(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last


def _is_width(value: Any, parameter: Parameter, component: ComponentSignature | None = None) -> bool:
    """Whether a value may be given for a width, or be a list of widths for a parameter of a component."""
    if dims.is_unknown(value) or (value is None and not parameter.required and parameter.default is None):
        return True
    if isinstance(value, tuple):
        takes_list = component is not None and _takes_list(component, parameter)
        return takes_list and all(_is_width(element, parameter) for element in value)
    return is_width(value)


def _takes_list(component: ComponentSignature, parameter: Parameter) -> bool:
    """Whether an argument may be a list: it is spread over axes, indexed, or its length chooses the row."""
    text = " ".join(f"{row.shapes} {row.when}" for row in component.rows)
    return parameter.name in {"".join(names) for names in _LIST.findall(text)}


def _list(parameters: tuple[Parameter, ...]) -> str:
    return ", ".join(parameter.name for parameter in parameters) or "none"
