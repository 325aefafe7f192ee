"""Hand-written losses: operations on the features of two ends of a model, with widths that raise or broadcast."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

MODEL = """
import copy
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models import resnet18
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        backbone = resnet18()
        self.backbone = nn.Sequential(*list(backbone.children())[:-1])
        self.projection_head = BYOLProjectionHead(512, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, {width})
        self.momentum_backbone = copy.deepcopy(self.backbone)
        self.momentum_projection_head = copy.deepcopy(self.projection_head)

    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x).flatten(1)))

    def momentum(self, x):
        return self.momentum_projection_head(self.momentum_backbone(x).flatten(1)).detach()

model = BYOL()
for x0, x1 in loader:
    p, z = model(x0), model.momentum(x1)
    loss = {loss}
    loss.backward()
"""

RAISES = [
    "-(F.normalize(p, dim=1) * F.normalize(z, dim=1)).sum(dim=1).mean()",
    "2 - 2 * F.cosine_similarity(p, z, dim=-1)",
    "2 - 2 * torch.nn.functional.cosine_similarity(p, z.detach()).mean()",
    "((F.normalize(p, dim=-1) - F.normalize(z, dim=-1)) ** 2).sum()",
    "(p / p.norm(dim=1, keepdim=True) - z / z.norm(dim=1, keepdim=True)).pow(2).mean()",
    "torch.mul(p, z).sum()",
    "p.sub(z).abs().mean()",
    "F.pairwise_distance(p, z).mean()",
]
FITS = [
    "(p * z).sum(dim=1).mean() / (p.norm(dim=1, keepdim=True) * z.norm(dim=1, keepdim=True)).mean()",
    "(p * z.norm(dim=1, keepdim=True)).sum()",
    "F.cosine_similarity(p.unsqueeze(1), z.unsqueeze(0), dim=2).sum()",
    "nn.CosineSimilarity(dim=2)(p.unsqueeze(1), z.unsqueeze(0)).sum()",
    "(p[:, :1] * z).sum()",
    "F.mse_loss(p, z, reduction='none').mean(dim=1).sum()",
    "F.mse_loss(input=p, target=z, reduction='none').mean(dim=1).sum()",
    "nn.SmoothL1Loss(reduction='none')(p, z)[:, 0].sum()",
    "F.huber_loss(p, z, reduction='none').view(-1, 2).sum()",
    "F.kl_div(p.log_softmax(1), z.softmax(1), reduction='none').sum(dim=1).mean()",
    "F.mse_loss(p.unsqueeze(1), z.unsqueeze(0))",
    "F.mse_loss(p.unsqueeze(1), z, reduction='none').mean(dim=2).amin(dim=1).mean()",
    "F.cosine_similarity(p.unsqueeze(1), z, dim=2).sum()",
]
AN_AXIS_TOO_MANY = [
    "F.mse_loss(p, z.unsqueeze(1))",
    "F.l1_loss(p[:, None], z)",
    "nn.HuberLoss()(p, z[:, None, :])",
    "F.smooth_l1_loss(p, z.unsqueeze(1), reduction='sum')",
]


def findings(width: int, loss: str) -> list[Finding]:
    """Return the findings of a model whose prediction head has this output width."""
    return list(lint_source(Source("train.py", MODEL.format(width=width, loss=loss)), Options()).findings)


@pytest.mark.parametrize("loss", RAISES)
def test_different_widths_raise(loss: str) -> None:
    (finding,) = findings(128, loss)
    assert (finding.code, finding.severity, finding.expected, finding.actual) == ("SL103", "error", 128, 256)
    assert finding.fix is not None
    assert finding.fix.message == "use BYOLPredictionHead(256, 1024, 256)"


@pytest.mark.parametrize("loss", RAISES)
def test_a_width_of_one_broadcasts(loss: str) -> None:
    (finding,) = findings(1, loss)
    assert (finding.code, finding.severity) == ("SL207", "warning")
    assert "(B, 1) of prediction_head and (B, 256) of" in finding.message


@pytest.mark.parametrize("loss", [*RAISES, *FITS])
def test_equal_widths_and_operations_that_compare_no_ends_are_clean(loss: str) -> None:
    assert findings(256, loss) == []


@pytest.mark.parametrize("loss", AN_AXIS_TOO_MANY)
def test_an_axis_too_many_of_one_operand_broadcasts(loss: str) -> None:
    (finding,) = findings(256, loss)
    assert (finding.code, finding.severity) == ("SL207", "warning")
    assert "broadcasts them to (B, B, 256)" in finding.message


def test_what_a_loss_that_is_not_reduced_gives_has_the_axes_of_its_operands() -> None:
    (finding,) = findings(256, "F.mse_loss(p, z, reduction='none').mean(dim=2).sum()")
    assert (finding.code, finding.severity) == ("SL102", "error")


@pytest.mark.parametrize("loss", RAISES)
@pytest.mark.parametrize("width", [1, 128, 256])
def test_torch_agrees(loss: str, width: int) -> None:
    torch = pytest.importorskip("torch")
    names = {"torch": torch, "F": torch.nn.functional, "p": torch.randn(4, width), "z": torch.randn(4, 256)}
    if width == 128:
        with pytest.raises(RuntimeError, match=r"The size of tensor a .128. must match the size of tensor b .256."):
            eval(loss, names)
    else:
        assert torch.isfinite(eval(loss, names)).all()


@pytest.mark.parametrize("loss", [*FITS, *AN_AXIS_TOO_MANY])
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_torch_runs_with_what_is_clean_or_only_broadcasts(loss: str) -> None:
    torch = pytest.importorskip("torch")
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "p": torch.rand(4, 256), "z": torch.rand(4, 256)}
    assert torch.isfinite(eval(loss, names)).all()
