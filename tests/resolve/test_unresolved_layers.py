"""Layers after an unresolved one: reported once, and nothing is concluded from an unknown number of axes."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source


def lint(backbone: str, projection_head: str, prediction_head: str = "Identity()") -> FileReport:
    text = f"input: [3, 32, 32]\nbackbone: {backbone}\nprojection_head: {projection_head}\n"
    return lint_text(Source("model.yaml", f"{text}prediction_head: {prediction_head}\n"), Settings())


def codes(report: FileReport) -> list[str]:
    return [finding.code for finding in report.findings]


@pytest.mark.parametrize("head", ["[Mine()]", "[[Mine()], Linear(8, 8)]", "[ReLU(), [[Mine(), ReLU()]]]"])
def test_an_unresolved_layer_is_reported_at_any_depth(head: str) -> None:
    assert codes(lint("resnet18", head)) == ["SL901"]


@pytest.mark.parametrize(
    "backbone",
    [
        # Each runs in torch if Mine() returns the image unchanged.
        "[Conv2d(3, 12, 3), Mine(), Linear(30, 12), AdaptiveAvgPool2d(1), Flatten()]",
        "[Conv2d(3, 12, 3), Mine(), GroupNorm(4, 12), AdaptiveAvgPool2d(1), Flatten()]",
        "[Conv2d(3, 12, 3), Mine(), PReLU(12), AdaptiveAvgPool2d(1), Flatten()]",
        "[Conv2d(3, 12, 3), [Mine(), LayerNorm(30)], AdaptiveAvgPool2d(1), Flatten()]",
        "[Conv2d(3, 12, 1), Flatten(2), Mine(), BatchNorm1d(12), AdaptiveAvgPool1d(1), Flatten()]",
    ],
)
def test_nothing_is_concluded_from_an_unknown_number_of_axes(backbone: str) -> None:
    report = lint(backbone, "[Linear(12, 8)]", "[Linear(8, 8)]")
    assert codes(report) == ["SL901"]
    assert report.models[0].chain[0].output is None


def test_a_linear_on_a_map_after_it_is_not_flattened_to_its_width() -> None:
    report = lint("[Mine(), Linear(32, 12), Flatten()]", "[Linear(1152, 8)]", "[Linear(8, 8)]")
    assert codes(report) == ["SL901"]


def test_the_last_axis_is_still_compared() -> None:
    report = lint("resnet18", "[Linear(512, 64), Mine(), Linear(64, 32), ReLU(), Linear(16, 8)]", "[Linear(9, 8)]")
    assert [(finding.code, finding.expected, finding.actual) for finding in report.findings] == [
        ("SL901", None, None),
        ("SL104", 16, 32),
        ("SL101", 9, 8),
    ]


def test_a_normalisation_of_vectors_after_it_is_compared_in_a_head() -> None:
    report = lint("resnet18", "[Mine(), Linear(64, 32), BatchNorm1d(16), Linear(16, 8)]", "[Linear(8, 8)]")
    assert codes(report) == ["SL901", "SL104"]


def test_the_loss_compares_the_last_axes_if_others_are_unknown() -> None:
    maps = "[Conv2d(3, 12, 3)]"
    assert "SL207" not in codes(lint(maps, "[Mine(), Linear(30, 8)]", "[Conv2d(12, 12, 1), Linear(8, 8)]"))
    assert codes(lint("resnet18", "[Linear(512, 8)]", "[Mine(), Linear(8, 4)]")) == ["SL901", "SL103"]


@pytest.mark.parametrize(
    ("prediction_head", "conflict"),
    [
        ("['Unflatten(1, (1, 8))', 'Conv1d(1, 12, 1)', 'Linear(8, 8)']", ("(B, 12, 8)", "(B, 8)")),
        ("['Unflatten(1, (1, 8))', 'Conv1d(1, 12, 1)', 'Linear(8, 5)']", (5, 8)),
    ],
)
def test_a_batch_that_is_compared_with_another_axis_does_not_fit(prediction_head: str, conflict: object) -> None:
    """torch: The size of tensor a (12) must match the size of tensor b (3) at non-singleton dimension 1."""
    (finding,) = lint("resnet18", "[Linear(512, 8)]", prediction_head).findings
    assert finding.code == "SL103"
    assert (finding.expected, finding.actual) in (conflict, conflict[::-1])
    assert "(B, 12, " in finding.message
    assert "(B, 8)" in finding.message
    assert finding.fix is None
    assert finding.notes == ()


def test_maps_of_two_sizes_are_reported_with_their_shapes() -> None:
    report = lint("[Conv2d(3, 8, 1)]", "[Identity()]", "['ZeroPad2d((0, 0, 1, 1))']")
    (finding,) = (finding for finding in report.findings if finding.code == "SL103")
    assert finding.message == (
        "the loss compares (B, 8, 34, 32) of prediction_head with (B, 8, 32, 32) of the target's projection_head"
    )


def test_a_lazy_layer_that_is_traced_has_no_width() -> None:
    pytest.importorskip("torch")
    report = lint("[Conv2d(3, 8, 1), torch.nn.LazyBatchNorm2d(), AdaptiveAvgPool2d(1), Flatten()]", "[Linear(8, 8)]")
    assert codes(report) == ["SL901"]
