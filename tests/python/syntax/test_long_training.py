"""Training code that cannot change a shape does not use up what the rest of a file needs.

Each script is linted with the right width, where all of its links are checked, and with a wrong one, which is found.
"""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.models.entry_points import interpret
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

MODEL = """
import torch
from torch import nn


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 48, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Sequential(nn.Linear(WIDTH, 96), nn.BatchNorm1d(96), nn.ReLU(), nn.Linear(96, 32))
        self.predictor = nn.Linear(32, 32)

    def forward(self, x):
        z = self.projector(self.backbone(x))
        return z, self.predictor(z)
"""
EPOCHS = """
def fit(net, loader, optimizer):
    total, count = 0.0, 0
    for first, second in loader:
        z1, p1 = net(first)
        z2, p2 = net(second)
        loss = -nn.functional.cosine_similarity(p1, z2.detach(), dim=1).mean() / 2
        loss = loss - nn.functional.cosine_similarity(p2, z1.detach(), dim=1).mean() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item(), count + len(first)
    return total / count


net = SimSiam()
history = {"loss": []}
for epoch in range(1, 2001):
    history["loss"].append(fit(net, [torch.randn(2, 2, 3, 32, 32)], torch.optim.SGD(net.parameters(), lr=0.1)))
"""
WALK = """
def first_tensor(data):
    if isinstance(data, dict):
        for value in data.values():
            found = first_tensor(value)
            if found is not None:
                return found
    elif torch.is_tensor(data):
        return data
    elif isinstance(data, (list, tuple)):
        for value in data:
            found = first_tensor(value)
            if found is not None:
                return found
    return None


class Tree:
    def __init__(self, entries):
        for key, value in entries.items():
            if isinstance(value, dict):
                self.__dict__[key] = Tree(value)
            else:
                self.__dict__[key] = value


def main(path):
    settings = Tree(torch.load(path))
    for number in range(40):
        image = first_tensor(torch.load(path))
    SimSiam()(torch.randn(2, 3, 32, 32))


if __name__ == "__main__":
    main("batch.pt")
"""
OPTIMIZER = """
from torch.optim import Optimizer


class Lars(Optimizer):
    def __init__(self, params, lr=0.2, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if "buffer" not in state:
                    state["buffer"] = torch.zeros_like(p)
                state["buffer"].mul_(group["momentum"]).add_(p.grad)
                p.add_(state["buffer"], alpha=-group["lr"])


net = SimSiam()
optimizer = Lars(net.parameters())
for step in range(3):
    z, p = net(torch.randn(2, 3, 32, 32))
    (p - z.detach()).pow(2).mean().backward()
    optimizer.step()
"""
SCRIPTS = {"two thousand epochs": EPOCHS, "a walk through unknown data": WALK, "an optimizer": OPTIMIZER}


def linted(script: str, width: int) -> FileReport:
    return lint_source(Source("train.py", (MODEL + script).replace("WIDTH", str(width))), Options())


@pytest.mark.parametrize("name", SCRIPTS)
def test_all_links_of_the_right_script_are_checked(name: str) -> None:
    report = linted(SCRIPTS[name], 48)
    assert report.findings == ()
    assert [(model.unchecked, model.links > 0) for model in report.models] == [((), True)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_wrong_width_is_found(name: str) -> None:
    (finding,) = linted(SCRIPTS[name], 64).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 64, 48)


def test_each_link_is_counted_once_however_many_epochs_there_are() -> None:
    few = linted(EPOCHS.replace("2001", "3"), 48)
    assert [model.links for model in linted(EPOCHS, 48).models] == [model.links for model in few.models]


@pytest.mark.parametrize("name", ["two thousand epochs", "a walk through unknown data"])
def test_little_of_the_budget_is_used(name: str) -> None:
    run, _ = interpret(Source("train.py", (MODEL + SCRIPTS[name]).replace("WIDTH", "48")), Options())
    assert not run.exhausted
    assert run.budget > 90_000


def test_a_sweep_over_widths_tries_each_of_them() -> None:
    script = """
from torchvision.models import resnet18


class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.backbone = resnet18(num_classes=width)
        self.projection_head = nn.Linear(256, 64)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


def run(width):
    model = Model(width)
    loss = model(torch.randn(2, 3, 64, 64)).mean()
    loss.backward()


for width in (256, 384):
    run(width)
"""
    source = Source("sweep.py", "import torch\nfrom torch import nn\n" + script)
    assert any(finding.actual == 384 for finding in lint_source(source, Options()).findings)


def test_a_loop_that_is_too_long_leaves_what_it_makes_unknown() -> None:
    loop = "layers = []\nfor n in range(500):\n    layers.append(nn.Linear(8, 8))\n" + "    n = n + 1\n" * 60
    text = "from torch import nn\nfrom lightly.loss import NegativeCosineSimilarity\n" + loop
    run, scope = interpret(Source("long.py", text), Options())
    assert not run.exhausted
    assert "layers" in scope.names
    assert getattr(scope.names["layers"], "rest", None) is not None
