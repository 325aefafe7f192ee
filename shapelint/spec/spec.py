"""A model as its file describes it, before anything is looked up: components as written, with their spans.

Every number keeps the place where it is used (`span`, where a finding points) and the place where it may be changed
(`home`; None if it may not, such as a declared width).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Literal

from shapelint.common.frozen import frozen
from shapelint.shapes.dims import Dim
from shapelint.text.source import Span

Spelling = Literal["name", "call", "widths", "declared", "layers"]


Variable = tuple[int, str]
"""A name of a program: the number of its scope in the order of creation, and the name in that scope."""


class ClassName(str):
    """A class of a library that is passed as an argument (`norm_layer=nn.BatchNorm2d`), by its dotted name."""


@frozen
class Argument:
    """One constructor argument as written; a value that cannot be known is `dims.UNKNOWN_DIM`.

    `variable` is where the value is written if that is elsewhere: behind an alias or a `${reference}`. `computed` is
    the expression of a value that is not a literal anywhere. The elements of a list have places of their own. In a
    program, `uses` are the places where the value was passed on, `variables` the names that it had, the latest first,
    and `cause` is why it cannot be known. A default of a library's class may be written, under the name `written_as`,
    at the `insertion` of the call that leaves it out.
    """

    value: Any
    span: Span
    home: Span | None
    key: Span | None = None
    variable: Span | None = None
    uses: tuple[Span, ...] = ()
    computed: Span | None = None
    elements: tuple[Argument, ...] = ()
    variables: tuple[Variable, ...] = ()
    cause: Cause | None = None
    insertion: Insertion | None = None
    written_as: str = ""

    def why_unknown(self, name: str) -> Cause:
        """Why its value is not known, for an argument of that name: `hidden_dim of BYOLProjectionHead`."""
        if self.cause is None:
            return Cause(f"{name} is known at run time only", self.span)
        if self.cause.is_file and self.cause.span is not None:
            return self.cause
        return Cause(f"{name} is not known: {self.cause.reason}", self.span, self.cause.help)


@frozen
class Step:
    """A place of a program that decided an axis: the action there, and the resulting shape, if it is known.

    A `minor` one kept the size of the axis and left it in its place among or outside the features.
    """

    span: Span
    action: str
    gives: Any = None
    minor: bool = False


@frozen
class Cause:
    """Why something is not known, where, and what would make it known: a line of settings, or a sentence.

    `is_output` is whether that something is what a network gave, so that whatever is made of it has the same cause;
    `is_file` whether it is a file that is not read, of which is spoken where it is read or does not parse.
    """

    reason: str
    span: Span | None = None
    help: str = ""
    is_output: bool = False
    is_file: bool = False


@frozen
class Insertion:
    """Where and how one more keyword argument can be written: `prefix + name + separator + value + suffix`."""

    offset: int
    prefix: str
    separator: str
    suffix: str = ""

    def text(self, name: str, value: int) -> str:
        """The text to insert for an argument."""
        return f"{self.prefix}{name}{self.separator}{value}{self.suffix}"


@frozen
class ComponentSpec:
    """A component as written. `span` is its whole text, `head` the name in it (a class, a model).

    One that `is_unread` is written in a way that says nothing of its layers; `note` says why.
    """

    spelling: Spelling
    target: str
    span: Span
    head: Span
    positional: tuple[Argument, ...] = ()
    keywords: tuple[tuple[str, Argument], ...] = ()
    layers: tuple[ComponentSpec, ...] = ()
    declared: Argument | None = None
    insertion: Insertion | None = None
    partial: bool = False
    note: str = ""
    is_unread: bool = False

    @property
    def arguments(self) -> Iterator[Argument]:
        """All arguments, positional first."""
        yield from self.positional
        yield from (argument for _, argument in self.keywords)


@frozen
class Problem:
    """A problem that engine rules (SL9xx) report while a file is read or a component is looked up."""

    code: str
    message: str
    span: Span
    role: str = ""
    expected: Any = None
    actual: Any = None
    help: str = ""
    replacement: tuple[Span, str] | None = None
    label: str = ""
    steps: tuple[Step, ...] = ()


@frozen
class InputSpec:
    """The input image; an axis that the config leaves open is a symbol."""

    channels: Dim
    height: Dim
    width: Dim
    span: Span | None = None
    spans: tuple[Span | None, ...] = (None, None, None)


@frozen
class TargetSpec:
    """The momentum branch as written: a copy, the online modules themselves, never used, or components of its own."""

    kind: Literal["copy", "alias", "own"]
    span: Span
    components: dict[str, ComponentSpec] = field(default_factory=dict)


@frozen
class BankSpec:
    """Stored vectors as written, such as `memory_bank: [4096, 128]`; `width` is the number that is their width."""

    name: str
    width: Argument
    span: Span


@frozen
class Extras:
    """What a file says about a model apart from its components; each is None (or False) if it is not set.

    `samples` is the number of training images, `hidden_layer` the backbone's layer whose output is taken as features (a
    name, or a position among its children), `checkpoint` a path, or a path and the prefix of its keys. `losses` are
    those of the method by the keys that name them.
    """

    target: TargetSpec | None = None
    losses: Mapping[str, ComponentSpec] = field(default_factory=dict)
    banks: tuple[BankSpec, ...] = ()
    batch_size: Argument | None = None
    keeps_last: bool = True
    samples: int | None = None
    hidden_layer: Argument | None = None
    checkpoint: Argument | None = None
    checkpoint_prefix: str = ""


@frozen
class ModelSpec:
    """One model of a file; `named` is where its method is written, None where nothing names it.

    `wiring` is the pack that wires it, if that is not the one of its method.
    """

    name: str
    method: str
    input: InputSpec
    span: Span
    components: dict[str, ComponentSpec] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    extras: Extras = field(default=Extras())
    named: Span | None = None
    wiring: str = ""


def as_json(value: Any) -> Any:
    """A value of a config as reports show it: numbers and texts as they are, others in words."""
    return value if isinstance(value, (str, int, float, bool)) else str(value)
