"""Weights that a program loads: what shapelint says of the names and shapes in the file is what torch does with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport

torch = pytest.importorskip("torch")

MODEL = """
import collections
import copy
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, width=12, tokens=5, depth=2):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, tokens, width))
        self.register_buffer("scale", torch.ones(width))
        self.register_buffer("cache", torch.ones(7), persistent=False)
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.blocks = nn.ModuleList([nn.TransformerEncoderLayer(width, 2, 16, batch_first=True) for _ in range(depth)])
        self.plain = [nn.Linear(2, 2)]

    def forward(self, x):
        t = self.stem(x).flatten(2).transpose(1, 2).mean(1, keepdim=True) + self.token * self.scale
        for block in self.blocks:
            t = block(t)
        return t.mean(1)


class SimCLR(nn.Module):
    def __init__(self, width=12, **more):
        super().__init__()
        self.backbone = Net(width, **more)
        self.projector = nn.Sequential(nn.Linear(width, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 8))

    def forward(self, x):
        return self.projector(self.backbone(x))

"""
SAVE = "torch.save({}, 'w.pth')\n"
USE = "\nmodel(torch.randn(4, 3, 16, 16))\n"
WHOLE = "SimCLR().state_dict()"
BACKBONE = "Net().state_dict()"
PARALLEL = "{'module.' + k: v for k, v in SimCLR().state_dict().items()}"
MOCO = "{'epoch': 3, 'arch': 'vit', 'state_dict': {'module.base.' + k: v for k, v in SimCLR().state_dict().items()}}"

# What is saved, what the program does, and what is said of it; "SL109" stops in torch, "SL209" loads nothing.
CASES = {
    "whole": (WHOLE, "model = SimCLR()\nmodel.load_state_dict(torch.load('w.pth'))", None),
    "a pattern": (
        PARALLEL,
        "import re\nmodel = SimCLR(20)\nstate = torch.load('w.pth')\n"
        "model.load_state_dict({re.sub(r'^module\\.', '', k): v for k, v in state.items()})",
        "SL109",
    ),
    "another pattern": (
        PARALLEL,
        "import re\nmodel = SimCLR()\nstate = torch.load('w.pth')\n"
        "model.load_state_dict({re.sub('module.', '', k): v for k, v in state.items()})",
        None,
    ),
    "another width": (WHOLE, "model = SimCLR(20)\nmodel.load_state_dict(torch.load('w.pth'))", "SL109"),
    "another width, not strict": (
        WHOLE,
        "model = SimCLR(20)\nmodel.load_state_dict(torch.load('w.pth'), strict=False)",
        "SL109",
    ),
    "more tokens": (BACKBONE, "model = SimCLR(tokens=9)\nmodel.backbone.load_state_dict(torch.load('w.pth'))", "SL109"),
    "the backbone's file into the whole": (
        BACKBONE,
        "model = SimCLR()\nmodel.load_state_dict(torch.load('w.pth'))",
        "SL109",
    ),
    "the same, not strict": (BACKBONE, "model = SimCLR()\nmodel.load_state_dict(torch.load('w.pth'), False)", "SL209"),
    "the whole file into the backbone": (
        WHOLE,
        "model = SimCLR()\nmodel.backbone.load_state_dict(torch.load('w.pth'), strict=False)",
        "SL209",
    ),
    "a prefix that is cut off": (
        WHOLE,
        "model = SimCLR()\nstate = torch.load('w.pth')\n"
        "state = {k[len('backbone.'):]: v for k, v in state.items() if k.startswith('backbone.')}\n"
        "model.backbone.load_state_dict(state)",
        None,
    ),
    "a prefix that is cut off too short": (
        WHOLE,
        "model = SimCLR()\nstate = torch.load('w.pth')\n"
        "state = {k[len('backbone'):]: v for k, v in state.items() if k.startswith('backbone.')}\n"
        "model.backbone.load_state_dict(state, strict=False)",
        "SL209",
    ),
    "replaced in a loop": (
        PARALLEL,
        "model = SimCLR()\nstate = torch.load('w.pth', map_location='cpu')\nnew = collections.OrderedDict()\n"
        "for k, v in state.items():\n    new[k.replace('module.', '')] = v\nmodel.load_state_dict(new)",
        None,
    ),
    "not replaced": (PARALLEL, "model = SimCLR()\nmodel.load_state_dict(torch.load('w.pth'), strict=False)", "SL209"),
    "moco's loop": (
        MOCO,
        "model = SimCLR()\nstate = torch.load('w.pth')['state_dict']\n"
        "for k in list(state.keys()):\n"
        "    if k.startswith('module.base.backbone') and not k.startswith('module.base.backbone.token'):\n"
        "        state[k[len('module.base.backbone.'):]] = state[k]\n    del state[k]\n"
        "msg = model.backbone.load_state_dict(state, strict=False)\nassert set(msg.missing_keys) == {'token'}",
        None,
    ),
    "moco's loop for another name": (
        MOCO,
        "model = SimCLR()\nstate = torch.load('w.pth')['state_dict']\n"
        "for k in list(state.keys()):\n"
        "    if k.startswith('module.encoder_q'):\n"
        "        state[k[len('module.encoder_q.'):]] = state[k]\n    del state[k]\n"
        "model.backbone.load_state_dict(state, strict=False)",
        "SL209",
    ),
    "by default": (
        WHOLE,
        "model = SimCLR()\nstate = torch.load('w.pth')\nstate = state.get('state_dict', state)\n"
        "model.load_state_dict(state)",
        None,
    ),
    "one of several": (
        MOCO,
        "model = SimCLR()\nstate = torch.load('w.pth')\n"
        "for key in ('model', 'state_dict'):\n    if key in state:\n        state = state[key]\n"
        "model.load_state_dict({k.split('base.')[1]: v for k, v in state.items()})",
        None,
    ),
    "the head is dropped, strict": (
        WHOLE,
        "model = SimCLR()\nstate = torch.load('w.pth')\nstate.pop('projector.3.weight')\nmodel.load_state_dict(state)",
        "SL109",
    ),
    "the head is dropped": (
        WHOLE,
        "model = SimCLR()\nmodel.projector[3] = nn.Linear(24, 10)\nstate = torch.load('w.pth')\n"
        "for k in ['projector.3.weight', 'projector.3.bias']:\n    del state[k]\n"
        "model.load_state_dict(state, strict=False)",
        None,
    ),
    "the new head is not dropped": (
        WHOLE,
        "model = SimCLR()\nmodel.projector[3] = nn.Linear(24, 10)\nstate = torch.load('w.pth')\n"
        "model.load_state_dict(state, strict=False)",
        "SL109",
    ),
    "only what fits": (
        WHOLE,
        "model = SimCLR(20)\nstate, own = torch.load('w.pth'), model.state_dict()\n"
        "state = {k: v for k, v in state.items() if k in own and v.shape == own[k].shape}\n"
        "own.update(state)\nmodel.load_state_dict(own)",
        None,
    ),
    "interpolated positions": (
        BACKBONE,
        "model = SimCLR(tokens=9)\nstate = torch.load('w.pth')\n"
        "state['token'] = F.interpolate(state['token'].transpose(1, 2), size=9).transpose(1, 2)\n"
        "model.backbone.load_state_dict(state)",
        None,
    ),
    "positions of another number": (
        BACKBONE,
        "model = SimCLR(tokens=9)\nstate = torch.load('w.pth')\n"
        "state['token'] = F.interpolate(state['token'].transpose(1, 2), size=8).transpose(1, 2)\n"
        "model.backbone.load_state_dict(state)",
        "SL109",
    ),
    "fewer blocks in the file": (
        BACKBONE,
        "model = SimCLR(depth=3)\nmodel.backbone.load_state_dict(torch.load('w.pth'))",
        "SL109",
    ),
    "more blocks in the file": (
        BACKBONE,
        "model = SimCLR(depth=1)\nmodel.backbone.load_state_dict(torch.load('w.pth'))",
        "SL109",
    ),
    "more blocks in the file, not strict": (
        BACKBONE,
        "model = SimCLR(depth=1)\nmodel.backbone.load_state_dict(torch.load('w.pth'), strict=False)",
        None,
    ),
    "without its running statistics' counter": (
        WHOLE,
        "model = SimCLR()\nstate = torch.load('w.pth')\n"
        "model.load_state_dict({k: v for k, v in state.items() if 'num_batches' not in k})",
        None,
    ),
    "wrapped before it is loaded": (
        PARALLEL,
        "model = SimCLR()\nmodel = nn.DataParallel(model)\nmodel.load_state_dict(torch.load('w.pth'))",
        None,
    ),
    "a copy gets it as well": (
        WHOLE,
        "model = SimCLR()\nmodel.load_state_dict(torch.load('w.pth'))\ntarget = copy.deepcopy(model)\n"
        "target.load_state_dict(model.state_dict())",
        None,
    ),
}
UNCHECKED = {
    "wrapped before it is loaded": ["what model holds is not known: a wrapper puts something before its names"],
}
"""Why a link of some could not be checked."""


def script(code: str) -> str:
    return f"{MODEL}{code}{USE}"


def linted(folder: Path, saved: str, code: str) -> FileReport:
    """Save the weights, and lint the program that loads them."""
    exec(MODEL + SAVE.format(saved), {"__name__": "saving"})
    (folder / "train.py").write_text(script(code))
    (report,) = lint([folder / "train.py"], Settings(isolated=True)).files
    return report


@pytest.mark.parametrize("name", CASES)
def test_what_is_said_of_a_checkpoint_is_what_torch_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved, code, expected = CASES[name]
    report = linted(tmp_path, saved, code)
    assert [finding.code for finding in report.findings] == ([expected] if expected else [])
    assert [link.reason for model in report.models for link in model.unchecked] == UNCHECKED.get(name, [])
    if expected != "SL109":
        exec(script(code), {"__name__": "training"})
        return
    with pytest.raises(RuntimeError, match="loading state_dict") as stopped:
        exec(script(code), {"__name__": "training"})
    first = report.findings[0].message.split(" holds ")[-1].split(" as ")[0].split(", which")[0]
    assert first.split(" has ")[-1] in str(stopped.value)


UNKNOWN = {
    "no such file": (
        "state = torch.load('elsewhere.pth')\nmodel.load_state_dict(state)",
        "elsewhere.pth is not there to be read",
    ),
    "no such file, its names replaced": (
        "state = torch.load('elsewhere.pth')['state_dict']\n"
        "state = {k.replace('module.', ''): v for k, v in state.items()}\nmodel.load_state_dict(state)",
        "elsewhere.pth is not there to be read",
    ),
    "no such file, its names replaced in a loop": (
        "state = torch.load('elsewhere.pth')\nnew = collections.OrderedDict()\n"
        "for k, v in state.items():\n    new[k[7:]] = v\nmodel.load_state_dict(new)",
        "elsewhere.pth is not there to be read",
    ),
    "no such file, its names deleted in a loop": (
        "state = torch.load('elsewhere.pth')['state_dict']\n"
        "for k in list(state.keys()):\n    if k.startswith('module.'):\n        state[k[7:]] = state[k]\n"
        "    del state[k]\nmodel.load_state_dict(state, strict=False)",
        "elsewhere.pth is not there to be read",
    ),
    "of the command line": (
        "parser = argparse.ArgumentParser()\nparser.add_argument('--weights', required=True)\n"
        "args = parser.parse_args()\n"
        "model.load_state_dict(torch.load(args.weights))",
        "which checkpoint is read here is not known",
    ),
    "downloaded": (
        "state = torch.hub.load_state_dict_from_url('https://example.com/w.pth')\nmodel.load_state_dict(state)",
        "the weights are downloaded when it runs",
    ),
    "saved by the program": (
        "torch.save(model.state_dict(), 'other.pth')\nmodel.load_state_dict(torch.load('other.pth'))",
        "other.pth, which is read here, is written by the program itself",
    ),
    "saved where it is better": (
        "if torch.rand(1) < 2:\n    torch.save(model.state_dict(), 'other.pth')\n"
        "model.load_state_dict(torch.load('other.pth'))",
        "other.pth, which is read here, is written by the program itself",
    ),
    "a try that expects it": (
        "try:\n    model.load_state_dict(torch.load('fits.pth'))\nexcept RuntimeError:\n    pass",
        "what the program does where these weights do not fit is not followed",
    ),
    "spectral normalisation": (
        "model.projector[0] = nn.utils.spectral_norm(nn.Linear(12, 24))\nmodel.load_state_dict(torch.load('fits.pth'))",
        "what model.projector.0 holds is not known: a wrapper puts something before its names",
    ),
    "no checkpoint": (
        "model.load_state_dict(torch.load('train.py'))",
        "the checkpoint train.py is not read: no torch checkpoint",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_weights_that_cannot_be_read_are_an_unchecked_link_that_says_why(name: str, tmp_path: Path) -> None:
    code, reason = UNKNOWN[name]
    exec(MODEL + f"torch.save(SimCLR().state_dict(), {str(tmp_path / 'fits.pth')!r})", {"__name__": "saving"})
    exec(MODEL + f"torch.save(SimCLR(20).state_dict(), {str(tmp_path / 'other.pth')!r})", {"__name__": "saving"})
    (tmp_path / "train.py").write_text("import argparse\n" + script("model = SimCLR()\n" + code))
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    assert report.findings == ()
    assert [link.reason for model in report.models for link in model.unchecked] == [reason]


def test_a_checkpoint_of_the_command_line_is_read_where_the_program_names_none(tmp_path: Path) -> None:
    exec(MODEL + f"torch.save(SimCLR(20).state_dict(), {str(tmp_path / 'given.pth')!r})", {"__name__": "saving"})
    (tmp_path / "train.py").write_text(
        script("import sys\nmodel = SimCLR()\nmodel.load_state_dict(torch.load(sys.argv[1]))")
    )
    settings = Settings(isolated=True, checkpoint=str(tmp_path / "given.pth"))
    (report,) = lint([tmp_path / "train.py"], settings).files
    assert [finding.code for finding in report.findings] == ["SL109"]


LIGHTNING = MODEL.replace(
    "class SimCLR(nn.Module)", "import pytorch_lightning\n\n\nclass SimCLR(pytorch_lightning.LightningModule)"
)
SAVED = """
state = SimCLR({}).state_dict()
torch.save({{'state_dict': state, 'hyper_parameters': {}, 'pytorch-lightning_version': '2.6.0'}}, 'l.ckpt')
"""
RESTORED = {
    "with its own width": ("20", "{'width': 20}", "", None),
    "with the width of the call": ("20", "{}", ", width=20", None),
    "with the default width": ("20", "{}", "", "SL109"),
    "with another width": ("20", "{'width': 20}", ", width=12", "SL109"),
    "with other blocks": ("12, depth=1", "{}", "", "SL109"),
    "with other blocks, not strict": ("12, depth=1", "{}", ", strict=False", None),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", RESTORED)
def test_load_from_checkpoint_builds_the_module_that_was_saved(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pytorch_lightning")
    monkeypatch.chdir(tmp_path)
    width, saved, given, expected = RESTORED[name]
    exec(LIGHTNING + SAVED.format(width, saved), {"__name__": "saving"})
    text = f"{LIGHTNING}model = SimCLR.load_from_checkpoint('l.ckpt'{given})\n" + "model.eval()" + USE
    (tmp_path / "train.py").write_text(text)
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == ([expected] if expected else [])
    assert [link.reason for model in report.models for link in model.unchecked] == []
    if expected is None:
        exec(text, {"__name__": "training"})
        return
    with pytest.raises(RuntimeError, match="loading state_dict"):
        exec(text, {"__name__": "training"})


GIVEN = {
    "the whole": (WHOLE, None),
    "the whole, of another width": ("SimCLR(20).state_dict()", "SL109"),
    "the backbone": (BACKBONE, None),
    "the backbone, of another width": ("Net(20).state_dict()", "SL109"),
    "with a prefix": (PARALLEL, "SL209"),
    "something else": ("nn.LSTM(3, 4).state_dict()", "SL209"),
    "of a block with a role's name": (
        "{'trunk_output.block1.weight': torch.ones(3), 'encoder.ln.bias': torch.ones(3)}",
        "SL209",
    ),
}


PARTS = """
import torch
from lightly.models.modules import SimCLRProjectionHead
from torchvision.models import shufflenet_v2_x0_5

