"""Run every line of `rules/torch_operations.yaml` against torch itself, on many shapes.

A new line needs nothing here, unless it has a parameter name that no other line has: its samples go to `SAMPLES`.
"""

from __future__ import annotations

import itertools
import random
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from conftest import ROOT

from shapelint.chain.chain import Flow
from shapelint.knowledge import operations as lines
from shapelint.knowledge.operations import Literally, Operation, Section
from shapelint.knowledge.schema.call_parameters import Parameter
from shapelint.linting.lint_source import lint_source
from shapelint.python.state.arguments import Arguments
from shapelint.python.state.values import NO_SPAN, Const, Given, Items, Node, Tensor, Value
from shapelint.python.tensors import axes, joining, shape_lines, tensor_operations
from shapelint.python.tensors.primitives import PRIMITIVES
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
functional = torch.nn.functional

SHAPES = [(), (6,), (4, 6), (1, 6), (4, 1), (2, 4, 6), (2, 3, 4, 6)]
"""The shapes of the tensor itself."""

CASES = 150
DTYPES = [torch.float32, torch.int64, torch.bool, torch.complex64]
REFUSED = (RuntimeError, IndexError, ValueError)

MANY_CASES = 1500
"""The number of cases of a line with many combinations, of which few fit together."""

BARE: Mapping[str, tuple[Any, ...]] = {
    "to": ("cpu",),
    "type": ("torch.FloatTensor",),
    "feature_dropout": (0.5, True),
    "geometric_": (0.5,),
    "hsplit": (2,),
    "randint_like": (5,),
    "index_put": ((torch.zeros(1, dtype=torch.int64),), torch.tensor(1)),
    "functional.unfold": (2,),
    "fold": ((2, 3), 2),
    "affine_grid": ((2, 1, 2, 2),),
    "lp_pool1d": (2, 2),
    "lp_pool2d": (2, 2),
    "lp_pool3d": (2, 2),
}
"""Arguments of operations that take anything, but for which torch requires some."""

NOT_HERE = frozenset({"cuda", "pin_memory"})
"""Operations that cannot run on every machine."""

AXES = [-4, -2, -1, 0, 1, 2]
TENSORS = [(), (6,), (1,), (4, 6), (4, 5), (4, 1), (6, 3), (4, 3), (2, 4, 6), (2, 6, 3), (3, 6, 3), (2, 3, 1, 1)]
SIZES = [(24,), (4, 6), (6, 4), (2, -1), (4, 5), (2, 3, 4), (1, 4, 6), (4, 12), (2, 2, 2), (1, 0), (2, 0, 1), (0, 1)]
BY_KIND: Mapping[str, list[Any]] = {
    "axis": AXES,
    "new axis": [*AXES, 3],
    "axes": [None, *AXES, (0, 1), (0, -1), (1, 2)],
    "size": [1, 2, 3],
    "sizes": [*SIZES, (6,), (4,), (-1,), 2, 3],
    "size or sizes": [1, 2, 3, (1, 3), (2, 4), (1, 1)],
    "flag": [False, True],
    "text": ["mean", "none", "constant", "reflect", "circular"],
    "pairs": [0, 1, 2, ([0], [0]), ([-1], [-1]), ([0, 1], [0, 1]), ([1], [0])],
    "tensor": [torch.ones(shape) for shape in TENSORS],
}
INDEX = torch.zeros(4, 6, dtype=torch.int64)
SAMPLES: Mapping[str, Callable[[Any], Any]] = {
    "p": lambda x: 2,
    "maxnorm": lambda x: 1.0,
    "k": lambda x: 1,
    "start": lambda x: 0,
    "value": lambda x: 0.5,
    "fill_value": lambda x: 0.5,
    "threshold": lambda x: 0.5,
    "min": lambda x: 0,
    "max": lambda x: 1,
    "mask": lambda x: torch.ones(x.shape, dtype=torch.bool),
    "condition": lambda x: torch.ones(x.shape, dtype=torch.bool),
    "other": lambda x: torch.ones(x.shape),
    "source": lambda x: torch.ones(x.shape),
    "src": lambda x: torch.ones(x.shape),
    "index": lambda x: torch.zeros(x.shape, dtype=torch.int64),
    "weight": lambda x: 0.5,
    "shifts": lambda x: 1,
    "normalized_shape": lambda x: x.shape[-1:],
    "num_groups": lambda x: 1,
    "running_mean": lambda x: torch.ones(x.shape[1:2]),
    "running_var": lambda x: torch.ones(x.shape[1:2]),
    "pad": lambda x: (1, 2),
    "unbiased": lambda x: False,
    "reduce": lambda x: "amax",
    "N": lambda x: 2,
    "upper": lambda x: True,
    "left": lambda x: True,
}
"""Samples of parameters that no step takes, and additional samples of others."""

