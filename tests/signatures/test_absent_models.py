"""Names that torchvision does not have, where a config names its models."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.signatures import stored
from shapelint.text.source import Source

torchvision = pytest.importorskip("torchvision")


def codes(backbone: str) -> list[str]:
    text = f"backbone: {backbone}\nprojection_head: Linear(512, 8)\n"
    return [one.code for one in lint_text(Source("model.yaml", text), Settings()).findings if one.severity == "error"]


def test_the_names_that_are_no_components_are_there() -> None:
    (library,) = (one for one in stored.libraries() if one.library == "torchvision")
    public = {name for name in dir(torchvision.models) if not name.startswith("_") and not name.endswith("_Weights")}
    models = {name for name in public if stored.find(f"torchvision.models.{name}")}
    assert public - models - {"feature_extraction"} <= library.others  # imported on demand
    assert not library.others & models


@pytest.mark.parametrize("name", ["rensnet34", "resnet43", "efficientnet_b9", "vitb_16", "mobilenet_v3_smal"])
def test_a_name_that_is_nearly_one_of_torchvision_is_reported(name: str) -> None:
    written = (f"torchvision.models.{name}", f"torchvision/{name}", f"torchvision.models.{name}()")
    assert [codes(one) for one in (*written, f"{{_target_: torchvision.models.{name}}}")] == [["SL114"]] * 4


@pytest.mark.parametrize(
    "backbone",
    [
        "rensnet34",  # whoever wrote it may have a registry of their own
        "models.rensnet34",
        "my.models.rensnet34",
        "torchvision.models.ResNet",
        "torchvision.models.resnet.resnet34a",
        "torchvision.models.perceiver_small",
        "{name: rensnet34}",
    ],
)
def test_other_names_are_not_known_to_be_absent(backbone: str) -> None:
    assert codes(backbone) == []


def test_the_name_that_is_there_is_followed() -> None:
    assert codes("torchvision.models.resnet34") == []


@pytest.mark.parametrize("backbone", ["timm/resnet19", "timm.create_model('resnet19', num_classes=0)"])
def test_a_name_that_only_another_version_of_timm_may_have_is_unknown_for_that_reason(backbone: str) -> None:
    timm = pytest.importorskip("timm")
    assert "resnet19" not in timm.list_models()
    text = f"backbone: {backbone}\nprojection_head: Linear(512, 8)\n"
    report = lint_text(Source("model.yaml", text), Settings())
    assert "SL901" in {one.code for one in report.findings}
    assert f"timm {timm.__version__} has no model 'resnet19'" in report.models[0].unchecked[0].reason