backbone = shufflenet_v2_x0_5(num_classes=24)
projection_head = SimCLRProjectionHead(24, 24, 8)
"""
OF_SCRIPTS = {
    "the backbone": ("backbone.state_dict()", [], True),
    "the head": ("projection_head.state_dict()", [], True),
    "the backbone, of another width": ("shufflenet_v2_x0_5(num_classes=20).state_dict()", ["SL109"], True),
    "the whole": ("torch.nn.ModuleDict({'backbone': backbone}).state_dict()", [], False),
}


@pytest.mark.parametrize("name", OF_SCRIPTS)
def test_the_checkpoint_of_the_command_line_is_compared_with_the_networks_of_a_script(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lightly")
    monkeypatch.chdir(tmp_path)
    saved, codes, is_compared = OF_SCRIPTS[name]
    exec(PARTS + SAVE.format(saved), {"__name__": "saving"})
    (tmp_path / "train.py").write_text(f"{PARTS}projection_head(backbone(torch.randn(4, 3, 64, 64)))\n")
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True, checkpoint="w.pth")).files
    assert [finding.code for finding in report.findings] == codes
    (model,) = report.models
    assert (model.links == model.checked) is is_compared


@pytest.mark.parametrize("name", GIVEN)
def test_the_checkpoint_of_the_command_line_is_compared_with_the_part_that_it_is_of(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved, expected = GIVEN[name]
    exec(MODEL + SAVE.format(saved), {"__name__": "saving"})
    (tmp_path / "train.py").write_text(script("model = SimCLR()"))
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True, checkpoint="w.pth")).files
    assert [finding.code for finding in report.findings] == ([expected] if expected else [])
