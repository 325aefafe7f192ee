"""Which end of a link is repaired, and whether a loss of a fixed width stops at other features."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source


@pytest.mark.parametrize(
    ("backbone", "head", "message", "alternatives"),
    [
        (
            "[AdaptiveAvgPool2d(4), Flatten(), Linear(48, 64), Linear(32, 16)]", "16",
            "use Linear(64, 16)", ["use Linear(48, 32)"],
        ),
        ("[AdaptiveAvgPool2d(4), Flatten(), Linear(48, 16)]", "12", "use Linear(16, 16)", []),
        ("[AdaptiveAvgPool2d(4), Flatten(), Linear(48, 1)]", "12", "use Linear(1, 16)", []),
        ("resnet18", "16", "use Linear(512, 16)", []),
    ],
)  # fmt: skip
def test_inside_a_backbone_its_layers_are_repaired_and_behind_it_the_head(
    backbone: str, head: str, message: str, alternatives: list[str]
) -> None:
    text = f"method: barlowtwins\nbackbone: {backbone}\nprojection_head: [Linear({head}, 16)]\n"
    (finding,) = lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    assert finding.fix is not None
    assert finding.fix.message == message
    assert [one.message for one in finding.fix.alternatives] == alternatives


DINO = """\
method: dino
backbone: resnet18
projection_head: DINOProjectionHead(512, 64, 32, {width})
loss: {{_target_: lightly.loss.DINOLoss, output_dim: {fixed}}}
"""


@pytest.mark.parametrize(
    ("width", "fixed", "reported"),
    [(48, 48, []), (48, 40, [("SL112", "error")]), (48, 1, [("SL112", "warning")]), (1, 48, [("SL112", "warning")])],
)
def test_the_center_of_a_loss_broadcasts_if_either_width_is_one(
    width: int, fixed: int, reported: list[tuple[str, str]]
) -> None:
    text = DINO.format(width=width, fixed=fixed)
    found = lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    assert [(one.code, one.severity) for one in found] == reported


COMPARED = """\
method: simsiam
backbone: resnet18
projection_head: [Linear(512, 64)]
prediction_head: [Linear(64, 64)]
loss: {{_target_: lightly.loss.NegativeCosineSimilarity, dim: {dim}}}
"""


@pytest.mark.parametrize("dim", [-3, -2, -1, 0, 1, 2, 3])
def test_a_loss_over_an_axis_that_is_missing_stops_as_torch_does(dim: int) -> None:
    torch = pytest.importorskip("torch")
    lightly_loss = pytest.importorskip("lightly.loss")
    stops = False
    try:
        lightly_loss.NegativeCosineSimilarity(dim=dim)(torch.ones(2, 64), torch.ones(2, 64))
    except IndexError:
        stops = True
    found = lint_text(Source("model.yaml", COMPARED.format(dim=dim)), Settings(isolated=True)).findings
    assert any(one.severity == "error" for one in found) is stops
    assert bool(found) is (dim not in (1, -1))


@pytest.mark.parametrize(("features", "severity"), [(64, "error"), (2, "error"), (1, "warning"), (128, "")])
def test_a_single_feature_is_written_into_every_place_of_a_memory_bank(features: int, severity: str) -> None:
    text = (
        f"method: simclr\nbackbone: resnet18\nprojection_head: [Linear(512, {features})]\n"
        "loss: {_target_: lightly.loss.NTXentLoss, memory_bank_size: [4096, 128]}\n"
    )
    found = lint_text(Source("model.yaml", text), Settings(isolated=True)).findings
    assert [one.severity for one in found if "memory bank" in one.message] == ([severity] if severity else [])
