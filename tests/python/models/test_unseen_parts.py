"""Models of which little is seen are named, with the reason for each of their links; no other class becomes a model."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"

QUEUE = f"""{HEADER}
class Contrast(nn.Module):
    def __init__(self, make, width=96):
        super().__init__()
        self.encoder_q = make(num_classes=width)
        self.encoder_k = make(num_classes=width)

    def forward(self, x1, x2):
        query = F.normalize(self.encoder_q(x1), dim=1)
        with torch.no_grad():
            key = F.normalize(self.encoder_k(x2), dim=1)
        return query @ key.t()
"""
DERIVED = f"""{HEADER}
from some_bolts.models import SimCLR

class Mine(SimCLR):
    def __init__(self, encoder, width):
        super().__init__(lr=0.1)
        self.encoder = encoder
        self.width = width
"""
TRANSFORM = f"""{HEADER}
from some_bolts.transforms import SimCLRTransform

class Mine(SimCLRTransform):
    def __init__(self, size):
        super().__init__(size)
        self.size = size
"""
CLASSIFIER = f"""{HEADER}
class Classifier(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.backbone = make()
        self.head = make()

    def forward(self, x):
        return self.head(self.backbone(x))
"""
HELD = f"""{HEADER}
from some_bolts.models import SimSiam

class Arm(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.projector = nn.Linear(width, 48)
        self.predictor = nn.Linear(WIDTH, 48)

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))

class Mine(SimSiam):
    def __init__(self, encoder, width):
        super().__init__()
        self.online_network = Arm(encoder, width)
"""
VARIABLES = f"""{HEADER}
from elsewhere import build

encoder = build("small")
projector = nn.Sequential(nn.Linear(192, 192), nn.ReLU(), nn.Linear(192, 48))
z = projector(encoder(torch.randn(4, 3, 64, 64)))
"""


def reported(text: str) -> FileReport:
    """Lint one program."""
    return lint_source(Source("train.py", text), Options())


@pytest.mark.parametrize(
    ("text", "unchecked"),
    [
        (QUEUE, {"encoder_q": "what Contrast gets as make", "encoder_k": "what Contrast gets as make"}),
        (DERIVED, {"the model": "it does what some_bolts.models.SimCLR does, which is not seen"}),
        (VARIABLES, {"encoder": "elsewhere", "projector": "elsewhere"}),
    ],
)
def test_a_model_whose_networks_are_not_seen_is_named_with_the_reasons(text: str, unchecked: dict[str, str]) -> None:
    (model,) = reported(text).models
    found = {link.role: link.reason for link in model.unchecked}
    assert found.keys() == unchecked.keys()
    assert all(reason in found[role] for role, reason in unchecked.items()), found


@pytest.mark.parametrize("text", [TRANSFORM, CLASSIFIER, QUEUE.replace("encoder_k", "tail")])
def test_a_class_that_nothing_calls_a_self_supervised_model_is_none(text: str) -> None:
    assert reported(text).models == ()


@pytest.mark.parametrize(("width", "codes"), [("48", []), ("96", ["SL101"])])
def test_a_part_runs_by_itself_where_what_holds_it_is_not_run_by_code_that_is_seen(
    width: str, codes: list[str]
) -> None:
    report = reported(HELD.replace("WIDTH", width))
    assert [finding.code for finding in report.findings if finding.severity == "error"] == codes
    assert [model.name for model in report.models] == ["Mine", "Arm"]
