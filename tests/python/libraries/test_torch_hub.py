"""What `torch.hub.load` builds has the widths that the repositories publish, however its features are taken.

https://github.com/facebookresearch/dinov2/blob/main/MODEL_CARD.md, https://github.com/facebookresearch/dinov3#pretrained-models,
https://github.com/facebookresearch/dino#pretrained-models, https://github.com/facebookresearch/swav#model-zoo and
https://github.com/facebookresearch/vicreg#pretrained-models-on-pytorch-hub
"""

from __future__ import annotations

import pytest
from taken_features import Taken, known_width, reasons, reported

WIDTHS = {
    "dino:main": {
        "dino_vits16": 384,
        "dino_vits8": 384,
        "dino_vitb16": 768,
        "dino_vitb8": 768,
        "dino_resnet50": 2048,
    },
    "dinov2": {
        "dinov2_vits14": 384,
        "dinov2_vitb14": 768,
        "dinov2_vitl14": 1024,
        "dinov2_vitg14": 1536,
        "dinov2_vits14_reg": 384,
        "dinov2_vitb14_reg": 768,
        "dinov2_vitl14_reg": 1024,
        "dinov2_vitg14_reg": 1536,
        "dinov2_vitb14_reg_lc": 1000,
    },
    "dinov3": {
        "dinov3_vits16": 384,
        "dinov3_vits16plus": 384,
        "dinov3_vitb16": 768,
        "dinov3_vitl16": 1024,
        "dinov3_vith16plus": 1280,
        "dinov3_vit7b16": 4096,
        "dinov3_convnext_tiny": 768,
        "dinov3_convnext_small": 768,
        "dinov3_convnext_base": 1024,
        "dinov3_convnext_large": 1536,
    },
    "swav:main": {"resnet50": 1000, "resnet50w2": 4096, "resnet50w4": 8192, "resnet50w5": 10240},
    "vicreg:main": {"resnet50": 2048, "resnet50x2": 4096, "resnet200x2": 4096},
    "barlowtwins:main": {"resnet50": 1000},
}
SHORT = {"net.all": "net.forward_features(x)", "net.layers": "net.get_intermediate_layers", "net": "self.backbone"}
EVERY = [(repository, name, width) for repository, names in WIDTHS.items() for name, width in names.items()]


def hub(repository: str, name: str, others: str = "") -> str:
    return f'torch.hub.load("facebookresearch/{repository}", "{name}"{others})'


@pytest.mark.parametrize(("repository", "name", "width"), EVERY)
def test_a_model_of_the_hub_has_its_published_width(repository: str, name: str, width: int) -> None:
    assert known_width(Taken(hub(repository, name))) == width


@pytest.mark.parametrize(
    ("repository", "name", "features", "width"),
    [
        ("dinov2", "dinov2_vitb14_reg", "net.all['x_norm_clstoken']", 768),
        ("dinov2", "dinov2_vitb14_reg", "net.all['x_norm_regtokens'].flatten(1)", 4 * 768),
        ("dinov2", "dinov2_vitb14_reg", "net.all['x_norm_patchtokens'].flatten(1)", 256 * 768),
        ("dinov2", "dinov2_vits14", "net(x, is_training=True)['x_prenorm'].flatten(1)", 257 * 384),
        ("dinov2", "dinov2_vits14", "net.layers(x, 3)[2].mean(1)", 384),
        ("dinov2", "dinov2_vits14", "net.layers(x, [2, 7], reshape=True)[1].flatten(1)", 256 * 384),
        ("dinov2", "dinov2_vits14", "torch.cat([t for _, t in net.layers(x, 4, False, True)], 1)", 4 * 384),
        ("dinov3", "dinov3_vitl16", "net.all['x_storage_tokens'].flatten(1)", 4 * 1024),
        ("dinov3", "dinov3_vitl16", "net.layers(x, n=2, return_extra_tokens=True)[0][1].flatten(1)", 4 * 1024),
        ("dinov3", "dinov3_convnext_tiny", "net.layers(x, n=[1], reshape=True)[0].mean((2, 3))", 192),
        ("dino", "dino_vits8", "net.layers(x, n=2)[0].flatten(1)", 785 * 384),
        ("dino", "dino_xcit_small_12_p8", "net.all", 384),
        ("dino", "dino_vitb16", "x.new_zeros(2, net.embed_dim)", 768),
    ],
)  # fmt: skip
def test_its_features_can_be_taken_in_other_ways(repository: str, name: str, features: str, width: int) -> None:
    for short, written in SHORT.items():
        features = features.replace(short, written)
    assert known_width(Taken(hub(repository, name), features)) == width


def test_arguments_change_what_is_built() -> None:
    six = Taken(hub("dinov2", "dinov2_vits14", ", pretrained=False, in_chans=6"), images=(2, 6, 70, 70))
    assert known_width(six) == 384
    assert [one.code for one in reported(Taken(six.backbone), 384).findings] == ["SL105"]
    narrow = Taken('torch.hub.load("../dinov3", "dinov3_vits16", source="local", weights="a.pth")')
    assert known_width(narrow) == 384


def test_an_entry_of_torchvision_is_the_model_of_torchvision() -> None:
    assert known_width(Taken('torch.hub.load("pytorch/vision:v0.10.0", "resnet34", num_classes=40)')) == 40


def test_a_misspelt_name_is_an_error_with_the_one_that_is_meant() -> None:
    [finding] = [one for one in reported(Taken(hub("dinov2", "dinov2_vitb14_regs")), 768).findings if one.fix]
    assert (finding.code, finding.expected, finding.actual) == ("SL114", "dinov2_vitb14_reg", "dinov2_vitb14_regs")
    assert reported(Taken(hub("dinov2", "dinov2_vitb14_reg")), 768).findings == ()


def test_images_that_no_patches_fill_are_refused() -> None:
    [finding] = reported(Taken(hub("dinov2", "dinov2_vits14"), images=(2, 3, 224, 256)), 384).findings
    assert finding.code == "SL106"
    assert reported(Taken(hub("dinov3", "dinov3_vits16"), images=(2, 3, 224, 250)), 384).findings == ()


@pytest.mark.parametrize(
    ("backbone", "reason"),
    [
        ('torch.hub.load("someone/repo:main", "net")', 'torch.hub.load("someone/repo", "net") has no signature here'),
        (hub("dinov3", "dinov3_vit7b16_ms"), "facebookresearch/dinov3 has no model 'dinov3_vit7b16_ms'"),
        (hub("dino", "dino_xcit_small_12_p16"), "XCiT gives its output twice in training"),
    ],
)
def test_what_is_not_known_of_a_repository_is_said(backbone: str, reason: str) -> None:
    assert reasons(Taken(backbone))
    assert all(reason in one for one in reasons(Taken(backbone)))
