"""Functions of libraries, and methods of their modules, as signatures in the shape notation.

The tables are in `rules/library_functions.yaml`. Names that are not axes take their values from plain arguments of the
same name, or from the `values` of the module.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters
from shapelint.python.state import gradients
from shapelint.python.state.arguments import Arguments, Keywords
from shapelint.python.state.run import Run
from shapelint.python.state.value_facts import integer
from shapelint.python.state.values import Const, Data, Items, Tensor, Value
from shapelint.python.tensors import axes, image_sizes, signature_calls
from shapelint.shapes import dims, expression

LibraryFunctionTable = dict[str, "LibraryFunction"]


@frozen
class LibraryFunction:
    """A library function: its parameters, those that are tensors, and its signature."""

    name: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    shapes: str


def parse(call: str, text: str) -> LibraryFunction:
    """Parse a line: `get_at_index(tokens, index)` with `B L D, B K -> B K D` has two inputs, its first parameters."""
    parameters = parse_parameters(call)
    count = len(signature_calls.parsed(text).alternatives[0].inputs)
    return LibraryFunction(call.partition("(")[0], parameters, tuple(p.name for p in parameters[:count]), text)


@lru_cache(maxsize=1)
def _lines() -> dict[str, tuple[str, str]]:
    """Return the unparsed lines of all functions, by dotted name."""
    data = rules_folder.load("library_functions.yaml")["functions"]
    return {call.partition("(")[0]: (call, text) for call, text in data.items()}


def table() -> LibraryFunctionTable:
    """Return all functions, by dotted name."""
    return {name: parse(call, text) for name, (call, text) in _lines().items()}


@lru_cache(maxsize=1)
def methods() -> dict[str, dict[str, LibraryFunction]]:
    """Return the methods of modules, by class name and method name."""
    data = rules_folder.load("library_functions.yaml")["methods"]
    return {
        target: {function.name: function for function in (parse(call, text) for call, text in calls.items())}
        for target, calls in data.items()
    }


@lru_cache(maxsize=1)
def exact() -> frozenset[str]:
    """Return the dotted names of the functions that refuse every shape that their signatures do not list."""
    return frozenset(
        f"lightly.models.utils.{name}" for name in rules_folder.load("library_functions.yaml")["exact"].split()
    )


@lru_cache(maxsize=1)
def constructors() -> list[tuple[str, tuple[Parameter, ...], str]]:
    """Return what constructors require: the target, the arguments with their defaults, and the condition."""
    data = rules_folder.load("library_functions.yaml")["constructors"]
    return [(call.partition("(")[0], parse_parameters(call), condition) for call, condition in data.items()]


def refused(target: str, values: dict[str, Any]) -> str:
    """Return the condition that these arguments of a constructor violate; empty if it holds or cannot be evaluated."""
    for known, parameters, condition in constructors():
        if known == target:
            given = {p.name: values.get(p.name, dims.UNKNOWN_DIM if p.required else p.default) for p in parameters}
            try:
                if expression.evaluate(condition, given) is False:
                    return condition
            except (expression.ExpressionError, TypeError):
                continue
    return ""


def defaults(target: str, condition: str) -> dict[str, Any]:
    """Return the defaults of the arguments of a constructor that has a condition."""
    parameters = next(known for name, known, text in constructors() if (name, text) == (target, condition))
    return {parameter.name: parameter.default for parameter in parameters if not parameter.required}


@cache
def find(name: str) -> LibraryFunction | None:
    """Return a function by its dotted name."""
    line = _lines().get(name)
    return parse(*line) if line is not None else None


def call(run: Run, function: LibraryFunction, arguments: Arguments, values: Any = None) -> Value:
    """Call a library function: tensors are passed by shape, plain arguments by value."""
    given = by_name(function.parameters, arguments)
    operands = tensors(function, given)
    flows = [None if operand is None else operand.flow for operand in operands]
    trains = gradients.through([operand for operand in operands if operand is not None])
    bound = bound_arguments(function, given, values)
    maker = next((flow.maker for flow in flows if flow is not None), axes.NO_ORIGIN)
    result = signature_calls.apply(function.shapes, flows, bound, maker)
    if isinstance(result, Flow):
        return Tensor(result, trains)
    return Items([Tensor(flow, trains) for flow in result], "tuple")


def by_name(parameters: tuple[Parameter, ...], arguments: Arguments) -> Keywords:
    """Return the arguments of a call by parameter name."""
    return {**dict(zip((parameter.name for parameter in parameters), arguments.positional)), **arguments.keywords}


def tensors(function: LibraryFunction, given: Keywords) -> list[Tensor | None]:
    """Return the tensor operands of a call; None for one whose axes are unknown."""
    found: list[Tensor | None] = []
    for name in function.inputs:
        value = given[name].value if name in given else None
        if isinstance(value, Data) and name in ("images", "x", "imgs", "batch"):
            value = image_sizes.image(value)
        found.append(value if isinstance(value, Tensor) and not value.loose else None)
    return found


def bound_arguments(function: LibraryFunction, given: Keywords, values: Any = None) -> dict[str, Any]:
    """Return the values of the names in a function's signature: `values` of its module, then its plain arguments."""
    bound: dict[str, Any] = dict(values or {})
    for parameter in function.parameters:
        argument = given.get(parameter.name)
        value = argument.value if argument else Const(parameter.default)
        if parameter.name not in function.inputs or isinstance(value, Items):
            bound.setdefault(parameter.name, plain(value))
    return bound


def plain(value: Value) -> Any:
    """Convert a value to a number or a tuple of numbers; unknown if it is neither."""
    if isinstance(value, Items) and value.rest is None:
        return tuple(plain(item) for item in value.items)
    size = integer(value)
    return dims.UNKNOWN_DIM if size is None else size
