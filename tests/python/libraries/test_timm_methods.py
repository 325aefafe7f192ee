"""What methods of timm's models give, and models whose arguments change that, compared with the installed library."""

from __future__ import annotations

import os
from typing import Any

import pytest
from taken_features import Taken, known_width, reasons, reported

from shapelint.python.models.entry_points import interpret
from shapelint.python.state.values import Const
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")
vision_transformer = pytest.importorskip("timm.models.vision_transformer")

IMPORTS = "import os\nimport timm\nfrom timm.models.vision_transformer import VisionTransformer"
SMALL, LARGE, SQUARE = (2, 3, 64, 64), (2, 3, 224, 224), (2, 3, 240, 240)
CNN, HEADED, VIT = (
    "create_model('resnet26d'{})",
    "create_model('convnext_atto'{})",
    "create_model('vit_tiny_patch16_224'{})",
)
OWN = "VisionTransformer(img_size=64, embed_dim=192, depth=2, num_heads=3{})"
POOLED = "net.forward_head(net.forward_features(x), pre_logits=True)"
BEFORE = "net.layer3(net.layer2(net.layer1(net.maxpool(net.act1(net.bn1(net.conv1(x)))))))"
KNOWN = [
    # model, its arguments, what is taken of it, the images
    (CNN, "", POOLED, LARGE),
    (CNN, "", "net.forward_head(net.forward_features(x), True)", LARGE),
    (CNN, ", num_classes=40", "net.forward_head(net.forward_features(x))", LARGE),
    (CNN, "", f"net.get_classifier()({POOLED})", LARGE),
    (HEADED, "", f"net.get_classifier()({POOLED})", LARGE),
    (CNN, "", f"net.layer4({BEFORE}).mean((2, 3))", LARGE),
    ("create_model('mobilenetv3_small_050'{})", "", POOLED, LARGE),  # its head is wider than its features
    ("create_model('coat_tiny'{})", "", "(setattr(net, 'head', torch.nn.Identity()), net(x))[1]", LARGE),
    (CNN, "", "(net.reset_classifier(0), net(x))[1]", LARGE),
    (CNN, "", "(net.reset_classifier(40), net(x))[1]", LARGE),
    (CNN, "", "(net.reset_classifier(0, ''), net(x))[1].mean((2, 3))", LARGE),
    (CNN, "", "(net.reset_classifier(num_classes=0, global_pool='max'), net(x))[1]", LARGE),
    (VIT, "", "(net.reset_classifier(0, 'avg'), net(x))[1]", LARGE),
    (VIT, ", num_classes=0, global_pool=''", "net(x)[:, 0]", LARGE),
    (VIT, ", num_classes=0, global_pool='max'", "net(x)", LARGE),
    (VIT, ", global_pool=''", "net(x).flatten(1)", LARGE),
    (VIT, ", num_classes=0, global_pool='', dynamic_img_size=True", "net(x).flatten(1)", LARGE),
    (OWN, "", "net(x)", SMALL),
    (OWN, ", num_classes=30", "net(x)", SMALL),
    (OWN, ", num_classes=0", "net(x)", SMALL),
    (OWN, ", num_classes=0, global_pool=''", "net(x).flatten(1)", SMALL),
    (OWN, "", "net.forward_features(x).flatten(1)", SMALL),
    (OWN, ", reg_tokens=4", "net.forward_features(x).flatten(1)", SMALL),
    (OWN, ", class_token=False, global_pool='avg'", "net.forward_features(x).flatten(1)", SMALL),
    (OWN, ", patch_size=8, num_classes=0", "net.forward_head(net.forward_features(x))", SMALL),
    (OWN, ", patch_size=8", POOLED, SMALL),
]  # fmt: skip
ENVIRONMENT = "os.environ.get('NO_SUCH_KEY', {})"
UNKNOWN = [
    (CNN, "", f"(net.reset_classifier(int({ENVIRONMENT.format(40)})), net(x))[1]", LARGE),
    (CNN, "", "net.forward_head(torch.stack([net.forward_features(x)] * len(os.environ))[0], pre_logits=True)", LARGE),
    ("create_model('crossvit_9_240'{})", "", POOLED, SQUARE),  # whose features are a list
    (OWN, ", global_pool='max'", "net(x)", SMALL),
    (OWN, ", global_pool=''", "net(x).flatten(1)", SMALL),
    (OWN, f", class_token=bool({ENVIRONMENT.format(1)})", "net.forward_features(x).flatten(1)", SMALL),
    (OWN, f", patch_size=int({ENVIRONMENT.format(16)})", "net.forward_features(x).flatten(1)", SMALL),
]


