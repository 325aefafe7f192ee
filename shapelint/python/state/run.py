"""State of one interpretation of a file: its limits, what it has recorded so far, and what stayed unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

from shapelint.chain.chain import Edge, Flow
from shapelint.common import bounds
from shapelint.common.frozen import frozen, record, replace
from shapelint.documents.overrides import NO_SWEEP, Sweep
from shapelint.python.state.joins import joined
from shapelint.python.state.journal import Holder, Journal
from shapelint.python.state.kernel import Kernel
from shapelint.python.state.loader_rows import FedBatch, LoaderRows
from shapelint.python.state.other_files import OtherFiles
from shapelint.python.state.saved_weights import LoadedWeights
from shapelint.python.state.values import (
    MAXIMUM_HOPS,
    Component,
    Const,
    Instance,
    Items,
    Loss,
    Node,
    Resolver,
    Scope,
    SourceFile,
    Tensor,
    Unknown,
    UserClass,
    Value,
)
from shapelint.resolve.options import Options
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim
from shapelint.shapes.signatures import ShapeOrStructure
from shapelint.spec.spec import Argument, Cause, Problem, Step, Variable
from shapelint.text.source import Source, Span

MAXIMUM_STEPS = bounds.PROGRAM_STEPS
MAXIMUM_SHARE = 50_000
"""Share of the budget that one top-level statement, one class or one method may use."""
IDLE_SHARE = 20_000
"""Share of the budget for a function that nothing in the file calls."""
MAXIMUM_CALL_DEPTH = bounds.PROGRAM_CALL_DEPTH
MAXIMUM_NESTING = bounds.PROGRAM_NESTING
MAXIMUM_REPEATS = 3
MAXIMUM_RECURSION = 10
MAXIMUM_ELEMENTS = bounds.PROGRAM_ELEMENTS
MAXIMUM_NOTES = 200
NO_OBJECT = 0
"""In the place of an object's identity: the owner of networks that are variables of a script."""


class Exhausted(Exception):
    """Raised when the budget of an interpretation is used up; what was found so far is kept."""


class Answered(Exception):
    """Raised when an interpretation has seen what it was started for."""


@frozen
class Call:
    """A call of a component with a tensor."""

    component: Component
    edge: Edge
    outgoing: Flow
    span: Span


@frozen
class LossCall:
    """A call of a loss with its operands; an operand is None if its shape is unknown.

    `name` is the display name of a hand-written loss, `cause` why an operand is unknown; `is_averaged` says that a loss
    of the library gives one number.
    """

    loss: Loss
    operands: tuple[tuple[str, Flow | None], ...]
    span: Span
    compared: bool = True
    stored: Flow | None = None
    name: str = ""
    cause: Cause | None = None
    label_rows: Dim | None = None
    is_averaged: bool = False


@frozen
class OpenOperation:
    """An operation of which it is not known whether it takes what components made, and why that is not."""

    name: str
    operands: tuple[Flow, ...]
    cause: Cause


@frozen
class Update:
    """A moving average of an online component into a target component that was built separately."""

    name: str
    online: Resolved
    target: Resolved


@frozen
class BankCall:
    """A call of a memory bank with features; `width` is the width it was built with, if written in the source.

    `has_no_width` says that it was built with a number of vectors alone. A buffer is the bank of its `owner`.
    """

    component: Component
    width: Argument | None
    features: Flow
    has_no_width: bool = False
    owner: Node | None = None


@frozen
class StoredAxis:
    """An axis of the buffer called `name` of a module, whose size is an argument of what made it; all of its sizes."""

    owner: Node
    name: str
    argument: Argument
    sizes: tuple[Dim, ...]


@frozen
class BatchReshape:
    """A reshape to literal sizes of a tensor whose size depends on the batch; `steps` led to the axis."""

    span: Span
    number: int
    shape: str
    owner: Node | None
    operation: str = "a reshape"
    steps: tuple[Step, ...] = ()


