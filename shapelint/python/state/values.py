"""The values of the static interpreter: what an expression of a Python file may stand for.

Whatever is not one of these is `Unknown`, which is contagious and silent: an operation on it is unknown again.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Union

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import ComponentSpec, Step, Variable
from shapelint.text.source import Span

MAXIMUM_HOPS = 5
NO_SPAN = Span(0, 0)

birth = itertools.count().__next__
"""The next number of the count by which an object that can change knows what was there before it."""


def born() -> Any:
    """The field that says when an object was made."""
    return field(default_factory=birth, init=False, repr=False)


@frozen
class Unknown:
    """What could not be worked out, and why; it may be one of some values, or something `inside` them."""

    reason: str = ""
    line: int = 0
    inside: tuple[Value, ...] = ()


UNKNOWN = Unknown()


@frozen
class Const:
    """A number, a text, a boolean, None, or a dimension.

    `place` is where the literal stands in the linted file, or the expression by which the number is `computed`, `hops`
    where calls passed it on, the last one first, and `variables` are the names that it went by.
    """

    value: Any
    place: Span | None = None
    computed: bool = False
    hops: tuple[Span, ...] = ()
    variables: tuple[Variable, ...] = ()


NONE = Const(None)


@dataclass(eq=False)
class Items:
    """A list, tuple or set. `rest` stands for an unknown number of further elements, all alike; what is the shape of a
    tensor knows that it is `shape_of` it, and what is one of several lists which those are.
    """

    items: list[Value]
    kind: str = "list"
    rest: Value | None = None
    depth: int = 0
    shape_of: Tensor | None = None
    one_of: tuple[Items, ...] = ()
    born: int = born()


@dataclass(eq=False)
class Table:
    """A dict with known keys, of which some are there only `perhaps`; `open` says that there may be others.

    One that is the names `of` something (`vars(args)`, `net._modules`, `globals()`) changes that with it. A `namespace`
    has attributes for keys.
    """

    items: dict[Any, Value]
    open: bool = False
    of: Value | Scope | None = None
    namespace: bool = False
    perhaps: frozenset[Any] = frozenset()
    born: int = born()


@frozen
class Tensor:
    """A tensor on its way; `detached` says that no gradient flows back through it.

    `loose` says that only the last axis is known: a layer that takes any axes got a tensor of unknown shape. One
    that is the weight of a module is `weight_of` it.
    """

    flow: Flow
    detached: bool = False
    loose: bool = False
    weight_of: Component | None = None

    @property
    def shape(self) -> tuple[Dim, ...] | None:
        """The shape, where it is known."""
        return self.flow.value if isinstance(self.flow.value, tuple) and not self.loose else None


@frozen
class Size:
    """Height and width of an image in pixels, and the place where they are written."""

    height: Dim
    width: Dim
    place: Span | None = None

    @property
    def pixels(self) -> tuple[Dim, Dim]:
        """Height and width, wherever they are written."""
        return self.height, self.width


@dataclass(eq=False)
class Views:
    """A transform, or a dataset that has one: the size of each view of an image, or that it `keeps` it."""

    sizes: tuple[Size, ...]
    keeps: bool = False
    born: int = born()


@frozen
class Data:
    """What comes out of a data loader: whatever is taken from it, an image where a component takes images.

    `rows` is the size of the batch, `joined` says that it certainly is one tensor. `sizes` are those of the views in
    order, empty where they are not known; what is `labelled` holds them beside a label, as its first element.
    """

    rows: Dim
    joined: bool = False
    sizes: tuple[Size, ...] = ()
    labelled: bool = False

    @property
    def size(self) -> Size | None:
        """The size of every image in it; None where that is not known or views differ."""
        return self.sizes[0] if len({size.pixels for size in self.sizes}) == 1 else None


@dataclass(eq=False)
class CommandLine:
    """An `argparse` parser: the value of each option that is not given, by the name it is read by.

    Options that are `shared` are those of a parent: whoever of both changes one changes it for both.
    """

    defaults: dict[str, Value] = field(default_factory=dict)
    shared: dict[str, CommandLine] = field(default_factory=dict)
    born: int = born()


@dataclass(eq=False)
class Scope:
    """The names of a module, class or function body; `parent` is where free names are looked up.

    `stars` are the libraries that `from ... import *` was said of, `serial` counts the scopes of a run.
    """

    names: dict[str, Value]
    parent: Scope | None = None
    file: SourceFile | None = None
    kind: str = "module"
    globals_: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    function: Function | None = None
    stars: list[str] = field(default_factory=list)
    serial: int = 0
    born: int = born()


@dataclass(eq=False)
class SourceFile:
    """A file that is interpreted: the linted one, a local module that it imports, or a script that imports it."""

    path: str
    span: Callable[[ast.AST], Span]
    main: bool = True
    script: bool = False


@dataclass(eq=False)
class Function:
    """A function or lambda of a file; `owner` is the class whose body it stands in, `setter` that of a property.

    One that is cached has a `memory` of what it gave.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: tuple[Value, ...] = ()
    keyword_defaults: tuple[Value | None, ...] = ()
    owner: UserClass | None = None
    wrapper: str = ""
    setter: Function | None = None
    memory: Table | None = None

    @property
    def name(self) -> str:
        """The function's name."""
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@frozen
class Method:
    """A function of a file bound to its first argument."""

    function: Function
    receiver: Value