def taken(model: str, arguments: str, features: str, images: tuple[int, ...]) -> Taken:
    home = "timm." if model.startswith("create") else ""
    return Taken(home + model.format(arguments), features.replace("net", "self.backbone"), images, IMPORTS)


def real(model: str, arguments: str, features: str, images: tuple[int, ...]) -> int:
    """Return the width of what the installed model gives."""
    given = taken(model, arguments, features, images)
    names = {"timm": timm, "os": os, "torch": torch, "VisionTransformer": vision_transformer.VisionTransformer}
    with torch.device("meta"), torch.no_grad():
        net = eval(given.backbone, names).eval()
        width = eval(features, {**names, "net": net, "x": torch.zeros(images)}).shape[1]
    assert isinstance(width, int)
    return width


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case[0].format(case[1]) + " " + case[2])
def test_features_are_as_wide_as_those_of_the_real_model(case: Any) -> None:
    assert known_width(taken(*case)) == real(*case)


@pytest.mark.parametrize("case", UNKNOWN, ids=lambda case: case[0].format(case[1]) + " " + case[2])
def test_features_that_depend_on_more_are_not_known(case: Any) -> None:
    assert real(*case) > 1  # the program runs
    assert known_width(taken(*case)) is None
    assert reasons(taken(*case))
    assert {finding.code for finding in reported(taken(*case), 7).findings} <= {"SL901"}


CHOSEN = "int(os.environ.get('NO_SUCH_KEY', {}))"
MEASURED = [
    # model, attribute, whether it is known
    ("'mobilevitv2_050', num_classes=0, global_pool=''", "num_features", True),
    ("'resnet26d', in_chans=1, drop_rate=0.1, num_classes=7", "num_features", True),
    ("'resnet26d', global_pool='catavgmax'", "head_hidden_size", False),
    ("'resnet26d', features_only=True", "feature_info.channels()[-1]", True),
    (f"'resnet26d', features_only=True, out_indices=({CHOSEN.format(3)},)", "feature_info.channels()[-1]", False),
    ("'resnet26d', output_stride=8", "feature_info[-1]['reduction']", False),
    ("'convnext_atto', dims=(8, 16, 32, 64)", "num_features", True),  # from a trace
    ("'convnext_atto', dims=(8, 16, 32, 64), num_classes=0", "num_features", True),
    ("'convnext_atto', head_hidden_size=99", "head_hidden_size", True),
    ("'inception_v4'", "feature_info[-1]['num_chs']", False),
    ("'vit_tiny_patch16_224', embed_dim=96", "embed_dim", True),
    (f"'vit_tiny_patch16_224', embed_dim={CHOSEN.format(96)}", "embed_dim", False),
    (f"'vit_tiny_patch16_224', patch_size={CHOSEN.format(8)}", "embed_dim", False),
    ("'deit_tiny_patch16_224', embed_dim=96", "embed_dim", True),
    ("'deit_tiny_patch16_224', reg_tokens=3", "num_prefix_tokens", False),
    ("'swin_tiny_patch4_window7_224', embed_dim=48", "feature_info[-1]['num_chs']", False),
]


@pytest.mark.parametrize(("arguments", "attribute", "is_known"), MEASURED)
def test_a_number_of_a_model_is_that_of_the_real_one_or_not_known(
    arguments: str, attribute: str, is_known: bool
) -> None:
    built = f"timm.create_model({arguments}).{attribute}"
    with torch.device("meta"):
        number = eval(built, {"timm": timm, "os": os})
    text = f"import os\nimport timm\nprojection_head = None\nfound = {built}\n"
    found = interpret(Source("model.py", text), Options())[1].names["found"]
    assert (found.value if isinstance(found, Const) else None) == (number if is_known else None)
