"""Backbones of segmentation_models_pytorch, open_clip, MONAI and efficientnet_pytorch: their widths are those that the
installed libraries give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from taken_features import Taken, known_width, reasons, reported

from shapelint import lint
from shapelint.knowledge import named_rows

IMAGES, SMALL, VOLUMES = (2, 3, 224, 224), (2, 3, 64, 64), (2, 1, 32, 32, 32)
CUBES, WIDE = (2, 1, 64, 64, 64), (2, 3, 128, 96)
ONES = "(1, 1, 1, 1)"
THIN = "hidden_size=24, mlp_dim=32, num_layers=2, num_heads=3"
CLIP = "open_clip.create_model('{}', pretrained=None).visual"
SMP, EFFICIENTNET = "segmentation_models_pytorch", "efficientnet_pytorch"
BACKBONES = [
    ("open_clip", CLIP.format("RN50"), "net(x)", IMAGES),
    ("open_clip", CLIP.format("ViT-B/32"), "net(x)", IMAGES),
    ("open_clip", CLIP.format("ViT-S-16"), "x.new_zeros(2, net.output_dim)", IMAGES),
    ("open_clip", "open_clip.create_model_and_transforms('ViT-B-16')[0]", "net.encode_image(x)", IMAGES),
    ("open_clip", "open_clip.create_model('convnext_base')", "net.encode_image(x)", IMAGES),
    ("open_clip", "open_clip.create_model('coca_ViT-B-32')", "net.encode_image(x)", IMAGES),
    ("open_clip", CLIP.format("coca_ViT-B-32"), "net(x)[1].flatten(1)", IMAGES),
    ("monai.networks.nets", "nets.resnet18(n_input_channels=1, feed_forward=False)", "net(x)", VOLUMES),
    ("monai.networks.nets", "nets.resnet50(spatial_dims=2, num_classes=70)", "net(x)", SMALL),
    ("monai.networks.nets", "nets.DenseNet121(3, 1, 96)", "net(x)", VOLUMES),
    ("monai.networks.nets", "nets.DenseNet169(2, 3, 5).features", "net(x).mean((2, 3))", SMALL),
    ("monai.networks.nets", "nets.DenseNet264(2, 3, 5)", "net.features(x).flatten(1)", SMALL),
    ("monai.networks.nets", "nets.DenseNet(2, 3, 5, 32, 16, (2, 4, 3))", "net.features(x).flatten(1)", SMALL),
    ("monai.networks.nets", "nets.EfficientNetBN('efficientnet-b3', False, num_classes=90)", "net(x)", SMALL),
    ("monai.networks.nets", "nets.SEResNet50(spatial_dims=2, in_channels=3, num_classes=40)", "net(x)", SMALL),
    ("monai.networks.nets", "nets.SEResNext50(spatial_dims=3, in_channels=1)", "net.features(x).flatten(1)", CUBES),
    ("monai.networks.nets", "nets.SENet154(spatial_dims=2, in_channels=3)", "net.features(x).flatten(1)", SMALL),
    ("monai.networks.nets", f"nets.ViT(1, 64, 16, {THIN})", "net(x)[0][:, 0]", CUBES),
    ("monai.networks.nets", f"nets.ViT(3, (64, 64), 16, {THIN}, spatial_dims=2)", "net(x)[1][-1].flatten(1)", SMALL),
    ("monai.networks.nets", f"nets.ViT(1, 64, 16, {THIN}, classification=True, num_classes=9)", "net(x)[0]", CUBES),
    ("monai.networks.nets", f"nets.ViT(1, 64, 16, {THIN}, classification=True)", "net(x)[1][0].flatten(1)", CUBES),
    ("monai.networks.nets", "nets.UNet(2, 3, 5, (4, 8, 12), (2, 2))", "net(x).flatten(1)", SMALL),
    ("monai.networks.nets", "nets.BasicUNet(out_channels=7)", "net(x).mean((2, 3, 4))", CUBES),
    ("monai.networks.nets", "nets.SegResNet(2, in_channels=3, out_channels=7)", "net(x).mean((2, 3))", SMALL),
    ("monai.networks.nets", "nets.SwinUNETR(1, 6, feature_size=12)", "net(x).mean((2, 3, 4))", CUBES),
    ("monai.networks.nets", "nets.SwinUNETR(1, 6, feature_size=24)", "net.swinViT(x)[-1].flatten(1)", CUBES),
    ("monai.networks.nets", "nets.SwinUNETR(3, 6, spatial_dims=2)", "net.swinViT(x)[2].flatten(1)", SMALL),
    *(("monai.networks.nets", f"nets.EfficientNetBNFeatures('efficientnet-b{number}', False)",
       f"net(x)[{level}].flatten(1)", IMAGES) for number, level in ((0, 0), (2, 1), (4, 2), (7, 3), (1, 4))),
    ("monai.networks.nets", "nets.SegResNet(2, 16, 3, 7, blocks_down=(1, 1, 1))", "net.encode(x)[0].flatten(1)", SMALL),
    ("monai.networks.nets", "nets.AutoEncoder(2, 3, 1, (8, 12, 20), (2, 1, 2)).encode", "net(x).flatten(1)", SMALL),
    ("monai.networks.nets", f"nets.ViTAutoEnc(1, 64, 16, 2, {THIN})", "net(x)[1][-1].mean(1)", CUBES),
    ("monai.networks.nets", f"nets.ViTAutoEnc(3, 64, 16, 5, {THIN}, spatial_dims=2)", "net(x)[0].flatten(1)", SMALL),
    *(("monai.networks.nets", f"nets.swin_unetr.SwinTransformer(1, 12, (7, 7, 7), (2, 2, 2), {ONES}, {ONES})",
       f"net(x)[{level}].flatten(1)", CUBES) for level in range(4)),
    ("monai.networks.nets", f"nets.swin_unetr.SwinTransformer(3, 12, (7, 7), (4, 4), {ONES}, {ONES}, spatial_dims=2)",
     "net(x)[2].flatten(1)", (2, 3, 70, 64)),
    (EFFICIENTNET, "EfficientNet.from_name('efficientnet-b0')", "maps.mean((2, 3))", SMALL),
    (EFFICIENTNET, "EfficientNet.from_name('efficientnet-b3', num_classes=77)", "net(x)", SMALL),
    (EFFICIENTNET, "EfficientNet.from_name('efficientnet-b5', in_channels=1)", "maps.flatten(1)", (2, 1, 64, 64)),
    (EFFICIENTNET, "EfficientNet.from_name('efficientnet-b7')._fc", "torch.zeros(2, net.in_features)", SMALL),
    *((EFFICIENTNET, f"EfficientNet.from_name('efficientnet-b{number}')",
       f"net.extract_endpoints(x)['reduction_{level}'].flatten(1)", IMAGES)
      for number, level in ((0, 1), (1, 2), (3, 3), (4, 4), (6, 5), (7, 6))),
    (EFFICIENTNET, "EfficientNet.from_name('efficientnet-b2', include_top=False)", "net(x).flatten(1)", SMALL),
    (SMP, "get_encoder('resnet34')", "net(x)[-1].mean((2, 3))", SMALL),
    *((SMP, f"get_encoder('{name}', output_stride={stride})", "net(x)[-1].mean((2, 3))", SMALL)
      for name, stride in (("tu-resnet26d", 16), ("tu-mobilenetv3_small_100", 8), ("tu-convnext_atto", 16))),
    *((SMP, f"smp.{net}('resnet18', encoder_weights=None, classes=5, aux_params=dict(classes=40))", call, SMALL)
      for net in ("DeepLabV3", "FPN", "PSPNet", "Unet") for call in ("net(x)[0].flatten(1)", "net(x)[1]")),
    *((SMP, f"smp.{net}('resnet18', encoder_weights=None, classes=5, upsampling=2)", "net(x).flatten(1)", WIDE)
      for net in ("DeepLabV3", "DeepLabV3Plus", "FPN", "PSPNet", "Segformer", "UPerNet")),
    (SMP, "smp.PSPNet('resnet18', encoder_weights=None, encoder_depth=4)", "net(x).flatten(1)", SMALL),
    (SMP, "smp.create_model('fpn', 'resnet18', None, classes=6)", "net(x).flatten(1)", SMALL),
    (SMP, "smp.create_model(arch='Unet', encoder_name='resnet18', encoder_weights=None)", "net(x).flatten(1)", SMALL),
    (SMP, "get_encoder('mit_b2')", "net(x)[-2].flatten(1)", SMALL),
    (SMP, "get_encoder('vgg16', depth=4)", "net(x)[-1].mean((2, 3))", SMALL),
    (SMP, "get_encoder('densenet121', 1)", "net(x)[3].flatten(1)", (2, 1, 64, 64)),
    (SMP, "smp.Unet('efficientnet-b4', encoder_weights=None).encoder", "net(x)[-1].flatten(1)", SMALL),
    (SMP, "get_encoder('tu-resnet18')", "net(x)[-1].flatten(1)", SMALL),
    (SMP, "get_encoder('tu-convnext_atto', in_channels=1)", "net(x)[-2].flatten(1)", (2, 1, 64, 64)),
    (SMP, "get_encoder('tu-vgg11', depth=4)", "net(x)[-1].flatten(1)", SMALL),
    (SMP, "get_encoder('tu-regnety_002')", "net(x)[-1].flatten(1)", SMALL),
    (SMP, "get_encoder('tu-convnext_atto')", "torch.zeros(2, net.out_channels[-1])", SMALL),
    (SMP, "get_encoder('resnet18', output_stride=8)", "net(x)[-1].flatten(1)", SMALL),
    *((SMP, f"smp.{net}('resnet18', encoder_weights=None, classes=5)", call, SMALL)
      for net in ("DeepLabV3", "DeepLabV3Plus", "FPN", "Linknet", "MAnet", "PSPNet", "Segformer", "UPerNet",
                  "Unet", "UnetPlusPlus")
      for call in ("net(x).flatten(1)", "net.encoder(x)[-1].flatten(1)")),
    (SMP, "smp.PAN('resnet18', encoder_weights=None, classes=5)", "net(x).flatten(1)", (2, 3, 128, 160)),
    (SMP, "smp.PAN('resnet18', encoder_weights=None, classes=5)", "net.encoder(x)[-1].flatten(1)", SMALL),
    (SMP, "smp.Unet('resnet18', encoder_weights=None, classes=5)", "net(x).flatten(1)", (2, 3, 50, 72)),
    (SMP, "get_encoder('resnet101')", "torch.zeros(2, net.out_channels[-1])", SMALL),
]  # fmt: skip
IMPORTS = {
    "open_clip": "import open_clip",
    "monai.networks.nets": "from monai.networks import nets",
    "efficientnet_pytorch": "from efficientnet_pytorch import EfficientNet",
    SMP: ("import segmentation_models_pytorch as smp\nfrom segmentation_models_pytorch.encoders import get_encoder"),
}


class Holder:
    """What `self` is in an expression."""

    def __init__(self, backbone: Any) -> None:
        self.backbone = backbone


@pytest.mark.parametrize(("library", "backbone", "features", "images"), BACKBONES)
def test_a_backbone_has_the_width_of_the_real_one(
    library: str, backbone: str, features: str, images: tuple[int, ...]
) -> None:
    pytest.importorskip(library)
    features = features.replace("maps", "net.extract_features(x)").replace("net", "self.backbone")
    names: dict[str, Any] = {"torch": torch}
    exec(IMPORTS[library], names)
    with torch.no_grad():
        real = eval(backbone, names)
        output = eval(features, {**names, "self": Holder(real.eval()), "x": torch.zeros(images)})
    assert known_width(Taken(backbone, features, images, IMPORTS[library])) == output.shape[1]


@pytest.mark.parametrize(
    ("library", "backbone", "meant"),
    [
        ("segmentation_models_pytorch", "smp.encoders.get_encoder('resnet35')", "resnet"),
        ("efficientnet_pytorch", "EfficientNet.from_name('efficientnet-b9')", "efficientnet-b"),
        ("open_clip", "open_clip.create_model('ViT-B32').visual", "ViT-B-32"),
    ],
)
def test_a_name_that_a_library_does_not_have_is_an_error(library: str, backbone: str, meant: str) -> None:
    found = [one for one in reported(Taken(backbone, imports=IMPORTS[library]), 64).findings if one.code == "SL114"]
    assert len(found) == 1
    assert str(found[0].expected).startswith(meant)


def test_a_model_of_open_clip_on_the_hub_is_one_of_its_own() -> None:
    open_clip = pytest.importorskip("open_clip")
    published = "laion/CLIP-ViT-H-14-laion2B-s32B-b79K"
    name = named_rows.find("open_clip_hub.tsv", published)
    config = open_clip.pretrained.get_pretrained_cfg(name, "laion2b_s32b_b79k")
    assert config["hf_hub"].strip("/") == published
    taken = Taken(
        f"open_clip.create_model('hf-hub:{published}')", "self.backbone.encode_image(x)", imports=IMPORTS["open_clip"]
    )
    assert known_width(taken) == open_clip.get_model_config(name)["embed_dim"] == 1024


@pytest.mark.parametrize(("weights", "channels"), [("ResNet50_Weights.SENTINEL2_ALL_MOCO", 13),
                                                   ("ResNet50_Weights.SENTINEL1_GRD_SOFTCON", 2)])  # fmt: skip
def test_a_model_of_torchgeo_takes_the_channels_of_its_weights(weights: str, channels: int) -> None:
    """With another number of channels, the first convolution refuses the images."""
    imports = "from torchgeo.models import ResNet50_Weights, resnet50"
    for given, codes in ((channels, set()), (channels + 1, {"SL105"})):
        images = (2, given, 64, 64)
        taken = Taken(f"resnet50({weights}, num_classes=0)", images=images, imports=imports)
        assert {one.code for one in reported(taken, 2048).findings} == codes


def test_the_channels_are_those_of_the_library() -> None:
    torchgeo_models = pytest.importorskip("torchgeo.models")
    for name in {one.partition(".")[0] for one in named_rows.names("torchgeo.tsv")}:
        real = {f"{name}.{one.name}": str(one.meta["in_chans"]) for one in getattr(torchgeo_models, name)}
        listed = [one for one in named_rows.names("torchgeo.tsv") if one.startswith(f"{name}.")]
        assert {one: named_rows.find("torchgeo.tsv", one) for one in listed} == real


def test_another_number_may_be_a_newer_model_of_a_library_that_grows() -> None:
    newer = Taken("open_clip.create_model('ViT-B-33').visual", imports=IMPORTS["open_clip"])
    assert "SL114" not in {one.code for one in reported(newer, 64).findings}


def test_what_is_taken_off_is_off() -> None:
    imports = IMPORTS["open_clip"] + "\n\n\ndef bare(net):\n    net.proj = None\n    return net\n"
    assert known_width(Taken(f"bare({CLIP.format('ViT-L-14')})", imports=imports)) == 1024


@pytest.mark.parametrize(("library", "backbone", "features"), [
    ("monai.networks.nets", f"nets.ViT(1, 32, 16, {THIN})", "net(x)[0][:, 0]"),
    ("monai.networks.nets", "nets.UNet(3, 1, 5, (4, 8, 12, 14, 16, 18, 20, 22), (2,) * 7)", "net(x).mean((2, 3, 4))"),
    ("monai.networks.nets", "nets.SwinUNETR(1, 5)", "net(x[..., :48]).mean((2, 3, 4))"),
])  # fmt: skip
def test_volumes_of_another_size_are_refused(library: str, backbone: str, features: str) -> None:
    pytest.importorskip(library)
    names: dict[str, Any] = {"torch": torch}
    exec(IMPORTS[library], names)
    with pytest.raises((RuntimeError, ValueError)):
        eval(features, {"net": eval(backbone, names), "x": torch.zeros(CUBES)})
    taken = Taken(backbone, features.replace("net", "self.backbone"), CUBES, IMPORTS[library])
    assert "SL106" in {one.code for one in reported(taken, 24).findings}


def test_images_of_another_size_are_refused() -> None:
    report = reported(Taken(CLIP.format("ViT-B-32"), images=SMALL, imports=IMPORTS["open_clip"]), 512)
    assert [one.code for one in report.findings] == ["SL106"]


@pytest.mark.parametrize(
    ("library", "backbone", "reason"),
    [
        ("open_clip", "open_clip.create_model('hf-hub:me/mine').visual", "hf-hub:me/mine of open_clip is on the hub"),
        ("segmentation_models_pytorch", "smp.encoders.get_encoder('tu-dla34')", "the encoder tu-dla34"),
        ("monai.networks.nets", "nets.UNETR(1, 2, 64)", "monai.networks.nets.UNETR has no signature here"),
    ],
)
def test_what_is_not_known_is_said_with_its_library(library: str, backbone: str, reason: str) -> None:
    assert any(reason in one for one in reasons(Taken(backbone, imports=IMPORTS[library])))


@pytest.mark.filterwarnings("ignore:`timm-` encoders")
def test_an_encoder_by_the_name_that_it_had() -> None:
    smp = pytest.importorskip(SMP)
    real = smp.encoders.get_encoder("timm-regnety_002").eval()(torch.zeros(SMALL))[-1].shape[1]
    taken = Taken(
        "smp.encoders.get_encoder('timm-regnety_002')", "self.backbone(x)[-1].mean((2, 3))", SMALL, IMPORTS[SMP]
    )
    assert known_width(taken) == real


def test_a_package_of_the_repository_is_read_instead_of_the_library_of_its_name(tmp_path: Path) -> None:
    """The checkout of a library, or a copy of it that was changed: here ResNets are 300 wide."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "torchgeo" / "models").mkdir(parents=True)
    (tmp_path / "torchgeo" / "__init__.py").touch()
    (tmp_path / "torchgeo" / "models" / "__init__.py").write_text(
        "from torch import nn\n\n\ndef resnet50(weights=None):\n"
        "    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 300))\n"
    )
    script = tmp_path / "train.py"
    script.write_text(
        "import torch\nfrom torch import nn\nfrom torchgeo.models import resnet50\n\n\n"
        "class Byol(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.backbone = resnet50()\n        self.projection_head = nn.Linear(2048, 256)\n\n"
        "    def forward(self, x):\n        return self.projection_head(self.backbone(x))\n"
    )
    (finding,) = lint(script).findings
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 2048, 300)
