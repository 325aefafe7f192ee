"""Calls in `rules/losses/` compared with the installed libraries: names of arguments, functions, operations."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import lightly.loss
import pytest
import torch
from torch import nn

from shapelint.judge.subjects.loss import compare
from shapelint.knowledge import losses
from shapelint.knowledge.schema.call_parameters import Parameter
from shapelint.knowledge.schema.loss_files import LossSignature

TARGETS = [entry["call"].partition("(")[0] for module in losses.modules() for entry in losses.entries(module).values()]
KNOWN = [signature for signature in map(losses.of_class, TARGETS) if signature is not None]

NO_LOSS = {"Whitening2d"}
"""Modules of lightly.loss that are parts of a loss."""

LIKE_ANY_MODULE = {
    "AdaptiveLogSoftmaxWithLoss", "CTCLoss", "MultiLabelMarginLoss", "TripletMarginWithDistanceLoss",
}  # fmt: skip
"""Losses of torch without an entry: no method compares features with them, or they take three operands."""


def real(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


def named(signature: LossSignature) -> str:
    return signature.target


def test_every_entry_is_found_by_its_name() -> None:
    assert [signature.target for signature in KNOWN] == TARGETS
    assert len(set(TARGETS)) == len(TARGETS) > 40


@pytest.mark.parametrize("signature", KNOWN, ids=named)
def test_the_arguments_are_those_of_the_class(signature: LossSignature) -> None:
    check_constructor(real(signature.target), signature.parameters)


def check_constructor(kind: type, parameters: tuple[Parameter, ...]) -> None:
    """Check that the names, kinds and literal defaults of a constructor are as listed."""
    assert issubclass(kind, nn.Module)
    own = inspect.signature(kind).parameters
    assert [parameter.name for parameter in parameters] == list(own)
    for parameter in parameters:
        found = own[parameter.name]
        assert (found.kind is found.KEYWORD_ONLY) == (parameter.kind == "keyword")
        assert (found.default is found.empty) == parameter.required
        if not parameter.required and not callable(found.default):
            assert parameter.default == found.default


@pytest.mark.parametrize("signature", KNOWN, ids=named)
def test_the_operands_are_arguments_of_the_call(signature: LossSignature) -> None:
    own = list(inspect.signature(real(signature.target).forward).parameters)[1:]
    names = [*signature.takes, *filter(None, [signature.prototypes])]
    assert names
    assert set(names) <= set(own)
    if signature.is_judged or signature.prototypes:
        assert own[: len(names)] == names
    assert len(signature.takes) in ((1,) if signature.operands == "alone" else (2, 3)) or not signature.is_judged


@pytest.mark.parametrize("signature", KNOWN, ids=named)
def test_named_arguments_exist_in_the_constructor(signature: LossSignature) -> None:
    meant = {signature.over, signature.bank, signature.width, signature.cut} - {None}
    assert meant <= {parameter.name for parameter in signature.parameters}


THIRD = {
    "cosine_embedding_loss": [torch.ones(6)],
    "margin_ranking_loss": [torch.ones(6, 16)],
    "gaussian_nll_loss": [torch.ones(6, 16)],
}
"""The third operand of losses that take one beside those that are listed."""

FUNCTIONS = [(name, signature) for signature in KNOWN for name in signature.functions]


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")
@pytest.mark.parametrize(("name", "signature"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_functional_form_agrees_with_the_loss(name: str, signature: LossSignature) -> None:
    function, loss = real(name), real(signature.target)()
    left, right = torch.rand(6, 16), torch.rand(6, 16)
    if signature.labels and signature.takes == ("input",):
        right = right if "cross" in name else torch.arange(6)
    rest = THIRD.get(name.rpartition(".")[2], [left.flip(0)][: len(signature.takes) - 2])
    assert torch.equal(function(left, right, *rest), loss(left, right, *rest))
    assert losses.of_function(name) is signature


OPERATIONS = [(name, signature) for signature in KNOWN for name in signature.by_hand]


@pytest.mark.parametrize(("name", "signature"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_of_a_hand_written_loss_takes_the_same_shapes(name: str, signature: LossSignature) -> None:
    function = getattr(torch, name)
    for width in (16, 12, 1):
        left, right = torch.rand(6, 16), torch.rand(6, width)
        comparison = compare(signature.operands, (6, 16), (6, width))
        assert runs(lambda left=left, right=right: function(left, right)) == bool(
            comparison.equal or comparison.broadcasts
        )
    assert losses.written_by_hand(name) == (signature, signature.by_hand[name])


def runs(call: Callable[[], Any]) -> bool:
    try:
        call()
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("signature", [s for s in KNOWN if s.operation], ids=named)
def test_a_loss_may_return_the_result_of_an_operation(signature: LossSignature) -> None:
    left, right = torch.rand(6, 16), torch.rand(6, 16)
    reduces = any(parameter.name == "reduction" for parameter in signature.parameters)
    unreduced = {"reduction": "none"} if reduces else {}
    found = real(signature.target)(**unreduced)(left, right)
    assert found.shape
    library = torch.nn.functional if reduces else torch
    assert torch.equal(found, getattr(library, signature.operation)(left, right, **unreduced))


INDEX = torch.arange(5)[None].expand(6, -1)
IN_ITS_OWN_WAY: dict[str, Callable[..., Any]] = {
    "IBOTPatchLoss": lambda loss, a, b: loss(a[:, 0], b[:, 0], torch.eye(3, dtype=torch.bool).repeat(2, 1, 1)),
    "LeJEPALoss": lambda loss, a, b: loss(local_proj=a, global_proj=b),
    "TripletMarginLoss": lambda loss, a, b: loss(a, b, b.flip(0)),
    "DetConSLoss": lambda loss, a, b: loss(a, b, INDEX, INDEX),
    "WMSELoss": lambda loss, a, b: loss(torch.rand(512, 16)),
    "VICRegLLoss": lambda loss, a, b: loss([(a[:, 0], GRIDS), (b[:, 0], GRIDS + 0)], [GRIDS] * 2),
}
GRIDS = torch.rand(6, 5, 5, 2)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("signature", [s for s in KNOWN if not s.operation and s.is_judged], ids=named)
def test_any_other_loss_returns_a_number(signature: LossSignature) -> None:
    left, right = torch.rand(6, 5, 16), torch.rand(6, 5, 16)
    if signature.axes[1] < 3:
        left, right = left[:, 0], right[:, 0]
    width = {signature.width: 16} if signature.width else {}
    name = signature.target.rpartition(".")[2]
    loss = real(signature.target)(**width, **({"gather_distributed": False} if name == "DetConSLoss" else {}))
    if name in IN_ITS_OWN_WAY:
        assert IN_ITS_OWN_WAY[name](loss, left, right).numel() == 1
        return
    views = [[left, right], []] if "high_resolution_outputs" in signature.takes else [left, right]
    views = [[left, right], [left, right]] if "teacher_out" in signature.takes else views
    assert loss(*views, *([torch.rand(10, 16)] if signature.prototypes else [])).numel() == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("signature", [s for s in KNOWN if s.prototypes], ids=named)
def test_prototypes_must_have_the_width_of_the_features(signature: LossSignature) -> None:
    kind = real(signature.target)
    free = [p.name for p in signature.parameters if p.required]
    loss = kind(**{name: lambda scores: torch.ones_like(scores) for name in free})
    left, right = torch.rand(6, 16), torch.rand(6, 16)
    assert runs(lambda: loss(left, right, torch.rand(10, 16)))
    assert not runs(lambda: loss(left, right, torch.rand(10, 12)))
    assert runs(lambda: loss(left, right, **{str(signature.prototypes): torch.rand(10, 16)}))


def classes(package: Any) -> Iterator[type]:
    """Yield every module class that is defined in a package."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, nn.Module) and value.__module__ == module.__name__:
                yield value


def test_every_loss_of_lightly_has_an_entry() -> None:
    names = {kind.__name__ for kind in classes(lightly.loss)}
    assert names - NO_LOSS == set(losses.entries("lightly.loss"))
    assert losses.is_self_supervised("lightly.loss.NTXentLoss")


def test_a_loss_of_torch_has_an_entry_or_is_like_any_module() -> None:
    names = {name for name in vars(nn.modules.loss) if name.endswith("Loss") and not name.startswith("_")}
    known = set(losses.entries("torch.nn"))
    assert not known & LIKE_ANY_MODULE
    assert names - {"NLLLoss2d", "LinearCrossEntropyLoss"} <= known | LIKE_ANY_MODULE
    assert not losses.is_self_supervised("torch.nn.MSELoss")


def test_the_test_of_arguments_can_fail() -> None:
    wrong = LossSignature(call="torch.nn.HuberLoss(reduction='mean', delta=2.0)")
    with pytest.raises(AssertionError):
        check_constructor(nn.HuberLoss, wrong.parameters)