EXACT = frozenset({"index", "running_mean", "running_var"})
"""Parameters for which torch takes few shapes only: those of `SAMPLES`, and one matrix or vector."""


def every(section: Section) -> list[Operation]:
    """Return all lines of a section, under each of their names."""
    return [line for name in lines.names(section) for line in lines.find(name, section)]


def label(operation: Operation) -> str:
    return f"{operation.name}({', '.join(one.name for one in operation.parameters or ())})"


def kind_of(operation: Operation, parameter: Parameter) -> str | None:
    """Return the kind of a parameter for the step that takes it; None if there is no such step."""
    if operation.shapes:
        return None
    for step in operation.steps:
        for index, feed in enumerate(step.feeds):
            if feed == parameter.name and step.primitive in PRIMITIVES:
                return PRIMITIVES[step.primitive].kind(index)
    return None


def samples(operation: Operation, parameter: Parameter, index: int, tensor: Any) -> list[Any]:
    """Return the samples of one parameter; its default if it has one and no step takes it."""
    kind = kind_of(operation, parameter)
    own = [SAMPLES[parameter.name](tensor)] if parameter.name in SAMPLES and tensor is not None else []
    if operation.shapes and index < len(other_operands(operation)):
        return [*BY_KIND["tensor"], *(torch.ones(shape) for shape in fitting(operation, index + 1))]
    if kind == "tensor" and not parameter.required:
        return [None, torch.ones(6), torch.ones(tensor.shape[1:2])]
    if kind == "tensor" and parameter.name in EXACT:
        return [*own, INDEX if parameter.name == "index" else torch.ones(5)]
    if kind == "tensor" and parameter.name == "mask":
        return [one.bool() for one in BY_KIND["tensor"]]
    if kind == "tensor":
        labels = [labels_of(tensor)] if any(step.primitive == "labels" for step in operation.steps) else []
        return [
            *labels,
            *own,
            *(one.to(tensor.dtype) if tensor.dtype != torch.bool else one for one in BY_KIND["tensor"]),
        ]
    if kind is not None:
        return [*own, *BY_KIND[kind]] if kind != "text" else BY_KIND[kind]
    if not parameter.required:
        return []
    return [*own, 1] if parameter.name in EXACT else own or [1, 2]


def labels_of(scores: Any) -> Any:
    """Return one label for each row, or for each place of a map."""
    return torch.zeros(scores.shape[:1] + scores.shape[2:], dtype=torch.int64)


def fitting(operation: Operation, index: int) -> list[tuple[int, ...]]:
    """Return the shapes of an operand that a line in the notation takes, each with one more axis for `...`."""
    found: list[tuple[int, ...]] = []
    for alternative in shape_lines.parsed(operation.shapes).alternatives if operation.shapes else ():
        axes = [str(axis) for axis in alternative.inputs[index].axes] if index < len(alternative.inputs) else []
        names = sorted({str(axis) for pattern in alternative.inputs for axis in pattern.axes})
        sizes = [int(axis) if axis.isdigit() else 3 + names.index(axis) for axis in axes if axis != "..."]
        found += [tuple(sizes), *([(2, *sizes)] if len(sizes) < len(axes) else [])]
    return found


