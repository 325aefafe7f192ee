"""A change of a number or a network is followed or makes it unknown: the value before the change is never believed.

So is a number that a script computes: it is what Python computes, or unknown.
"""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch
import torchvision
from torch import nn

from tests.python.changed_values import CHANGED, NETWORKS
from tests.python.computed_values import COMPUTED
from tests.python.test_features import WRONG, serious

NUMBERS = {**CHANGED, **COMPUTED}
RIGHT = 512
IMPORTS = "import timm\nimport torch\nimport torchvision\nfrom torch import nn\n"
MODEL = """
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = build()
        self.projector = nn.Sequential(nn.Linear({head}, 96), nn.ReLU(), nn.Linear(96, 64))
    def forward(self, images):
        return self.projector(self.encoder(images))
SimCLR()(torch.randn(4, {channels}, 64, 64))
"""


def _number(name: str, width: int) -> tuple[str, str]:
    """Return the code before the model and the expression, with a width filled in."""
    setup, expression, _ = NUMBERS[name]
    return setup.replace("{W}", str(width)) + "\n", expression.replace("{W}", str(width))


def _script(setup: str, head: str, channels: int = 3) -> str:
    return IMPORTS + setup + MODEL.replace("{head}", head).replace("{channels}", str(channels))


def _with_number(name: str, width: int) -> str:
    setup, expression = _number(name, width)
    backbone = "def build():\n    net = torchvision.models.resnet18()\n    net.fc = nn.Identity()\n    return net\n"
    return _script(setup + backbone, expression)


def _build(name: str) -> str:
    """Return the function that builds a network."""
    lines = "".join(f"    {line}\n" for line in NETWORKS[name][0].splitlines())
    return f"def build():\n{lines}    return net\n"


@pytest.mark.parametrize("name", NUMBERS)
def test_python_computes_the_number(name: str) -> None:
    setup, expression = _number(name, RIGHT)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(setup, name, "exec", dont_inherit=True), names)
    assert eval(expression, names) == RIGHT


@pytest.mark.parametrize("name", NUMBERS)
def test_the_number_before_the_change_is_not_believed(name: str) -> None:
    assert serious(_with_number(name, RIGHT)) == []


@pytest.mark.parametrize("name", [name for name, case in NUMBERS.items() if case[2]])
def test_a_wrong_number_is_followed(name: str) -> None:
    (finding,) = serious(_with_number(name, WRONG + 1))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", WRONG + 1, RIGHT)


@pytest.mark.parametrize("name", [name for name, case in NUMBERS.items() if not case[2]])
def test_changes_that_cannot_be_followed_give_unknown(name: str) -> None:
    assert serious(_with_number(name, WRONG + 1)) == []


@pytest.mark.parametrize("name", NETWORKS)
def test_torch_builds_the_network(name: str) -> None:
    _, width, channels, _ = NETWORKS[name]
    names: dict[str, Any] = {"torchvision": torchvision, "timm": timm, "nn": nn, "torch": torch}
    exec(_build(name), names)
    assert names["build"]().eval()(torch.zeros(4, channels, 64, 64)).shape == (4, width)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_before_the_change_is_not_believed(name: str) -> None:
    _, width, channels, _ = NETWORKS[name]
    assert serious(_script(_build(name), str(width), channels)) == []


@pytest.mark.parametrize("name", [name for name, case in NETWORKS.items() if case[3]])
def test_a_head_of_another_width_is_found_after_the_network(name: str) -> None:
    _, width, channels, _ = NETWORKS[name]
    (finding,) = serious(_script(_build(name), str(WRONG), channels))
    assert (finding.code, finding.expected, finding.actual) == ("SL101", WRONG, width)


@pytest.mark.parametrize("name", [name for name, case in NETWORKS.items() if not case[3]])
def test_nothing_is_reported_after_a_network_that_cannot_be_followed(name: str) -> None:
    _, _, channels, _ = NETWORKS[name]
    assert serious(_script(_build(name), str(WRONG), channels)) == []
