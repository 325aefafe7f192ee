"""Scripts that wrap a network with byol-pytorch's learner."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

IMPORTS = "import torch\nfrom byol_pytorch import BYOL\nfrom torch import nn\nfrom torchvision import models\n"
STEP = "learner(torch.randn(6, 3, 96, 96)).backward()\n"
PLAIN = "nn.Sequential(nn.Conv2d({channels}, 24, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(96, 7))"
GREY, COLOURED = PLAIN.format(channels=1), PLAIN.format(channels=3)
OWN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(24, 7)

    def forward(self, x):
        return self.fc(self.pool(self.stem(x)).flatten(1))


"""
RIGHT = {
    "by name": 'learner = BYOL(models.resnet34(), image_size=96, hidden_layer="avgpool", projection_size=64)\n',
    "by position": "learner = BYOL(models.resnet34(), 96, -2, projection_hidden_size=512)\n",
    "by default": "learner = BYOL(models.resnet34(), image_size=96)\n",
    "a map, flattened": 'learner = BYOL(models.resnet34(), 96, "layer4.1")\n',
    "the whole network": "learner = BYOL(models.resnet34(num_classes=48), 96, -1, use_simplicial_embeddings=False)\n",
    "without momentum": 'learner = BYOL(models.resnet34(), 96, "avgpool", use_momentum=False)\n',
    "a list of layers": f"learner = BYOL({COLOURED}, 96, 2)\n",
    "a part replaced": 'net = models.resnet34()\nnet.fc = nn.Identity()\nlearner = BYOL(net, 96, "avgpool")\n',
}
WRONG = {
    "no such name": ('BYOL(models.resnet34(), 96, "average_pool")', "SL110", "avgpool", "average_pool"),
    "no such position": ("BYOL(models.resnet34(), 96, 10)", "SL110", "fc", "10"),
    "no such position in a list": (f"BYOL({COLOURED}, 96, 4)", "SL110", None, "4"),
    "no such name in a module": ('BYOL(Net(), 96, "pol")', "SL110", "pool", "pol"),
    "images of three channels": (f"BYOL({GREY}, 96, -2)", "SL105", 1, 3),
    "another image size": ('BYOL(models.vit_b_32(), 96, "encoder")', "SL106", 224, 96),
}


def linted(text: str) -> FileReport:
    return lint_source(Source("train.py", IMPORTS + OWN + text), Options())


@pytest.mark.parametrize("name", RIGHT)
def test_every_link_behind_a_hidden_layer_is_checked(name: str) -> None:
    report = linted(RIGHT[name] + STEP)
    assert report.findings == ()
    (model,) = report.models
    assert model.unchecked == ()
    assert model.links >= 2


@pytest.mark.parametrize("name", WRONG)
def test_what_stops_the_learner_is_found(name: str) -> None:
    call, code, expected, actual = WRONG[name]
    found = [one for one in linted(f"learner = {call}\n{STEP}").findings if one.severity == "error"]
    assert [one.code for one in found] == [code]
    if code != "SL106":
        assert (found[0].expected, found[0].actual) == (expected, actual)


@pytest.mark.parametrize("name", [*RIGHT, *WRONG])
def test_the_library_agrees(name: str) -> None:
    pytest.importorskip("byol_pytorch")
    code = compile(
        IMPORTS + OWN + (RIGHT[name] if name in RIGHT else f"learner = {WRONG[name][0]}\n") + STEP, "a", "exec"
    )
    if name in RIGHT:
        exec(code, {})
    else:
        with pytest.raises((AssertionError, IndexError, RuntimeError)):
            exec(code, {})


def test_a_layer_of_a_user_defined_module_stays_unknown() -> None:
    report = linted('learner = BYOL(Net(), 96, "pool")\n' + STEP)
    assert report.findings == ()
    assert all(model.unchecked for model in report.models)


def test_a_layer_that_is_a_variable_is_not_guessed() -> None:
    report = linted("import sys\nlearner = BYOL(models.resnet34(), 96, sys.argv[1])\n" + STEP)
    assert report.findings == ()
    assert all(model.unchecked for model in report.models)
