"""What a config says of its method: known, unknown, misspelt, or named above the model."""

from __future__ import annotations

import pytest

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding
from shapelint.text.source import Source

MODEL = "backbone: resnet18\nprojection_head: BYOLProjectionHead({}, 96, 48)\nprediction_head: Linear(48, {})\n"
LISTS = "{{{}: resnet18, projector: ['Linear({}, 96)', ReLU, 'Linear(96, 48)']{}}}\n"


def lint(text: str) -> FileReport:
    return lint_text(Source("model.yaml", text), Settings())


def codes(text: str) -> list[str]:
    return [finding.code for finding in lint(text).findings]


def pointed(text: str, finding: Finding) -> str:
    return text.split("\n")[finding.location.line - 1][finding.location.column - 1 : finding.location.end_column - 1]


@pytest.mark.parametrize("name", ["quiltnet", "mocov3", "byola", "nnbyol", "dinov3", "vjepa", "data2vec"])
def test_of_an_unknown_method_only_the_links_between_components_are_checked(name: str) -> None:
    report = lint(f"method: {name}\n" + MODEL.format(512, 7))
    assert report.findings == ()  # as BYOL it would be SL103: its loss compares 7 features with 48
    (model,) = report.models
    assert (model.method, model.links, model.checked) == (name, 4, 3)
    assert [(link.role, link.location.line) for link in model.unchecked] == [("loss", 1)]
    assert codes(f"method: {name}\n" + MODEL.format(768, 7)) == ["SL101"]


def test_widths_alone_have_no_class_where_the_method_is_unknown() -> None:
    report = lint("method: quiltnet\nbackbone: resnet18\nprojection_head: {input_dim: 9, output_dim: 48}\n")
    assert report.findings == ()
    assert [link.role for link in report.models[0].unchecked] == ["projection_head", "loss"]


def test_a_target_of_an_unknown_method_is_not_judged() -> None:
    own = "target: {projection_head: 'BYOLProjectionHead(512, 96, 40)'}\n"
    assert codes("method: quiltnet\n" + MODEL.format(512, 48) + own) == []
    assert codes("method: byol\n" + MODEL.format(512, 48) + own) != []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("byoll", "byol"), ("simsaim", "simsiam"), ("SimSam", "simsiam"), ("barlow_twin", "barlowtwins"), ("swvav", "")],
)
def test_a_misspelt_method_is_said_at_the_word(written: str, meant: str) -> None:
    text = f"method: {written}\n" + MODEL.format(512, 48)
    report = lint(text)
    assert [(one.code, one.expected, pointed(text, one)) for one in report.findings] == (
        [("SL903", meant, written)] if meant else []
    )
    assert report.models[0].method == written


def test_a_misspelt_method_above_two_models_is_said_once() -> None:
    models = "".join(f"{name}:\n  " + MODEL.format(512, 48).strip().replace("\n", "\n  ") + "\n" for name in "ab")
    assert codes("method: byoll\n" + models) == ["SL903"]


def test_a_misspelt_method_can_be_mended() -> None:
    text = "method: 'byoll'\n" + MODEL.format(512, 48)
    fixed, _ = fixed_text(Source("model.yaml", text), lambda source: lint_text(source, Settings()), True)
    assert codes(fixed) == []


@pytest.mark.parametrize("key", ["backbone", "encoder", "trunk"])
def test_a_method_above_says_that_lists_of_layers_are_a_model(key: str) -> None:
    text = "method: {}\nlr: 0.1\nnetworks:\n  ssl: " + LISTS
    assert codes(text.replace("{}", "vicreg", 1).format(key, 512, "")) == []
    assert codes(text.replace("{}", "vicreg", 1).format(key, 640, "")) == ["SL101"]
    assert lint(text.replace("{}", "grid", 1).format(key, 640, "")).status == "no-model"
    assert lint("lr: 0.1\nmodel: " + LISTS.format(key, 640, "")).status == "no-model"


def test_three_parts_in_layers_are_a_model_without_a_method() -> None:
    predictor = ", predictor: ['Linear(48, 24)', ReLU, 'Linear(24, 48)']"
    assert codes(LISTS.format("encoder", 512, predictor)) == []
    assert codes(LISTS.format("encoder", 1024, predictor)) == ["SL101"]
    assert lint(LISTS.format("image", 512, predictor)).status == "no-model"
