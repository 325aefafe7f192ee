"""Views and unflattened axes of another number of elements, as real torch refuses them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from shapelint.linting.lint_paths import lint_text  # noqa: E402
from shapelint.settings.settings import Settings  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

PROGRAM = """
import torch
from torch import nn

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 24, 3), nn.AdaptiveAvgPool2d({pool}))
        self.projection_head = nn.Linear({width}, 8)

    def forward(self, x):
        maps = self.backbone(x)
        return self.projection_head(maps.{call})
"""


@pytest.mark.parametrize(("pool", "width", "call", "fits"), [
    (1, 24, "view(len(maps), 24)", True),
    (1, 20, "view(maps.shape[0], 20)", False),
    (1, 24, "view(maps.size(0), -1)", True),
    (2, 96, "reshape(maps.shape[0], 96)", True),
    (2, 48, "reshape(maps.shape[0], 48)", False),
    (2, 48, "reshape(maps.shape[0], -1, 48)", True),
    (2, 36, "reshape(maps.shape[0], -1, 36)", False),
    (2, 4, "view(maps.shape[0], 24, 4)", True),
    (2, 4, "view(maps.shape[0], 12, 4)", False),
    (1, 6, "flatten(1).unflatten(1, (4, 6))", True),
    (1, 6, "flatten(1).unflatten(1, (5, 6))", False),
    (1, 6, "flatten(1).unflatten(-1, (-1, 6))", True),
    (1, 7, "flatten(1).unflatten(-1, (-1, 7))", False),
])  # fmt: skip
def test_a_view_of_another_number_is_an_error(pool: int, width: int, call: str, fits: bool) -> None:
    text = PROGRAM.format(pool=pool, width=width, call=call)
    names: dict[str, type[torch.nn.Module]] = {}
    exec(text, names)
    run = lambda: names["SimCLR"]()(torch.rand(5, 3, 9, 9))  # noqa: E731
    if fits:
        run()
    else:
        with pytest.raises(RuntimeError, match=r"invalid for input|don't multiply up|Unflatten|unflatten"):
            run()
    report = lint_text(Source("model.py", text), Settings(isolated=True))
    errors = [finding.code for finding in report.findings if finding.severity == "error"]
    assert bool(errors) is not fits, errors
