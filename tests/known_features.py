"""The models that are interpreted from stand-ins, as scripts build them: the lines of `rules/known_features.tsv`."""

from __future__ import annotations

from collections.abc import Iterator

from shapelint.common.frozen import frozen
from shapelint.knowledge import named_rows, pretrained_data, rules_folder
from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Tensor
from shapelint.resolve.options import Options
from shapelint.text.source import Source

IMPORTS = """\
import open_clip
import torch
from efficientnet_pytorch import EfficientNet
from monai.networks import nets
from segmentation_models_pytorch.encoders import get_encoder
from torch import nn
from transformers import AutoModel
from ultralytics import YOLO

projection_head = None
"""
HUB = {
    "facebookresearch/dino": "dino_vits16 dino_vits8 dino_vitb16 dino_vitb8 dino_xcit_small_12_p16 dino_resnet50",
    "facebookresearch/dinov2": (
        "dinov2_vits14 dinov2_vitb14 dinov2_vitl14 dinov2_vitg14 dinov2_vits14_reg dinov2_vitb14_reg dinov2_vitl14_reg "
        "dinov2_vitg14_reg"
    ),
    "facebookresearch/dinov3": (
        "dinov3_vits16 dinov3_vits16plus dinov3_vitb16 dinov3_vitl16 dinov3_vith16plus dinov3_vit7b16 "
        "dinov3_convnext_tiny dinov3_convnext_small dinov3_convnext_base dinov3_convnext_large"
    ),
    "facebookresearch/barlowtwins": "resnet50",
    "facebookresearch/swav": "resnet50 resnet50w2 resnet50w4 resnet50w5",
    "facebookresearch/vicreg": "resnet50 resnet50x2 resnet200x2",
}
SENETS = ("SENet154", "SEResNet50", "SEResNet101", "SEResNet152", "SEResNext50", "SEResNext101")
MONAI = {
    **{f"resnet{depth}": "(spatial_dims=2, n_input_channels=3, feed_forward=False)(x)"
       for depth in (10, 18, 34, 50, 101, 152, 200)},
    **{f"DenseNet{depth}": "(2, 3, 2).features(x)" for depth in (121, 169, 201, 264)},
    **dict.fromkeys(SENETS, "(spatial_dims=2, in_channels=3).features(x)"),
}  # fmt: skip
SQUARE = "torch.zeros(2, 3, {0}, {0})"
AFTER_BACKBONE = ("Upsample", "Classify", "nn.Upsample")


@frozen
class KnownFeatures:
    """A model by its name in the table, and expressions for what it is shown and for the features that it gives."""

    name: str
    shown: str
    features: str

    def line(self) -> str | None:
        """Return its line of the table; None if the width of its features is not known."""
        text = f"{IMPORTS}x = {self.shown}\nfeatures = {self.features}\n"
        _, scope = interpret(Source("model.py", text), Options())
        x, found = scope.names.get("x"), scope.names.get("features")
        if not isinstance(x, Tensor) or not isinstance(found, Tensor) or not x.shape or not found.shape:
            return None
        width = found.shape[1 if len(found.shape) in (2, 4) else -1]
        takes, gives = (" ".join(map(str, ["B", *shape[1:]])) for shape in (x.shape, found.shape))
        return f"{self.name}\t{width}\t{takes} -> {gives}" if isinstance(width, int) else None


def every() -> Iterator[KnownFeatures]:
    """Yield the models of the table, in its order."""
    for number in range(9):
        name = f"efficientnet-b{number}"
        yield KnownFeatures(
            f"efficientnet_pytorch/{name}", SQUARE.format(224), f"EfficientNet.from_name('{name}').extract_features(x)"
        )
    for name, call in MONAI.items():
        yield KnownFeatures(f"monai/{name}", SQUARE.format(224), f"nets.{name}{call}")
    for name in named_rows.names("open_clip.tsv"):
        size = (named_rows.find("open_clip.tsv", name) or "").split(" ")[1]
        yield KnownFeatures(
            f"open_clip/{name}", SQUARE.format(size), f"open_clip.create_model('{name}').encode_image(x)"
        )
    for name in named_rows.names("smp.tsv"):
        yield KnownFeatures(f"segmentation_models_pytorch/{name}", SQUARE.format(224), f"get_encoder('{name}')(x)[-1]")
    for repository, names in HUB.items():
        for name in names.split():
            yield KnownFeatures(
                f"torch.hub/{repository}/{name}", SQUARE.format(224), f"torch.hub.load('{repository}', '{name}')(x)"
            )
    for name, stored in rules_folder.load(pretrained_data.HUB_FILE).items():
        yield KnownFeatures(
            f"transformers/{name}", shown_to(stored), f"AutoModel.from_pretrained('{name}')(x).last_hidden_state"
        )
    for name in named_rows.names("ultralytics.tsv"):
        layers = (named_rows.find("ultralytics.tsv", name) or "").split(" ")
        cut = next((place for place, one in enumerate(layers) if one.startswith(AFTER_BACKBONE)), 0)
        net = f"nn.Sequential(*list(YOLO('{name}.yaml').model.model.children())[:{cut}])"
        yield KnownFeatures(f"ultralytics/{name}", SQUARE.format(640), f"{net}(x)")


def shown_to(stored: dict[str, object]) -> str:
    """Return what a model of transformers with this config is shown."""
    known = pretrained_data.config(str(stored["config"]))
    model = pretrained_data.model(pretrained_data.model_of(str(stored["config"])))
    assert known is not None
    assert model is not None
    (taken,) = model.takes.values()
    if "num_channels" in taken:
        size = stored.get("image_size", known.fields.get("image_size", 224))
        return SQUARE.format(size[0] if isinstance(size, list) else size)
    return {"B L": "torch.zeros(2, 16).long()", "B N": "torch.zeros(2, 16000)"}.get(taken, "torch.zeros(2, 1024, 128)")


def table() -> str:
    """Return the whole table."""
    head = "# Models that are interpreted from stand-ins: name, width of the features, what comes in and what goes out."
    return "\n".join([head, *filter(None, (one.line() for one in every()))]) + "\n"


if __name__ == "__main__":
    (rules_folder.folder() / "known_features.tsv").write_text(table(), encoding="utf-8")