@frozen
class QueueWrite:
    """A write of `rows` rows from a moving pointer on, into a queue of `length`; `span` is where the slice is written.

    `given` are the rows that are put there, as many or one for all of them. It is done once for each batch of a loader,
    in `epochs` loops over it, where that is known, or in more if it `goes_on`; `turn` is the iteration.
    """

    pointer: ast.expr
    rows: int
    length: int
    given: int
    span: Span
    epochs: int = 0
    turn: int = 0
    goes_on: bool = False

    @property
    def fitting(self) -> int:
        """The writes that fit before the end."""
        return self.length // self.rows


@frozen
class Failure:
    """What certainly stops the program at a node of the linted file; `owner` is the module that it is about.

    `attribute` is what that does not have, unless the program gives it one or asks whether it has.
    """

    node: ast.AST
    owner: Value | None
    problem: Problem
    attribute: str = ""


@record
class Run(Kernel):
    """State of one interpretation.

    A run `feeds` a certain batch of each of the `loaders` to the loops over them (it `has_loaders`, if only of batches
    whose size is not known); `fed` is the loader of the innermost
    one. `rounds` says how often each loop that is being run is run for certain, `open_loops` how many of them may be
    run more often, `fed_level` which of them is over that loader, and `fed_turns` counts its iterations; `queue_writes`
    are the writes to a queue, with whether the pointer begins at 0, and what to report; `uneven` are places where
    almost every other number of rows stops. `stored` are the axes of buffers by where their sizes are written.
    `asleep` are modules that were set to
    evaluation, or any of them if it `is_any_asleep`. `trained` are components of what may be a target that certainly
    get gradients, `frozen` the modules that may get none, and `freezing` the nodes of the program that say so, some
    of them of modules that are not known (`freezing_unknown`).

    `moved` is a variable that gets another number than in the file, to find layers that fit by chance.
    `evaluates_strings` says that code in a string was run (`eval`), which may have built other objects. `effect` is the
    call that is a statement of its own. `patched` maps library names that the file replaces to their replacements;
    `others` are the local modules that it imports; `rewired` is the name by which the file changes how code itself
    works, if it does. `chosen` holds the roles from whose output single tokens are selected. `extended` are the holders
    of lists of layers to which other code adds one. `consumers` maps nodes of generators and calls to the function that
    iterates over them; `generators` says of each function node whether it yields. `rewritten` counts the changes to
    values that are not known, `iterating` the loops that are being run. `unfollowed` are networks that were passed to
    code that is not seen, or all of them where there are none, and what that code is. `handed_over` are networks
    that such code may call. `open_operations` are those that may not take what they get, by their place and name.
    `unread` are the files that are read in all cases and are not there or do not parse;
    `failed_reads` counts all that is read in vain. `cut` are the
    objects and components that a part of the file built or called whose share ran out, or all of them if it was
    `cut_everywhere`. `decays` are those of moving averages, with the target. `saved` are the tensors that are
    parameters or buffers, by identity, with whether they are saved; `renamed` are networks that are wrapped by what
    gives their tensors other names; `weight_files` are the checkpoints that were read, `overwritten` the
    files that the program may have written by then. `callbacks` are what a trainer
    calls while it trains. `supposed_calls` are the calls by a method that nothing in the program calls, with its
    object. `config_folder` is the folder of the configs that Hydra was initialized with, `resolvers` are OmegaConf's
    that the program registered, `sweep` is what Hydra says of runs with other values; `refused` says why Hydra does not
    accept an override. A run `asked_for_config` if it depends on the one it is started with. It `takes_words` of its
    command line if one may name a config, and `asks_for_words` if it is started with one; `words` are those that name
    it, and `named_as` the path that they make. `stop` is why it certainly stops with that config, `stop_of_module` if
    that is before the end of the module. `answers` says of each call
    whether it is all that the run was started for; what is done under a `supposed` value is not asked. While calls are
    `recording` what they read, `readings` are the names outside of them, each with its scope and value. `line_shapes`
    are the shapes of what statements name or give back, None where they differ.
    """

    options: Options
    text: str = ""
    others: OtherFiles = field(default_factory=lambda: OtherFiles(Source("", "")))
    folder: Path | None = None
    budget: int = MAXIMUM_STEPS
    remaining: int = MAXIMUM_SHARE
    depth: int = 0
    nesting: int = 0
    no_grad: int = 0
    calls: list[Call] = field(default_factory=list)
    misuses: list[Call] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []))
    losses: list[LossCall] = field(default_factory=list)
    line_shapes: dict[Span, ShapeOrStructure | None] = field(default_factory=dict)
    steps: dict[Any, tuple[Component, Resolved, Edge, Flow]] = field(default_factory=dict)
    banks: list[BankCall] = field(default_factory=list)
    stored: dict[Span, StoredAxis] = field(default_factory=dict)
    reshapes: list[BatchReshape] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    escaped: set[int] = field(default_factory=set)
    averaged: list[tuple[Value, Value, Span]] = field(default_factory=list)
    paired: list[tuple[Node, Node, Cause]] = field(default_factory=list)
    decays: list[tuple[Value, float, Span]] = field(default_factory=list)
    saved: dict[int, tuple[Tensor, bool]] = field(default_factory=dict)
    renamed: dict[int, Node] = field(default_factory=dict)
    weight_files: list[str] = field(default_factory=list)
    overwritten: set[str] = field(default_factory=set)
    loads: list[LoadedWeights] = field(default_factory=list)
    callbacks: list[Instance] = field(default_factory=list)
    supposed_calls: list[tuple[range, Instance]] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    extended: set[int] = field(default_factory=set)
    visited: set[tuple[int, int]] = field(default_factory=set)
    visited_methods: list[tuple[Value, str]] = field(default_factory=list)
    assigned: dict[tuple[int, str], Span] = field(default_factory=dict)
    unseen: dict[tuple[int, str], Cause] = field(default_factory=dict)
    unfollowed: list[tuple[tuple[Node, ...], Cause]] = field(default_factory=list)
    handed_over: dict[int, tuple[Node, Cause]] = field(default_factory=dict)
    open_operations: dict[tuple[Span, str], OpenOperation] = field(default_factory=dict)
    unread: dict[str, Cause] = field(default_factory=dict)
    failed_reads: int = 0
    copies: dict[int, Span] = field(default_factory=dict)
    active: list[ast.AST] = field(default_factory=list)
    recursive: list[tuple[ast.AST, tuple[Value, ...]]] = field(default_factory=list)
    receivers: list[Value] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    returns: list[list[Value]] = field(default_factory=list)
    yields: list[Items] = field(default_factory=list)
    modules: dict[str, Scope | None] = field(default_factory=dict)
    anchors: list[Span] = field(default_factory=list)
    batches: dict[int, Value | None] = field(default_factory=dict)
    notes: dict[tuple[int, str], None] = field(default_factory=dict)
    other_versions: dict[str, None] = field(default_factory=dict)
    exhausted: bool = False
    cut: set[int] = field(default_factory=set)
    cut_everywhere: bool = False
    may_trace: bool = True
    untraced: bool = False
    traced_sizes: set[tuple[int, int]] = field(default_factory=set)
    starved: bool = False
    asks_for_words: bool = False
    asked_for_config: bool = False
    takes_words: bool = False
    words: tuple[tuple[str, str], ...] = ()
    named_as: str = ""
    stop: Cause | None = None
    stop_of_module: Cause | None = None
    evaluates_strings: bool = False
    effect: ast.AST | None = None
    rewired: str = ""
    chosen: set[str] = field(default_factory=set)
    patched: dict[str, Value] = field(default_factory=dict)
    consumers: dict[ast.AST, str] = field(default_factory=dict)
    generators: dict[ast.AST, bool] = field(default_factory=dict)
    moved: Variable | None = None
    answers: Callable[[Call], bool] | None = None
    supposed: int = 0
    recording: int = 0
    readings: list[tuple[Scope, str, Value]] = field(default_factory=list)
    config_folder: str = ""
    resolvers: dict[str, Resolver] = field(default_factory=dict)
    sweep: Sweep = NO_SWEEP
    refused: str = ""
    feeds: FedBatch = ""
    fed: LoaderRows | None = None
    fed_level: int = -1
    fed_turns: int = 0
    queue_writes: dict[Span, tuple[QueueWrite, bool, Failure]] = field(default_factory=dict)
    uneven: set[Span] = field(default_factory=set)
    loaders: list[LoaderRows] = field(default_factory=list)
    has_loaders: bool = False
    open_loops: int = 0
    rounds: list[int] = field(default_factory=list)
    asleep: dict[int, Node] = field(default_factory=dict)
    is_any_asleep: bool = False
    trained: set[Node] = field(default_factory=set)
    frozen: dict[int, Node] = field(default_factory=dict)
    freezing: dict[int, ast.AST] = field(default_factory=dict)
    freezing_unknown: set[int] = field(default_factory=set)
    serial: int = 0
    rewritten: int = 0
    iterating: int = 0
    journal: Journal = field(default_factory=lambda: Journal(joined))

    @property
    def config(self) -> str:
        """The config with which the program is started, "" if it is none; whoever asks for it depends on it."""
        self.asked_for_config = True
        return self.options.config

    def step(self, cost: int = 1) -> None:
        """Consume budget; raises Exhausted when it is used up."""
        self.remaining -= cost
        if self.remaining <= 0:
            self.exhausted = True
            raise Exhausted

    def record(self, call: Call) -> None:
        """Keep a call of a component; raises Answered after the last one that this run was started for."""
        self.calls.append(call)
        if self.answers is not None and not self.supposed and self.answers(call):
            raise Answered

    def touch(self, holder: Holder) -> None:
        """Note that an object is about to change."""
        self.journal.touch(holder)

    def new_serial(self) -> int:
        """Return the number of the next scope, which is the same each time the file is interpreted."""
        self.serial += 1
        return self.serial

    def named(self, value: Value, scope: Scope, name: str) -> Value:
        """Tag a number with the variable that it is assigned to, and double it if this run moves the variable."""
        if not isinstance(value, Const) or type(value.value) is not int:
            return value
        variable = (scope.serial, name)
        number = value.value * 2 if variable == self.moved else value.value
        return replace(value, value=number, variables=(variable, *value.variables)[:MAXIMUM_HOPS])

    @contextmanager
    def share(self, most: int = MAXIMUM_SHARE) -> Iterator[None]:
        """Run one part of the file within its share of the budget; when that runs out, the rest of it is unknown."""
        before = self.remaining = min(self.budget, most)
        built, called, entered = len(self.instances), len(self.calls), len(self.visited_methods)
        try:
            yield
        except (Exhausted, RecursionError):
            self.exhausted = True
            entries = (receiver for receiver, _ in self.visited_methods[entered:])
            parts = (one for call in self.calls[called:] for one in call.component.path)
            self.cut |= {id(one) for one in (*self.instances[built:], *entries, *parts)}
        finally:
            self.budget -= before - max(self.remaining, 0)
            self.depth = self.nesting = self.no_grad = 0
            self.anchors.clear()
            self.rounds.clear()
            self.open_loops = 0

    def unknown(self, reason: str, node: ast.AST | None = None, file: SourceFile | None = None) -> Unknown:
        """Return an unknown value, and note its reason for `-v`."""
        line = getattr(node, "lineno", 0) if file is None or file.main else 0
        if line and len(self.notes) < MAXIMUM_NOTES:
            self.notes.setdefault((line, reason))
        return Unknown(Cause(reason, self.place(node, file)))

    def place(self, node: ast.AST | None, file: SourceFile | None) -> Span | None:
        """Return where a node is in the linted file, or what led there from it; None if that is not known."""
        if node is not None and file is not None and file.main and hasattr(node, "lineno"):
            return file.span(node)
        return self.anchors[-1] if self.anchors else None

    def escape(self, value: Value) -> None:
        """Note that a module or class is passed to code that cannot be followed."""
        if isinstance(value, Node):
            self.escaped.add(id(value))
        elif isinstance(value, UserClass):
            value.registered = True
        elif isinstance(value, Items):
            for item in value.items[:50]:
                if isinstance(item, Node):
                    self.escaped.add(id(item))
