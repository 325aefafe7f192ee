"""A model with some backbone in a script: what is found where its head has the right width, and where it has not."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SCRIPT = """\
import torch
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
{imports}


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = {backbone}
        self.projection_head = BYOLProjectionHead({width}, 80, 24)
        self.prediction_head = BYOLPredictionHead(24, 80, 24)

    def forward(self, x):
        return self.prediction_head(self.projection_head({features}))


BYOL()(torch.randn({images}))
"""


@frozen
class Taken:
    """Features that a backbone gives for images, as a script writes it."""

    backbone: str
    features: str = "self.backbone(x)"
    images: tuple[int, ...] = (2, 3, 224, 224)
    imports: str = ""

    def script(self, width: int) -> str:
        """Return a model of these features and a head for features of a width."""
        images = ", ".join(str(size) for size in self.images)
        return SCRIPT.format(
            imports=self.imports, backbone=self.backbone, features=self.features, width=width, images=images
        )


def reported(taken: Taken, width: int) -> FileReport:
    """Lint the model of some features and a head for features of a width."""
    return lint_source(Source("train.py", taken.script(width)), Options())


def known_width(taken: Taken) -> object:
    """Return the width that is found for some features, and check that a head of this width leaves nothing to say.

    It is the width of which a head for one feature is told that it gets it; None where that is not known.
    """
    found = [one for one in reported(taken, 1).findings if one.code in ("SL101", "SL201")]
    width = found[0].actual if len(found) == 1 else None
    if isinstance(width, int) and found[0].code == "SL101":
        right = reported(taken, width)
        assert [one.message for one in right.findings] == []
        assert [one.links - one.checked for one in right.models] == [0]
    return width


def reasons(taken: Taken) -> list[str]:
    """Return why the links of the model that are not checked are not."""
    [model] = reported(taken, 1).models
    return [one.reason for one in model.unchecked]
