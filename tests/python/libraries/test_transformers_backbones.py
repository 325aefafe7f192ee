"""Backbones of transformers, and models of timm in it: their maps have the channels of the real ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from taken_features import Taken, known_width, reasons, reported

IMAGES = (2, 3, 64, 64)
NETS = (
    "ResNetConfig", "SwinConfig", "Swinv2Config", "Dinov2Config", "Dinov2WithRegistersConfig", "DINOv3ViTConfig",
    "BeitConfig", "AutoBackbone", "ResNetBackbone", "SwinBackbone", "BeitBackbone", "ConvNextConfig", "HieraConfig",
    "ConvNextV2Config", "DINOv3ConvNextConfig", "ConvNextBackbone", "DINOv3ConvNextBackbone", "HieraBackbone",
)  # fmt: skip
SMALL = "hidden_size=24, num_hidden_layers=3, num_attention_heads=3, intermediate_size=32, image_size=64, patch_size=8"
SWIN = "embed_dim=12, depths=[1, 1, 2], num_heads=[2, 2, 2], window_size=4, image_size=64"
RESNET = "embedding_size=10, hidden_sizes=[12, 16, 20, 24], depths=[1, 1, 1, 1]"
NEXT = "hidden_sizes=[8, 12, 20, 28], depths=[1, 1, 1, 1]"
HIERA = "embed_dim=12, depths=[1, 1, 2, 1], image_size=[64, 64]"
LAST, FIRST = "net(x).feature_maps[-1]", "net(x)['feature_maps'][0]"
BACKBONES = [
    (f"AutoBackbone.from_config(ResNetConfig({RESNET}))", LAST),
    (f"ResNetBackbone(ResNetConfig({RESNET}, out_features=['stem', 'stage2']))", LAST),
    (f"ResNetBackbone(ResNetConfig({RESNET}, out_features=['stem', 'stage2']))", FIRST),
    (f"ResNetBackbone(ResNetConfig({RESNET}, out_indices=[1, 3], downsample_in_first_stage=True))", "net(x)[0][1]"),
    (f"SwinBackbone(SwinConfig({SWIN}, out_indices=[1, 2]))", LAST),
    (f"AutoBackbone.from_config(Swinv2Config({SWIN}))", LAST),
    (f"AutoBackbone.from_config(Dinov2Config({SMALL}, out_features=['stage1', 'stage3']))", FIRST),
    (f"AutoBackbone.from_config(Dinov2WithRegistersConfig({SMALL}))", LAST),
    (f"AutoBackbone.from_config(DINOv3ViTConfig({SMALL}, pos_embed_rescale=None))", LAST),
    (f"BeitBackbone(BeitConfig({SMALL}, out_indices=[0, 2]))", LAST),
    (f"ConvNextBackbone(ConvNextConfig({NEXT}, out_features=['stage2', 'stage4']))", FIRST),
    (f"AutoBackbone.from_config(ConvNextConfig({NEXT}, out_indices=[0, 1]))", FIRST),
    (f"AutoBackbone.from_config(ConvNextV2Config({NEXT}, patch_size=2))", LAST),
    (f"DINOv3ConvNextBackbone(DINOv3ConvNextConfig({NEXT}, out_features=['stage1', 'stage3']))", LAST),
    ("DINOv3ConvNextBackbone(DINOv3ConvNextConfig())", LAST),
    (f"HieraBackbone(HieraConfig({HIERA}, out_features=['stem', 'stage3']))", FIRST),
    (f"AutoBackbone.from_config(HieraConfig({HIERA}, out_indices=[1, 3, 4]))", "net(x).feature_maps[1]"),
]


def real(backbone: str, features: str) -> Any:
    """Return the shape of what the installed library gives."""
    import transformers

    names: dict[str, Any] = {name: getattr(transformers, name) for name in NETS if hasattr(transformers, name)}
    net = eval(backbone, {**names, "torch": torch}).eval()
    with torch.no_grad():
        return eval(features, {"net": net, "x": torch.zeros(IMAGES)}).shape


@pytest.mark.parametrize(("backbone", "features"), BACKBONES)
@pytest.mark.parametrize("pool", ["mean((2, 3))", "flatten(1)"])
def test_a_backbone_gives_the_maps_of_the_real_one(backbone: str, features: str, pool: str) -> None:
    pytest.importorskip("transformers")
    taken = Taken(backbone, f"{features}.{pool}".replace("net", "self.backbone"), IMAGES, imports(backbone))
    channels, height, width = real(backbone, features)[1:]
    assert known_width(taken) == (channels if "mean" in pool else channels * height * width)


def imports(backbone: str) -> str:
    used = [name for name in NETS if f"{name}(" in backbone or f"{name}." in backbone]
    return f"from transformers import {', '.join(used)}"


@pytest.mark.parametrize(("name", "features", "width"), [
    ("timm/resnet18.a1_in1k", "self.backbone(x).pooler_output", 512),
    ("timm/resnet50.a1_in1k", "self.backbone(x).last_hidden_state.mean((2, 3))", 2048),
    ("timm/mobilenetv3_small_100.lamb_in1k", "self.backbone(x)[1]", 1024),
])  # fmt: skip
def test_a_model_of_timm_is_wrapped(name: str, features: str, width: int) -> None:
    transformers = pytest.importorskip("transformers")
    taken = Taken(
        f"AutoModel.from_pretrained('{name}')", features, (2, 3, 224, 224), "from transformers import AutoModel"
    )
    config = transformers.TimmWrapperConfig(architecture=name.removeprefix("timm/").partition(".")[0])
    with torch.device("meta"):
        net = transformers.TimmWrapperModel(config).eval()
        output = eval(features, {"self": type("Holder", (), {"backbone": net}), "x": torch.zeros(2, 3, 224, 224)})
    assert known_width(taken) == output.shape[1] == width


MAPS = "self.backbone(x).feature_maps[0].mean((2, 3))"


def test_a_backbone_of_timm_gives_its_last_map() -> None:
    load = "AutoBackbone.from_pretrained('resnet34', use_timm_backbone=True, out_indices=(2, 3))"
    assert known_width(Taken(load, MAPS, IMAGES, "from transformers import AutoBackbone")) == 128


def test_another_backbone_is_named() -> None:
    imports = "from transformers import AutoBackbone, PvtV2Backbone"
    found = reasons(Taken("PvtV2Backbone.from_pretrained('OpenGVLab/pvt_v2_b0')", MAPS, IMAGES, imports))
    assert any("transformers.PvtV2Backbone has no signature here" in one for one in found)


def test_a_config_of_which_no_backbone_can_be_built_is_not_read() -> None:
    transformers = pytest.importorskip("transformers")
    with pytest.raises(TypeError):
        transformers.ConvNextBackbone(transformers.ConvNextConfig())
    imports = "from transformers import ConvNextBackbone, ConvNextConfig"
    assert "without hidden_sizes" in reasons(Taken("ConvNextBackbone(ConvNextConfig())", MAPS, IMAGES, imports))[-1]


def test_hiera_takes_images_of_its_own_size() -> None:
    imports, small = "from transformers import HieraBackbone, HieraConfig", (2, 3, 96, 96)
    taken = Taken(f"HieraBackbone(HieraConfig({HIERA}))", MAPS, small, imports)
    assert {one.code for one in reported(taken, 96).findings} == {"SL106"}


def test_a_wrapper_is_built_of_its_config() -> None:
    built = "TimmWrapperModel(TimmWrapperConfig(architecture='resnet34'))"
    imports = "from transformers import TimmWrapperConfig, TimmWrapperModel"
    assert known_width(Taken(built, "self.backbone(x).pooler_output", imports=imports)) == 512