@frozen
class Field:
    """A field of a dataclass: its default, or the factory that makes one for every object. One that is not `initial` is
    no parameter, one that is `only_initial` no attribute, a `keyword` has no place among the others.
    """

    name: str
    default: Value
    factory: Value | None = None
    initial: bool = True
    only_initial: bool = False
    keyword: bool = False


@dataclass(eq=False)
class UserClass:
    """A class of a file; one that is `registered` was handed to code that cannot be seen.

    One of a `meta`class of its own is what that makes of it; a call of one that is `strange` may give anything. A
    dataclass has `fields`, `certain` where all of them are seen; an enumeration has `members`.
    """

    name: str
    bases: tuple[Value, ...]
    scope: Scope
    node: ast.ClassDef
    fields: tuple[Field, ...] | None = None
    certain: bool = True
    registered: bool = False
    meta: bool = False
    strange: bool = False
    members: dict[str, Instance] = field(default_factory=dict)


@dataclass(eq=False)
class Node:
    """A module in memory: what `named` children hold it by, for the names in reports. `origin` is what it copies,
    `part_of` the library's model whose child it is, `base_of` the object of the file that is this by inheritance and
    stands for it, `placed` what `naming.place` said last, and for what surroundings. `first` and `last` are the places
    where it became so: where the network before or behind it was cut off.
    """

    name: str = ""
    holder: Node | None = None
    origin: Node | None = None
    part_of: Node | None = None
    base_of: Node | None = None
    placed: tuple[Any, Any] | None = None
    first: tuple[Step, ...] = ()
    last: tuple[Step, ...] = ()
    born: int = born()

    @property
    def path(self) -> tuple[Node, ...]:
        """The modules from the outermost holder to this one."""
        found: list[Node] = []
        node: Node | None = self
        while node is not None and node not in found and len(found) < 50:
            node = node.base_of or node
            found.append(node)
            node = node.holder or node.part_of
        return tuple(reversed(found))


@dataclass(eq=False)
class Instance(Node):
    """An object of a user-defined class; one that is `opaque` got parts by names that are not known.

    Attributes may be there only `perhaps`. `base` is the module of a library that the object is by inheritance,
    `hyperparameters` are those that Lightning's `save_hyperparameters` saved.
    """

    cls: UserClass | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    opaque: bool = False
    perhaps: frozenset[str] = frozenset()
    base: Value | None = None
    hyperparameters: Value | None = None


@dataclass(eq=False)
class Chained(Node):
    """`nn.Sequential` (called), `nn.ModuleList` and `nn.ModuleDict` (indexed)."""

    children: dict[str, Value] = field(default_factory=dict)
    kind: str = "Sequential"
    rest: Value | None = None


@dataclass(eq=False)
class Component(Node):
    """A module of a known library, as constructed; `resolved` is filled in when it is first needed.

    `replaced` are children that were set anew (`resnet.fc = nn.Identity()`), `parts` those that the table of its
    signature describes; one that is `hidden` was changed in a way that cannot be followed.
    """

    spec: ComponentSpec = field(default=None)  # type: ignore[assignment]
    replaced: dict[str, Value] = field(default_factory=dict)
    resolved: Resolved | None = None
    arguments: dict[str, Value] = field(default_factory=dict)
    parts: dict[str, Component] = field(default_factory=dict)
    hidden: bool = False


@dataclass(eq=False)
class Loss(Node):
    """A loss of lightly or torch, by its dotted name."""

    target: str = ""
    spec: ComponentSpec | None = None


@frozen
class Library:
    """A dotted name of an installed library: a module, a class, or a function."""

    name: str


@frozen
class Bound:
    """A method of a value that the interpreter itself knows (`tensor.flatten`, `list.append`)."""

    owner: Value
    name: str


@frozen
class Partial:
    """`functools.partial`."""

    function: Value
    positional: tuple[Given, ...] = ()
    keywords: tuple[tuple[str, Given], ...] = ()


@frozen
class Super:
    """`super()` inside a method: the class after which to look, and the object."""

    cls: UserClass
    receiver: Value


@frozen
class Given:
    """An argument of a call: its value, and where it stands; if that is a `foreign` file, the call that led there."""

    value: Value
    span: Span
    key: Span | None = None
    foreign: bool = False

    @property
    def passed(self) -> Value:
        """The value as the parameter of a function gets it: a literal from elsewhere remembers this place."""
        value = self.value
        if self.foreign or not isinstance(value, Const) or value.place is None or self.span in (value.place, NO_SPAN):
            return value
        return replace(value, hops=(self.span, *value.hops)[:MAXIMUM_HOPS])


Value = Union[
    Unknown,
    Const,
    Items,
    Table,
    Tensor,
    Data,
    Views,
    CommandLine,
    Function,
    Method,
    UserClass,
    Node,
    Library,
    Bound,
    Partial,
    Super,
]
