"""torchvision's networks of detection, segmentation and video: what is found is what the installed library gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision  # noqa: F401 -- the expressions use it
from taken_features import Taken, known_width, reported
from torchvision.models.detection.backbone_utils import mobilenet_backbone, resnet_fpn_backbone
from torchvision.ops import FeaturePyramidNetwork

IMPORTS = """\
import torchvision
from torchvision.models.detection.backbone_utils import mobilenet_backbone, resnet_fpn_backbone
from torchvision.ops import FeaturePyramidNetwork"""
IMAGES, CLIPS, SHORT = (2, 3, 96, 128), (2, 3, 16, 224, 224), (2, 3, 8, 56, 72)
DETECTORS = (
    "fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_v2", "fasterrcnn_mobilenet_v3_large_fpn", "fcos_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn", "keypointrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn",
    "maskrcnn_resnet50_fpn_v2", "retinanet_resnet50_fpn", "retinanet_resnet50_fpn_v2",
)  # fmt: skip
SEGMENTERS = (
    "fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101", "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
)  # fmt: skip
PYRAMID = "FeaturePyramidNetwork([8, 12], 20)"
LEVELS = "net({'a': torch.zeros(2, 8, 16, 16), 'b': torch.zeros(2, 12, 8, 8)})"
NETWORKS = [
    ("resnet_fpn_backbone(backbone_name='resnet18', weights=None)", "net(x)['0']", IMAGES),
    ("resnet_fpn_backbone(backbone_name='resnet18', weights=None)", "net(x)['pool']", IMAGES),
    ("resnet_fpn_backbone(backbone_name='resnet50', weights=None, returned_layers=[2, 3])", "net(x)['1']", IMAGES),
    ("resnet_fpn_backbone(backbone_name='resnet50', weights=None).body", "net(x)['2']", IMAGES),
    (PYRAMID, f"{LEVELS}['b']", IMAGES),
    *((f"torchvision.models.detection.{name}(weights=None, weights_backbone=None).backbone", key, IMAGES)
      for name in DETECTORS for key in ("list(net(x).values())[-1]", "net(x)['0']")),
    *((f"torchvision.models.segmentation.{name}(weights=None, weights_backbone=None, num_classes=6)", call, IMAGES)
      for name in SEGMENTERS for call in ("net(x)['out']", "list(net.backbone(x).values())[0]")),
    ("torchvision.models.segmentation.fcn_resnet50(weights_backbone=None, aux_loss=True)", "net(x)['aux']", IMAGES),
    *((f"torchvision.models.detection.{name}(weights=None, weights_backbone=None).backbone", f"net(x)['{level}']", size)
      for name, size in (("ssd300_vgg16", (2, 3, 300, 300)), ("ssdlite320_mobilenet_v3_large", (2, 3, 320, 320)))
      for level in range(6)),
    *((f"mobilenet_backbone(backbone_name='{name}', weights=None, fpn={fpn})", call, IMAGES)
      for name in ("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small")
      for fpn, call in ((True, "net(x)['1']"), (True, "net.body(x)['0']"), (False, "net(x)"))),
]  # fmt: skip
VIDEO = [
    *((f"torchvision.models.video.{name}()", "net(x)", SHORT)
      for name in ("r3d_18", "mc3_18", "r2plus1d_18", "swin3d_t")),
    *((f"torchvision.models.video.{name}(num_classes=30)", "net(x)", CLIPS)
      for name in ("mvit_v1_b", "mvit_v2_s", "swin3d_s", "swin3d_b", "s3d")),
    ("torchvision.models.video.s3d().features", "net(x).flatten(1)", (2, 3, 20, 230, 224)),
    ("nn.Sequential(*list(torchvision.models.video.mc3_18().children())[:-2])", "net(x).flatten(2).mean(2)", SHORT),
    ("nn.Sequential(*list(torchvision.models.video.r3d_18().children())[:-2])", "net(x).flatten(1)", SHORT),
    ("torchvision.models.video.swin3d_b().head", "torch.zeros(2, net.in_features)", CLIPS),
    ("torchvision.models.video.mvit_v2_s().head[1]", "torch.zeros(2, net.in_features)", CLIPS),
]  # fmt: skip


def real(taken: Taken) -> Any:
    """Return the shape of what the installed library gives."""
    names: dict[str, Any] = {name: globals()[name] for name in ("torch", "torchvision")}
    names.update(nn=torch.nn, resnet_fpn_backbone=resnet_fpn_backbone, FeaturePyramidNetwork=FeaturePyramidNetwork)
    names["mobilenet_backbone"] = mobilenet_backbone
    with torch.device("meta"), torch.no_grad():
        net = eval(taken.backbone, names).eval()
        holder = type("Holder", (), {"backbone": net})
        return eval(taken.features, {**names, "self": holder, "x": torch.zeros(taken.images)}).shape


@pytest.mark.parametrize(("network", "features", "images"), NETWORKS)
@pytest.mark.parametrize("pool", ["mean((2, 3))", "flatten(1)"])
def test_maps_are_those_of_the_real_network(network: str, features: str, images: tuple[int, ...], pool: str) -> None:
    taken = Taken(network, f"{features}.{pool}".replace("net", "self.backbone"), images, IMPORTS)
    assert known_width(taken) == real(taken)[1]


@pytest.mark.parametrize(("network", "features", "images"), VIDEO)
def test_clips_have_the_features_of_the_real_network(network: str, features: str, images: tuple[int, ...]) -> None:
    taken = Taken(network, features.replace("net", "self.backbone"), images, IMPORTS)
    assert known_width(taken) == real(taken)[1]


def test_clips_of_another_size_are_refused() -> None:
    taken = Taken("torchvision.models.video.mvit_v1_b()", images=SHORT, imports=IMPORTS)
    with pytest.raises(RuntimeError):
        real(taken)
    assert "SL106" in {one.code for one in reported(taken, 400).findings}


def test_a_level_of_another_width_is_refused() -> None:
    taken = Taken("FeaturePyramidNetwork([9, 12], 20)", f"{LEVELS}['a'].mean((2, 3))".replace("net", "self.backbone"),
                  IMAGES, IMPORTS)  # fmt: skip
    with pytest.raises(RuntimeError):
        real(taken)
    assert {one.severity for one in reported(taken, 20).findings} == {"error"}
