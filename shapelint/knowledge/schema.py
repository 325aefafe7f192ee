"""The Pydantic models of everything that is read from a file: signatures, methods, rule pages.

A file that does not validate raises pydantic's ValidationError; the caller turns it into words.
"""

from __future__ import annotations

import ast
from functools import cached_property
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shapelint.common.frozen import frozen

if TYPE_CHECKING:
    from typing_extensions import Self

MAXIMUM_WIDTH = 2**31 - 1

Width = Annotated[int, Field(strict=True, ge=1, le=MAXIMUM_WIDTH)]
"""A size of one axis: a positive integer, no boolean, float or text."""


def is_width(value: Any) -> bool:
    """What `Width` validates, for the many numbers of a config: a schema for one integer costs 50 ms to build."""
    return type(value) is int and 1 <= value <= MAXIMUM_WIDTH


class Strict(BaseModel):
    """A model that takes no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @classmethod
    def trusted(cls, data: dict[str, Any]) -> Self:
        """Build from data that ships with shapelint without validating it: the tests have done so.

        Pydantic's schemas take longer to build than a model takes to lint; they are for what users write.
        """
        values = cls.normalised(data)
        fields = cls.model_fields
        return cls.model_construct(**{name: _trusted(fields[name].annotation, value) for name, value in values.items()})

    @classmethod
    def normalised(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The data without its short forms."""
        return data


def _trusted(annotation: Any, value: Any) -> Any:
    """A value as the annotated type, as far as shipped data needs it: models in models, lists as tuples and sets."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return annotation.trusted(value)
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind in (tuple, frozenset) and isinstance(value, (list, tuple)):
        return kind(_trusted(arguments[0], element) for element in value)
    if kind is dict and isinstance(value, dict):
        return {key: _trusted(arguments[1], element) for key, element in value.items()}
    if kind in (Union, UnionType) and value is not None:
        fitting = (argument for argument in arguments if isinstance(value, _data_type(argument)))
        return _trusted(next(fitting, None), value)
    return value


def _data_type(annotation: Any) -> type | tuple[type, ...]:
    """What YAML gives for an annotated type."""
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return dict
    kind = get_origin(annotation) or annotation
    return (list, tuple) if kind in (tuple, frozenset) else kind if isinstance(kind, type) else object


@frozen
class Parameter:
    """One constructor argument: its name, how it may be passed, its default if it has one."""

    name: str
    kind: Literal["positional", "keyword", "variadic"] = "positional"
    required: bool = True
    default: Any = None


class SignatureRow(Strict):
    """What a component does to shapes, for the constructor arguments that satisfy `when`.

    `shapes` is in the notation of `shapes/notation.py`, with constructor arguments as names. `weights` is the number of
    learnable parameters as an expression in them. `parts` are the child modules in order, by dotted name, each written
    `torch.nn.Conv2d: B 3 H W -> B 64 ((H-1)//2+1) ((W-1)//2+1)`, in the axes of the whole component's input. `tensors`
    are those that each module itself holds, parameters before the semicolon and buffers behind it:
    `weight 64, bias 64; running_mean 64, running_var 64, num_batches_tracked`. `latent` is a layer that fits only while
    two arguments are equal, and the two: `net.4 hidden out`.
    """

    when: str = ""
    shapes: str
    weights: str | int = ""
    parts: dict[str, str] = {}
    tensors: dict[str, str] = {}
    latent: str = ""


class ComponentSignature(Strict):
    """One component of a library: its constructor and one row for each structural variant.

    `inert` arguments change no shape; an argument that is neither inert, nor named in a formula or a `when`, is
    structural: set to anything but its default, it makes the stored signature not apply. `classes` names the argument
    that is the class count of a classifier. `dense` marks a head that is made for maps or tokens.
    """

    call: str
    role: Literal["layer", "head", "backbone", "loss"] = "layer"
    rows: tuple[SignatureRow, ...]
    inert: frozenset[str] = frozenset()
    classes: str | None = None
    dense: bool = False

    @model_validator(mode="before")
    @classmethod
    def _normalised(cls, data: Any) -> Any:
        return cls.normalised(data) if isinstance(data, dict) else data

    @classmethod
    def normalised(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A component with one row may write the row's fields directly."""
        if "shapes" not in data:
            return data
        row = {key: data[key] for key in SignatureRow.model_fields if key in data}
        return {"rows": [row], **{key: value for key, value in data.items() if key not in row}}

    @property
    def target(self) -> str:
        """The dotted name of the class or function."""
        return self.call.partition("(")[0]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


class SignatureFile(Strict):
    """The signatures of (a part of) one library.

    `versions` are the library versions that the signatures were verified with: exact ones, or one range such as
    `">=2.1,<3"`. `made_by` says whether the tracer made them or a person wrote formulas.
    """

    library: str
    versions: tuple[str, ...]
    made_by: Literal["tracer", "hand"]
    components: tuple[ComponentSignature, ...]


