"""What does not fit where a program catches it and goes on is an unchecked link; where it stops, it is an error."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import contextlib
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.encoder = nn.Linear(12, 16)
        self.projector = nn.Linear(width, 8)

    def forward(self, x):
        return self.projector(self.encoder(x))

images = torch.randn(4, 12)
{steps}
SimCLR(16)(images)
"""
GOES_ON = [
    "try:\n    SimCLR()(images)\nexcept RuntimeError:\n    found = None",
    "try:\n    SimCLR()(images)\nexcept (ValueError, Exception) as error:\n    pass",
    "try:\n    SimCLR()(images)\nexcept:\n    images = images[:2]",
    "for width in (32, 20):\n    try:\n        SimCLR(width)(images)\n    except RuntimeError:\n        print(width)",
    "with contextlib.suppress(RuntimeError):\n    SimCLR()(images)",
    "try:\n    torch.ones(4, 3) @ SimCLR(16)(images)\nexcept RuntimeError:\n    found = None",
]
STOPS = [
    "try:\n    SimCLR()(images)\nexcept KeyboardInterrupt:\n    found = None",
    "try:\n    SimCLR()(images)\nexcept RuntimeError as error:\n    if 'memory' not in str(error):\n        raise",
    "try:\n    SimCLR()(images)\nexcept ImportError:\n    found = None",
    "try:\n    SimCLR()(images)\nexcept RuntimeError:\n    exit(1)",
    "try:\n    SimCLR()(images)\nfinally:\n    found = None",
    "with contextlib.suppress(KeyError):\n    SimCLR()(images)",
    "try:\n    images = images + 0\nexcept RuntimeError:\n    images = None\nSimCLR()(images)",
]


@pytest.mark.parametrize("steps", GOES_ON)
def test_a_program_that_goes_on_has_no_error(steps: str) -> None:
    text = PROGRAM.format(steps=steps)
    exec(text, {})
    report = lint_source(Source("model.py", text), Options())
    assert report.findings == ()
    reasons = [link.reason for model in report.models for link in model.unchecked]
    assert "what does not fit there is caught by this except" in reasons


@pytest.mark.parametrize("steps", STOPS)
def test_a_program_that_stops_has_one(steps: str) -> None:
    text = PROGRAM.format(steps=steps)
    with pytest.raises((RuntimeError, SystemExit)):
        exec(text, {})
    findings = lint_source(Source("model.py", text), Options()).findings
    assert [finding.code for finding in findings] == ["SL101"]


def test_an_error_that_is_only_reported_stops_the_training() -> None:
    steps = "def main():\n    SimCLR()(images)\ntry:\n    main()\nexcept Exception as error:\n    print(error)"
    findings = lint_source(Source("model.py", PROGRAM.format(steps=steps)), Options()).findings
    assert [finding.code for finding in findings] == ["SL101"]
