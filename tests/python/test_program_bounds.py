"""The bounds of what is followed in a program: on one side of each a number is known, on the other a link says not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shapelint.common import bounds
from shapelint.linting.lint_paths import lint_text
from shapelint.python.models.recognise import EXHAUSTED
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """
import torchvision
from torch import nn
from lightly.models.modules import BYOLProjectionHead

{before}

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(width, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def linted(before: str) -> FileReport:
    return lint_text(Source("model.py", SCRIPT.format(before=before)), Settings(isolated=True))


def codes(report: FileReport) -> list[str]:
    return [finding.code for finding in report.findings]


def reasons(report: FileReport) -> str:
    return " ".join(link.reason for model in report.models for link in model.unchecked)


def nested(levels: int) -> str:
    return "width = 500" + " + 0" * levels


def calls(count: int) -> str:
    functions = (f"def f{number}():\n    return f{number - 1}()\n" for number in range(1, count))
    return f"def f0():\n    return 500\n{''.join(functions)}width = f{count - 1}()"


def iterations(count: int) -> str:
    return f"width = 0\nfor _ in range({count}):\n    width += 1\nwidth = width * 0 + 500"


def elements(count: int) -> str:
    return f"width = 500 + 0 * len([0] * {count})"


@pytest.mark.parametrize(
    ("make", "bound", "reason"),
    [
        (nested, bounds.PROGRAM_NESTING, "nested too deeply"),
        (calls, bounds.PROGRAM_CALL_DEPTH, "not followed this deep"),
        (elements, bounds.PROGRAM_ELEMENTS, "known at run time only"),
        (iterations, bounds.PROGRAM_ELEMENTS, "known at run time only"),
    ],
)
def test_both_sides(make: Callable[[int], str], bound: int, reason: str) -> None:
    assert codes(linted(make(bound))) == ["SL101"]
    beyond = linted(make(bound + 1))
    assert "SL101" not in codes(beyond)
    assert reason in reasons(beyond)


def test_the_steps_of_a_program() -> None:
    """A statement that assigns a number takes two: it, and the number."""

    def after(count: int) -> FileReport:
        return linted("width = 500\n" + "x = 1\n" * count)

    most = bounds.PROGRAM_STEPS // 2
    assert codes(after(most - 30)) == ["SL101"]
    cut = after(most - 20)
    assert (codes(cut), EXHAUSTED in reasons(cut)) == ([], True)
    unseen = after(most + 1)
    assert (unseen.status, unseen.problem) == ("unreadable", EXHAUSTED)


def test_a_budget_that_ends_behind_every_network_hides_none() -> None:
    """What is not followed then is no model: a program without one is passed over as before."""
    text = "from torch import nn\n\nclass Net(nn.Module):\n    pass\n\n" + "x = 1\n" * bounds.PROGRAM_STEPS
    assert lint_text(Source("model.py", text), Settings(isolated=True)).status == "no-model"
