"""How many faulty models of a program are repaired: up to a bound all of them, beyond it none, and that is said."""

from __future__ import annotations

import pytest

from shapelint.common import bounds
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

HEAD = "import torch\nfrom torch import nn\n"
MODEL = """
class Net{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(12, 16)
        self.projector = nn.Linear({width}, 8)

    def forward(self, x):
        return self.projector(self.backbone(x))

Net{number}()(torch.randn(4, 12))
"""


@pytest.mark.parametrize(("faulty", "are_repaired"), [(3, True), (4, False)])
def test_repairs_are_tried_up_to_the_bound(faulty: int, are_repaired: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "REPAIRED_MODELS", 3)
    models = [MODEL.format(number=number, width=20 if number < faulty else 16) for number in range(6)]
    report = lint_source(Source("models.py", HEAD + "".join(models)), Options())
    assert [finding.fix is not None for finding in report.findings] == [are_repaired] * faulty
    said = [notice for notice in report.notices if notice.startswith("no repairs are tried: 4 models")]
    assert bool(said) is not are_repaired
