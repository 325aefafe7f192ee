"""Resolvers of OmegaConf that a program registers: a number that one gives is known, that of any other is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import FileReport

REGISTERED = """
from omegaconf import OmegaConf

def third(total, *others):
    return total // 3

OmegaConf.register_new_resolver("eval", eval)
OmegaConf.register_new_resolver("times", lambda a, b: a * b)
OmegaConf.register_new_resolver("third", resolver=third)
OmegaConf.register_new_resolver("named", lambda name: {"small": 384, "base": 768}[name])
"""
PROGRAM = """
import torch, torchvision
from torch import nn

class SimCLR(nn.Module):
    def __init__(self, taken):
        super().__init__()
        self.encoder = torchvision.models.resnet18()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(taken, 72), nn.ReLU(), nn.Linear(72, 36))

    def forward(self, images):
        return self.projector(self.encoder(images))

cfg = OmegaConf.load("sizes.yaml")
SimCLR(cfg.taken)(torch.randn(2, 3, 64, 64))
"""
KNOWN = {
    "eval of numbers": "${eval:'120 * 4'}",
    "eval of another key": "${eval:'${half} * 2 + 1'}",
    "eval without quotes": "${eval:${half}*2}",
    "eval with a function": "${eval:'int(${half} * 1.5)'}",
    "a lambda": "${times:${half},3}",
    "a function": "${third:900, x}",
    "one in another": "${times:${third:${half}},2}",
    "a name": "${named:base}",
    "a quoted name": "${named:'small'}",
}
UNKNOWN = {
    "one that is not registered": "${plus:100,412}",
    "a name of another module": "${eval:'os.cpu_count() * 64'}",
    "a key that is not there": "${times:${halves},2}",
}


def linted(folder: Path, text: str) -> FileReport:
    (folder / ".git").mkdir()
    (folder / "sizes.yaml").write_text(f"half: 240\ntaken: {text}\n")
    (folder / "train.py").write_text(REGISTERED + PROGRAM)
    [file] = lint(folder / "train.py").files
    return file


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_the_number_is_that_of_omegaconf(tmp_path: Path, text: str) -> None:
    real = pytest.importorskip("omegaconf").OmegaConf
    real.clear_resolvers()
    exec(REGISTERED, {})
    width = real.create({"half": 240, "taken": text}).taken
    [finding] = linted(tmp_path, text).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", width, 512)
    place = finding.location
    assert (Path(place.path).name, place.line) == (("train.py", 10) if "named" in text else ("sizes.yaml", 2))


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_another_number_is_not_known(tmp_path: Path, text: str) -> None:
    file = linted(tmp_path, text)
    assert not file.findings
    assert any("${" in link.reason for model in file.models for link in model.unchecked)


def test_a_right_number_fits(tmp_path: Path) -> None:
    file = linted(tmp_path, "${times:${half},2}")
    assert file.findings
    (tmp_path / "sizes.yaml").write_text("half: 256\ntaken: ${times:${half},2}\n")
    [file] = lint(tmp_path / "train.py").files
    assert not file.findings
    assert all(model.checked == model.links for model in file.models)
