"""What counts as a model: decided by the names of its parts, or by the name of its class."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_source import lint_source
from shapelint.python.state import naming
from shapelint.resolve.options import Options
from shapelint.text.source import Source
from tests.python import features

IMPORTS = f"{features.IMPORTS}from lightly.models.modules import MaskedVisionTransformerTorchvision\n"

RESNET = "torchvision.models.resnet18(num_classes=128)"
MODELS = {
    "a backbone beside a head": ("Anything", f"self.encoder = {RESNET}\nself.projector = nn.Linear(128, 8)"),
    "a head whose backbone nobody passes": ("Anything", "self.encoder = encoder\nself.predictor = nn.Linear(8, 8)"),
    "an encoder beside its momentum copy": ("Anything", f"self.encoder_q = {RESNET}\nself.encoder_k = {RESNET}"),
    "a class that is called after a method": ("ResNetSimCLR", f"self.backbone = {RESNET}"),
    "a module that only these models have": (
        "Anything",
        "vit = torchvision.models.vit_b_32()\nself.trunk = MaskedVisionTransformerTorchvision(vit=vit)",
    ),
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
def test_classes_that_are_not_models_are_skipped(case: str) -> None:
    assert models(*NO_MODELS[case]) == []


@pytest.mark.parametrize(
    ("name", "method"),
    [("MyBYOL", "byol"), ("BarlowTwins", "barlowtwins"), ("moco_v2", "moco"), ("StaticModel", None), ("Model", None)],
)
def test_the_method_that_a_class_is_named_after(name: str, method: str | None) -> None:
    assert naming.method(name) == method


BACKBONE = "model = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])\n"
LOOP = "for x in torch.utils.data.DataLoader([]):\n    a, b = model(x).chunk(2)\n    criterion(a, b)\n"


def test_a_backbone_with_a_loss_of_these_methods_is_a_model() -> None:
    from_lightly = (
        f"{IMPORTS}import lightly.loss\n{BACKBONE}criterion = lightly.loss.DirectCLRLoss(loss_dim=32)\n{LOOP}"
    )
    from_torch = f"{IMPORTS}{BACKBONE}criterion = nn.MSELoss()\n{LOOP}"
    assert [m.name for m in lint_source(Source("model.py", from_lightly), Options()).models] == ["model"]
    assert lint_source(Source("model.py", from_torch), Options()).models == ()


HEADS = """from lightly.models.modules.heads import ProjectionHead


class Own(ProjectionHead):
    def __init__(self, width):
        super().__init__([(width, 16, nn.BatchNorm1d(16), nn.ReLU()), (16, 8, None, None)])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 32, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.projection_head = ProjectionHead([(32, 16, nn.BatchNorm1d(%s), nn.ReLU()), (16, 8, None, None)])
        self.prediction_head = Own(%s)

    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x)))
"""


@pytest.mark.parametrize(
    ("norm", "width", "codes"), [(16, 8, []), (12, 8, ["SL104"]), (16, 12, ["SL101"]), (12, 12, ["SL101", "SL104"])]
)
def test_the_base_class_of_heads_is_resolved_by_its_blocks(norm: int, width: int, codes: list[str]) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("lightly")
    text = IMPORTS + HEADS % (norm, width)
    found = lint_source(Source("model.py", text), Options()).findings
    assert sorted(finding.code for finding in found) == codes
    names: dict[str, object] = {}
    exec(text, names)
    try:
        names["Model"]()(torch.rand(4, 3, 8, 8))  # type: ignore[operator]
    except RuntimeError:
        assert codes
    else:
        assert not codes


@pytest.mark.parametrize(("channels", "codes"), [(3, []), (4, ["SL103"])])
def test_a_layer_that_reconstructs_patches_must_have_their_width(channels: int, codes: list[str]) -> None:
    text = f"""{IMPORTS}from lightly.models.utils import patchify


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        vit = torchvision.models.vit_b_32()
        self.backbone = MaskedVisionTransformerTorchvision(vit=vit)
        self.decoder = nn.Linear(768, {channels} * 32**2)
        self.criterion = nn.MSELoss()

    def training_step(self, batch, index):
        images = batch[0]
        return self.criterion(self.decoder(self.backbone.encode(images))[:, 1:], patchify(images, 32))
"""
    assert [finding.code for finding in lint_source(Source("model.py", text), Options()).findings] == codes


UNKNOWN_WIDTHS = {
    "an empty tensor that a hook fills": (
        "self.features = torch.empty(0)",
        "self.backbone(x)\n        f = self.features",
    ),
    "as many as there are classes": (
        "self.backbone.fc = nn.Linear(512, len(classes) + 1)",
        "f = self.backbone(x)",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN_WIDTHS)
def test_a_width_known_only_at_run_time_is_not_a_fault(case: str) -> None:
    init, forward = UNKNOWN_WIDTHS[case]
    text = f"""{IMPORTS}
class Model(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)
        {init}

    def forward(self, x):
        {forward}
        return self.prediction_head(f)
"""
    found = lint_source(Source("model.py", text), Options()).findings
    assert [finding.message for finding in found if finding.severity != "info"] == []


def test_a_neck_that_pools_takes_a_map() -> None:
    text = f"""{features.IMPORTS}
class Neck(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, 64)

    def forward(self, x):
        return self.fc(self.pool(x).flatten(1))

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-2])
        self.neck = Neck()
        self.predictor = nn.Linear(64, 64)

    def forward(self, x):
        return self.predictor(self.neck(self.backbone(x)))
"""
    assert lint_source(Source("train.py", text), Options()).findings == ()
    wrong = text.replace("nn.Linear(512, 64)", "nn.Linear(256, 64)")
    assert [f.code for f in lint_source(Source("train.py", wrong), Options()).findings] == ["SL101"]
