"""Torch's operations, from `rules/torch_operations.yaml`: what each takes, and what it does to shapes.

The file is read when the first operation is looked up, and a line is parsed when its operation is.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters

Section = Literal["operations", "attributes", "creations", "joins"]
"""Where a line is: by what it has first, which is a tensor (of a call, or of an attribute), nothing, or a list."""

SECTIONS: tuple[Section, ...] = ("operations", "attributes", "creations", "joins")

KEEPS_SHAPE = frozenset({"same", "along", "assign", "no_gradient"})
"""The steps that leave a shape as it is."""

LAYER_FUNCTIONS = frozenset({"torch", "torch.nn.functional"})
"""Where the functions that do what a layer does are."""


@frozen
class Literally:
    """A number that a line itself gives to a step."""

    value: Any


Feed = Union[str, Literally]
"""What a step gets: an argument by the name of its parameter, or a number."""


@frozen
class OperationStep:
    """A primitive of `shapelint/python/tensors/primitives.py`, and what it gets besides the axes."""

    primitive: str
    feeds: tuple[Feed, ...] = ()


@frozen
class Operation:
    """One line: its parameters (None where it takes anything), and either its steps or its shapes.

    `shapes` is in the notation of shape signatures; its inputs are the first of the parameters.
    """

    name: str
    parameters: tuple[Parameter, ...] | None
    steps: tuple[OperationStep, ...] = ()
    shapes: str = ""

    @property
    def primitive(self) -> str:
        """The first step; empty for a line in the notation."""
        return self.steps[0].primitive if self.steps else ""

    @property
    def keeps_shape(self) -> bool:
        """Whether the result has the shape of the tensor, whatever the arguments are."""
        return bool(self.steps) and all(step.primitive in KEEPS_SHAPE for step in self.steps)

    @property
    def detaches(self) -> bool:
        """Whether no gradient flows back through it."""
        return any(step.primitive == "no_gradient" for step in self.steps)


@cache
def find(name: str, section: Section = "operations") -> tuple[Operation, ...]:
    """The lines of an operation, in the order in which they are tried; `add_` is `add` into its own tensor.

    >>> [operation.primitive for operation in find("add_")]
    ['assign']
    """
    known = _lines(section).get(name)
    if known is None and section == "operations" and name.endswith("_") and not name.endswith("__"):
        return tuple(_in_place(operation) for operation in find(name[:-1]))
    return _parsed(name, known) if known else ()


def firsts(name: str) -> list[str]:
    """What the first parameter of an operation is called, by its lines; `input` always."""
    return ["input", *(one.parameters[0].name for one in find(name) if one.parameters)]


def operator(name: str) -> tuple[str, bool]:
    """The operation of an operator's method, and whether its operands are swapped: `__rmatmul__`, `__iadd__`.

    >>> operator("__rmatmul__"), operator("add")
    (('matmul', True), ('add', False))
    """
    plain = name[2:-2] if name.startswith("__") and name.endswith("__") else ""
    if not plain or find(name):
        return name, False
    if not find(plain) and plain[0] in "ri" and find(plain[1:]):
        return plain[1:], plain[0] == "r"
    return plain, False


def aliases() -> Mapping[str, str]:
    """Other names of parameters: numpy's `axis` is `dim`."""
    found: Mapping[str, str] = _data()["aliases"]
    return found


def layer_of(name: str) -> str:
    """The layer that a function does the work of, by dotted name; empty where it is none of these."""
    owner, _, last = name.rpartition(".")
    return _layers().get(last, "") if owner in LAYER_FUNCTIONS else ""


def names(section: Section) -> Sequence[str]:
    """All names of a section."""
    return list(_lines(section))


def _data() -> Any:
    return rules_folder.load("torch_operations.yaml")


@cache
def _lines(section: Section) -> dict[str, list[tuple[str, str]]]:
    """The lines of a section by name: their parameters with the parentheses, and what they do."""
    found: dict[str, list[tuple[str, str]]] = {}
    for call, does in _data()[section].items():
        written, opening, parameters = call.partition("(")
        for name in written.split():
            found.setdefault(name, []).append((opening + parameters, does))
    return found


@cache
def _layers() -> dict[str, str]:
    return {name: layer for written, layer in _data()["layers"].items() for name in written.split()}


def _parsed(name: str, lines: Sequence[tuple[str, str]]) -> tuple[Operation, ...]:
    return tuple(_operation(name, parameters, does) for parameters, does in lines)


@cache
def _operation(name: str, parameters: str, does: str) -> Operation:
    taken = parse_parameters(parameters) if parameters else None
    if "->" in does:
        return Operation(name, taken, shapes=does)
    steps = ast.parse(f"({does},)", mode="eval").body
    assert isinstance(steps, ast.Tuple)
    return Operation(name, taken, tuple(map(_step, steps.elts)))


def _step(written: ast.expr) -> OperationStep:
    """`reduce(dim, keepdim)`, or `same`."""
    if isinstance(written, ast.Name):
        return OperationStep(written.id)
    assert isinstance(written, ast.Call)
    assert isinstance(written.func, ast.Name)
    feeds = (arg.id if isinstance(arg, ast.Name) else Literally(ast.literal_eval(arg)) for arg in written.args)
    return OperationStep(written.func.id, tuple(feeds))


def _in_place(operation: Operation) -> Operation:
    """The operation on its own tensor, which another operand does not make larger."""
    broadcasts = tuple(
        OperationStep("assign", step.feeds) if step.primitive == "broadcast" else step for step in operation.steps
    )
    return Operation(f"{operation.name}_", operation.parameters, broadcasts, operation.shapes)
