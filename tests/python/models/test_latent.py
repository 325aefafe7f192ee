"""A layer that fits by chance (SL210) is found by changing one argument, unless the numbers must be equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

ROOT = Path(__file__).parents[3]
FIXTURE = ROOT / "fixtures" / "python" / "latent_width.py"

MODEL = """
import torch
import torch.nn as nn
from torchvision.models import resnet18
{before}

class Projector(nn.Module):
    def __init__(self, {parameters}):
        super().__init__()
{body}

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = Projector({arguments})

    def forward(self, x):
        return self.projection_head(self.backbone(x))

model = Model()
"""

PLAIN = """
        self.layers = nn.Sequential({layers})

    def forward(self, x):
        return self.layers(x)
"""

RESIDUAL = """
        self.first = nn.Linear(i, h)
        self.second = nn.Linear(h, o)
        self.norm = nn.BatchNorm1d(o)

    def forward(self, x):
        x = self.first(x)
        return self.norm(x + self.second(x))
"""

RAISES = """
        if h != o:
            raise ValueError("both must be equal")
        self.layers = nn.Sequential(nn.Linear(i, h), nn.Linear(h, o), nn.BatchNorm1d(h))

    def forward(self, x):
        return self.layers(x)
"""

SHORTCUT = """
        self.first = nn.Linear(i, h)
        self.bridge = nn.Identity() if h == o else nn.Linear(h, o)
        self.last = nn.Linear(o, o)

    def forward(self, x):
        return self.last(self.bridge(self.first(x)))
"""

STAGES = """
        self.stem = block(i, 128)
        self.stage = block(128, 64)

    def forward(self, x):
        return self.stage(self.stem(x))
"""
BLOCK = """
def block(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.BatchNorm1d(o), nn.ReLU())
"""


def latent(parameters: str, body: str, arguments: str, before: str = "") -> list[Finding]:
    """Return all findings of a model around one projector."""
    text = MODEL.format(parameters=parameters, body=body, arguments=arguments, before=before)
    return list(lint_source(Source("model.py", text), Options()).findings)


def plain(layers: str) -> str:
    """Return the code of a projector that is a list of layers."""
    return PLAIN.format(layers=layers)


LOOP = """
        layers = []
        for one, two in zip(widths, widths[1:]):
            layers += [nn.Linear(one, two), nn.BatchNorm1d(two), nn.ReLU()]
""" + plain("*layers")


@pytest.mark.parametrize(
    ("parameters", "body", "arguments", "before", "wrong"),
    [
        ("i, h, o", plain("nn.Linear(i, h), nn.Linear(h, o), nn.BatchNorm1d(h)"), "512, 128, 128", "", "h"),
        ("i, h=128, o=128", plain("nn.Linear(i, h), nn.Linear(h, o), nn.LayerNorm(h)"), "512", "", "h"),
        ("i, h, o=128", plain("nn.Linear(i, h), nn.Linear(h, o), nn.Linear(h, 64)"), "512, 128", "", "h"),
        ("i, h, o", plain("nn.Linear(i, h), nn.Linear(o, o)"), "512, WIDTH, WIDTH", "WIDTH = 128", "o"),
        ("i", plain("nn.Linear(i, HIDDEN), nn.BatchNorm1d(OUT)"), "512", "HIDDEN, OUT = 128, 128", "OUT"),
        ("i", plain("nn.Linear(i, HIDDEN), nn.BatchNorm1d(OUT)"), "512", "HIDDEN = 128\nOUT = 128", "OUT"),
        ("i, h, o", plain("*block(i, h), nn.BatchNorm1d(o)"), "512, 128, 128", BLOCK, "o"),
    ],
)
def test_a_layer_that_reads_the_wrong_variable(
    parameters: str, body: str, arguments: str, before: str, wrong: str
) -> None:
    (finding,) = latent(parameters, body, arguments, before)
    assert (finding.code, finding.severity) == ("SL210", "warning")
    text = MODEL.format(parameters=parameters, body=body, arguments=arguments, before=before)
    line = text.splitlines()[finding.location.line - 1]
    assert line[finding.location.column - 1 : finding.location.end_column - 1] == wrong


@pytest.mark.parametrize(
    ("parameters", "body", "arguments", "before"),
    [
        ("i, h, o", plain("nn.Linear(i, h), nn.Linear(h, o), nn.BatchNorm1d(o)"), "512, 128, 128", ""),
        ("i, h, o", plain("nn.Linear(h, o), nn.BatchNorm1d(o)"), "512, 512, 512", ""),  # input width of the caller
        ("i, h", plain("nn.Linear(i, h * 2), nn.Linear(2 * h, h)"), "512, 128", ""),
        ("i, h, o", RESIDUAL, "512, 128, 128", ""),
        ("i, h, o", RAISES, "512, 128, 128", ""),
        ("i, h, o", RAISES.replace("if h != o:\n            raise ValueError(\"both must be equal\")", "assert h == o"),
         "512, 128, 128", ""),
        ("i, h, o", SHORTCUT, "512, 128, 128", ""),
        ("i", STAGES, "512", BLOCK),
        ("i", plain("nn.Linear(i, 128), nn.BatchNorm1d(128)"), "512", ""),
        ("i, h", "        o = h\n" + plain("nn.Linear(i, h), nn.BatchNorm1d(o)"), "512, 128", ""),
        ("i, widths=(512, 128, 128, 64)", LOOP, "512", ""),
        ("i, widths=(128, 128)", plain("nn.Linear(i, widths[0]), nn.BatchNorm1d(widths[1])"), "512", ""),
    ],
)  # fmt: skip
def test_numbers_equal_by_design_or_set_by_the_caller_are_not_reported(
    parameters: str, body: str, arguments: str, before: str
) -> None:
    assert latent(parameters, body, arguments, before) == []


def test_torch_raises_if_one_of_the_two_is_changed() -> None:
    """Torch itself confirms the finding on the fixture."""
    torch = pytest.importorskip("torch")
    names: dict[str, object] = {}
    exec(compile(FIXTURE.read_text(encoding="utf-8"), str(FIXTURE), "exec"), names)
    projector = names["ProjectionMLP"]
    features = torch.randn(4, 16)
    assert projector(16, 32, 32)(features).shape == (4, 32)  # type: ignore[operator]
    for hidden, out in ((64, 32), (32, 64)):
        with pytest.raises(RuntimeError, match="running_mean should contain"):
            projector(16, hidden, out)(features)  # type: ignore[operator]
