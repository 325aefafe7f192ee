"""Every hand-written formula of rules/signatures/torch.nn.yaml compared with the real layer on the CPU, in training.

For each row of each component: several constructor arguments, and for each of them every input shape of up to six axes
over a few sizes, which proves that the alternatives of the row are exactly what torch accepts. The same is done with
symbols: the output computed for any size must be the real one for each size.
"""

from __future__ import annotations

import inspect
import itertools
import re
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch_nn_cases import CASES, INERT, SIZES, Arguments

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.signature_files import ComponentSignature, SignatureFile, SignatureRow
from shapelint.shapes import dims, expression
from shapelint.shapes.notation import Signature, parse_signature
from shapelint.shapes.signatures import Fit, Misfit, Shape, ShapeOrStructure, StructureValue, substitute, unify

FILE = SignatureFile.validated(rules_folder.load("signatures/torch.nn.yaml"))
COMPONENTS = {component.target.rpartition(".")[2]: component for component in FILE.components}

RECURRENT = ("GRU", "LSTM", "RNN")
each_component = pytest.mark.parametrize("name", COMPONENTS)


def constructor(name: str) -> Any:
    return getattr(torch.nn, name)


def rows_for(component: ComponentSignature, arguments: Arguments) -> list[SignatureRow]:
    """Return the rows whose `when` holds; it must be decided for arguments that are all known."""
    chosen = []
    for row in component.rows:
        holds = expression.evaluate(row.when, full(component, arguments)) if row.when else True
        assert holds in (True, False), f"{row.when!r} is undecided for {arguments}"
        chosen += [row] * holds
    return chosen


def full(component: ComponentSignature, arguments: Arguments) -> Arguments:
    return {**{parameter.name: parameter.default for parameter in component.parameters}, **arguments}


def signature_for(component: ComponentSignature, row: SignatureRow, arguments: Arguments) -> Signature:
    return substitute(parse_signature(row.shapes), full(component, arguments))


def cases(name: str) -> Iterator[tuple[SignatureRow, Arguments]]:
    """Yield the cases of a component with their row, and one of each row with each inert argument changed."""
    component = COMPONENTS[name]
    seen: list[SignatureRow] = []
    for arguments in CASES[name]:
        (row,) = rows_for(component, arguments)
        yield row, arguments
        if row not in seen and component.inert:
            changed = {argument: INERT.get((name, argument), INERT.get(argument)) for argument in component.inert}
            for parameter in component.parameters:
                assert parameter.name not in changed or parameter.default != changed[parameter.name], parameter.name
            yield row, {**arguments, **changed}
        seen.append(row)
    assert [row for row in component.rows if row not in seen] == [], "a row without a case"


def build(name: str, arguments: Arguments) -> Any:
    """Return the real module, or the exception that its constructor raises."""
    keywords = dict(arguments)
    variadic = keywords.pop("args", ())
    try:
        return constructor(name)(*variadic, **keywords)
    except Exception as error:
        return error


def run(module: Any, shapes: tuple[Shape, ...]) -> ShapeOrStructure | None:
    """Return the shape of the output, or None if torch raises or returns an empty tensor."""
    if isinstance(module, Exception):
        return None
    try:
        kind = torch.int64 if isinstance(module, torch.nn.Embedding) else torch.float32
        output = module(*(torch.ones(shape, dtype=kind) for shape in shapes))
    except Exception:
        return None
    return None if isinstance(output, torch.Tensor) and not output.numel() else value_of(output)


def value_of(output: Any) -> ShapeOrStructure:
    if isinstance(output, torch.Tensor):
        return tuple(output.shape)
    assert isinstance(output, tuple)
    return StructureValue("tuple", tuple(value_of(element) for element in output))


def inputs_for(arity: int) -> Iterator[tuple[Shape, ...]]:
    """Yield all shapes over the sizes of each rank; for several inputs, all combinations of smaller shapes."""
    if arity == 1:
        for rank, sizes in SIZES.items():
            yield from ((shape,) for shape in itertools.product(sizes, repeat=rank))
    else:
        small = [shape for rank in range(4) for shape in itertools.product((2, 4), repeat=rank)]
        yield from itertools.product(small, repeat=arity)


def symbolic(shapes: tuple[Shape, ...]) -> tuple[tuple[Shape, ...], dict[str, int]]:
    """Return the same ranks with a symbol for each size, and the values of the symbols."""
    named = [[(f"x{number}{axis}", size) for axis, size in enumerate(shape)] for number, shape in enumerate(shapes)]
    return tuple(tuple(dims.symbol(name) for name, _ in shape) for shape in named), dict(itertools.chain(*named))


def fill(value: ShapeOrStructure, sizes: dict[str, int]) -> ShapeOrStructure:
    if isinstance(value, StructureValue):
        return StructureValue(value.kind, tuple(fill(element, sizes) for element in value.elements))
    return tuple(dims.substitute(dim, sizes) for dim in value)


