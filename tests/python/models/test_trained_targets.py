"""Targets that get gradients, measured: their parameters have a gradient after `backward()`, and it is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

MODEL = """
import contextlib
import copy
import torch
import torch.nn.functional as F
from lightly.loss import CAPILoss, DINOLoss, MSNLoss, NegativeCosineSimilarity, NTXentLoss
from lightly.models.utils import deactivate_requires_grad, update_momentum
from torch import nn


def freeze_all(net):
    for parameter in net.parameters():
        parameter.requires_grad = False


def average(online, target, m):
    for p, q in zip(online.parameters(), target.parameters()):
        q.data.mul_(m).add_(p.data, alpha=1 - m)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 12, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(12, 6)
        self.teacher_encoder = copy.deepcopy(self.encoder)
        self.teacher_projector = copy.deepcopy(self.projector)
        {init}

    @torch.no_grad()
    def move(self, m=0.9):
        {move}

    def teach(self, x):
        return self.teacher_projector(self.teacher_encoder(x))

    def forward(self, x0, x1):
        p = self.projector(self.encoder(x0))
        {forward}


def train():
    net = Net()
    net(torch.randn(4, 3, 8, 8), torch.randn(4, 3, 8, 8)).backward()
    net.move()
    return net

net = train()
teachers = (*net.teacher_encoder.parameters(), *net.teacher_projector.parameters())
got = [parameter.grad is not None for parameter in teachers]
"""
LIGHTLY = (
    "update_momentum(self.encoder, self.teacher_encoder, m); update_momentum(self.projector, self.teacher_projector, m)"
)
HELPER = "average(self.encoder, self.teacher_encoder, m); average(self.projector, self.teacher_projector, m)"
LOOP = "for p, q in zip([*self.encoder.parameters()], [*self.teacher_encoder.parameters()]): q.data.lerp_(p.data, 0.1)"
COSINE = "return NegativeCosineSimilarity()(p, {})"
CASES = {
    "plain": ("pass", LIGHTLY, COSINE.format("self.teach(x1)"), True),
    "by a helper": ("pass", HELPER, COSINE.format("self.teach(x1)"), True),
    "detached": ("pass", LIGHTLY, COSINE.format("self.teach(x1).detach()"), False),
    "data": ("pass", LIGHTLY, COSINE.format("self.teach(x1).data"), False),
    "normalised first": ("pass", LIGHTLY, COSINE.format("F.normalize(self.teach(x1), dim=1)"), True),
    "written out": ("pass", LIGHTLY, "return ((p - self.teach(x1)) ** 2).mean()", True),
    "written out and detached": ("pass", LIGHTLY, "return ((p - self.teach(x1).detach()) ** 2).mean()", False),
    "as the second factor": ("pass", HELPER, "return 2 - 2 * (p * self.teach(x1)).sum(-1).mean()", True),
    "as weights": ("pass", LIGHTLY, "return -(self.teach(x1).softmax(1) * p.log_softmax(1)).sum(1).mean()", True),
    "an argmax": ("pass", LIGHTLY, "return F.cross_entropy(p, self.teach(x1).argmax(1))", False),
    "a mask": ("pass", LIGHTLY, "return (p * (self.teach(x1) > 0)).mean()", False),
    "a shape": ("pass", LIGHTLY, "return p.view_as(self.teach(x1)).mean()", False),
    "product": ("pass", LIGHTLY, "return F.cross_entropy(p @ self.teach(x1).T, torch.arange(4))", True),
    "product without the target": (
        "pass",
        LIGHTLY,
        "return F.cross_entropy(p @ self.teach(x1).detach().T, torch.arange(4))",
        False,
    ),
    "joined with a detached one": (
        "pass",
        LIGHTLY,
        "return torch.cat([self.teach(x1).detach(), p]).pow(2).mean()",
        False,
    ),
    "mean squares": ("pass", HELPER, "return F.mse_loss(p, self.teach(x1))", True),
    "a loss that stops it": (
        "pass",
        LIGHTLY,
        "return MSNLoss()(p, self.teach(x1), self.encoder[0].weight[:5, 0, :2, 0].repeat(1, 3))",
        False,
    ),
    "a loss that does not": (
        "pass",
        LIGHTLY,
        "t = self.teach(x1); return DINOLoss(output_dim=6)([t, t], [p, p], epoch=0)",
        True,
    ),
    "teacher given by name": (
        "pass",
        LIGHTLY,
        "t = self.teach(x1); return DINOLoss(output_dim=6)(student_out=[p, p], teacher_out=[t, t], epoch=0)",
        True,
    ),
    "stopped by name": (
        "pass",
        LIGHTLY,
        "return CAPILoss()(teacher_logits=self.teach(x1)[None], student_logits=p[None])",
        False,
    ),
    "without gradients": (
        "pass",
        LIGHTLY,
        "with torch.no_grad(): t = self.teach(x1)\n        " + COSINE.format("t"),
        False,
    ),
    "inference": (
        "pass",
        LIGHTLY,
        "with torch.inference_mode(): t = self.teach(x1)\n        " + COSINE.format("t.clone()"),
        False,
    ),
    "gradients set": (
        "pass",
        LIGHTLY,
        "with torch.set_grad_enabled(False): t = self.teach(x1)\n        " + COSINE.format("t"),
        False,
    ),
    "changed without gradients": (
        "pass",
        LIGHTLY,
        "t = self.teach(x1)\n        with torch.no_grad(): t = t.flatten(1)\n        " + COSINE.format("t * 1"),
        None,
    ),
    "made double without gradients": (
        "pass",
        LIGHTLY,
        "t = self.teach(x1)\n        with torch.no_grad(): t = t * 2\n        " + COSINE.format("t"),
        False,
    ),
    "stacked": (
        "pass",
        LIGHTLY,
        "s = contextlib.ExitStack(); s.enter_context(torch.no_grad())\n        "
        "with s:\n            t = self.teach(x1)\n        " + COSINE.format("t"),
        False,
    ),
    "deactivated": (
        "deactivate_requires_grad(self.teacher_encoder); deactivate_requires_grad(self.teacher_projector)",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        False,
    ),
    "half deactivated": (
        "deactivate_requires_grad(self.teacher_encoder)",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        True,
    ),
    "frozen by a function": (
        "freeze_all(self.teacher_encoder); freeze_all(self.teacher_projector)",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        False,
    ),
    "only the encoder frozen by a function": (
        "freeze_all(self.teacher_encoder)",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        True,
    ),
    "frozen at once": (
        "self.teacher_encoder.requires_grad_(False); self.teacher_projector.requires_grad_(False)",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        False,
    ),
    "frozen in a comprehension": (
        "[p.requires_grad_(False) for t in (self.teacher_encoder, self.teacher_projector) for p in t.parameters()]",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        False,
    ),
    "frozen by setattr": (
        "[setattr(p, 'requires_grad', False) for n, p in self.named_parameters() if 'teacher' in n]",
        LIGHTLY,
        COSINE.format("self.teach(x1)"),
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_target_with_gradients_is_reported_and_no_other(name: str, tmp_path: Path) -> None:
    init, move, forward, trained = CASES[name]
    text = MODEL.replace("{init}", init).replace("{move}", move).replace("{forward}", forward)
    names: dict[str, object] = {}
    exec(text, names)
    got = names["got"]
    assert isinstance(got, list)
    assert any(got) == (trained is not False)
    (tmp_path / "train.py").write_text(text)
    (report,) = lint([tmp_path / "train.py"], Settings(isolated=True)).files
    codes = [finding.code for finding in report.findings]
    assert codes in ([["SL213"]] if trained else [[]])


def test_a_copy_that_no_average_moves_is_not_judged(tmp_path: Path) -> None:
    init, _, forward, _ = CASES["plain"]
    text = MODEL.replace("{init}", init).replace("{move}", "pass").replace("{forward}", forward)
    (tmp_path / "train.py").write_text(text)
    assert lint([tmp_path / "train.py"], Settings(isolated=True)).findings == ()


WHOLE = """
import copy
import torch
import torch.nn.functional as F
from timm.utils import ModelEmaV2
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 12, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(12, 6)

    def forward(self, x):
        return self.projector(self.backbone(x))


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.online_encoder = Encoder()
        self.predictor = nn.Linear(6, 6)
        self.target_encoder = {target}

    def forward(self, x0, x1):
        p = self.predictor(self.online_encoder(x0))
        {forward}
        return F.mse_loss(p, z)


