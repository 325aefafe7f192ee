"""Every Python fixture gives exactly the report next to it, and each fix removes its finding and adds none."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import report as reports
from shapelint.judge.repair import splice
from shapelint.linting.fixing import move_of
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Report
from shapelint.text.source import Source, read_source

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "fixtures" / "python").glob("*.py"))


def load(path: Path) -> Source:
    """Load a fixture under the name that its report uses for it."""
    return Source(f"fixtures/python/{path.name}", read_source(path).text)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_report(path: Path, update: bool) -> None:
    text = reports.render(Report((lint_source(load(path), Options()),)), "text")
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_fix_removes_its_finding_and_adds_none(path: Path) -> None:
    source = load(path)
    before = lint_source(source, Options()).findings
    for finding in before:
        if finding.fix is None:
            continue
        text = splice(source.text, [move_of(source, edit) for edit in finding.fix.edits])
        after = lint_source(Source(source.path, text), Options()).findings
        assert {(one.code, one.role) for one in after} < {(one.code, one.role) for one in before}


def test_the_seed_case() -> None:
    """There is one finding, on the literal of the projection head, and none for the prediction head."""
    (finding,) = lint_source(load(ROOT / "fixtures" / "python" / "lightly_1589.py"), Options()).findings
    source = load(ROOT / "fixtures" / "python" / "lightly_1589.py")
    assert (finding.code, finding.role, finding.expected, finding.actual) == ("SL101", "projection_head", 512, 256)
    line = source.text.splitlines()[finding.location.line - 1]
    assert line[: finding.location.column - 1].endswith("self.projection_head = BYOLProjectionHead(")
    assert line[finding.location.column - 1 : finding.location.end_column - 1] == "512"
    assert finding.fix is not None
    assert finding.fix.safe
    assert finding.fix.message == "use BYOLProjectionHead(256, 1024, 256)"


def test_a_replaced_part_is_not_shown_as_it_was_made() -> None:
    text = """\
import torchvision
from torch import nn


class SimSiam(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.resnet50()
        self.encoder.fc = nn.Linear(2048, 128)
        self.projector = nn.Linear(128, 64)

    def forward(self, x):
        return self.projector(self.encoder(x))
"""
    (model,) = lint_source(Source("train.py", text), Options()).models
    encoder = model.chain[0]
    assert encoder.output == ["B", 128]
    assert (encoder.signature, encoder.weights, encoder.note) == ("", None, "fc replaced")
    assert encoder.layers[-1].name == "avgpool"
    shown = reports.render(Report((lint_source(Source("train.py", text), Options()),)), "markdown")
    assert "1000" not in shown


@pytest.mark.parametrize("operation", ["z @ z", "z.view(4, -1, 64, 3)", "torch.bmm(z[:, None], z[:, None])"])
def test_a_width_that_only_suits_an_operation_is_no_safe_fix(operation: str) -> None:
    """The operation may be what is wrong: `z @ z` lacks a transpose, and a width of 8 would be the batch."""
    text = f"""\
import torch
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(48, 32))
        self.projection_head = nn.Linear(32, 128)

    def forward(self, x):
        z = self.projection_head(self.backbone(x))
        return {operation}


SimCLR()(torch.zeros(8, 3, 4, 4))
"""
    (finding,) = lint_source(Source("train.py", text), Options()).findings
    assert finding.severity == "error"
    assert finding.fix is not None
    assert not finding.fix.safe
