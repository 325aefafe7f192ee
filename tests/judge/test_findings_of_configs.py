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
    assert {one.role for one in found} == {"backbone"}
    assert all(f"give my.{name} a signature" in one.help for name, one in zip(("Stem", "Block", "Pool"), found))


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
    assert (finding.code, finding.expected, finding.actual) == ("SL110", "avgpool" if fix else None, layer)
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
    found = [(one.message.partition(" needs ")[0], one.role) for one in findings(f"{text}projection_head: {head}\n")]
    assert found == ([(consumer, "")] if consumer else [])  # it is the batch that is at fault


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
    other = "target: {projection_head: ['Conv2d(512, 16, 1)', 'Flatten(2)']}\n"
    (finding,) = findings(text.format(", Flatten(2)") + other)
    assert (finding.code, finding.location.line) == ("SL103", 3)


def test_a_loss_on_maps_compares_their_channels() -> None:
    text = "method: pixcontrast\nbackbone: resnet18\nprojection_head: [Conv2d(512, 16, 1)]\n"
    (model,) = analyse(
        Source("model.yaml", text + "target: {projection_head: ['Conv2d(512, 8, 1)']}\n"), Options()
    ).models
    (message,) = (one.message for one in model.violations if one.rule.page.code == "SL103")
    assert message == "the loss compares 16 features of projection_head with 8 of the target's projection_head"


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
    ("prediction", "expected", "actual", "compared"),
    [
        ("[Linear(16, 8)]", 8, 16, ("8 features", "16")),
        ("[Linear(16, 8), Unflatten(1, (2, 4))]", 4, 16, ("(B, 2, 4)", "(B, 16)")),
        ("[Linear(16, 32), Unflatten(1, (2, 16))]", "(B, 2, 16)", "(B, 16)", ("(B, 2, 16)", "(B, 16)")),
    ],
)
def test_a_loss_names_two_widths_or_two_shapes_that_it_compares(
    prediction: str, expected: object, actual: object, compared: tuple[str, str]
) -> None:
    text = f"backbone: resnet18\nprojection_head: [Linear(512, 16)]\nprediction_head: {prediction}\n"
    (finding,) = findings(text)
    assert (finding.code, finding.expected, finding.actual) == ("SL103", expected, actual)
    words = "the loss compares {} of prediction_head with {} of the target's projection_head"
    assert finding.message == words.format(*compared)


def test_what_differs_in_a_target_is_compared_with_a_default_of_the_online_branch() -> None:
    text = "backbone: resnet18\nprojection_head: BYOLProjectionHead(512, 1024)\n"
    text += "prediction_head: BYOLPredictionHead(256, 1024, 128)\n"
    (finding,) = findings(f"{text}target: {{projection_head: 'BYOLProjectionHead(512, 1024, 128)'}}\n")
    assert (finding.code, finding.location.line, finding.expected, finding.actual) == ("SL108", 4, 128, 256)
    assert [(one.location.line, one.location.column) for one in finding.related] == [(2, 18)]


def test_a_role_of_the_target_that_the_online_branch_lacks_is_not_compared() -> None:
    text = "method: moco\nbackbone: resnet18\nprojection_head: [Linear(512, 16)]\n"
    assert findings(f"{text}target: {{prediction_head: 'Linear(16, 16)'}}\n") == ()


def test_prototypes_behind_a_layer_that_keeps_the_width_are_compared() -> None:
    text = "method: swav\nbackbone: resnet18\nprojection_head: [Linear(512, 128)]\nprototypes: [Identity(), {}]\n"
    assert findings(text.format("Linear(128, 30)")) == ()
    (finding,) = findings(text.format("Linear(64, 30)"))
    assert (finding.code, finding.expected, finding.actual) == ("SL112", 64, 128)


def test_axes_that_a_layer_passes_on_are_reported_once_where_a_later_one_stops() -> None:
    text = "method: barlowtwins\ninput: [3, 32, 32]\nbackbone: [Conv2d(3, 16, 1)]\nprojection_head: [{}]\n"
    assert [one.code for one in findings(text.format("Linear(32, 8)"))] == ["SL205", "SL103"]
    assert [one.code for one in findings(text.format("Linear(32, 8), BatchNorm1d(8)"))] == ["SL103", "SL104"]


@pytest.mark.parametrize(
    ("head", "hidden"),
    [
        ("[Linear(512, 64), ReLU(), Linear(64, 32), ReLU(), Linear(32, 256)]", 32),
        ("[Linear(512, 32), ReLU(), Linear(32, 64), ReLU(), Linear(64, 256)]", 32),
        ("[Linear(512, 512), ReLU(), Linear(512, 256)]", None),
        ("[Linear(512, 256), ReLU()]", None),
        ("BYOLProjectionHead(512, 64, 256)", 64),
    ],
)
def test_the_narrowest_hidden_layer_is_noted(head: str, hidden: int | None) -> None:
    found = findings(f"method: barlowtwins\nbackbone: resnet18\nprojection_head: {head}\n")
    assert [(one.code, one.actual) for one in found] == ([("SL301", hidden)] if hidden else [])


def test_a_bank_is_compared_with_the_features_of_both_branches() -> None:
    text = "method: moco\nbackbone: resnet18\nprojection_head: [Linear(512, 6)]\nqueue: [100, 8]\n"
    (model,) = analyse(Source("model.yaml", f"{text}target: {{projection_head: 'Linear(512, 8)'}}\n"), Options()).models
    (violation,) = (one for one in model.violations if one.rule.page.code == "SL112")
    assert (violation.expected, violation.actual, violation.role) == (8, 6, "projection_head")


def test_a_bank_is_repaired_or_what_is_compared_with_it() -> None:
    text = "method: simclr\nbackbone: resnet18\nprojection_head: [Linear(512, 8)]\n"
    (finding,) = findings(f"{text}loss: 'NTXentLoss(memory_bank_size=(4096, 6))'\n")
    assert finding.fix is not None
    assert finding.fix.message == "use NTXentLoss(memory_bank_size=(4096, 8))"
    assert [one.message for one in finding.fix.alternatives] == ["use Linear(512, 6)"]
