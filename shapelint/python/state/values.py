"""Values of the static interpreter: what an expression of a Python file may evaluate to.

Anything else is `Unknown`, which propagates silently: an operation on it is unknown again.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, Union

from shapelint.chain.chain import Flow
from shapelint.common.frozen import frozen, record, replace
from shapelint.resolve.resolved import Resolved
from shapelint.shapes.dims import Dim
from shapelint.spec.spec import Cause, ComponentSpec, Insertion, Step, Variable
from shapelint.text.source import Span

MAXIMUM_HOPS = 5
NO_SPAN = Span(0, 0)
Resolver = Callable[[Sequence[Any]], Any]
"""What `${name:arguments}` of a config calls: from values to a value."""
OF_COMMANDS = "command"
"""The `wrapper` of a function whose arguments are a command line: its parameters are options."""

birth = itertools.count().__next__
"""Return the next creation number, by which a frame knows which mutable objects existed before it."""


def born() -> Any:
    """Return the dataclass field that holds the creation number of an object."""
    return field(default_factory=birth, init=False, repr=False)


@frozen
class Unknown:
    """A value that could not be determined, and why; it may be one of the values in `inside`, or part of one.

    `number` is the dimension that it is if it is one: a parameter that nothing passes is the same width wherever it is
    used, so that layers built from it fit each other whatever it is.
    One with a `choice` is one of the values in `inside` as a whole. One that `is_number` is a plain number for certain.
    """

    cause: Cause | None = None
    inside: tuple[Value, ...] = ()
    number: Dim | None = None
    choice: Choice | None = None
    is_number: bool = False


@frozen
class Choice:
    """One of several values, by a key that is not known: all that is chosen by the same `key` is chosen together.

    `changes` are the attributes that were set on whichever of them it is.
    """

    key: str
    changes: Table


UNKNOWN = Unknown()
CHANGED = Unknown(Cause("it was changed in a way that cannot be followed"))
"""What is left of a value that was forgotten."""


@frozen
class Const:
    """A number, a string, a boolean, None, or a dimension.

    `place` is the span of the literal in the linted file or, if `computed`, of the expression that computes the number.
    `hops` are the spans of the calls that passed it on, the last one first; `variables` are the variables that held it.
    `literal` is the literal of a number in another file; `characters` is the span of a string without its quotes.
    `insertion` is where the default of a library's class may be written, under the name `written_as`.
    """

    value: Any
    place: Span | None = None
    computed: bool = False
    hops: tuple[Span, ...] = ()
    variables: tuple[Variable, ...] = ()
    literal: tuple[SourceFile, ast.AST] | None = None
    characters: Span | None = None
    insertion: Insertion | None = None
    written_as: str = ""


NONE = Const(None)


@frozen
class Gathered:
    """What a list has collected: how many elements, and the rows that these have together; None where not known."""

    count: Dim | None
    rows: Dim | None


@record
class Items:
    """A list, tuple, set or another sequence; `rest` stands for an unknown number of further elements, all alike.

    `shape_of` is the tensor whose shape this is; `one_of` are the lists of which this may be any. `collected` says how
    much `rest` stands for, where that is known.
    """

    items: list[Value]
    kind: str = "list"
    rest: Value | None = None
    depth: int = 0
    shape_of: Tensor | None = None
    one_of: tuple[Items, ...] = ()
    collected: Gathered | None = None
    born: int = born()


@record
class Table:
    """A dict with known keys: those in `maybe_missing` may be missing, and if it is `open`, there may be others.

    `of` is the value or scope whose names these are (`vars(args)`, `net._modules`, `globals()`): changing the table
    changes that, too. The keys of a `namespace` are read as attributes; a dict with `attributes` has them as well as
    its methods. One that `converts` any keeps a dict that is put into it as a copy of its own kind; other kinds do so
    with plain dicts only. The `update` of one that `merges` does so with the dicts in it. An object of a class that a
    library calls `kind` is also read by position, without its attributes that are None. `cause` is why the keys of an
    open one are not known. `resolvers` are those of OmegaConf that may be named in it as the root of a config.
    """

    items: dict[Any, Value]
    open: bool = False
    of: Value | Scope | None = None
    namespace: bool = False
    attributes: bool = False
    maybe_missing: frozenset[Any] = frozenset()
    converts: Literal["", "plain", "any"] = ""
    merges: bool = False
    kind: str = ""
    cause: Cause | None = None
    resolvers: Mapping[str, Resolver] = field(default_factory=dict)
    born: int = born()


@record
class Ones:
    """How many elements of a tensor are 1, where the others are 0; None once it may have been written to.

    All tensors that may have the same memory share one.
    """

    count: Dim | None


@frozen
class Tensor:
    """A tensor; `trains` are the components that certainly get gradients through it, as far as they may be targets.

    `loose` says that only the last axis is known: a layer that takes any axes got a tensor of unknown shape.
    `weight_of` is the module whose weight this is, and `is_mask` says that it holds truth values,
    `is_index` that it holds whole numbers; `ones` are those of a tensor that otherwise holds zeros. `order` is the
    place of each axis in memory, if it is another than its own.
    """

    flow: Flow
    trains: frozenset[Node] = frozenset()
    loose: bool = False
    weight_of: Component | None = None
    is_mask: bool = False
    is_index: bool = False
    ones: Ones | None = None
    order: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[Dim, ...] | None:
        """The shape; None if it is unknown."""
        return self.flow.value if isinstance(self.flow.value, tuple) and not self.loose else None


@frozen
class NumpyArray:
    """An array of numpy, as the tensor of its shape: what is done to it has other names than with tensors."""

    tensor: Tensor


@frozen
class Size:
    """Height and width of an image in pixels, and the span where they are written."""

    height: Dim
    width: Dim
    place: Span | None = None

    @property
    def pixels(self) -> tuple[Dim, Dim]:
        """Height and width, regardless of where they are written."""
        return self.height, self.width


@record
class Views:
    """A transform, or a dataset with one: the size of each view of an image, or that it `keeps` the size."""

    sizes: tuple[Size, ...]
    keeps: bool = False
    born: int = born()


@record
class Dataset:
    """A dataset of `samples` samples, None if that is not known; `source` is what they come from.

    That is a tuple of tensors whose rows they are, the transform that makes them, or the user-defined dataset that this
    is a part of. One that is `labelled` has pairs of an image and a whole number. A sampler is a dataset, too:
    `batches` are the size of those into which it divides them, and whether it leaves out a shorter last one.
    """

    source: Value
    samples: int | None
    batches: tuple[int, bool | None] | None = None
    labelled: bool = False
    born: int = born()


@frozen
class Data:
    """Output of a data loader, or anything taken from it; it counts as an image where a component takes images.

    `rows` is the batch size; `joined` says that it certainly is one tensor. `sizes` are the sizes of the views in
    order, empty if they are unknown; `labelled` data has the views as its first element, next to a label. Data that
    `may_end` is None behind the last batch.
    """

    rows: Dim
    joined: bool = False
    sizes: tuple[Size, ...] = ()
    labelled: bool = False
    may_end: bool = False

    @property
    def size(self) -> Size | None:
        """Size of every image in it; None if it is unknown or the views differ."""
        return self.sizes[0] if len({size.pixels for size in self.sizes}) == 1 else None


@record
class CommandLine:
    """An `argparse` parser: the default value of each option, by the name under which it is read.

    `shared` maps the options of parent parsers to these parsers: a change to such an option applies to both. `links`
    are the arguments of the calls of jsonargparse's `link_arguments`, and `groups` the classes whose arguments it adds
    under a name: None where a config names the class. `options` are those that take one value: the name under which
    it is read, and its type.
    """

    defaults: dict[str, Value] = field(default_factory=dict)
    shared: dict[str, CommandLine] = field(default_factory=dict)
    links: list[Any] = field(default_factory=list)
    groups: dict[str, Value] = field(default_factory=dict)
    options: dict[str, tuple[str, Value | None]] = field(default_factory=dict)
    born: int = born()


@record
class Scope:
    """Names of a module, class or function body; free names are looked up in `parent`.

    `stars` are the libraries imported by `from ... import *`; `serial` counts the scopes of a run.
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


