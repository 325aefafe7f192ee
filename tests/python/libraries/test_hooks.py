# ruff: noqa: E501 -- a table: one line a case
"""Features that forward hooks collect, compared with what torch's hooks collect.

Each case is run with the right width of its head, which torch accepts, and with a wrong one, which it refuses.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

IMPORTS = """\
from functools import partial
import torch
import torchvision
from torch import nn
from torchvision.models import resnet18, vgg11, vit_b_32
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.feature_extraction import create_feature_extractor
"""
MODEL = """
class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
{init}
        self.projector = nn.Sequential(nn.Linear({width}, 40), nn.ReLU(), nn.Linear(40, 24))
{methods}
    def forward(self, images):
{forward}


SimCLR()(torch.randn(2, 3, 64, 64))
"""
KEEP = "def keep(self, module, inputs, output):\n    self.kept = output\n"
POOLED = "self.backbone(images)\nreturn self.projector(self.kept.flatten(1))"
CASES: dict[str, tuple[str, str, str, int]] = {
    "a method that sets an attribute": ("self.backbone = resnet18()\nself.kept = None\nself.backbone.avgpool.register_forward_hook(self.keep)", KEEP, POOLED, 512),
    "an inner part": ("self.backbone = resnet18()\nself.backbone.layer2[0].register_forward_hook(self.keep)", KEEP, "self.backbone(images)\nreturn self.projector(self.kept.mean((2, 3)))", 128),
    "a part by its path": ("self.backbone = resnet18()\nself.backbone.get_submodule('layer3').register_forward_hook(self.keep)", KEEP, "self.backbone(images)\nreturn self.projector(self.kept.amax((2, 3)))", 256),
    "a part by its name": ("self.backbone = resnet18()\ngetattr(self.backbone, 'layer1').register_forward_hook(self.keep)", KEEP, "self.backbone(images)\nreturn self.projector(self.kept.mean((2, 3)))", 64),
    "the logits": ("self.backbone = resnet18(num_classes=30)\nself.backbone.fc.register_forward_hook(self.keep)", KEEP, POOLED, 30),
    "the logits before which a head was put": ("self.backbone = resnet18()\nself.backbone.layer4.register_forward_hook(self.keep)\nself.backbone.fc = nn.Linear(512, 7)", KEEP, "self.backbone(images)\nreturn self.projector(self.kept.mean((2, 3)))", 512),
    "a closure over a dict": ("self.backbone = resnet18()\nself.kept = {}\nself.backbone.layer4.register_forward_hook(self.named('last'))", "def named(self, name):\n    def hook(module, inputs, output):\n        self.kept[name] = output.detach()\n    return hook\n", "self.backbone(images)\nreturn self.projector(self.kept['last'].mean((2, 3)))", 512),
    "two closures": ("self.backbone = resnet18()\nself.kept = {}\nfor name in ('layer1', 'layer3'):\n    getattr(self.backbone, name).register_forward_hook(self.named(name))", "def named(self, name):\n    def hook(module, inputs, output):\n        self.kept[name] = output.mean((2, 3))\n    return hook\n", "self.backbone(images)\nreturn self.projector(torch.cat([self.kept['layer1'], self.kept['layer3']], 1))", 320),
    "a lambda that updates a dict": ("self.backbone = resnet18()\nself.kept = {}\nself.backbone.avgpool.register_forward_hook(lambda module, given, out: self.kept.update(pool=out))", "", "self.backbone(images)\nreturn self.projector(self.kept['pool'].flatten(1))", 512),
    "a lambda that appends": ("self.backbone = resnet18()\nself.kept = []\nself.backbone.avgpool.register_forward_hook(lambda module, given, out: self.kept.append(out))", "", "self.kept.clear()\nself.backbone(images)\nreturn self.projector(self.kept[0].flatten(1))", 512),
    "a partial": ("self.backbone = resnet18()\nself.kept = {}\nself.backbone.avgpool.register_forward_hook(partial(self.put, 'pool'))", "def put(self, name, module, inputs, output):\n    self.kept[name] = output\n", "self.backbone(images)\nreturn self.projector(self.kept['pool'].flatten(1))", 512),
    "an object": ("self.backbone = resnet18()\nself.keeper = Keeper()\nself.backbone.avgpool.register_forward_hook(self.keeper)", "", "self.backbone(images)\nreturn self.projector(self.keeper.kept.flatten(1))", 512),
    "what goes into a part": ("self.backbone = resnet18(num_classes=33)\nself.last = nn.Linear(33, 18)\nself.last.register_forward_hook(self.keep)", "def keep(self, module, inputs, output):\n    self.kept = inputs[0]\n", "self.last(self.backbone(images))\nreturn self.projector(self.kept)", 33),
    "what goes into a part of a library's model": ("self.backbone = resnet18()\nself.backbone.fc.register_forward_hook(self.keep)", "def keep(self, module, inputs, output):\n    self.kept = inputs[0]\n", "self.backbone(images)\nreturn self.projector(self.kept)", 512),
    "a map that goes into a part of a library's model": ("self.backbone = resnet18()\nself.backbone.layer3.register_forward_hook(self.keep)", "def keep(self, module, inputs, output):\n    self.kept = inputs[0]\n", "self.backbone(images)\nreturn self.projector(self.kept.mean((2, 3)))", 128),
    "a node that flattens": ("self.backbone = create_feature_extractor(vgg11(), ['flatten'])", "", "return self.projector(self.backbone(images)['flatten'])", 25088),
    "a node that flattens, by another name": ("self.backbone = create_feature_extractor(resnet18(), {'flatten': 'z', 'layer2': 'y'})", "", "return self.projector(self.backbone(images)['z'])", 512),
    "an own network": ("self.backbone = nn.Sequential(nn.Conv2d(3, 20, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(20, 9))\nself.backbone[2].register_forward_hook(self.keep)", KEEP, POOLED, 20),
    "a class of the file": ("self.backbone = Tiny()\nself.backbone.pool.register_forward_hook(self.keep)", KEEP, POOLED, 12),
    "another output": ("self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(12288, 60))\nself.backbone.register_forward_hook(lambda module, given, out: out[:, :50])", "", "return self.projector(self.backbone(images))", 50),
    "a hook that is removed": ("self.backbone = resnet18()\nself.kept = None", KEEP, "handle = self.backbone.layer4.register_forward_hook(self.keep)\nself.backbone(images)\nhandle.remove()\nreturn self.projector(self.kept.mean((2, 3)))", 512),
    "a hook with keywords": ("self.backbone = resnet18()\nself.backbone.avgpool.register_forward_hook(self.keep, with_kwargs=True)", "def keep(self, module, inputs, given, output):\n    self.kept = output\n", POOLED, 512),
    "a transformer of another size": ("self.backbone = vit_b_32(image_size=64)\nself.backbone.conv_proj.register_forward_hook(self.keep)", KEEP, "self.backbone(images)\nreturn self.projector(self.kept.mean((2, 3)))", 768),
    "layers by a getter": ("self.backbone = IntermediateLayerGetter(resnet18(), {'layer3': 'map'})", "", "return self.projector(self.backbone(images)['map'].mean((2, 3)))", 256),
    "nodes by a list": ("self.backbone = create_feature_extractor(resnet18(), return_nodes=['avgpool'])", "", "return self.projector(self.backbone(images)['avgpool'].flatten(1))", 512),
    "nodes by a dict": ("self.backbone = create_feature_extractor(resnet18(), {'layer2.1': 'map', 'fc': 'logits'})", "", "return self.projector(self.backbone(images)['map'].mean((2, 3)))", 128),
}  # fmt: skip
TOP = """
class Keeper:
    def __call__(self, module, inputs, output):
        self.kept = output


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 12, 3)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        return self.fc(self.pool(self.conv(x)).flatten(1))

