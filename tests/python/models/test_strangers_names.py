"""Models as strangers name their parts: each is found, right and with one wrong width."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.state import naming
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

HEADER = "import copy\nimport torch\nimport torchvision\nfrom torch import nn\nfrom torchvision import models\n"

STATED = f"""{HEADER}
def mlp(a, b, c):
    return nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c))


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = models.resnet34()
        self.model.fc = nn.Identity()
        self.head = mlp(512, 640, 96)
        self.pred = mlp(WIDTH, 640, 96)

    def forward(self, x):
        return self.pred(self.head(self.model(x)))
"""
HEAD_IN_FC = f"""{HEADER}
class SimCLRLM(nn.Module):
    def __init__(self, out=80):
        super().__init__()
        self.convnet = models.resnet18(num_classes=out)
        self.convnet.fc = nn.Sequential(self.convnet.fc, nn.ReLU(), nn.Linear(WIDTH, 24))

    def forward(self, x):
        return self.convnet(x)


SimCLRLM()(torch.randn(2, 3, 96, 96))
"""
ONLINE = f"""{HEADER}
class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        trunk = models.resnet18()
        trunk.fc = nn.Identity()
        self.online = nn.Sequential(trunk, nn.Sequential(nn.Linear(512, 700), nn.ReLU(), nn.Linear(700, 96)))
        self.target = copy.deepcopy(self.online)
        self.predictor = nn.Sequential(nn.Linear(WIDTH, 320), nn.ReLU(), nn.Linear(320, 96))

    def forward(self, x):
        return self.predictor(self.online(x)), self.target(x)


Learner()(torch.randn(2, 3, 96, 96))
"""
SCRIPT = f"""{HEADER}
encoder = models.resnet18()
encoder.fc = nn.Identity()
projector = nn.Sequential(nn.Linear(512, 300), nn.ReLU(), nn.Linear(300, 96))
predictor = nn.Linear(WIDTH, 96)
loss = predictor(projector(encoder(torch.randn(4, 3, 64, 64))))
"""
CASES = {
    "self.model, self.head and self.pred": (STATED, 96),
    "a head in the fc of self.convnet": (HEAD_IN_FC, 80),
    "self.online and its copy self.target": (ONLINE, 96),
    "a script without a class": (SCRIPT, 96),
}


def linted(code: str) -> FileReport:
    return lint_source(Source("pretrain.py", code), Options())


@pytest.mark.parametrize("case", CASES)
def test_a_model_is_found_by_what_strangers_call_it(case: str) -> None:
    code, right = CASES[case]
    report = linted(code.replace("WIDTH", str(right)))
    assert report.findings == ()
    told = [model.method is not None or model.otherwise == "self-supervised" for model in report.models]
    assert [(model.checked, *told) for model in report.models] == [(report.models[0].links, True)]
    wrong = linted(code.replace("WIDTH", str(right + 7)))
    assert {finding.code for finding in wrong.findings} <= {"SL101", "SL104"}
    assert wrong.findings


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("SimCLRLM", "simclr"),
        ("barlowBYOL", "byol"),
        ("BYOLTrainer", "byol"),
        ("MyMoCoLightning", "moco"),
        ("VICRegPlus", "vicreg"),
        ("MSNet", None),
        ("Dinosaur", None),
        ("Particolor", None),
    ],
)
def test_a_method_is_read_out_of_a_longer_name(name: str, method: str | None) -> None:
    assert naming.method(name) == method


FC = "self.backbone = models.resnet50()"
CLASSIFIER = f"""{HEADER}
class Birds(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = models.resnet50()
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, 30))

    def forward(self, x):
        return self.head(self.backbone(x))


nn.CrossEntropyLoss()(Birds()(torch.randn(2, 3, 64, 64)), torch.tensor([0, 1]))
"""


def test_of_a_classifier_only_loud_faults_are_said() -> None:
    features = CLASSIFIER.replace(FC, f"{FC}\n        self.backbone.fc = nn.Identity()")
    right, wrong = linted(CLASSIFIER.replace("WIDTH", "1000")), linted(features.replace("WIDTH", "512"))
    assert right.findings == ()
    assert [model.method for model in right.models] == [None]
    assert [(finding.code[:3], finding.severity) for finding in wrong.findings] == [("SL1", "error")]


def test_the_same_backbone_and_head_are_self_supervised_where_a_name_says_so() -> None:
    said = linted(CLASSIFIER.replace("WIDTH", "1000").replace("Birds", "BirdsSimCLR"))
    assert {finding.code for finding in said.findings} == {"SL201"}
    assert [model.method for model in said.models] == ["simclr"]


def test_a_model_that_no_name_says_the_method_of_has_none() -> None:
    """Of a program as of a config; what it is called then is no method."""
    code, right = CASES["self.online and its copy self.target"]
    (model,) = linted(code.replace("WIDTH", str(right))).models
    assert (model.method, model.title.partition(" ")[2]) == (None, "(self-supervised)")
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n"
    for lines, method, words in (
        (text, None, "(byol by default)"),
        (f"method: simclr\n{text}", "simclr", "(simclr)"),
    ):
        (model,) = lint_source(Source("model.yaml", lines), Options()).models
        assert (model.method, model.title.partition(" ")[2]) == (method, words)
    (model,) = lint_source(Source("model.yaml", text), Options(method="moco")).models
    assert model.method == "moco"