@record
class SourceFile:
    """An interpreted file: the linted one, a local module that it imports, or a script that imports it.

    `home` returns where a node of another file than the linted one may be edited.
    """

    path: str
    span: Callable[[ast.AST], Span]
    main: bool = True
    script: bool = False
    home: Callable[[ast.AST], Span | None] = lambda _: None


@record
class Function:
    """A user-defined function or lambda; `owner` is the class whose body defines it, `setter` the setter of a property.

    `memory` holds the results of a cached function.
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
        """Name of the function."""
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@frozen
class Method:
    """A user-defined function bound to its first argument."""

    function: Function
    receiver: Value


@frozen
class Field:
    """A field of a dataclass: its default, or the factory that makes one for every object.

    A field that is not `initial` is not a parameter of `__init__`, one that is `only_initial` is not an attribute, and
    a `keyword` field is a keyword-only parameter.
    """

    name: str
    default: Value
    factory: Value | None = None
    initial: bool = True
    only_initial: bool = False
    keyword: bool = False


@record
class UserClass:
    """A user-defined class; `registered` says that it was passed to code that cannot be followed.

    `meta` says that it has a metaclass that may change it, `strange` that calling it may return anything. A dataclass
    has `fields`, all of them known if `certain`; an enumeration has `members`.
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