def differences(name: str, signature: Signature, arguments: Arguments) -> tuple[list[str], int]:
    """Return where the signature and the real layer disagree, and on how many inputs the layer runs."""
    module = build(name, arguments)
    found, running = [], 0
    general: dict[tuple[int, ...], Fit | Misfit] = {}
    for shapes in inputs_for(len(signature.alternatives[0].inputs)):
        if name.startswith("Lazy"):
            module = build(name, arguments)
        real = run(module, shapes)
        running += real is not None
        said = unify(signature, *shapes)
        if (said.output if isinstance(said, Fit) else None) != real:
            found.append(f"{name}({arguments}) on {shapes}: {said}, but torch gives {real}")
        ranks = tuple(map(len, shapes))
        if ranks not in general:
            general[ranks] = unify(signature, *symbolic(shapes)[0])
        over_symbols, sizes = general[ranks], symbolic(shapes)[1] if real else {}
        if real is not None and not (isinstance(over_symbols, Fit) and fill(over_symbols.output, sizes) == real):
            found.append(f"{name}({arguments}) on {shapes}: {over_symbols} over symbols, but torch gives {real}")
    return found, running


@each_component
def test_shapes_and_weights(name: str) -> None:
    component = COMPONENTS[name]
    runs: dict[str, int] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, arguments in cases(name):
            found, running = differences(name, signature_for(component, row, arguments), arguments)
            assert not found, f"{len(found)} differences, such as\n" + "\n".join(found[:3])
            runs[row.when] = runs.get(row.when, 0) + running
            module = build(name, arguments)
            if isinstance(module, torch.nn.Module) and not name.startswith("Lazy"):
                count = sum(parameter.numel() for parameter in module.parameters())
                assert expression.evaluate(str(row.weights), full(component, arguments)) == count, arguments
    assert all(runs.values()), "a row on which nothing ever ran"


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_hand_their_arguments_to_the_base_class(name: str) -> None:
    """Their own signature is `*args`; what is beside the base class's parameters is a keyword of one of them."""
    base = list(inspect.signature(torch.nn.RNNBase).parameters)[1:]
    own = [parameter.name for parameter in COMPONENTS[name].parameters]
    assert [each for each in own if each in base] == [each for each in base if each in own]
    assert set(own) ^ set(base) == {"RNN": {"nonlinearity", "proj_size"}, "GRU": {"proj_size"}, "LSTM": set()}[name]
    assert constructor(name)(2, 3, 1).num_layers == 1


@pytest.mark.parametrize("name", [name for name in COMPONENTS if name not in RECURRENT])
def test_constructor(name: str) -> None:
    """Parameters, their order, kinds and defaults are those of the installed torch."""
    initialiser = constructor(name).__init__
    expected = []
    if initialiser is not torch.nn.Module.__init__:
        parameters = list(inspect.signature(initialiser).parameters.values())[1:]
        expected = [(p.name, p.kind.name, default_of(p)) for p in parameters if p.kind is not p.VAR_KEYWORD]
    kinds = {"positional": "POSITIONAL_OR_KEYWORD", "keyword": "KEYWORD_ONLY", "variadic": "VAR_POSITIONAL"}
    assert expected == [
        (p.name, kinds[p.kind], ... if p.required or p.kind == "variadic" else p.default)
        for p in COMPONENTS[name].parameters
    ]


def default_of(parameter: inspect.Parameter) -> Any:
    if parameter.default is parameter.empty:
        return ...
    return parameter.default.__name__ if callable(parameter.default) else parameter.default


@each_component
def test_inert_arguments_occur_in_no_formula(name: str) -> None:
    component = COMPONENTS[name]
    assert component.inert <= {parameter.name for parameter in component.parameters}
    for row in component.rows:
        assert not component.inert & set(re.findall(r"\w+", f"{row.when} {row.shapes}"))


def test_every_component_is_listed_once() -> None:
    targets = [component.target for component in FILE.components]
    assert len(targets) == len(set(targets))
    assert set(CASES) == set(COMPONENTS)


@pytest.mark.parametrize(
    ("name", "arguments", "wrong"),
    [
        ("Linear", {"in_features": 4, "out_features": 3}, "B 4 -> B 3"),
        ("Linear", {"in_features": 4, "out_features": 3}, "... 4 -> ... 4"),
        ("BatchNorm1d", {"num_features": 4}, "B 4 -> B 4 | B 4 L -> B 4 L"),
        ("ReLU", {}, "... D -> ... D"),
        ("Flatten", {}, "B ... -> B prod(...)"),
    ],
)
def test_a_wrong_formula_is_found(name: str, arguments: Arguments, wrong: str) -> None:
    found, _ = differences(name, parse_signature(wrong), arguments)
    assert found