def ones(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a tensor of ones, or square matrices that have an inverse."""
    square = len(shape) > 1 and shape[-1] == shape[-2]
    return torch.eye(shape[-1], dtype=dtype).expand(shape).clone() if square else torch.ones(shape, dtype=dtype)


def other_operands(operation: Operation) -> Sequence[Any]:
    """Return the operands after the first one of a line in the shape notation."""
    return shape_lines.parsed(operation.shapes).alternatives[0].inputs[1:]


@dataclass
class Case:
    """A call: the tensor (None for a function that creates one), and the other arguments by name."""

    operation: Operation
    tensor: Any
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def is_prefix(self) -> bool:
        """Whether the arguments can be passed by position."""
        names = [one.name for one in (self.operation.parameters or ())[int(self.tensor is not None) :]]
        return names[: len(self.given)] == list(self.given)


def cases(operation: Operation, dtype: Any, has_tensor: bool) -> list[Case]:
    """Return calls with every combination of samples, or some of them if there are many."""
    found: list[Case] = []
    for shape in [*SHAPES, *fitting(operation, 0)] if has_tensor else [None]:
        tensor = ones(shape, dtype) if shape is not None else None
        parameters = (operation.parameters or ())[int(has_tensor) :]
        choices: list[list[tuple[str, Any]]] = []
        for index, parameter in enumerate(parameters):
            values = samples(operation, parameter, index, tensor)
            if values:
                choices.append([(parameter.name, value) for value in values])
        found += [Case(operation, tensor, dict(chosen)) for chosen in itertools.product(*choices)]
    most = MANY_CASES if len(found) > 6 * CASES else CASES
    return found if len(found) <= most else random.Random(operation.name).sample(found, most)


def forms(name: str) -> list[Callable[..., Any]]:
    """Return the functions and methods of torch that have a name, of which one with a module is another function."""
    module, _, last = name.rpartition(".")
    modules = [functional, torch, torch.Tensor, torch.linalg, torch.fft, torch.special]
    owners = [owner for owner in modules if lines.listed(f"{MODULES.get(owner, owner.__name__)}.{last}") == name]
    assert all(owner.__name__.endswith(module) for owner in owners)
    found = [(owner, last) for owner in owners] + [(torch.Tensor, f"__{name}__")]
    return [getattr(owner, key) for owner, key in found if callable(getattr(owner, key, None))]


MODULES = {torch.Tensor: "torch.Tensor"}


def run(case: Case, by_place: bool) -> Any:
    """Return torch's result, with keywords or, if a form has other names, by position; raises what torch raises."""
    first = () if case.tensor is None else (case.tensor.clone(),)
    calls: list[tuple[Sequence[Any], Mapping[str, Any]]] = []
    if not by_place:
        calls.append((BARE.get(case.operation.name, ()), case.given))
    if case.is_prefix:
        calls.append((list(case.given.values()), {}))
    error: Exception = TypeError("no form takes it")
    for form in forms(case.operation.name):
        for positional, keywords in calls:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return form(*first, *positional, **keywords)
            except REFUSED as problem:
                error = problem
                break
            except (TypeError, NotImplementedError) as problem:
                error = error if isinstance(error, REFUSED) else problem
    raise error


def value(plain: Any) -> Value:
    """Convert a real argument to the interpreter's value."""
    if isinstance(plain, torch.Tensor):
        return Tensor(Flow(tuple(plain.shape), (axes.NO_ORIGIN,) * plain.ndim, axes.NO_ORIGIN))
    if isinstance(plain, (tuple, list)):
        return Items([value(element) for element in plain], "tuple")
    return Const(plain)


def arguments(case: Case, by_place: bool) -> Arguments:
    """Convert the arguments to those of the interpreter."""
    given = {name: Given(value(plain), NO_SPAN) for name, plain in case.given.items()}
    return Arguments(tuple(given.values())) if by_place else Arguments((), given)


def shapes(result: Any) -> list[tuple[Any, ...]]:
    """Return the shapes of a real or an interpreted result; an unknown one is (None,)."""
    if isinstance(result, torch.Tensor):
        return [tuple(result.shape)]
    if isinstance(result, (tuple, list)):
        return [shape for element in result for shape in shapes(element)]
    if isinstance(result, Items):
        return (
            [(None,)] if result.rest is not None else [shape for element in result.items for shape in shapes(element)]
        )
    return [result.shape if isinstance(result, Tensor) and result.shape is not None else (None,)]


def agree(said: list[tuple[Any, ...]], real: list[tuple[Any, ...]]) -> bool:
    """Return whether every size of the interpreted result equals torch's."""
    if (None,) in said:
        return True
    return len(said) == len(real) and all(
        len(one) == len(other) and all(not dims.is_known(size) or size == actual for size, actual in zip(one, other))
        for one, other in zip(said, real)
    )


@dataclass
class Tally:
    """The number of calls that returned a shape, and of those that were refused."""

    shown: int = 0
    refused: int = 0


def compare(case: Case, tally: Tally, section: Section) -> None:
    """Compare a call with torch's, by keywords and by position."""
    compare_one(case, False, tally, section)
    if case.given and case.is_prefix:
        compare_one(case, True, tally, section)


def compare_one(case: Case, by_place: bool, tally: Tally, section: Section) -> None:
    said: Value
    objections: list[Any] = []
    if case.tensor is None:
        said = tensor_operations.create(case.operation.name, arguments(case, by_place))
    else:
        owner = value(case.tensor)
        assert isinstance(owner, Tensor)
        said = tensor_operations.apply(case.operation.name, owner, arguments(case, by_place), section)
        call = tensor_operations.chosen(case.operation.name, arguments(case, by_place))
        objections = [] if call is None else list(tensor_operations.refused(call, owner))
    written = f"{case.tensor.shape if case.tensor is not None else ''} {case.given} {by_place}"
    try:
        real = run(case, by_place)
    except REFUSED:
        tally.refused += bool(objections)
        return
    except (TypeError, NotImplementedError):
        return
    assert not objections, written
    assert agree(shapes(said), shapes(real)), f"{written}: {shapes(said)} is said, {shapes(real)} is real"
    tally.shown += (None,) not in shapes(said)


def can_refuse(operation: Operation) -> bool:
    """Return whether a line refuses anything: because of its notation, its first step, or its axes."""
    if operation.shapes:
        return len(other_operands(operation)) > 0
    first = operation.steps[0]
    primitive = PRIMITIVES[first.primitive]
    takes_axis = any(
        primitive.kind(index) in ("axis", "axes", "new axis") and not isinstance(feed, Literally)
        for index, feed in enumerate(first.feeds)
    )
    return takes_axis or (bool(first.feeds) and primitive.refuses is not PRIMITIVES["same"].refuses)


QUESTIONS = {"size", "rank", "count", "number", "value", "unknown"}


def is_open(operation: Operation) -> bool:
    """Whether the data say only what an operation refuses, and leave its result to torch, or open."""
    return bool(operation.steps) and operation.steps[-1].primitive in ("asked", "value")


@pytest.mark.parametrize("operation", every("operations"), ids=label)
def test_an_operation_agrees_with_torch(operation: Operation) -> None:
    assert forms(operation.name)
    if operation.primitive in QUESTIONS or operation.name in NOT_HERE:
        return
    for dtype in DTYPES:
        tally = Tally()
        for case in cases(operation, dtype, True):
            compare(case, tally, "operations")
        if tally.shown or is_open(operation):
            break
    assert tally.shown or is_open(operation)
    assert tally.refused or not can_refuse(operation)


@pytest.mark.parametrize("operation", every("creations"), ids=label)
def test_a_creation_agrees_with_torch(operation: Operation) -> None:
    assert forms(operation.name)
    if operation.primitive in QUESTIONS:
        return
    tally = Tally()
    for case in cases(operation, None, False):
        compare(case, tally, "creations")
    assert tally.shown


@pytest.mark.parametrize("operation", every("attributes"), ids=label)
def test_an_attribute_agrees_with_torch(operation: Operation) -> None:
    for shape in SHAPES:
        tensor = torch.ones(shape)
        owner = value(tensor)
        assert isinstance(owner, Tensor)
        if operation.primitive in QUESTIONS or (operation.shapes and len(shape) != 2):
            assert operation.name in dir(torch.Tensor)
            continue
        said = tensor_operations.apply(operation.name, owner, Arguments(), "attributes")
        assert shapes(said) == shapes(getattr(tensor, operation.name))


JOINED = [[(4, 6), (4, 6)], [(4, 6), (3, 6)], [(4, 6), (4, 5)], [(4, 6), (6,)], [(0,), (4, 6)], [(6,), (5,)], [(), ()]]
JOINED += [[(6,), (6,)], [(2, 3, 1), (2, 3, 4)], [(2, 3, 1), (2, 4)], [(6,), (1, 6, 3)], [(6,), (), (2,)]]


@pytest.mark.parametrize("operation", every("joins"), ids=label)
def test_a_join_agrees_with_torch(operation: Operation) -> None:
    function = getattr(torch, operation.name, None) or getattr(torch.linalg, operation.name)
    if operation.primitive in ("einsum", "product", "unknown", *joining.GRIDS):
        return
    has_axis = operation.primitive in ("concatenate", "stack")
    tally = Tally()
    for parts, axis in itertools.product(JOINED, AXES if has_axis else [0]):
        pieces = [torch.ones(shape) for shape in parts]
        items = Items([value(piece) for piece in pieces])
        given = Arguments((Given(Const(axis), NO_SPAN),))
        primitive, items, given = joining.as_concatenation(operation.primitive, items, given)
        objection = joining.refused(primitive, items, given)
        try:
            real = function(pieces, axis) if has_axis else function(pieces)
        except REFUSED:
            tally.refused += objection is not None
            continue
        assert objection is None
        said = shapes(joining.join(primitive, items, given))
        assert agree(said, shapes(real))
        tally.shown += (None,) not in said
    assert tally.shown
    assert tally.refused


GRIDS = [[(4,), (6,)], [(), (3,)], [(4, 6), (6,)], [(4, 6), (1, 6)]]
GRIDS += [[(2, 3, 4), (4,)], [(5,)], [(4,), (), (6,)], [(1,), (4, 6)]]


@pytest.mark.filterwarnings("ignore:.*indexing argument")
@pytest.mark.parametrize("name", [one.name for one in every("joins") if one.primitive in joining.GRIDS])
@pytest.mark.parametrize("order", ["", "xy", "ij"])
def test_a_grid_agrees_with_torch(name: str, order: str) -> None:
    (operation,) = lines.find(name, "joins")
    keywords = {"indexing": order} if order and name == "meshgrid" else {}
    tally = Tally()
    for parts in GRIDS:
        pieces = [torch.ones(shape) for shape in parts]
        tensors = [one for piece in pieces if isinstance(one := value(piece), Tensor)]
        objection = joining.refused_of_grid(operation.primitive, tensors)
        try:
            real = getattr(torch, name)(*pieces, **keywords)
        except REFUSED:
            tally.refused += objection is not None
            continue
        assert objection is None
        said = joining.grid(operation.primitive, tensors, Given(Const(order), NO_SPAN) if keywords else None)
        assert agree(shapes(said), shapes(real))
        tally.shown += (None,) not in shapes(said)
    assert tally.shown
    assert tally.refused


@pytest.mark.filterwarnings("ignore:.*upsample. is deprecated")
@pytest.mark.parametrize("name", list(lines._layers()))
def test_a_function_is_equivalent_to_its_layer(name: str) -> None:
    function = getattr(functional, name)
    layer = getattr(torch.nn, lines.layer_of(f"torch.nn.functional.{name}").rpartition(".")[2])
    compared = 0
    for shape in [(2, 3, 8), (2, 3, 8, 8), (2, 3, 8, 8, 8)]:
        try:
            real = function(torch.ones(shape), 2)
        except REFUSED:
            continue
        assert layer(2)(torch.ones(shape)).shape == real.shape
        compared += 1
    assert compared


@pytest.mark.parametrize("section", lines.SECTIONS)
def test_every_line_uses_existing_steps_and_parameters(section: Section) -> None:
    for operation in every(section):
        names = {one.name for one in operation.parameters or ()}
        for step in operation.steps:
            assert section == "joins" or step.primitive in PRIMITIVES, step
            assert {feed for feed in step.feeds if isinstance(feed, str)} <= names, label(operation)


def test_the_table_of_steps_is_complete() -> None:
    table = (ROOT / "rules" / "README.md").read_text(encoding="utf-8").partition("<!-- steps -->")[2]
    first_column = [row.split("|")[1] for row in table.partition("<!-- end")[0].splitlines()[3:] if row]
    written = {name for cell in first_column for name in re.findall(r"`(\w+)", cell)}
    assert written == {*PRIMITIVES, "concatenate", "stack", "einsum", "product", *joining.ALONG, *joining.GRIDS}


def test_a_wrong_line_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above can fail: for a wrong shape, and for a refusal that torch does not share."""
    for wrong in ("reduce", "... n -> ... n n", "permute(dim)"):
        (line,) = (lines._operation("softmax", "(input, dim=None)", wrong),)
        monkeypatch.setattr(lines, "find", lambda name, section="operations", line=line: (line,))
        with pytest.raises(AssertionError):
            test_an_operation_agrees_with_torch(line)


NEW = """
import torch
from torch import nn
from lightly.models.modules import SimCLRProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Conv2d(3, 8, 3)
        self.projection_head = SimCLRProjectionHead(9, 16, 4)
    def forward(self, x):
        return self.projection_head(torch.trapezoid(self.backbone(x).flatten(2), dim=-1))
"""


def test_a_new_operation_needs_only_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line = lines._operation("trapezoid", "(y, x=None, *, dx=None, dim=-1)", "reduce(dim)")
    known = lines.find
    assert not known("trapezoid")

    def find(name: str, section: Section = "operations") -> tuple[Operation, ...]:
        return (line,) if (name, section) == ("trapezoid", "operations") else known(name, section)

    monkeypatch.setattr(lines, "find", find)
    monkeypatch.setattr("shapelint.trace.asking.is_asked", lambda name: False)
    (finding,) = lint_source(Source("model.py", NEW), Options()).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 9, 8)


def with_gradients(case: Case) -> tuple[Case, Tensor, Arguments, dict[Node, Any]]:
    """Return a call whose tensors of fractions take gradients, what the interpreter makes of it, and these tensors."""
    given = {name: plain.clone() if isinstance(plain, torch.Tensor) else plain for name, plain in case.given.items()}
    real = Case(case.operation, case.tensor.clone(), given)
    takers = {
        Node(name): plain for name, plain in {"": real.tensor, **given}.items() if isinstance(plain, torch.Tensor)
    }
    takers = {node: plain.requires_grad_() for node, plain in takers.items() if plain.is_floating_point()}
    nodes = {id(plain): frozenset((node,)) for node, plain in takers.items()}

    def traced(plain: Any) -> Value:
        said = value(plain)
        return replace(said, trains=nodes.get(id(plain), frozenset())) if isinstance(said, Tensor) else said

    owner = traced(real.tensor)
    assert isinstance(owner, Tensor)
    return real, owner, Arguments((), {name: Given(traced(one), NO_SPAN) for name, one in given.items()}), takers


def gradients_of(result: Any, takers: Sequence[Any]) -> Sequence[Any]:
    """Return the gradients of a result; none where torch has no derivative, as for a division that rounds."""
    if not result.requires_grad:
        return ()
    with suppress(RuntimeError):
        whole = (torch.view_as_real(result.resolve_conj()) if result.is_complex() else result).sum()
        found: Sequence[Any] = torch.autograd.grad(whole, takers, retain_graph=True, allow_unused=True)
        return found
    return ()


@pytest.mark.parametrize("operation", every("operations"), ids=label)
def test_no_gradient_is_said_to_flow_through_an_operation_that_stops_it(operation: Operation) -> None:
    if operation.primitive in QUESTIONS or operation.name in NOT_HERE or operation.name == "detach":
        return
    for case in cases(operation, torch.float32, True)[:40]:
        real, owner, given, takers = with_gradients(case)
        said = tensor_operations.apply(operation.name, owner, given)
        one = said.items[0] if isinstance(said, Items) and said.items else said
        try:
            found = run(real, False)
        except (*REFUSED, TypeError, NotImplementedError):
            continue
        first = found[0] if isinstance(found, (tuple, list)) else found
        if not isinstance(first, torch.Tensor) or not isinstance(one, Tensor):
            continue
        results = found if operation.shapes and isinstance(found, (tuple, list)) else [first]
        told = [gradients_of(result, list(takers.values())) for result in results]
        reached = {node for one_told in told for node, gradient in zip(takers, one_told) if gradient is not None}
        assert one.trains <= reached, (case.tensor.shape, case.given)
