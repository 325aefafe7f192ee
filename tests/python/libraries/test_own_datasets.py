"""Datasets of one's own that hold tensors: what an element of one is, and a batch of them, as in real torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_source import lint_source  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

def noise(x):
    return x + 0.1 * torch.randn_like(x)

class Pictures(Dataset):
    def __init__(self, channels):
        self.pictures = torch.randn(16, channels, 12, 12)
        self.labels = torch.arange(16) % 3
        self.transform = noise

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        {element}

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.{first}, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projector = nn.Linear(8, 4)

    def forward(self, x):
        return self.projector(self.encoder(x))

model = SimCLR()
for batch in DataLoader(Pictures({channels}), batch_size=4):
    {step}
"""
ELEMENTS = [
    ("return self.pictures[index], index", "model(batch[0])"),
    ("return self.pictures[index], self.labels[index]", "model(batch[0]); batch[1].view(4)"),
    ("x = self.pictures[index]; return self.transform(x), self.transform(x)", "model(batch[0]); model(batch[1])"),
    ("return {'views': [self.transform(self.pictures[index])]}", "model(batch['views'][0])"),
    ("return self.pictures[index, :, 2:]", "model(batch)"),
]


def codes(element: str, step: str, first: str, channels: int) -> tuple[list[str], bool]:
    """Return the codes of what is found, and whether the program runs."""
    text = PROGRAM.replace("{element}", element).replace("{step}", step).replace("{first}", first)
    text = text.replace("{channels}", str(channels))
    try:
        exec(text, {})
        runs = True
    except RuntimeError:
        runs = False
    report = lint_source(Source("train.py", text), Options())
    if not report.findings:
        assert [model.unchecked for model in report.models] == [()]
    return [finding.code for finding in report.findings], runs


@pytest.mark.parametrize(("element", "step"), ELEMENTS)
def test_the_channels_of_its_tensor_are_those_of_the_batch(element: str, step: str) -> None:
    assert codes(element, step, "Conv2d(3, 8, 3)", 3) == ([], True)
    assert codes(element, step, "Conv2d(3, 8, 3)", 1) == (["SL105"], False)
    assert codes(element, step, "Conv2d(1, 8, 3)", 1) == ([], True)


def test_a_vector_for_each_picture_is_none_of_its_axes() -> None:
    found, runs = codes("return self.pictures[index].flatten()", "model(batch)", "Conv2d(3, 8, 3)", 3)
    assert (found, runs) == (["SL102"], False)


@pytest.mark.parametrize(("settings", "is_fed"), [
    ("batch_size=20, drop_last=True", False),
    ("batch_size=20", True),
    ("batch_size=16, drop_last=True", True),
])  # fmt: skip
def test_a_loader_without_a_whole_batch_feeds_nothing(settings: str, is_fed: bool) -> None:
    text = PROGRAM.replace("{element}", "return self.pictures[index]").replace("{step}", "model(batch)")
    text = text.replace("{first}", "Conv2d(3, 8, 3)").replace("{channels}", "1").replace("batch_size=4", settings)
    if is_fed:
        with pytest.raises(RuntimeError, match="channels"):
            exec(text, {})
    else:
        exec(text, {})
    report = lint_source(Source("train.py", text), Options())
    assert bool(report.findings) is is_fed
    reasons = [link.reason for model in report.models for link in model.unchecked]
    assert any("no batch is fed: the 20 of one" in reason for reason in reasons) is not is_fed
