"""Every loss of `rules/losses/`, run on the CPU with pairs of shapes, behaves as the data says."""

from __future__ import annotations

import importlib
import itertools
import warnings
from typing import Any

import pytest
import torch

from shapelint.judge.subjects.loss import compare
from shapelint.knowledge import losses
from shapelint.knowledge.schema.loss_files import LossSignature

TARGETS = [entry["call"].partition("(")[0] for module in losses.modules() for entry in losses.entries(module).values()]
KNOWN = [signature for signature in map(losses.of_class, TARGETS) if signature is not None]
LOSSES = [signature for signature in KNOWN if signature.is_judged]

SHAPES = [
    *[(6, width) for width in (16, 12, 1)],
    *[(1, width) for width in (16, 12)],
    *[(6, 5, width) for width in (16, 1)],
    (6, 1, 16),
    (6, 16, 4, 4),
    (6, 8, 4, 4),
]
PAIRS = list(itertools.product(SHAPES, SHAPES))
REGIONS = torch.arange(5)[None].expand(6, -1)
MASKED = torch.eye(3, dtype=torch.bool).repeat(2, 1, 1)
"""The masks of six tokens in two images."""
LOCAL = torch.rand(6, 5, 5, 8)
ONE_CALL: dict[str, Any] = {
    "TripletMarginLoss": lambda loss, a, b: loss(a, b, a + 0),
    "CAPILoss": lambda loss, a, b: loss(b, a),
    "IBOTPatchLoss": lambda loss, a, b: loss(b, a, MASKED),
    "LeJEPALoss": lambda loss, a, b: loss(local_proj=a, global_proj=b),
    "DetConSLoss": lambda loss, a, b: loss(a, b, REGIONS[: len(a), : a.shape[1]], REGIONS[: len(b), : b.shape[1]]),
    "WMSELoss": lambda loss, a, b: loss(b.repeat(96, *[1] * (b.dim() - 1)) + torch.rand(96 * len(b), *b.shape[1:])),
    "VICRegLLoss": lambda loss, a, b: loss([(b, LOCAL[: len(b)]), (b + 0, LOCAL[: len(b)] + 0)], [GRID[: len(b)]] * 2),
}
"""How losses are called that take more than two tensors, or the target's first."""
OPTIONS: dict[str, dict[str, Any]] = {
    "DetConSLoss": {"gather_distributed": False},
    "WMSELoss": {"w_size": 48},
}


def run(signature: LossSignature, left: tuple[int, ...], right: tuple[int, ...], **arguments: Any) -> bool:
    """Return whether the real loss takes two operands of these shapes."""
    module, _, name = signature.target.rpartition(".")
    loss = getattr(importlib.import_module(module), name)(**arguments)
    a, b = torch.rand(left), torch.rand(right)
    if signature.prototypes:
        return runs(lambda: loss(a, b, torch.rand(10, left[-1])))
    if name == "SwaVLoss":
        return runs(lambda: loss([a, b], []))
    if name in ONE_CALL:
        return runs(lambda: ONE_CALL[name](loss, a, b))
    if name == "DINOLoss":
        # The teacher comes first; the online branch is the student.
        return runs(lambda: loss([b, b], [a, a], epoch=0))
    return runs(lambda: loss(a, b))


def runs(call: Any) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except (RuntimeError, ValueError, IndexError, AssertionError):
            return False
    return True


