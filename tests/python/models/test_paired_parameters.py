"""Parameters that a program writes into another network, by a loop or a state dict: what does not fit, as in torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.spec.findings import FileReport  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import copy
import torch
import torch.nn.functional as F
from torch import nn

def network(width, *more):
    return nn.Sequential(nn.Linear(12, width), *more, nn.ReLU(), nn.Linear(width, 8))

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = network(16)
        self.target_encoder = {target}
        self.predictor = nn.Linear(8, 8)

    def forward(self, one, other):
        prediction = self.predictor(self.encoder(one))
        with torch.no_grad():
            target = self.target_encoder(other)
        return F.mse_loss(prediction, target)

model = BYOL()
loss = model(torch.randn(4, 12), torch.randn(4, 12))
loss.backward()
with torch.no_grad():
    {update}
"""
PAIRS = "for p, q in zip(model.encoder.parameters(), model.target_encoder.parameters()): "
UPDATES = {
    PAIRS + "q.data.copy_(p.data)": "SL108",
    PAIRS + "q.mul_(0.9).add_(p, alpha=0.1)": "SL108",
    PAIRS + "q.data = 0.9 * q.data + 0.1 * p.data": "SL108",
    PAIRS + "q.data.lerp_(p.data, 0.1)": "SL108",
    "for q, p in zip(model.target_encoder.parameters(), model.encoder.parameters()): q.copy_(p)": "SL108",
    "model.target_encoder.load_state_dict(model.encoder.state_dict())": "SL109",
    "weights = model.encoder.state_dict(); model.target_encoder.load_state_dict(weights, strict=False)": "SL109",
}
LIKE = ["network(16)", "copy.deepcopy(self.encoder)", "network(8 * 2)"]


def linted(target: str, update: str) -> FileReport:
    return lint_source(Source("model.py", PROGRAM.format(target=target, update=update)), Options())


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("target", LIKE)
def test_networks_that_are_alike_fit(target: str, update: str) -> None:
    exec(PROGRAM.format(target=target, update=update), {})
    report = linted(target, update)
    assert report.findings == ()
    assert [model.unchecked for model in report.models] == [()]


@pytest.mark.parametrize("update", UPDATES)
def test_another_hidden_width_is_an_error(update: str) -> None:
    with pytest.raises(RuntimeError):
        exec(PROGRAM.format(target="network(20)", update=update), {})
    findings = linted("network(20)", update).findings
    assert [finding.code for finding in findings] == [UPDATES[update]]
    assert "target_encoder" in findings[0].message


@pytest.mark.parametrize("update", [update for update in UPDATES if update.startswith("for")])
def test_other_names_leave_open_what_makes_a_pair(update: str) -> None:
    target = "network(16, nn.BatchNorm1d(16))"
    with pytest.raises(RuntimeError):
        exec(PROGRAM.format(target=target, update=update), {})
    report = linted(target, update)
    ((link,),) = [model.unchecked for model in report.models]
    assert "have other names" in link.reason


@pytest.mark.parametrize("loop", [
    PAIRS + "q.requires_grad = False",
    PAIRS + "print((p.data - q.data.mean()).norm()) if p.shape == q.shape else None",
    PAIRS + "q.data = p.data",
])  # fmt: skip
def test_a_loop_that_writes_nothing_in_place_takes_any_pairs(loop: str) -> None:
    exec(PROGRAM.format(target="network(20)", update=loop), {})
    assert linted("network(20)", loop).findings == ()
