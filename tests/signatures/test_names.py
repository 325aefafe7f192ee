"""The suggested name for a misspelt component."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run

from shapelint.signatures import absent_names
from shapelint.signatures.nearest import nearest

MEANT = {
    "resnet19": "resnet18",
    "BYOLProjectionHed": "BYOLProjectionHead",
    "ByolProjectionHead": "BYOLProjectionHead",
    "nn.Linaer": "nn.Linear",
    "torch.nn.BatchNorm1D": "torch.nn.BatchNorm1d",
    "lightly.models.modules.MoCoProjectionhead": "lightly.models.modules.MoCoProjectionHead",
    "lightly.models.modules.heads.BYOLPredictionHeads": "lightly.models.modules.heads.BYOLPredictionHead",
    "torchvision/resnet5": "torchvision/resnet50",
    "torchvision.models.vgg16bn": "torchvision.models.vgg16_bn",
}
THEIR_OWN = ("my.resnet19", "my.heads.BYOLProjectionHed", "Trunk", "yolov8n.Backbone", "timm/resnet19")
NONE = ("", "x", "/", ".", "resnet18", "Linear", "torch.nn.Linear", "torchvision/resnet18")


@pytest.mark.parametrize("written", MEANT)
def test_a_typing_error(written: str) -> None:
    assert nearest(written) == MEANT[written]


@pytest.mark.parametrize("written", [*THEIR_OWN, *NONE])
def test_a_name_that_may_be_correct(written: str) -> None:
    assert nearest(written) == ""


def test_the_finding_and_the_command_suggest_it(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text("backbone: resnet18\nprojection_head: BYOLProjectionHed(5, 6, 7)\n")
    told = run(tmp_path, "model.yaml").stdout
    assert "= help: did you mean BYOLProjectionHead? Otherwise give BYOLProjectionHed a signature" in told
    result = run(tmp_path, "signature", "resnet19")
    assert (result.returncode, result.stdout) == (2, "")
    assert "resnet19 is no component that shapelint knows, did you mean resnet18?" in result.stderr


@pytest.mark.parametrize(("name", "meant"), [
    ("VitModel", "ViTModel"), ("CLIPVisonModel", "CLIPVisionModel"), ("SwinV2Config", "Swinv2Config"),
    ("ResnetModel", "ResNetModel"), ("Dinov2WithRegisterModel", "Dinov2WithRegistersModel"),
])  # fmt: skip
def test_a_misspelt_class_of_transformers(name: str, meant: str) -> None:
    transformers = pytest.importorskip("transformers")
    found = absent_names.of_module(f"transformers.{name}")
    assert found is not None
    assert (found.nearest, hasattr(transformers, meant), hasattr(transformers, name)) == (meant, True, False)


@pytest.mark.parametrize("name", ["DetaModel", "ViTFeatureExtractor", "TFViTModel", "Dinov9Model", "MyVisionModel"])
def test_a_class_of_another_version_of_transformers_is_no_misspelt_one(name: str) -> None:
    assert absent_names.of_module(f"transformers.{name}") is None
