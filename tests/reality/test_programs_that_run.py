"""Programs that torch runs, whose ways of changing a network were once taken for faults: none has an error."""

from __future__ import annotations

import textwrap

import pytest
from programs_of_torch import run_and_lint

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

NETWORK = """
import torch
import torchvision
from contextlib import contextmanager
from torch import nn

class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 10, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(10, 7), nn.BatchNorm1d(7))
        self.predictor = nn.Linear(7, 7)

    def forward(self, x):
        z = self.projector(self.encoder(x))
        return z, self.predictor(z)

network = SimSiam()
images = torch.randn(4, 3, 9, 9)
"""

RUN = {
    "a predictor is swapped while a block runs": """
        @contextmanager
        def swapped(network, other):
            before, network.predictor = network.predictor, other
            try:
                yield
            finally:
                network.predictor = before

        with swapped(network, nn.Linear(7, 5)):
            network(images)[1] - torch.zeros(4, 5)
    """,
    "a list grows while a block runs": """
        widths = [7]

        @contextmanager
        def another(width):
            widths.append(width)
            try:
                yield
            finally:
                widths.pop()

        with another(5):
            nn.Linear(7, widths[-1])(network(images)[0]) - torch.zeros(4, 5)
    """,
    "apply sets the norms to evaluation": """
        def freeze(layer):
            if isinstance(layer, nn.BatchNorm1d):
                layer.eval()

        network.apply(freeze)
        network(images[:1])
    """,
    "apply sets all layers to evaluation": """
        network.projector.apply(lambda layer: layer.eval())
        network(images[:1])
    """,
    "apply gives a layer another weight": """
        def narrow(layer):
            if isinstance(layer, nn.Linear) and layer.in_features == 7:
                layer.weight, layer.bias = nn.Parameter(torch.randn(5, 7)), None

        network.apply(narrow)
        network(images)[1] - torch.zeros(4, 5)
    """,
    "apply collects layers": """
        linear = []
        network.apply(lambda layer: linear.append(layer) if isinstance(layer, nn.Linear) else None)
        nn.Linear(7, len(linear))(network(images)[0]) - torch.zeros(4, 2)
    """,
    "apply counts layers": """
        count = 0

        def note(layer):
            global count
            count += isinstance(layer, nn.Linear)

        network.apply(note)
        nn.Linear(7, count)(network(images)[0]) - torch.zeros(4, 2)
    """,
    "a norm is set to evaluation by its attribute": """
        network.projector[1].training = False
        network(images[:1])
    """,
    "all layers are set to evaluation by their attribute": """
        for layer in network.modules():
            layer.training = False
        network(images[:1])
    """,
    "a layer takes the place of another, by the name that a loop gives": """
        for name, layer in list(network.named_modules()):
            if name == "predictor":
                setattr(network, name, nn.Linear(7, 5))
        network(images)[1] - torch.zeros(4, 5)
    """,
    "a norm takes the place of another, by its path": """
        for name, layer in list(network.named_modules()):
            if isinstance(layer, nn.BatchNorm1d):
                parent, _, last = name.rpartition(".")
                setattr(network.get_submodule(parent), last, nn.LayerNorm(7))
        network(images[:1])
    """,
    "a queue that takes what there is room for": """
        queue, start = torch.zeros(10, 7), 0
        for _ in range(6):
            keys = network(images)[0].detach()
            room = min(4, 10 - start)
            queue[start : start + room] = keys[:room]
            start = (start + room) % 10
    """,
    "settings without entries are false": """
        class Extras:
            def __init__(self, **given):
                self.given = given

            def __len__(self):
                return len(self.given)

        width = 6 if Extras() else 5
        nn.Linear(7, width)(network(images)[0]) - torch.zeros(4, 5)
    """,
    "a switch that is off is false": """
        class Switch:
            def __init__(self, on):
                self.on = on

            def __bool__(self):
                return self.on

        width = 6 if Switch(False) else 5
        nn.Linear(7, width)(network(images)[0]) - torch.zeros(4, 5)
    """,
    "a part that was None at first is the last": """
        class Late(nn.Module):
            def __init__(self):
                super().__init__()
                self.projector = None
                self.encoder = nn.Linear(7, 6)
                self.projector = nn.Linear(6, 5)

            def forward(self, z):
                for part in self.children():
                    z = part(z)
                return z

        Late()(network(images)[0]) - torch.zeros(4, 5)
    """,
    "a layer that occurs twice is one child": """
        relu = nn.ReLU()
        layers = nn.Sequential(nn.Linear(7, 6), relu, nn.Linear(6, 5), relu, nn.Linear(5, 3))
        four = nn.Sequential(*[layer for name, layer in layers.named_children()][:4])
        four(network(images)[0]) - torch.zeros(4, 3)
        nn.Sequential(*list(layers.children())[:4])(network(images)[0]) - torch.zeros(4, 3)
    """,
    "a layer that rounds the sizes of its input": """
        network.encoder = nn.Sequential(nn.FractionalMaxPool2d(2, output_ratio=0.5), nn.Flatten(), nn.Linear(48, 10))
        network(images)
    """,
    "a generator that is sent a width": """
        def halves():
            width = yield 0
            while True:
                width = yield width // 2

        half = halves()
        next(half)
        nn.Linear(7, half.send(10))(network(images)[0]) - torch.zeros(4, 5)
    """,
    "a model with auxiliary logits, in evaluation": """
        class SimCLR(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = torchvision.models.inception_v3(init_weights=False)
                self.projector = nn.Linear(1000, 5)

            def forward(self, x):
                return self.projector(self.encoder(x))

        SimCLR().eval()(torch.zeros(2, 3, 96, 96)) - torch.zeros(2, 5)
    """,
}
STOP = {
    "weights are filled by apply, and the target is too narrow": """
        def fill(layer):
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                layer.bias.data.zero_()

        network.apply(fill)
        network(images)[1] - torch.zeros(4, 5)
    """,
    "a block that changes nothing": """
        @contextmanager
        def timed():
            try:
                yield
            finally:
                print("done")

        with timed():
            network(images)[1] - torch.zeros(4, 5)
    """,
    "a queue that goes past its end": """
        queue, start = torch.zeros(10, 7), 0
        for _ in range(6):
            keys = network(images)[0].detach()
            queue[start : start + 4] = keys
            start = (start + 4) % 10
    """,
    "one image in training": "network(images[:1])",
}


def outcome(body: str) -> tuple[bool, list[str]]:
    """Return whether torch runs a program, and the errors that are reported of it."""
    runs, report, errors = run_and_lint(NETWORK + textwrap.dedent(body), RuntimeError, ValueError)
    assert report.models
    return runs, [finding.message for finding in errors]


@pytest.mark.parametrize("body", RUN.values(), ids=RUN)
def test_what_runs_has_no_error(body: str) -> None:
    assert outcome(body) == (True, [])


@pytest.mark.parametrize("body", STOP.values(), ids=STOP)
def test_what_stops_without_such_a_change_has_an_error(body: str) -> None:
    runs, errors = outcome(body)
    assert not runs
    assert errors
