"""What counts as a model: by the names of its parts, or by the name of its class."""

from __future__ import annotations

import pytest

from shapelint.linting import lint_source
from shapelint.read.python import naming
from shapelint.read.text import Source
from shapelint.resolve.resolver import Options
from tests.read.python.features import IMPORTS

RESNET = "torchvision.models.resnet18(num_classes=128)"
MODELS = {
    "a backbone beside a head": ("Anything", f"self.encoder = {RESNET}\nself.projector = nn.Linear(128, 8)"),
    "a head whose backbone nobody passes": ("Anything", "self.encoder = encoder\nself.predictor = nn.Linear(8, 8)"),
    "an encoder beside its momentum copy": ("Anything", f"self.encoder_q = {RESNET}\nself.encoder_k = {RESNET}"),
    "a class that is called after a method": ("ResNetSimCLR", f"self.backbone = {RESNET}"),
    "a known head": ("Anything", "self.whatever = BYOLProjectionHead(512, 1024, 256)"),
}
NO_MODELS = {
    "a backbone alone": ("Classifier", f"self.backbone = {RESNET}"),
    "a head alone": ("Anything", "self.projector = nn.Linear(8, 8)"),
    "two encoders, neither of them a copy": (
        "Anything",
        f"self.text_encoder = {RESNET}\nself.image_encoder = {RESNET}",
    ),
    "a class of whose name a method is a part by chance": ("StaticModel", f"self.backbone = {RESNET}"),
}


def models(name: str, init: str) -> list[str]:
    body = "".join(f"        {line}\n" for line in init.splitlines())
    code = f"{IMPORTS}class {name}(nn.Module):\n    def __init__(self, encoder):\n        super().__init__()\n{body}"
    return [model.name for model in lint_source(Source("model.py", code), Options()).models]


@pytest.mark.parametrize("case", MODELS)
def test_a_model_is_recognised(case: str) -> None:
    name, init = MODELS[case]
    assert models(name, init) == [name]


@pytest.mark.parametrize("case", NO_MODELS)
def test_what_is_no_model_is_passed_over(case: str) -> None:
    assert models(*NO_MODELS[case]) == []


@pytest.mark.parametrize(
    ("name", "method"),
    [("MyBYOL", "byol"), ("BarlowTwins", "barlowtwins"), ("moco_v2", "moco"), ("StaticModel", None), ("Model", None)],
)
def test_the_method_that_a_class_is_called_after(name: str, method: str | None) -> None:
    assert naming.method(name) == method