def parse_parameters(call: str) -> tuple[Parameter, ...]:
    """The parameters of `name(a, b=1, *, c=2)`; defaults are literals. Raises SyntaxError or ValueError.

    >>> [parameter.name for parameter in parse_parameters("Linear(in_features, out_features, bias=True)")]
    ['in_features', 'out_features', 'bias']
    """
    parameters = "(" + call.partition("(")[2] if "(" in call else "()"
    definition = ast.parse(f"def call{parameters}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
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


class Role(Strict):
    """A place in a method's chain: other keys it goes by, and the class that bare widths stand for.

    `features: map` says that the method takes a bare backbone without its pooling: its last feature map.
    """

    aliases: tuple[str, ...] = ()
    default: str | None = None
    features: Literal["vector", "map"] = "vector"


class Reshape(Strict):
    """What a method does to a tensor between two roles, as a signature: `B C H W -> B C` pools."""

    name: str
    reshape: str


Step = Union[str, Reshape]
"""One step of a branch: a role, or a reshape that the method itself does."""


class Target(Strict):
    """The momentum branch: which online roles it copies."""

    copies: tuple[str, ...]


class Loss(Strict):
    """Which outputs the loss compares (`online.prediction_head`), with which class by default.

    `reshape` is what the method does to both before the loss takes them, as a signature.
    """

    left: str
    right: str
    default: str | None = None
    reshape: str = ""
    over: Literal["features"] = "features"


class Bank(Strict):
    """Stored vectors: whose width they must have (`online.projection_head`), and how they meet the features.

    An `assigned` bank takes features in by assignment, which broadcasts features of width 1; a `multiplied` one meets
    them in a matrix product, which never does.
    """

    meets: tuple[str, ...]
    how: Literal["assigned", "multiplied"] = "assigned"


class MethodPack(Strict):
    """The wiring of one method, one file of `rules/methods/`.

    `online` is the chain from the input on; `branches` are further chains that begin at a role of it.
    """

    method: str
    roles: dict[str, Role]
    online: tuple[Step, ...]
    branches: tuple[tuple[Step, ...], ...] = ()
    target: Target | None = None
    loss: Loss | None = None
    banks: dict[str, Bank] = {}

    def role_of(self, key: str) -> str | None:
        """The role that a key of a config names, itself or by an alias."""
        if key in self.roles:
            return key
        return next((name for name, role in self.roles.items() if key in role.aliases), None)


class LossSignature(Strict):
    """What a loss takes, for two operands of shapes (B, ..., D).

    `axes` are the least and the greatest number of axes. `operands` says what they must have in common: `equal` shapes,
    shapes that `broadcast`, an equal batch with `features` that broadcast, nothing (`flattened` and cut), or that this
    is `unjudged`. `over` names the argument that is the axis of comparison, `bank` the one that holds (size, width) of
    a memory bank, `width` one that must equal the features, `cut` one that takes the first features only. `batch` is
    the least batch.

    For programs, `takes` are the operands as arguments of the call, and `prototypes` is one that holds vectors of their
    width. `labels` says that what a program gives as the target may be labels, which are not compared. `functions` do
    the same without an object. `operation` has the result where it is not a number. `by_hand` are the operations of a
    loss that is written by hand and compares as this one does, each with its name in reports.
    """

    call: str
    axes: tuple[int, int] = (1, 8)
    operands: Literal["equal", "broadcast", "features", "flattened", "unjudged"] = "unjudged"
    over: str | None = None
    bank: str | None = None
    width: str | None = None
    cut: str | None = None
    batch: int = 1
    says: str = ""
    takes: tuple[str, ...] = ()
    prototypes: str | None = None
    labels: bool = False
    functions: tuple[str, ...] = ()
    operation: str = ""
    by_hand: dict[str, str] = {}

    @property
    def target(self) -> str:
        """The dotted name of the class."""
        return self.call.partition("(")[0]

    @property
    def is_judged(self) -> bool:
        """Whether it is known what the operands must have in common."""
        return self.operands != "unjudged"

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The constructor arguments in order, parsed from `call`."""
        return parse_parameters(self.call)


class LossFile(Strict):
    """The losses of one module, the file of `rules/losses/` that is named after it.

    `unlisted` are the operands of a class of the module that has no entry; without them such a class is no loss.
    """

    library: str
    versions: tuple[str, ...]
    module: str
    also: tuple[str, ...] = ()
    self_supervised: bool = False
    unlisted: tuple[str, ...] = ()
    losses: tuple[LossSignature, ...]


class TensorRule(Strict):
    """Which tensors a layer holds, their axes named as in `shapes`; an axis that shapes do not tell is `?`.

    `parameters` are learned, in torch's order; `buffers` are saved beside them. `variants` are names that a parameter
    goes by once it is reparametrised, such as by weight normalisation.
    """

    shapes: str
    parameters: dict[str, str] = {}
    buffers: dict[str, str] = {}
    variants: dict[str, str] = {}


class LibraryRule(Strict):
    """One library of `rules/libraries.yaml`: where its components live and what its bare backbone names begin with."""

    library: str
    module: str
    also: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    features: str | None = None


Subject = Literal[
    "edge", "component", "loss", "model", "batch", "bank", "target", "layer", "checkpoint", "batch_axis", "variable"
]


class RulePage(Strict):
    """The front matter of a rule page.

    `when` and `require` are expressions over the facts of the subject (see `judge/facts.py`): where `when` holds and
    `require` certainly does not, the rule speaks. `severity` may be an expression too. The texts hold facts in braces.
    `instead_of` are codes that are silent on the same subject when this rule speaks.
    """

    code: str = Field(pattern=r"^[A-Z]+\d{3}$")
    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    severity: str
    subject: Subject = "model"
    emitted_by: Literal["engine"] | None = None
    when: str = "True"
    require: str = "True"
    message: str = ""
    label: str = ""
    related: str = ""
    note: str = ""
    help: str = ""
    repair: str = ""
    instead_of: tuple[str, ...] = ()