def predicted(signature: LossSignature, left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    """Return the verdict of the data: from the number of axes, the batch, and how shapes must agree."""
    least, most = signature.axes
    if signature.operands == "alone":
        left = right
    if not all(least <= len(shape) <= most for shape in (left, right)):
        return False
    if min(left[0], right[0]) < signature.batch:
        return False
    comparison = compare(signature.operands, left, right)
    return bool(comparison.equal or comparison.broadcasts)


@pytest.mark.parametrize("signature", LOSSES, ids=lambda signature: signature.target)
def test_the_loss_agrees_with_its_data(signature: LossSignature) -> None:
    arguments = {"loss_dim": 4} if signature.cut else OPTIONS.get(signature.target.rpartition(".")[2], {})
    checked = 0
    for left, right in PAIRS:
        if left[0] != right[0] and signature.operands in ("features", "flattened"):
            continue  # both operands of a method have the same batch size; these losses use it for a mask
        if any(name in signature.target for name in ("DetCon", "IBOT")) and left[:-1] != right[:-1]:
            continue  # both are the same tokens, or regions, of one batch
        if "IBOT" in signature.target and len(left) > 2:
            continue  # the loss of each token is multiplied with its weight, which fits if images have one token each
        if "Triplet" in signature.target and len(left) != len(right):
            continue  # the samples of a triplet have one number of axes
        if "CAPI" in signature.target and len(left) != len(right):
            continue  # both are tokens of one batch
        if "MSN" in signature.target and (left[0], len(left)) != (right[0], len(right)):
            continue  # several views of an image may be compared with one target
        width = {signature.width: right[-1]} if signature.width else {}
        assert run(signature, left, right, **arguments, **width) == predicted(signature, left, right), (left, right)
        checked += 1
    assert checked > 12


@pytest.mark.parametrize("signature", [s for s in LOSSES if s.width], ids=lambda signature: signature.target)
def test_a_loss_of_fixed_width_raises_for_another_width_except_1(signature: LossSignature) -> None:
    assert signature.width is not None
    for features, width in itertools.product((16, 12, 1), repeat=2):
        works = features == width or (1 in (features, width) and not signature.never_broadcasts)
        options = OPTIONS.get(signature.target.rpartition(".")[2], {})
        assert run(signature, (6, features), (6, features), **options, **{signature.width: width}) == works


@pytest.mark.parametrize("signature", [s for s in LOSSES if s.bank], ids=lambda signature: signature.target)
def test_a_bank_raises_for_other_widths_and_broadcasts_width_1(signature: LossSignature) -> None:
    assert signature.bank is not None
    if signature.cut:
        return  # what is cut to `loss_dim` is compared with the bank; no method pack has such a bank
    module, _, name = signature.target.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    for features, width in itertools.product((16, 12, 1), repeat=2):
        loss = kind(**{signature.bank: (32, width)})
        query = torch.rand(6, features, requires_grad=True)
        works = features == width or features == 1
        assert runs(lambda loss=loss, query=query, f=features: loss(query, torch.rand(6, f))) == works


@pytest.mark.parametrize("signature", [s for s in LOSSES if s.cut], ids=lambda signature: signature.target)
def test_a_cut_silently_takes_fewer_features(signature: LossSignature) -> None:
    assert signature.cut is not None
    left, right = torch.rand(6, 8), torch.rand(6, 8)
    module, _, name = signature.target.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    assert torch.equal(kind(**{signature.cut: 8})(left, right), kind(**{signature.cut: 1024})(left, right))
    assert not torch.equal(kind(**{signature.cut: 4})(left, right), kind(**{signature.cut: 1024})(left, right))


@pytest.mark.parametrize("signature", [s for s in LOSSES if s.over], ids=lambda signature: signature.target)
def test_a_cosine_over_another_axis_runs_with_another_result(signature: LossSignature) -> None:
    assert signature.over is not None
    module, _, name = signature.target.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    left, right = torch.rand(6, 5, 16), torch.rand(6, 5, 16)
    values = [kind(**{signature.over: axis})(left, right).mean() for axis in (0, 1, 2)]
    assert len({round(float(value), 6) for value in values}) == 3


PAIRED = [signature for signature in KNOWN if len(signature.takes) == 2 and signature.target.startswith("lightly")]
GRID = torch.rand(12, 5, 5, 2)
SPECIAL = {
    "MMCRLoss": lambda loss, a, b: loss(a[:, None], b[:, None]),
    "SwaVLoss": lambda loss, a, b: loss([a, a], [b]),
    "DINOLoss": lambda loss, a, b: loss([a, a], [b, b], epoch=0),
    "IBOTPatchLoss": lambda loss, a, b: loss(a, b, torch.ones(2, 2, 3, dtype=torch.bool)),
    "IBOTPlusPlusPatchLoss": lambda loss, a, b: loss(a, b, torch.ones(2, 2, 3, dtype=torch.bool)),
    "LeJEPALoss": lambda loss, a, b: loss(local_proj=a[None], global_proj=b[None]),
    "LeWMLoss": lambda loss, a, b: loss(predicted=a[None], target=b[None], embeddings=torch.rand(1, 12, 8)),
    "VISRegLoss": lambda loss, a, b: loss(local_proj=a[None], global_proj=b[None]),
    "DetConSLoss": lambda loss, a, b: loss(a[None], b[None], *[torch.arange(12)[None]] * 2),
    "DetConBLoss": lambda loss, a, b: loss(a[None], a[None], b[None], b[None], *[torch.arange(12)[None]] * 2),
    "VICRegLLoss": lambda loss, a, b: loss([(a, one_map(a))] * 2, [GRID] * 2, [(b, one_map(b))], [GRID]),
    "CAPILoss": lambda loss, a, b: loss(a[None], b[None]),
    "PatchKernelAlignmentLoss": lambda loss, a, b: loss(a[None], b[None]),
}
"""How losses are called whose operands are more than two tensors (B, D)."""
ARGUMENTS: dict[str, dict[str, Any]] = {
    "DINOLoss": {"output_dim": 8},
    "IBOTPatchLoss": {"output_dim": 8},
    "IBOTPlusPlusPatchLoss": {"output_dim": 8},
    "DetConSLoss": {"gather_distributed": False},
    "DetConBLoss": {"gather_distributed": False},
    "PMSNCustomLoss": {"target_distribution": lambda prototypes: torch.full(prototypes.shape[:1], 0.1)},
}


def one_map(features: Any) -> Any:
    """Return a map whose vectors are those of the features."""
    return features[:, None, None].expand(-1, 5, 5, -1)


@pytest.mark.parametrize("signature", PAIRED, ids=lambda signature: signature.target)
def test_gradients_flow_to_the_operands_that_a_loss_does_not_stop(signature: LossSignature) -> None:
    module, _, name = signature.target.rpartition(".")
    loss = getattr(importlib.import_module(module), name)(**ARGUMENTS.get(name, {}))
    operands = [torch.rand(12, 8, requires_grad=True) for _ in range(2)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in SPECIAL:
            result = SPECIAL[name](loss, *operands)
        else:
            result = loss(*operands, *([torch.rand(10, 8)] if signature.prototypes else []))
        if result.requires_grad:
            result.sum().backward()
    reached = [operand.grad is not None for operand in operands]
    assert reached == [operand not in signature.stops for operand in signature.takes]
