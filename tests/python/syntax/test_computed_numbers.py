"""A number that an expression computes: replacing the expression by a literal is never a safe fix."""

from __future__ import annotations

from shapelint.spec.findings import Finding
from tests.python.features import IMPORTS
from tests.python.test_features import serious

CODE = (
    IMPORTS
    + """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet50()
        width = self.backbone.fc.weight.shape[0]
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(width, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
)


def found(code: str) -> Finding:
    (finding,) = serious(code)
    return finding


def test_the_expression_is_replaced_by_a_literal() -> None:
    finding = found(CODE)
    assert (finding.expected, finding.actual) == (1000, 2048)
    assert finding.fix is not None
    assert not finding.fix.safe
    assert finding.fix.message == "use width = 2048"


def test_the_other_axis_of_the_weight_is_right() -> None:
    assert serious(CODE.replace("shape[0]", "shape[1]")) == []


def test_a_literal_is_fixed_in_place() -> None:
    finding = found(CODE.replace("self.backbone.fc.weight.shape[0]", "1000"))
    assert finding.fix is not None
    assert finding.fix.safe
    assert finding.fix.message == "use width = 2048"