@record
class Node:
    """A module in memory.

    `name` is the attribute of its `holder` that refers to it, for reports. `origin` is the module that it copies,
    `part_of` the library model whose child it is, `base_of` the user-defined object that is this module by inheritance
    and stands for it. `placed` is the last result of `naming.place`, with the surroundings it is valid for. `first` and
    `last` are the places where it became first or last: where the network before or after it was cut off. `hooks` are
    called whenever it has run.
    """

    name: str = ""
    holder: Node | None = None
    origin: Node | None = None
    part_of: Node | None = None
    base_of: Node | None = None
    placed: tuple[Any, Any] | None = None
    first: tuple[Step, ...] = ()
    last: tuple[Step, ...] = ()
    hooks: tuple[Hook, ...] = ()
    born: int = born()

    @property
    def path(self) -> tuple[Node, ...]:
        """Modules from the outermost holder to this one."""
        found: list[Node] = []
        node: Node | None = self
        while node is not None and node not in found and len(found) < 50:
            node = node.base_of or node
            found.append(node)
            node = node.holder or node.part_of
        return tuple(reversed(found))


@record
class Hook:
    """A forward hook that a module has, and the handle by which it can be removed."""

    owner: Node
    function: Value
    with_keywords: bool = False


@record
class Instance(Node):
    """An object of a user-defined class; `opaque` says that it has parts with unknown names.

    Attributes in `maybe_missing` may be missing. `base` is the library module that the object is by inheritance;
    `hyperparameters` are those that Lightning's `save_hyperparameters` saved; `cause` is why the parts of an opaque one
    are not known.
    """

    cls: UserClass | None = None
    attributes: dict[str, Value] = field(default_factory=dict)
    opaque: bool = False
    maybe_missing: frozenset[str] = frozenset()
    base: Value | None = None
    hyperparameters: Value | None = None
    cause: Cause | None = None


@record
class Chained(Node):
    """An `nn.Sequential` (called), or an `nn.ModuleList` or `nn.ModuleDict` (indexed).

    `variables` are the names of variables that its children had when it was built.
    """

    children: dict[str, Value] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    kind: str = "Sequential"
    rest: Value | None = None


@record
class Component(Node):
    """A module of a known library, as constructed; `resolved` is filled in when it is first needed.

    `replaced` are children that were assigned (`resnet.fc = nn.Identity()`), `parts` those that the table of its
    signature describes; `forgotten` says that it was changed in a way that cannot be followed.
    """

    spec: ComponentSpec = field(default=None)  # type: ignore[assignment]
    replaced: dict[str, Value] = field(default_factory=dict)
    resolved: Resolved | None = None
    arguments: dict[str, Value] = field(default_factory=dict)
    parts: dict[str, Component] = field(default_factory=dict)
    forgotten: bool = False


@record
class Loss(Node):
    """A loss of lightly or torch, by its dotted name."""

    target: str = ""
    spec: ComponentSpec | None = None


@frozen
class DataFile:
    """A file on disk, by the path that the program gives: the path itself, the file opened, or its text."""

    path: str
    kind: str = "path"


@frozen
class ConfigReference:
    """`${a.b}` in a config that OmegaConf read: what it stands for is looked up from the `root` when it is read.

    `path` are the keys that lead from the root to it; `place` is where it is written.
    """

    text: str
    root: Table
    path: tuple[str, ...] = ()
    place: Span | None = None


@frozen
class Library:
    """A module, class or function of an installed library, by its dotted name."""

    name: str


@frozen
class Bound:
    """A method that the interpreter implements itself, with its owner (`tensor.flatten`, `list.append`)."""

    owner: Value
    name: str


@frozen
class Partial:
    """A `functools.partial` object."""

    function: Value
    positional: tuple[Given, ...] = ()
    keywords: tuple[tuple[str, Given], ...] = ()


@frozen
class Super:
    """The result of `super()` inside a method: the class after which to look, and the object."""

    cls: UserClass
    receiver: Value


@frozen
class Given:
    """An argument of a call: its value and its span, for a `foreign` file the span of the call that led there."""

    value: Value
    span: Span
    key: Span | None = None
    foreign: bool = False

    @property
    def passed(self) -> Value:
        """The value as a parameter receives it: a literal written elsewhere records this span as a hop."""
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
    NumpyArray,
    Data,
    Views,
    Dataset,
    CommandLine,
    Function,
    Method,
    UserClass,
    Node,
    Hook,
    DataFile,
    ConfigReference,
    Library,
    Bound,
    Partial,
    Super,
]
