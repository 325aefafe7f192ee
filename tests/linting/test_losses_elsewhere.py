"""Losses that another class or another file than the model computes, or none that is seen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from shapelint import lint
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Tensor
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

NETWORKS = """
import torch, torchvision
from torch import nn

def mlp(taken, given):
    return nn.Sequential(nn.Linear(taken, 320), nn.BatchNorm1d(320), nn.ReLU(), nn.Linear(320, given))

class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        net = torchvision.models.resnet34()
        self.encoder = nn.Sequential(*list(net.children())[:-1])
        self.projection = mlp(512, 72)

    def forward(self, images):
        return self.projection(torch.flatten(self.encoder(images), 1))

class BYOL(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.online_network = Branch()
        self.target_network = Branch()
        self.predictor = mlp(72, given)

    def forward(self, view1, view2):
        online = self.predictor(self.online_network(torch.cat([view1, view2])))
        with torch.no_grad():
            target = self.target_network(torch.cat([view2, view1])).detach()
        return online, target
"""
TRAINER = """
import torch
from apex import amp
from apex.parallel import convert_syncbn_model
from torch.nn import functional as F
from networks import BYOL

class Ahead:
    def __init__(self, loader):
        self.loader = iter(loader)
        self.load()

    def load(self):
        try:
            self.images, self.labels = next(self.loader)
        except StopIteration:
            self.images = None
            return
        self.images = self.images.cuda(non_blocking=True)

    def following(self):
        images = self.images
        self.load()
        return images

class Trainer:
    def __init__(self, given, loader):
        self.loader = loader
        self.model = convert_syncbn_model(BYOL(given)).to("cuda")
        self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
        self.model, self.optimizer = amp.initialize(self.model, self.optimizer, opt_level="O0")

    def forward_loss(self, online, target):
        online, target = F.normalize(online, dim=1), F.normalize(target, dim=1)
        return 2 - 2 * (online * target).sum() / online.size(0)

    def epoch(self):
        ahead = Ahead(self.loader)
        images = ahead.following()
        while images is not None:
            online, target = self.model(images[:, 0], images[:, 1])
            self.forward_loss(online, target).backward()
            self.optimizer.step()
            images = ahead.following()
"""
MAIN = """
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from byol_trainer import Trainer

Trainer({given}, DataLoader(ImageFolder("images"), batch_size=16, drop_last=True)).epoch()
"""


def linted(folder: Path, given: int) -> FileReport:
    (folder / ".git").mkdir()
    (folder / "networks.py").write_text(NETWORKS)
    (folder / "byol_trainer.py").write_text(TRAINER)
    (folder / "train.py").write_text(MAIN.format(given=given))
    [file] = lint(folder / "train.py").files
    return file


def test_torch_refuses_the_product_of_two_widths() -> None:
    one, two = functional.normalize(torch.ones(4, 48), dim=1), functional.normalize(torch.ones(4, 72), dim=1)
    with pytest.raises(RuntimeError, match="must match the size of tensor b \\(72\\) at non-singleton dimension 1"):
        one * two


def test_a_product_in_another_file_is_judged(tmp_path: Path) -> None:
    [finding] = linted(tmp_path, 48).findings
    assert (finding.code, {finding.expected, finding.actual}) == ("SL103", {48, 72})
    assert (Path(finding.location.path).name, finding.location.line) == ("train.py", 6)


def test_right_widths_are_known_from_end_to_end(tmp_path: Path) -> None:
    file = linted(tmp_path, 72)
    assert not file.findings
    assert file.models
    assert all(model.checked == model.links > 0 for model in file.models)


@pytest.mark.parametrize(("given", "unchecked"), [(72, []), (48, ["loss"])])
def test_a_prediction_of_another_width_is_not_clear_without_a_loss(
    tmp_path: Path, given: int, unchecked: list[str]
) -> None:
    file = tmp_path / "networks.py"
    file.write_text(f"{NETWORKS}\nmodel = BYOL({given})\n")
    [report] = lint(file).files
    assert not report.findings
    assert [link.role for model in report.models for link in model.unchecked] == unchecked


REFUSED = """
import torch
from torch import nn

class Attention(nn.Module):
    def forward(self, x):
        return x.reshape(x.shape[0], 3, OTHER).mean(1)
"""
USER = """
import torch, torchvision
from torch import nn
from parts import Attention

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet34()
        self.backbone.fc = nn.Linear(512, 96)
        self.attention = Attention()
        self.projector = nn.Linear(32, 24)

    def forward(self, images):
        return self.projector(self.attention(self.backbone(images)))

SimCLR()(torch.randn(2, 3, 64, 64))
"""


def test_an_operation_in_another_file_that_torch_refuses_is_found(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model.py").write_text(USER)
    (tmp_path / "parts.py").write_text(REFUSED.replace("OTHER", "32"))
    assert not lint(tmp_path / "model.py").findings
    (tmp_path / "parts.py").write_text(REFUSED.replace("OTHER", "40"))
    with pytest.raises(RuntimeError, match="is invalid for input of size"):
        torch.randn(2, 96).reshape(2, 3, 40)
    [finding] = lint(tmp_path / "model.py").findings
    assert "reshape" in finding.message
    assert any("parts.py, line 7" in note for note in finding.notes)


@pytest.mark.parametrize("built", ["CosineSimilarity()", "CosineSimilarity(2)", "CosineSimilarity(dim=-1)"])
def test_a_similarity_reduces_the_axis_that_it_was_built_with(tmp_path: Path, built: str) -> None:
    made = f"torch.nn.{built}(torch.ones(5, 1, 96), torch.ones(1, 5, 96))"
    source = Source(str(tmp_path / "loss.py"), f"import torch\nbackbone = torch.nn.Linear(3, 3)\nmade = {made}\n")
    _, scope = interpret(source, Options())
    found = scope.names["made"]
    assert isinstance(found, Tensor)
    assert found.shape == tuple(eval(made, {"torch": torch}).shape)
