"""One interpretation of a file: its limits, what it has seen on the way, and what stayed unknown."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from shapelint.chain.chain import Edge, Flow
from shapelint.common.frozen import frozen
from shapelint.python.state.joins import joined
from shapelint.python.state.journal import Holder, Journal
from shapelint.python.state.kernel import Kernel
from shapelint.python.state.values import (
    MAXIMUM_HOPS,
    Component,
    Const,
    Instance,
    Items,
    Loss,
    Node,
    Scope,
    SourceFile,
    Unknown,
    UserClass,
    Value,
)
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.spec.spec import Argument, Step, Variable
from shapelint.text.source import Span

MAXIMUM_STEPS = 100_000
MAXIMUM_SHARE = 30_000
"""What one statement at the top of a file, one class or one method may use of the whole budget."""
IDLE_SHARE = 10_000
"""The same for a function that nobody in the file calls."""
MAXIMUM_DEPTH = 28
MAXIMUM_NESTING = 150
MAXIMUM_REPEATS = 3
MAXIMUM_RECURSION = 10
MAXIMUM_ELEMENTS = 512
MAXIMUM_NOTES = 200


class Exhausted(Exception):
    """The budget of an interpretation is used up; what was found so far stands."""


@frozen
class Call:
    """One component taking a tensor."""

    component: Component
    edge: Edge
    outgoing: Flow
    span: Span


@frozen
class LossCall:
    """A loss taking its operands; an operand is None where its shape is not known.

    `name` is what a loss written by hand is called.
    """

    loss: Loss
    operands: tuple[tuple[str, Flow | None], ...]
    span: Span
    compared: bool = True
    stored: Flow | None = None
    name: str = ""


@frozen
class Update:
    """A moving average of one component over another that was built apart."""

    name: str
    online: Resolved
    target: Resolved


@frozen
class BankCall:
    """A memory bank that meets features: the width that it was built with, if that is written."""

    component: Component
    width: Argument | None
    features: Flow


@frozen
class BatchReshape:
    """A reshape to literal sizes of a tensor whose size depends on the batch; `steps` led to the axis."""

    span: Span
    number: int
    shape: str
    owner: Node | None
    operation: str = "a reshape"
    steps: tuple[Step, ...] = ()


@dataclass
class Run(Kernel):
    """The state of one interpretation; `moved` is a variable that gets another number than the file gives it.

    Where something is built from a text (`eval`), what else it builds is `hidden`. `effect` is the call that is a
    statement of its own. Names of libraries that the file replaces are `patched`; a file that changes how code itself
    works is `rewired`, by the name by which it does so. From what roles gave, tokens are `chosen` one by one.
    `takers` are the functions that iterate over generators and calls, by node; `generators` whether a function yields.
    """

    options: Options
    text: str = ""
    folder: Path | None = None
    budget: int = MAXIMUM_STEPS
    remaining: int = MAXIMUM_SHARE
    depth: int = 0
    nesting: int = 0
    no_grad: int = 0
    calls: list[Call] = field(default_factory=list)
    misuses: list[Call] = field(default_factory=list)
    losses: list[LossCall] = field(default_factory=list)
    steps: dict[Any, tuple[Component, Resolved, Edge, Flow]] = field(default_factory=dict)
    banks: list[BankCall] = field(default_factory=list)
    reshapes: list[BatchReshape] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    escaped: set[int] = field(default_factory=set)
    averaged: list[tuple[Value, Value, Span]] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    visited: set[tuple[int, int]] = field(default_factory=set)
    visited_methods: list[tuple[Value, str]] = field(default_factory=list)
    assigned: dict[tuple[int, str], Span] = field(default_factory=dict)
    unseen: dict[tuple[int, str], str] = field(default_factory=dict)
    copies: dict[int, Span] = field(default_factory=dict)
    active: list[ast.AST] = field(default_factory=list)
    receivers: list[Value] = field(default_factory=list)
    returns: list[list[Value]] = field(default_factory=list)
    yields: list[Items] = field(default_factory=list)
    modules: dict[str, Scope | None] = field(default_factory=dict)
    anchors: list[Span] = field(default_factory=list)
    batches: dict[int, Value | None] = field(default_factory=dict)
    notes: dict[tuple[int, str], Unknown] = field(default_factory=dict)
    exhausted: bool = False
    may_trace: bool = True
    untraced: bool = False
    starved: bool = False
    hidden: bool = False
    effect: ast.AST | None = None
    rewired: str = ""
    chosen: set[str] = field(default_factory=set)
    patched: dict[str, Value] = field(default_factory=dict)
    takers: dict[ast.AST, str] = field(default_factory=dict)
    generators: dict[ast.AST, bool] = field(default_factory=dict)
    moved: Variable | None = None
    serial: int = 0
    journal: Journal = field(default_factory=lambda: Journal(joined))

    def step(self, cost: int = 1) -> None:
        """Pay for one step or several; raises Exhausted when the budget is used up."""
        self.remaining -= cost
        if self.remaining <= 0:
            self.exhausted = True
            raise Exhausted

    def touch(self, holder: Holder) -> None:
        """An object is about to change."""
        self.journal.touch(holder)

    def new_serial(self) -> int:
        """The number of one more scope: the same one whenever the file is interpreted anew."""
        self.serial += 1
        return self.serial

    def named(self, value: Value, scope: Scope, name: str) -> Value:
        """A number as a variable has it; twice that where this run moves the variable."""
        if not isinstance(value, Const) or type(value.value) is not int:
            return value
        variable = (scope.serial, name)
        number = value.value * 2 if variable == self.moved else value.value
        return replace(value, value=number, variables=(variable, *value.variables)[:MAXIMUM_HOPS])

    @contextmanager
    def share(self, most: int = MAXIMUM_SHARE) -> Iterator[None]:
        """One part of the file with its share of the budget; where that ends, the rest of the part is unknown."""
        before = self.remaining = min(self.budget, most)
        try:
            yield
        except (Exhausted, RecursionError):
            self.exhausted = True
        finally:
            self.budget -= before - max(self.remaining, 0)
            self.depth = self.nesting = self.no_grad = 0
            self.anchors.clear()

    def unknown(self, reason: str, node: ast.AST | None = None, file: SourceFile | None = None) -> Unknown:
        """An unknown value, noted for `-v`."""
        line = getattr(node, "lineno", 0) if file is None or file.main else 0
        value = Unknown(reason, line)
        if line and len(self.notes) < MAXIMUM_NOTES:
            self.notes.setdefault((line, reason), value)
        return value

    def escape(self, value: Value) -> None:
        """A module, or a class, was handed to code that cannot be seen."""
        if isinstance(value, Node):
            self.escaped.add(id(value))
        elif isinstance(value, UserClass):
            value.registered = True
        elif isinstance(value, Items):
            for item in value.items[:50]:
                if isinstance(item, Node):
                    self.escaped.add(id(item))
