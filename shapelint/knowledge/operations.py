"""Torch's operations from `rules/torch_operations.yaml`: their arguments, and their effect on shapes.

The file is read when the first operation is looked up, and a line is parsed when its operation is.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union

from shapelint.common import syntax_trees
from shapelint.common.frozen import frozen
from shapelint.common.words import words
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.call_parameters import Parameter, parse_parameters

Section = Literal["operations", "attributes", "creations", "joins"]
"""The section of a line, by the first argument: a tensor (of a call or an attribute), none, or a list."""

SECTIONS: tuple[Section, ...] = ("operations", "attributes", "creations", "joins")

COMBINES = frozenset({"broadcast", "matmul", "assign"})
KEEPS_SHAPE = words("same along along_each assign no_gradient ends of_shape channels groups three equal variance")
"""The steps that do not change a shape."""

LAYER_FUNCTIONS = frozenset({"torch", "torch.nn.functional"})
"""Modules of the functions that are equivalent to a layer."""


@frozen
class Literally:
    """A literal number in a line, as the argument of a step."""

    value: Any


Feed = Union[str, Literally]
"""The argument of a step: a parameter by name, or a literal."""


@frozen
class OperationStep:
    """A primitive of `shapelint/python/tensors/primitives.py`, and its arguments in addition to the axes."""

    primitive: str
    feeds: tuple[Feed, ...] = ()


@frozen
class Operation:
    """A line: its parameters (None if it takes any arguments), and either its steps or its shapes.

    `shapes` is in the shape notation; its inputs are the first of the parameters. Its only step may be `no_gradient`.
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
    def gives(self) -> str:
        """The last step, which says what kind of value it gives; empty for a line in the notation."""
        return self.steps[-1].primitive if self.steps else ""

    @property
    def keeps_shape(self) -> bool:
        """Whether the result has the shape of the tensor, whatever the arguments are."""
        return not self.shapes and bool(self.steps) and all(step.primitive in KEEPS_SHAPE for step in self.steps)

    @property
    def combines(self) -> bool:
        """Whether the result has the numbers of the other operands in it, and not only their shape."""
        return bool(self.shapes) or any(step.primitive in COMBINES for step in self.steps)

    @property
    def detaches(self) -> bool:
        """Whether no gradient flows back through it."""
        return any(step.primitive == "no_gradient" for step in self.steps)


@cache
def find(name: str, section: Section = "operations") -> tuple[Operation, ...]:
    """Return the lines of an operation, in the order in which they are tried; `add_` is `add` in place.

    >>> [operation.primitive for operation in find("add_")]
    ['assign']
    """
    known = _lines(section).get(name)
    if known is None and section == "operations" and name.endswith("_") and not name.endswith("__"):
        return tuple(_in_place(operation) for operation in find(name[:-1]))
    return _parsed(name, known) if known else ()


def listed(name: str) -> str:
    """Return the name of a function in the data: with its module if another one has a function of the same name.

    >>> listed("torch.linalg.norm"), listed("torch.linalg.det")
    ('linalg.norm', 'det')
    """
    owner, _, last = name.rpartition(".")
    exact = f"{owner.rpartition('.')[2]}.{last}"
    return exact if any(exact in _lines(section) for section in SECTIONS) else last


def firsts(name: str) -> list[str]:
    """Return the names of the first parameter in the lines of an operation; always including `input`."""
    return ["input", *(one.parameters[0].name for one in find(name) if one.parameters)]


def operator(name: str) -> tuple[str, bool]:
    """Return the operation of an operator's method, and whether its operands are swapped: `__rmatmul__`, `__iadd__`.

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
    """Return other names of parameters: numpy's `axis` is `dim`."""
    found: Mapping[str, str] = _data()["aliases"]
    return found


def layer_of(name: str) -> str:
    """Return the layer to which a function is equivalent, by dotted name; empty if there is none."""
    owner, _, last = name.rpartition(".")
    return _layers().get(last, "") if owner in LAYER_FUNCTIONS else ""


def names(section: Section) -> Sequence[str]:
    """Return all names of a section."""
    return list(_lines(section))


def _data() -> Any:
    return rules_folder.load("torch_operations.yaml")


@cache
def _lines(section: Section) -> dict[str, list[tuple[str, str]]]:
    """Return the lines of a section by name: their parameters with the parentheses, and their right-hand side."""
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
        plain = does.removeprefix("no_gradient(")
        stops = (OperationStep("no_gradient"),) if plain != does else ()
        return Operation(name, taken, stops, plain.removesuffix(")") if stops else does)
    steps = syntax_trees.expression(f"({does},)")
    assert isinstance(steps, ast.Tuple)
    return Operation(name, taken, tuple(map(_step, steps.elts)))


def _step(written: ast.expr) -> OperationStep:
    """Parse `reduce(dim, keepdim)` or `same`."""
    if isinstance(written, ast.Name):
        return OperationStep(written.id)
    assert isinstance(written, ast.Call)
    assert isinstance(written.func, ast.Name)
    feeds = (arg.id if isinstance(arg, ast.Name) else Literally(ast.literal_eval(arg)) for arg in written.args)
    return OperationStep(written.func.id, tuple(feeds))


def _in_place(operation: Operation) -> Operation:
    """Return the in-place form of an operation, in which the other operand cannot enlarge the tensor."""
    broadcasts = tuple(
        OperationStep("assign", step.feeds) if step.primitive == "broadcast" else step for step in operation.steps
    )
    return Operation(f"{operation.name}_", operation.parameters, broadcasts, operation.shapes)
