"""Recurrent encoders in programs: what they give, and a head of another width, as real torch has it."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.{encoder}
        self.projection_head = nn.Sequential(nn.Linear({width}, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x):
        {steps}
        return self.projection_head(h)

model = SimCLR()
model(torch.randn(6, 5, 7))
"""

ROUNDS = "\n        for t in range(x.size(1)):\n            "


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("error", [0, 3])
@pytest.mark.parametrize(("encoder", "steps", "width"), [
    ("GRU(7, 12, batch_first=True)", "h = self.encoder(x)[0][:, -1]", 12),
    ("GRU(7, 12, 2, bidirectional=True)", "out, h = self.encoder(x); h = out.mean(0)", 24),
    ("GRU(7, 12, num_layers=3)", "_, h = self.encoder(x); h = h[-1]", 12),
    ("LSTM(7, 12, batch_first=True)", "out, (h, c) = self.encoder(x); h = torch.cat((h[-1], c[-1]), 1)", 24),
    ("LSTM(7, 12, bidirectional=True)", "_, (h, _) = self.encoder(x); h = torch.cat((h[-2], h[-1]), dim=-1)", 24),
    ("LSTM(7, 12, proj_size=5)", "out, _ = self.encoder(x); h = out[-1]", 5),
    ("RNN(7, 12, nonlinearity='relu')", "h = self.encoder(x)[1].squeeze(0)", 12),
    ("RNNCell(7, 12)", "h = self.encoder(x[:, 0])", 12),
    ("GRUCell(7, 12)", f"h = None{ROUNDS}h = self.encoder(x[:, t], h)", 12),
    ("LSTMCell(7, 12)", f"h = c = torch.zeros(6, 12){ROUNDS}h, c = self.encoder(x[:, t], (h, c))", 12),
])  # fmt: skip
def test_what_it_gives_meets_the_head(encoder: str, steps: str, width: int, error: int) -> None:
    text = PROGRAM.format(encoder=encoder, steps=steps, width=width + error)
    if error:
        with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
            exec(text, {})
    else:
        exec(text, {})
    report = lint_text(Source("model.py", text), Settings(isolated=True))
    assert [finding.code for finding in report.findings] == ["SL101"] * bool(error)
    assert [link for model in report.models for link in model.unchecked] == []


BOTH = "LSTM(7, 12, batch_first=True, proj_size=4)"
STATES = "h = self.encoder(x, (torch.zeros(1, 6, {}), torch.zeros(1, 6, {})))[0][:, 0]"


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(("encoder", "steps", "width", "fits"), [
    ("GRU(7, 12)", "h = self.encoder(x, torch.zeros(1, 5, 12))[1][0]", 12, True),
    ("GRU(7, 12)", "h = self.encoder(x, hx=torch.zeros(1, 5, 14))[1][0]", 12, False),
    ("GRU(7, 12, 2, bidirectional=True)", "h = self.encoder(x, torch.zeros(2, 5, 12))[0][0]", 24, False),
    ("RNN(7, 12, batch_first=True)", "h = self.encoder(x, torch.zeros(1, len(x), 12))[0][:, 0]", 12, True),
    ("RNN(7, 12, batch_first=True)", "h = self.encoder(x, None)[0][:, 0]", 12, True),
    ("GRU(7, 12)", "h = self.encoder(x, torch.zeros(1, 6, 12))[1][0]", 12, False),
    ("RNN(7, 12, batch_first=True)", "h = self.encoder(x, torch.zeros(1, 5, 12))[0][:, 0]", 12, False),
    ("LSTM(7, 12)", "h = self.encoder(x, (torch.zeros(1, 5, 12), torch.zeros(1, 6, 12)))[1][0][0]", 12, False),
    (BOTH, STATES.format(4, 12), 4, True),
    (BOTH, STATES.format(12, 4), 4, False),
    ("GRUCell(7, 12)", "h = self.encoder(x[:, 0], hx=torch.zeros(6, 12))", 12, True),
    ("GRUCell(7, 12)", "h = self.encoder(x[:, 0], torch.zeros(6, 14))", 12, False),
    ("GRUCell(7, 12)", "h = self.encoder(x[:, 0], torch.zeros(5, 12))", 12, False),
    ("LSTMCell(7, 12)", "h = self.encoder(x[:, 0], (torch.zeros(6, 12), torch.zeros(6, 14)))[0]", 12, False),
])  # fmt: skip
def test_the_state_to_start_from_has_the_axes_of_the_one_to_end_with(
    encoder: str, steps: str, width: int, fits: bool
) -> None:
    text = PROGRAM.format(encoder=encoder, steps=steps, width=width)
    if fits:
        exec(text, {})
    else:
        with pytest.raises(RuntimeError, match=r"Expected hidden|inconsistent hidden_size|match hidden"):
            exec(text, {})
    report = lint_text(Source("model.py", text), Settings(isolated=True))
    assert bool(report.findings) is not fits
    assert [link.role for link in report.models[0].unchecked] == []


def test_a_state_that_is_not_known_is_a_link_that_is_not_checked() -> None:
    steps = "h = self.encoder(x, torch.load('state.pt'))[1][0]"
    text = PROGRAM.format(encoder="GRU(7, 12)", steps=steps, width=12)
    report = lint_text(Source("model.py", text), Settings(isolated=True))
    assert report.findings == ()
    assert [link.role for link in report.models[0].unchecked]


@pytest.mark.parametrize(("steps", "kind"), [
    ("h = self.encoder(x)", "tuple"),
    ("h = [out for out in self.encoder(x)]", "list"),
    ("out, state = self.encoder(x); h = {'out': out, 'state': state}", "dict"),
])  # fmt: skip
def test_all_of_its_outputs_are_no_input_of_a_head(steps: str, kind: str) -> None:
    text = PROGRAM.format(encoder="GRU(7, 12, batch_first=True)", steps=steps, width=12)
    with pytest.raises(TypeError, match=f"must be Tensor, not {kind}"):
        exec(text, {})
    (finding,) = lint_text(Source("model.py", text), Settings(isolated=True)).findings
    assert finding.code == "SL111"
    assert f"returns a {kind} of (6, 5, 12), (1, 6, 12)" in finding.message


@pytest.mark.parametrize("layer", ["nn.Identity()", "nn.Sequential(nn.Identity(), nn.Identity())"])
def test_a_layer_that_takes_anything_passes_all_of_them_on(layer: str) -> None:
    steps = f"h = {layer}(self.encoder(x))[0][:, -1]"
    text = PROGRAM.format(encoder="GRU(7, 12, batch_first=True)", steps=steps, width=12)
    exec(text, {})
    assert lint_text(Source("model.py", text), Settings(isolated=True)).findings == ()
