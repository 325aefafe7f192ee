# ruff: noqa: E501 -- a table: one line a case
"""Where a finding points and what its fix edits, if a number reaches a component through names, calls and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.judge.repair import splice
from shapelint.linting.fixing import move_of
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source, read_source

START = """
import copy
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
def backbone():
    return nn.Sequential(nn.Conv2d(3, 96, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
"""


def findings(text: str) -> list[Finding]:
    """Return the findings that are more than a remark."""
    return [one for one in lint_source(Source("train.py", text), Options()).findings if one.severity != "info"]


def pointed_at(text: str, finding: Finding) -> str:
    """Return the line that a finding points at, with its span between arrows."""
    line = text.splitlines()[finding.location.line - 1]
    start, end = finding.location.column - 1, finding.location.end_column - 1
    return f"{line[:start]}>{line[start:end]}<{line[end:]}".strip()


def fixed(text: str, finding: Finding) -> str:
    """Return the lines that the fix changes, as they are afterwards."""
    assert finding.fix is not None
    source = Source("train.py", text)
    after = splice(text, [move_of(source, edit) for edit in finding.fix.edits])
    return "\n".join(new.strip() for old, new in zip(text.splitlines(), after.splitlines()) if old != new)


MODEL = """
class Model(nn.Module):
    def __init__(self, net, width):
        super().__init__()
        self.backbone = net
        self.projection_head = BYOLProjectionHead(width, 1024, 256)
    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def test_a_number_that_is_passed_on_is_reported_where_it_is_written() -> None:
    text = START + MODEL + "model = Model(backbone(), 512)\n"
    (finding,) = findings(text)
    assert pointed_at(text, finding) == "model = Model(backbone(), >512<)"
    assert "passed on here" in [related.message for related in finding.related]
    assert fixed(text, finding) == "model = Model(backbone(), 96)"
    assert finding.fix is not None
    assert finding.fix.safe


def test_a_constant_is_fixed_at_its_definition() -> None:
    text = START + "WIDTH = 512\n" + MODEL + "model = Model(backbone(), WIDTH)\n"
    (finding,) = findings(text)
    assert pointed_at(text, finding) == "WIDTH = >512<"
    assert fixed(text, finding) == "WIDTH = 96"


def test_a_constant_with_other_uses_is_not_changed() -> None:
    text = START + "WIDTH = 512\n" + MODEL + (
        "model = Model(backbone(), WIDTH)\n"
        "other = Model(nn.Sequential(nn.Conv2d(3, 512, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()), WIDTH)\n"
    )  # fmt: skip
    (finding,) = findings(text)
    assert pointed_at(text, finding) == "WIDTH = >512<"
    assert finding.fix is None or "WIDTH = 96" not in fixed(text, finding)


def test_a_constant_used_twice_in_one_model_gets_a_new_literal() -> None:
    text = (
        START
        + """
WIDTH = 512
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        self.projection_head = BYOLProjectionHead(WIDTH, 1024, 512)
        self.prediction_head = BYOLPredictionHead(WIDTH, 1024, 512)
    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x)))
"""
    )
    (finding,) = findings(text)
    assert fixed(text, finding) == "self.projection_head = BYOLProjectionHead(96, 1024, 512)"


def test_a_fault_in_a_class_that_is_used_twice_is_reported_once() -> None:
    text = (
        START
        + """
class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(width, 64), nn.BatchNorm1d(32), nn.ReLU())
    def forward(self, x):
        return self.layers(x)
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        self.projection_head = Head(96)
        self.prediction_head = Head(64)
    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x)))
model, other = Model(), Model()
"""
    )
    (finding,) = findings(text)
    assert finding.code == "SL104"
    assert pointed_at(text, finding).startswith(
        "self.layers = nn.Sequential(nn.Linear(width, 64), nn.BatchNorm1d(>32<)"
    )


def test_findings_are_not_repeated_for_views_and_momentum_copies() -> None:
    text = (
        START
        + """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
        self.backbone_momentum = copy.deepcopy(self.backbone)
        self.projection_head_momentum = copy.deepcopy(self.projection_head)
    def forward(self, x0, x1):
        z0 = self.projection_head(self.backbone(x0))
        z1 = self.projection_head(self.backbone(x1))
        return z0, z1, self.projection_head_momentum(self.backbone_momentum(x0))
"""
    )
    (finding,) = findings(text)
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 512, 96)


def test_without_a_known_backbone_the_rest_is_checked() -> None:
    text = (
        START
        + """
class Model(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.backbone = net
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
        self.prediction_head = BYOLPredictionHead(128, 1024, 256)
    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x).flatten(1)))
"""
    )
    (finding,) = findings(text)
    assert pointed_at(text, finding) == "self.prediction_head = BYOLPredictionHead(>128<, 1024, 256)"


def test_local_modules_are_read(tmp_path: Path) -> None:
    package = tmp_path / "models"
    package.mkdir()
    (package / "__init__.py").write_text("from .byol import Model\n")
    (package / "byol.py").write_text(START + MODEL)
    (tmp_path / "train.py").write_text(
        "from models import Model\nfrom models.byol import backbone\nModel(backbone(), 512)\n"
    )
    (finding,) = lint_source(read_source(tmp_path / "train.py"), Options()).findings
    assert (finding.code, finding.expected, finding.actual, finding.location.line) == ("SL101", 512, 96, 3)
    assert finding.fix is not None
    assert [edit.text for edit in finding.fix.edits] == ["96"]


def test_a_number_in_another_file_is_edited_there(tmp_path: Path) -> None:
    (tmp_path / "byol.py").write_text(START + MODEL.replace("width, 1024", "512, 1024").replace("net, width", "net"))
    (tmp_path / "train.py").write_text("from byol import Model, backbone\nmodel = Model(backbone())\n")
    (finding,) = lint_source(read_source(tmp_path / "train.py"), Options()).findings
    assert (finding.code, finding.location.line) == ("SL101", 2)
    assert "written in byol.py, line 12" in finding.notes
    assert finding.fix is not None
    assert not finding.fix.safe
    assert [(Path(edit.location.path).name, edit.location.line) for edit in finding.fix.edits] == [("byol.py", 12)]


TARGETS = {
    "an alias": ("self.target_backbone = self.backbone", "SL202"),
    "a copy": ("self.target_backbone = copy.deepcopy(self.backbone)", ""),
    "a module built anew": ("self.target_backbone = backbone()", ""),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_that_is_the_online_module(name: str) -> None:
    line, code = TARGETS[name]
    text = (
        START
        + f"""
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        {line}
        self.projection_head = BYOLProjectionHead(96, 1024, 256)
    def forward(self, x):
        return self.projection_head(self.backbone(x)), self.target_backbone(x)
"""
    )
    found = findings(text)
    assert [finding.code for finding in found] == ([code] if code else [])
    for finding in found:
        assert pointed_at(text, finding) == ">self.target_backbone< = self.backbone"


COPIES = {
    "never used": ("self.projection_head(self.backbone(x))", "SL203"),
    "used": ("self.head_ema(self.backbone_ema(x))", ""),
    "used by name": ("getattr(self, 'head_ema')(self.backbone_ema(x))", ""),
    "handed to code that cannot be seen": ("unseen(self.backbone_ema, x)", ""),
}


@pytest.mark.parametrize("name", COPIES)
def test_momentum_copies_that_never_run(name: str) -> None:
    target, code = COPIES[name]
    text = (
        START
        + f"""
from somewhere import unseen
from lightly.models.utils import update_momentum
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        self.projection_head = BYOLProjectionHead(96, 1024, 256)
        self.backbone_ema = copy.deepcopy(self.backbone)
        self.head_ema = copy.deepcopy(self.projection_head)
    def training_step(self, batch, batch_idx):
        (x, _), _ = batch
        update_momentum(self.backbone, self.backbone_ema, 0.99)
        return self.projection_head(self.backbone(x)), self.forward_momentum(x)
    def forward_momentum(self, x):
        return {target}
"""
    )
    assert [finding.code for finding in findings(text)] == ([code] if code else [])


RESHAPES = {
    "x.view(256, 96)": "SL211",
    "x.reshape(64, 4, 24).flatten(1)": "SL211",
    "x.view(x.size(0), 96)": "",
    "x.view(-1, 96)": "",
    "x.view(len(x), -1)": "",
}


@pytest.mark.parametrize("reshape", RESHAPES)
def test_a_hard_coded_batch_size(reshape: str) -> None:
    text = (
        START
        + f"""
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = backbone()
        self.projection_head = BYOLProjectionHead(96, 1024, 256)
    def forward(self, x):
        x = self.backbone(x)
        return self.projection_head({reshape})
"""
    )
    assert [finding.code for finding in findings(text)] == ([RESHAPES[reshape]] if RESHAPES[reshape] else [])


LEFT_ALONE = {
    "a detector": "class D(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.backbone = nn.Conv2d(3, 8, 3)\n        self.neck = nn.Conv2d(9, 8, 1)\n    def forward(self, x):\n        return x\n",
    "a classifier": "class C(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.features = nn.Conv2d(3, 8, 3)\n        self.classifier = nn.Linear(8, 10)\n    def forward(self, x):\n        return self.classifier(self.features(x).mean((2, 3)))\n",
    "an autoencoder": "class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.encoder = nn.Linear(784, 32)\n        self.decoder = nn.Linear(32, 784)\n    def forward(self, x):\n        return self.decoder(self.encoder(x.flatten(1)))\n",
    "an unknown shape behind any layer": "class M(nn.Module):\n    def __init__(self, net):\n        super().__init__()\n        self.encoder = net\n        self.embed = nn.Linear(64, 32)\n        self.projector = nn.Linear(32, 16)\n    def forward(self, x):\n        x = self.embed(self.encoder(x))\n        return self.projector(x.permute(0, 2, 1).transpose(1, 2))\n",
}  # fmt: skip


FORWARD = "    def forward(self, x):\n        return self.projection_head(self.encoder(x))\n"
NOT_IMAGES = {
    "sequences": "nn.Sequential(nn.Conv1d(12, 96, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten())",
    "flattened digits": "nn.Sequential(nn.Flatten(), nn.Linear(784, 96), nn.ReLU())",
    "vectors": "nn.Sequential(nn.Linear(30, 96), nn.BatchNorm1d(96))",
    "grey images": "nn.Sequential(nn.Conv2d(1, 96, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())",
    "volumes": "nn.Sequential(nn.Conv3d(1, 96, 3), nn.AdaptiveAvgPool3d(1), nn.Flatten())",
    "tokens": "nn.Embedding(1000, 96)",
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_IMAGES)
def test_loader_output_need_not_be_images(name: str) -> None:
    init = "class M(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.encoder = {}\n        self.projection_head = BYOLProjectionHead({}, 64, 32)\n"
    assert findings(START + init.format(NOT_IMAGES[name], 96) + FORWARD) == []
    if name != "tokens":
        assert [finding.code for finding in findings(START + init.format(NOT_IMAGES[name], 95) + FORWARD)] == ["SL101"]


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_unknown_values_are_not_reported(name: str) -> None:
    assert findings(START + LEFT_ALONE[name]) == []


def test_a_number_is_fixed_at_the_call_if_its_name_has_other_uses() -> None:
    text = START + "WIDTH = 512\n" + MODEL + (
        "wide = nn.Sequential(nn.Conv2d(3, 512, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n"
        "model = Model(backbone(), WIDTH)\n"
        "other = Model(wide, WIDTH)\n"
    )  # fmt: skip
    (finding,) = findings(text)
    assert fixed(text, finding) == "model = Model(backbone(), 96)"


def test_a_signature_that_the_user_declared() -> None:
    text = """
from torch import nn
from my_project.yolo import Backbone
from lightly.models.modules import BYOLProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone("n")
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
    options = Options(signatures=(("my_project.yolo.Backbone", "B 3 H W -> B 256"),))
    found = lint_source(Source("train.py", text), options).findings
    assert [(one.code, one.expected, one.actual) for one in found if one.severity != "info"] == [("SL101", 512, 256)]