net = BYOL()
net(torch.randn(4, 3, 8, 8), torch.randn(4, 3, 8, 8)).backward()
{update}
trained = net.target_encoder{inside}.projector.weight.grad is not None
"""
BY_HAND = """with torch.no_grad():
    for p, q in zip(net.online_encoder.parameters(), net.target_encoder.parameters()):
        q.mul_(0.9).add_(p, alpha=0.1)
"""
AVERAGES = {
    "a model of its own": ("copy.deepcopy(self.online_encoder)", BY_HAND, ""),
    "timm": ("ModelEmaV2(self.online_encoder, decay=0.9)", "net.target_encoder.update(net.online_encoder)", ".module"),
    "torch": (
        "AveragedModel(self.online_encoder, multi_avg_fn=get_ema_multi_avg_fn(0.9))",
        "net.target_encoder.update_parameters(net.online_encoder)",
        ".module",
    ),
    "torch, the mean": (
        "AveragedModel(self.online_encoder)",
        "net.target_encoder.update_parameters(net.online_encoder)",
        ".module",
    ),
}
FORWARDS = {
    "z = self.target_encoder(x1)": True,
    "z = self.target_encoder(x1).detach()": False,
    "with torch.no_grad():\n            z = self.target_encoder(x1)": False,
}


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("forward", FORWARDS)
def test_a_target_that_is_a_model_itself_is_judged_in_the_model_around_it(
    average: str, forward: str, tmp_path: Path
) -> None:
    target, update, inside = AVERAGES[average]
    text = WHOLE.format(target=target, update=update, inside=inside, forward=forward)
    names: dict[str, object] = {}
    exec(text, names)
    assert names["trained"] == FORWARDS[forward]
    (tmp_path / "train.py").write_text(text)
    found = [finding.code for finding in lint([tmp_path / "train.py"], Settings(isolated=True)).findings]
    assert found == (["SL213"] if FORWARDS[forward] else [])


@pytest.mark.parametrize(("average", "decay"), [("timm", "9.0"), ("torch", "1.9")])
def test_a_decay_outside_of_0_to_1_is_found_in_averages_of_libraries(average: str, decay: str, tmp_path: Path) -> None:
    target, update, inside = AVERAGES[average]
    forward = "z = self.target_encoder(x1).detach()"
    text = WHOLE.format(target=target.replace("0.9", decay), update=update, inside=inside, forward=forward)
    (tmp_path / "train.py").write_text(text)
    found = [finding.code for finding in lint([tmp_path / "train.py"], Settings(isolated=True)).findings]
    assert found == ["SL214"]
