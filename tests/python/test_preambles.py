"""What training scripts say beside their model: it changes no shape, and the model stays known."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """\
import argparse, logging, os, random, sys, warnings
import matplotlib.pyplot as plt
import numpy as np
import torch
import wandb
from PIL import Image, ImageFile
from torch import nn
from torchvision import models

parser = argparse.ArgumentParser()
parser.add_argument("--hidden", default=720, type=int)


class BarlowTwins(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.backbone = models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(512, args.hidden), nn.ReLU(), nn.Linear(WIDTH, 96))

    def forward(self, x):
        return self.projector(self.backbone(x))


args = parser.parse_args()
PREAMBLE
BarlowTwins(args)(torch.randn(4, 3, 64, 64))
"""
HARMLESS = [
    "ImageFile.LOAD_TRUNCATED_IMAGES = True",
    "Image.MAX_IMAGE_PIXELS = None",
    "torch.backends.cudnn.benchmark = True",
    'plt.rcParams["figure.dpi"] = 90\nplt.rcParams.update({"font.size": 8})',
    'warnings.filterwarnings("ignore")',
    "wandb.config.update(args)",
    "run = wandb.init(config=args)\nrun.config.update(vars(args))",
    "log = logging.getLogger()\nlog.handlers = []\nlog.info(args)",
    'os.environ["OMP_NUM_THREADS"] = "1"',
    "random.seed(1)\nnp.random.seed(2)\ntorch.manual_seed(3)\ntorch.cuda.manual_seed_all(4)",
    'sys.path.append("..")',
]
REWIRING = [
    "nn.Linear.forward = lambda self, x: x",
    "torch.nn.functional.linear = print",
    "models.ResNet.forward = print",
]


def linted(preamble: str, width: int) -> FileReport:
    return lint_source(
        Source("pretrain.py", SCRIPT.replace("PREAMBLE", preamble).replace("WIDTH", str(width))), Options()
    )


@pytest.mark.parametrize("preamble", HARMLESS)
def test_the_model_stays_known(preamble: str) -> None:
    right, wrong = linted(preamble, 720), linted(preamble, 640)
    assert right.findings == ()
    assert [model.links - model.checked for model in right.models] == [0]
    assert [finding.code for finding in wrong.findings] == ["SL104"]


@pytest.mark.parametrize("preamble", REWIRING)
def test_a_write_to_a_class_of_a_library_rewires_the_code(preamble: str) -> None:
    report = linted(preamble, 640)
    assert {finding.code for finding in report.findings} <= {"SL901"}
    assert all(model.checked < model.links for model in report.models)
