"""Which parts of a config are reported, and that a finding of no role names none."""

from __future__ import annotations

import pytest

from shapelint.linting.analyse import analyse
from shapelint.linting.lint_paths import lint_text
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding
from shapelint.text.source import Source


def findings(text: str) -> tuple[Finding, ...]:
    return lint_text(Source("model.yaml", text), Settings(isolated=True)).findings


def test_each_layer_that_is_not_resolved_is_reported() -> None:
    text = "method: barlowtwins\nbackbone: [my.Stem(), Conv2d(8, 16, 3), my.Block(), ReLU(), my.Pool()]\n"
    found = findings(f"{text}projection_head: [Linear(16, 8)]\n")
    assert [one.code for one in found] == ["SL901"] * 3
    assert [one.message.split()[1] for one in found] == ["my.Stem", "my.Block", "my.Pool"]


@pytest.mark.parametrize(
    ("layer", "fix"),
    [
        ("avgpoool", "use avgpool"),
        ("something_else", None),  # it is the width that fits without `hidden_layer`, which is not what was meant
    ],
)
def test_a_layer_that_does_not_exist_is_replaced_by_one_of_a_similar_name_alone(layer: str, fix: str | None) -> None:
    text = f"backbone: resnet18\nhidden_layer: {layer}\nprojection_head: BYOLProjectionHead(512, 64, 16)\n"
    (finding,) = findings(f"{text}prediction_head: BYOLPredictionHead(16, 64, 16)\n")
    assert finding.code == "SL110"
    assert (finding.fix.message if finding.fix else None) == fix


def test_a_bank_that_the_method_does_not_keep_is_no_matter_of_a_role() -> None:
    (finding,) = findings("method: simclr\nbackbone: resnet18\nprojection_head: [Linear(512, 8)]\nqueue: [100, 6]\n")
    assert (finding.code, finding.role) == ("SL901", "")
    assert finding.message.startswith("queue is not checked: ")


@pytest.mark.parametrize(
    ("head", "loss", "consumer"),
    [
        ("[Linear(48, 8), BatchNorm1d(8)]", "NTXentLoss()", "projection_head layer 1 (BatchNorm1d)"),
        ("BarlowTwinsProjectionHead(48, 64, 8)", "NTXentLoss()", "projection_head"),
        ("[Linear(48, 8)]", "BarlowTwinsLoss()", "the loss (BarlowTwinsLoss)"),
        ("[Linear(48, 8)]", "NTXentLoss()", None),
    ],
)
def test_a_batch_of_one_is_refused_by_the_first_part_that_normalises_over_it(
    head: str, loss: str, consumer: str | None
) -> None:
    text = f"method: simclr\nbackbone: [AdaptiveAvgPool2d(4), Flatten()]\nbatch_size: 1\nloss: {loss}\n"
    found = [one.message.partition(" needs ")[0] for one in findings(f"{text}projection_head: {head}\n")]
    assert found == ([consumer] if consumer else [])


@pytest.mark.parametrize(
    ("prediction", "codes"),
    [
        ("[Linear(16, 16)]", []),
        ("[Linear(16, 8)]", ["SL103"]),
        ("[Linear(16, 32), Unflatten(-1, (2, 16))]", []),
        ("[Linear(16, 16), Unflatten(-1, (2, 8))]", ["SL103"]),
    ],
)
def test_behind_a_layer_that_is_not_resolved_a_loss_compares_the_widths_alone(
    prediction: str, codes: list[str]
) -> None:
    """That the batch is the only other axis is a guess, from which nothing follows."""
    text = f"backbone: resnet18\nprojection_head: [my.Block(), Linear(512, 16)]\nprediction_head: {prediction}\n"
    assert [one.code for one in findings(text) if one.code != "SL901"] == codes


def test_a_loss_on_maps_takes_no_tokens() -> None:
    text = "method: pixcontrast\nbackbone: resnet18\nprojection_head: [Conv2d(512, 16, 1){}]\n"
    assert findings(text.format("")) == ()
    (finding,) = findings(text.format(", Flatten(2)"))
    assert finding.message.startswith("PixContrast takes 2 axes, but projection_head produces (B, 16, ")


def test_only_the_first_layer_of_a_component_that_fixes_the_batch_is_reported() -> None:
    signatures = (("my.Fix", "B D -> 8 D"), ("my.Free", "8 D -> N D"))
    text = "method: barlowtwins\nbackbone: resnet18\nprojection_head: [Linear(512, 16), {}]\n"
    text = text.format(", ".join(f"my.{name}()" for name in ("Fix", "Free", "Fix", "Free")))
    (model,) = analyse(Source("model.yaml", text), Options(signatures=signatures)).models
    (violation,) = model.violations
    assert violation.message.startswith("projection_head layer 1 (Fix) writes 8 where the batch is")


@pytest.mark.parametrize(
    ("layers", "messages"),
    [
        ("my.Fixed(), Linear(500, 16)", ["projection_head expects 500 features"]),
        ("my.Fixed(), Linear(600, 16)", ["projection_head expects 500 features"]),
        ("my.Fixed()", ["projection_head expects 500 features"]),
        ("Linear(512, 500), my.Fixed(), Linear(600, 16)", ["projection_head layer 2 (Linear) expects 600"]),
        ("my.Fixed(), Linear(600, 16), Linear(17, 16)", ["expects 500 features", "layer 2 (Linear) expects 17"]),
    ],
)
def test_a_width_that_is_not_what_comes_in_and_cannot_be_changed_is_reported_once(
    layers: str, messages: list[str]
) -> None:
    """What the width is once the layer is replaced is not known."""
    text = f"backbone: resnet18\nprojection_head: [{layers}]\nprediction_head: [Linear(16, 16)]\n"
    options = Options(signatures=(("my.Fixed", "... 500 -> ... 500"),))
    (model,) = analyse(Source("model.yaml", text), options).models
    assert len(model.violations) == len(messages)
    for violation, message in zip(model.violations, messages):
        assert message in violation.message


@pytest.mark.parametrize(
    ("prediction", "expected", "actual"),
    [
        ("[Linear(16, 8)]", 8, 16),
        ("[Linear(16, 8), Unflatten(1, (2, 4))]", 4, 16),
        ("[Linear(16, 32), Unflatten(1, (2, 16))]", "(B, 2, 16)", "(B, 16)"),
    ],
)
def test_a_loss_names_two_widths_or_two_shapes_that_it_compares(
    prediction: str, expected: object, actual: object
) -> None:
    text = f"backbone: resnet18\nprojection_head: [Linear(512, 16)]\nprediction_head: {prediction}\n"
    (finding,) = findings(text)
    assert (finding.code, finding.expected, finding.actual) == ("SL103", expected, actual)
    if isinstance(expected, str):
        assert f"compares {expected} of prediction_head with {actual} of the target's" in finding.message


def test_what_differs_in_a_target_is_compared_with_a_default_of_the_online_branch() -> None:
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024)\n"
    text += "prediction_head: BYOLPredictionHead(256, 1024, 128)\n"
    (finding,) = findings(f"{text}target: {{projection_head: 'BYOLProjectionHead(512, 1024, 128)'}}\n")
    assert (finding.code, finding.location.line, finding.expected, finding.actual) == ("SL108", 4, 128, 256)
    assert [(one.location.line, one.location.column) for one in finding.related] == [(2, 18)]