"""


def script(name: str, width: int) -> str:
    init, methods, forward, _ = CASES[name]
    parts = {"init": (init, 8), "methods": (methods, 4), "forward": (forward, 8)}
    text = IMPORTS + TOP + MODEL.replace("{width}", str(width))
    for key, (code, indent) in parts.items():
        text = text.replace(f"{{{key}}}", "\n".join(" " * indent + line for line in code.splitlines()))
    return text


def linted(name: str, width: int) -> FileReport:
    return lint_source(Source("simclr.py", script(name, width)), Options())


def run(name: str, width: int) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    torch.manual_seed(0)
    exec(compile(script(name, width), "simclr.py", "exec", dont_inherit=True), names)


@pytest.mark.parametrize("name", CASES)
def test_torch_takes_the_right_width_and_no_other(name: str) -> None:
    width = CASES[name][3]
    run(name, width)
    with pytest.raises(RuntimeError, match=f"{width} and {width + 3}x40"):
        run(name, width + 3)


@pytest.mark.parametrize("name", CASES)
def test_the_collected_output_is_followed(name: str) -> None:
    width = CASES[name][3]
    right, wrong = linted(name, width), linted(name, width + 3)
    assert right.findings == ()
    assert [model.links - model.checked for model in right.models] == [0]
    (finding,) = wrong.findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", width + 3, width)
