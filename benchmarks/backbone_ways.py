"""Backbones of many libraries and ways to take features from them, as pieces of Python scripts.

A `Way` is a network, the image it is shown, and the expressions that take features from it, of which some fit it and
some do not. `NAME` stands for a name that is drawn.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

VECTOR = ("h",)
MAP = ("h.mean((2, 3))", "h.flatten(2).mean(-1)", "F.adaptive_avg_pool2d(h, 1).flatten(1)", "h.amax(dim=(-2, -1))")
TOKENS = ("h[:, 0]", "h.mean(1)", "h[:, 1:].mean(dim=1)", "h.max(1).values")
VOLUME = ("h.mean((2, 3, 4))", "h.flatten(2).mean(2)")
ANY = (*MAP, *TOKENS, "h", "h.flatten(1)")


@dataclass(frozen=True)
class Way:
    """One way: the library's import, the network, statements after it, how it is called, and what is done to that."""

    library: str
    imports: str
    make: str
    call: str = "self.backbone(x)"
    taken: Sequence[str] = VECTOR
    after: str = ""
    names: Callable[[], Sequence[str]] | Sequence[str] = ("",)
    images: Sequence[str] = ("torch.zeros(2, 3, 224, 224)",)

    def every_name(self) -> Sequence[str]:
        return self.names() if callable(self.names) else self.names


@dataclass(frozen=True)
class Draft:
    """A way with everything chosen except the width of the head."""

    library: str
    imports: str
    make: str
    after: str
    call: str
    taken: str
    images: str

    def script(self, width: str) -> str:
        """Return the whole script; `width` is what the head takes."""
        after = "".join(f"        {line}\n" for line in self.after.splitlines())
        return (
            f"import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n{self.imports}\n\n\n"
            "class SimCLR(nn.Module):\n"
            "    def __init__(self):\n"
            "        super().__init__()\n"
            f"        self.backbone = {self.make}\n{after}"
            f"        self.projection_head = nn.Sequential(nn.Linear({width}, 64), nn.ReLU(), nn.Linear(64, 32))\n\n"
            "    def forward(self, x):\n"
            f"        h = {self.call}\n"
            f"        return self.projection_head({self.taken})\n\n\n"
            f'if __name__ == "__main__":\n    print(SimCLR()({self.images}).shape)\n'
        )


def timm_names() -> Sequence[str]:
    import timm

    heavy = ("gigantic", "giant", "_7b", "_3b", "_1b", "enormous", "_g_", "so150", "eva02_e", "eva_g", "huge_378")
    return [name for name in timm.list_models() if not any(part in name for part in heavy)]


def torchvision_names() -> Sequence[str]:
    import torchvision

    return [name for name in torchvision.models.list_models(torchvision.models) if "_h_14" not in name]


def torchvision_resnets() -> Sequence[str]:
    return [name for name in torchvision_names() if "resnet" in name or "resnext" in name]


def smp_names() -> Sequence[str]:
    import segmentation_models_pytorch as smp  # type: ignore[import-untyped]

    return list(smp.encoders.encoders)


def open_clip_names() -> Sequence[str]:
    import open_clip  # type: ignore[import-untyped]

    heavy = ("bigG", "EVA", "xlm", "roberta", "xxlarge", "SigLIP", "nllb", "mt5", "ViTamin", "E-14", "gopt", "PE-")
    return [name for name in open_clip.list_models() if not any(part in name for part in heavy)]


IMPORT_TIMM = "import timm"
TIMM_IMAGES = (*("torch.zeros(2, 3, SIZE)",) * 4, "torch.zeros(2, 3, 160, 160)", "torch.zeros(2, 3, 224, 256)")
HEADS = ("fc", "head", "classifier", "head.fc", "heads")


def timm_ways() -> Iterator[Way]:
    def way(make: str, call: str = "self.backbone(x)", taken: Sequence[str] = VECTOR, after: str = "") -> Way:
        return Way("timm", IMPORT_TIMM, make, call, taken, after, timm_names, TIMM_IMAGES)

    bare, plain = 'timm.create_model("NAME", num_classes=0)', 'timm.create_model("NAME")'
    yield way(plain)
    yield way('timm.create_model("NAME", pretrained=False, num_classes=10)')
    yield way(bare)
    yield way('timm.create_model("NAME", pretrained=False, num_classes=0, global_pool="avg")')
    yield way('timm.create_model("NAME", num_classes=0, global_pool="")', taken=ANY)
    yield way(bare, "self.backbone.forward_features(x)", ANY)
    yield way(plain, "self.backbone.forward_features(x)", ANY)
    yield way(plain, "self.backbone.forward_head(self.backbone.forward_features(x), pre_logits=True)")
    yield way('timm.create_model("NAME", features_only=True)', "self.backbone(x)[-1]", MAP)
    yield way('timm.create_model("NAME", features_only=True, out_indices=(1, 2))', "self.backbone(x)[1]", MAP)
    yield way(plain, after="self.backbone.reset_classifier(0)")
    yield way(bare, after="self.backbone.reset_classifier(num_classes=12)")
    yield way(plain, "self.backbone.get_intermediate_layers(x, n=2)[-1]", ANY)
    yield way(plain, "self.backbone.get_intermediate_layers(x, n=[1, 3], reshape=True)[0]", MAP)
    yield way(bare, "self.backbone.forward_intermediates(x)[1][-2]", MAP)
    yield way(bare, "self.backbone.forward_intermediates(x, indices=1, intermediates_only=True)[0]", ANY)
    yield way(plain, "self.backbone.forward_intermediates(x, indices=[0, 2])[0]", ANY)
    yield way("nn.Sequential(*list(" + plain + ".children())[:-1])", taken=ANY)
    yield way("nn.Sequential(*list(" + bare + ".children())[:-2])", taken=ANY)
    for head in HEADS:
        yield way(plain, after=f"self.backbone.{head} = nn.Identity()", taken=("h", "h", *ANY))
    for channels in (1, 4):
        images = (f"torch.zeros(2, {channels}, SIZE)", "torch.zeros(2, 3, SIZE)")
        make = f'timm.create_model("NAME", num_classes=0, in_chans={channels})'
        yield Way("timm", IMPORT_TIMM, make, names=timm_names, images=images)


IMPORT_TORCHVISION = "import torchvision\nfrom torchvision.models._utils import IntermediateLayerGetter\n" + (
    "from torchvision.models.feature_extraction import create_feature_extractor"
)
TORCHVISION_IMAGES = (
    *("torch.zeros(2, 3, 224, 224)",) * 3,
    "torch.zeros(2, 3, 256, 192)",
    "torch.zeros(2, 1, 224, 224)",
)


def torchvision_ways() -> Iterator[Way]:
    def way(make: str, taken: Sequence[str] = VECTOR, after: str = "", call: str = "self.backbone(x)") -> Way:
        return Way("torchvision", IMPORT_TORCHVISION, make, call, taken, after, torchvision_names, TORCHVISION_IMAGES)

    def resnet(make: str, taken: Sequence[str] = VECTOR, call: str = "self.backbone(x)", after: str = "") -> Way:
        return Way("torchvision", IMPORT_TORCHVISION, make, call, taken, after, torchvision_resnets, TORCHVISION_IMAGES)

    plain = "torchvision.models.NAME()"
    yield way(plain)
    yield way("torchvision.models.NAME(weights=None, num_classes=20)")
    yield way('torchvision.models.get_model("NAME")')
    for head in ("fc", "classifier", "heads", "head", "heads.head", "classifier[-1]"):
        yield way(plain, after=f"self.backbone.{head} = nn.Identity()")
    yield way(f"nn.Sequential(*list({plain}.children())[:-1])", ("h", "h.flatten(1)", *ANY))
    yield way(f"nn.Sequential(*list({plain}.children())[:-2])", ANY)
    yield way(f"{plain}.features", ANY)
    for layer in ("layer4", "layer3", "layer2", "avgpool", "flatten"):
        nodes = f'create_feature_extractor(torchvision.models.NAME(), return_nodes={{"{layer}": "z"}})'
        yield resnet(nodes, ANY, 'self.backbone(x)["z"]')
        listed = f'create_feature_extractor(torchvision.models.NAME(), ["{layer}"])'
        yield resnet(listed, ANY, f'self.backbone(x)["{layer}"]')
        if layer != "flatten":
            getter = f'IntermediateLayerGetter(torchvision.models.NAME(), {{"{layer}": "0"}})'
            yield resnet(getter, ANY, 'self.backbone(x)["0"]')
    yield resnet(plain, MAP, "self.backbone.layer1(self.backbone.maxpool(self.backbone.conv1(x)))")
    yield resnet(
        "torchvision.models.NAME(replace_stride_with_dilation=[False, False, True])",
        after="self.backbone.fc = nn.Identity()",
    )


DETECTION = [
    "fasterrcnn_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_fpn",
    "retinanet_resnet50_fpn",
    "fcos_resnet50_fpn",
    "maskrcnn_resnet50_fpn",
    "keypointrcnn_resnet50_fpn",
    "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "retinanet_resnet50_fpn_v2",
    "ssd300_vgg16",
    "ssdlite320_mobilenet_v3_large",
]
SEGMENTATION = [
    "fcn_resnet50",
    "fcn_resnet101",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
]
VIDEO = ["r3d_18", "mc3_18", "r2plus1d_18", "s3d", "mvit_v1_b", "mvit_v2_s", "swin3d_t", "swin3d_s", "swin3d_b"]
FPN_NAMES = ("resnet18", "resnet34", "resnet50", "resnet101", "wide_resnet50_2", "resnext50_32x4d")
CLIPS = ("torch.zeros(2, 3, 16, 224, 224)",) * 3 + ("torch.zeros(2, 3, 16, 112, 112)", "torch.zeros(2, 3, 8, 128, 160)")


def torchvision_task_ways() -> Iterator[Way]:
    def way(
        make: str, names: Sequence[str], taken: Sequence[str], call: str, images: Sequence[str], after: str = ""
    ) -> Way:
        return Way(
            "torchvision tasks",
            "import torchvision\nfrom torchvision.models.detection.backbone_utils import resnet_fpn_backbone",
            make,
            call,
            taken,
            after,
            names,
            images,
        )

    two = ("torch.zeros(2, 3, 224, 224)", "torch.zeros(2, 3, 192, 256)")
    for call in (
        'self.backbone(x)["0"]',
        'self.backbone(x)["pool"]',
        'self.backbone(x)["3"]',
        "list(self.backbone(x).values())[-1]",
        "self.backbone.body(x)['3']",
    ):
        yield way('resnet_fpn_backbone(backbone_name="NAME", weights=None)', FPN_NAMES, MAP, call, two)
        make = "torchvision.models.detection.NAME(weights=None, weights_backbone=None).backbone"
        yield way(make, DETECTION, MAP, call, two)
    segmentation = "torchvision.models.segmentation.NAME(weights=None, weights_backbone=None, num_classes=7)"
    yield way(segmentation, SEGMENTATION, MAP, "self.backbone(x)['out']", two)
    yield way(f"{segmentation}.backbone", SEGMENTATION, MAP, "self.backbone(x)['out']", two)
    yield way(segmentation, SEGMENTATION, MAP, "self.backbone.backbone(x)['out']", two)
    video = "torchvision.models.video.NAME()"
    yield way(video, VIDEO, VECTOR, "self.backbone(x)", CLIPS)
    yield way("torchvision.models.video.NAME(num_classes=12)", VIDEO, VECTOR, "self.backbone(x)", CLIPS)
    for head in ("fc", "classifier", "head", "head[1]"):
        yield way(video, VIDEO, VECTOR, "self.backbone(x)", CLIPS, f"self.backbone.{head} = nn.Identity()")
    yield way(
        f"nn.Sequential(*list({video}.children())[:-1])",
        VIDEO[:3],
        ("h.flatten(1)", *VOLUME),
        "self.backbone(x)",
        CLIPS,
    )


VISION = (
    ("ViT", "hidden_size=192, num_hidden_layers=2, num_attention_heads=3"),
    ("ViT", "image_size=384, num_hidden_layers=2"),
    ("DeiT", "hidden_size=384, num_hidden_layers=2, num_attention_heads=6"),
    ("Beit", "hidden_size=96, num_hidden_layers=2, num_attention_heads=4"),
    ("Dinov2", "hidden_size=384, num_hidden_layers=2, num_attention_heads=6, patch_size=14"),
    ("Dinov2WithRegisters", "hidden_size=128, num_hidden_layers=2, num_attention_heads=4"),
    ("DINOv3ViT", "hidden_size=128, num_hidden_layers=2, num_attention_heads=4, num_register_tokens=4"),
    ("IJepa", "hidden_size=128, num_hidden_layers=2, num_attention_heads=4"),
    ("ViTMAE", "hidden_size=128, num_hidden_layers=2, num_attention_heads=4"),
    ("ViTMSN", "hidden_size=144, num_hidden_layers=2, num_attention_heads=4"),
    ("CLIPVision", "num_hidden_layers=2"),
    ("SiglipVision", "num_hidden_layers=2"),
    ("Data2VecVision", "num_hidden_layers=2"),
    ("Swin", "embed_dim=48, depths=[1, 1, 2], num_heads=[2, 2, 4]"),
    ("Swinv2", "embed_dim=48, depths=[1, 1, 2], num_heads=[2, 2, 4]"),
    ("Swin", ""),
    ("Hiera", "depths=[1, 1, 2, 1]"),
)
MAPS = (
    ("ConvNext", "depths=[1, 1, 2, 1]"),
    ("ConvNextV2", "depths=[1, 1, 2, 1], hidden_sizes=[40, 80, 160, 320]"),
    ("DINOv3ConvNext", "depths=[1, 1, 2, 1]"),
    ("ResNet", ""),
    ("ResNet", "layer_type='basic', hidden_sizes=[64, 128, 256, 512]"),
    ("RegNet", ""),
)
TEXTS = (
    ("Bert", "hidden_size=96, num_hidden_layers=2, num_attention_heads=4"),
    ("Roberta", "num_hidden_layers=2"),
    ("DistilBert", "dim=96, n_layers=2, n_heads=4"),
)
SOUNDS = (("Wav2Vec2", "num_hidden_layers=2"), ("Hubert", "num_hidden_layers=2"), ("WavLM", "num_hidden_layers=2"))
BACKBONES = ("ResNet", "Dinov2", "ConvNext", "Swin", "Beit", "Dinov2WithRegisters", "Swinv2", "ConvNextV2", "Hiera")


def transformers_ways() -> Iterator[Way]:
    def way(model: str, config: str, call: str, taken: Sequence[str], images: str, auto: bool = False) -> Way:
        cls = "AutoModel" if auto else f"{model}Model"
        built = f"{model}Config({config})"
        make = f"AutoModel.from_config({built})" if auto else f"{cls}({built})"
        imports = f"from transformers import {cls}, {model}Config"
        return Way("transformers", imports, make, call, taken, images=(images, images, "torch.zeros(2, 3, 160, 192)"))

    for model, config in VISION:
        size = 384 if "384" in config else 256 if model == "Swinv2" else 224
        images = f"torch.zeros(2, 3, {size}, {size})"
        for call, taken in (
            ("self.backbone(x).last_hidden_state", ("h[:, 0]", "h[:, 0]", *ANY)),
            ("self.backbone(x).pooler_output", VECTOR),
            ("self.backbone(x)[0]", ("h[:, 0]", "h.mean(1)")),
            ("self.backbone(x, output_hidden_states=True).hidden_states[-1]", ("h[:, 0]", "h.mean(1)")),
            ("self.backbone(pixel_values=x, return_dict=False)[0]", TOKENS),
        ):
            yield way(model, config, call, taken, images, auto="last" in call)
    for model, config in MAPS:
        for call, taken in (
            ("self.backbone(x).last_hidden_state", MAP),
            ("self.backbone(x).pooler_output", ("h", "h.flatten(1)")),
            ("self.backbone(x)[1]", ("h.flatten(1)",)),
        ):
            yield way(model, config, call, taken, "torch.zeros(2, 3, 224, 224)")
    for model, config in TEXTS:
        for call in ("self.backbone(x).last_hidden_state", "self.backbone(input_ids=x)[0]"):
            made = way(model, config, call, TOKENS, "")
            yield Way(
                made.library, made.imports, made.make, call, TOKENS, images=("torch.zeros(2, 9, dtype=torch.long)",)
            )
    for model, config in SOUNDS:
        made = way(model, config, "", TOKENS, "")
        call = "self.backbone(x).last_hidden_state"
        yield Way(made.library, made.imports, made.make, call, TOKENS, images=("torch.zeros(2, 16000)",))
    for model in BACKBONES:
        side = 256 if model == "Swinv2" else 224
        square = (f"torch.zeros(2, 3, {side}, {side})",)
        for make in (f"{model}Backbone(CONFIG)", "AutoBackbone.from_config(CONFIG)"):
            for given in ("", "out_indices=[1, 2]", 'out_features=["stage2"]'):
                cls = make.partition("(")[0].partition(".")[0]
                imports = f"from transformers import {cls}, {model}Config"
                built = make.replace("CONFIG", f"{model}Config({given})")
                yield Way("transformers", imports, built, "self.backbone(x).feature_maps[-1]", MAP, images=square)


YOLO = [
    "yolov8n",
    "yolov8s",
    "yolov8m",
    "yolo11n",
    "yolo11s",
    "yolov5n",
    "yolov5s",
    "yolov8n-cls",
    "yolov8n-seg",
    "yolov9t",
    "yolov10n",
]


def other_ways() -> Iterator[Way]:
    square = ("torch.zeros(2, 3, 224, 224)", "torch.zeros(2, 3, 256, 192)")
    for cut in (5, 8, 9, 10):
        make = f'nn.Sequential(*list(YOLO("NAME.yaml").model.model.children())[:{cut}])'
        yield Way(
            "ultralytics",
            "from ultralytics import YOLO",
            make,
            taken=MAP,
            names=YOLO,
            images=("torch.zeros(2, 3, 64, 64)",),
        )
    smp = "import segmentation_models_pytorch as smp"
    yield Way(
        "smp", smp, 'smp.encoders.get_encoder("NAME", weights=None)', "self.backbone(x)[-1]", MAP, "", smp_names, square
    )
    yield Way(
        "smp",
        smp,
        'smp.encoders.get_encoder("NAME", in_channels=1, depth=4, weights=None)',
        "self.backbone(x)[-2]",
        MAP,
        "",
        smp_names,
        ("torch.zeros(2, 1, 224, 224)",),
    )
    for net in (
        "Unet",
        "FPN",
        "UnetPlusPlus",
        "Linknet",
        "PAN",
        "DeepLabV3",
        "DeepLabV3Plus",
        "PSPNet",
        "MAnet",
        "UPerNet",
        "Segformer",
    ):
        names = (
            "resnet18",
            "resnet34",
            "mobilenet_v2",
            "timm-regnetx_002",
            "efficientnet-b0",
            "tu-resnet18",
            "tu-convnext_atto",
        )
        make = f'smp.{net}("NAME", encoder_weights=None)'
        yield Way("smp", smp, make + ".encoder", "self.backbone(x)[-1]", MAP, "", names, square)
        yield Way(
            "smp",
            smp,
            make.replace("=None", "=None, classes=5"),
            "self.backbone.encoder(x)[-1]",
            MAP,
            "",
            names,
            square,
        )
        yield Way("smp", smp, make.replace("=None", "=None, classes=5"), "self.backbone(x)", MAP, "", names, square)
        labelled = make.replace("=None", "=None, classes=5, aux_params=dict(classes=60)")
        yield Way("smp", smp, labelled, "self.backbone(x)[1]", VECTOR, "", names, square)
    clip = "import open_clip"
    clip_images = ("torch.zeros(2, 3, 224, 224)",) * 3 + ("torch.zeros(2, 3, 240, 240)",)
    yield Way("open_clip", clip, 'open_clip.create_model("NAME").visual', names=open_clip_names, images=clip_images)
    yield Way(
        "open_clip",
        clip,
        'open_clip.create_model("NAME")',
        "self.backbone.encode_image(x)",
        names=open_clip_names,
        images=clip_images,
    )
    yield Way(
        "open_clip",
        clip,
        'open_clip.create_model_and_transforms("NAME")[0]',
        "self.backbone.encode_image(x, normalize=True)",
        names=open_clip_names,
        images=clip_images,
    )
    nets = "from efficientnet_pytorch import EfficientNet"
    sizes = tuple(f"efficientnet-b{number}" for number in range(6))
    yield Way("efficientnet_pytorch", nets, 'EfficientNet.from_name("NAME")', names=sizes, images=square)
    yield Way(
        "efficientnet_pytorch",
        nets,
        'EfficientNet.from_name("NAME")',
        after="self.backbone._fc = nn.Identity()",
        names=sizes,
        images=square,
    )
    yield Way(
        "efficientnet_pytorch",
        nets,
        'EfficientNet.from_name("NAME")',
        "self.backbone.extract_features(x)",
        MAP,
        names=sizes,
        images=square,
    )
    levels = 'self.backbone.extract_endpoints(x)["reduction_4"]'
    yield Way("efficientnet_pytorch", nets, 'EfficientNet.from_name("NAME")', levels, MAP, names=sizes, images=square)


def monai_ways() -> Iterator[Way]:
    imports = "from monai.networks import nets"
    flat, deep = "torch.zeros(2, 1, 96, 96)", "torch.zeros(2, 1, 64, 64, 64)"

    def way(make: str, taken: Sequence[str], images: str, call: str = "self.backbone(x)", after: str = "") -> Way:
        return Way("monai", imports, make, call, taken, after, images=(images,))

    for name in ("resnet10", "resnet18", "resnet50"):
        yield way(f"nets.{name}(spatial_dims=2, n_input_channels=1, num_classes=2)", VECTOR, flat)
        yield way(f"nets.{name}(spatial_dims=3, n_input_channels=1, feed_forward=False)", VECTOR, deep)
    yield way("nets.DenseNet121(spatial_dims=2, in_channels=1, out_channels=48)", VECTOR, flat)
    yield way("nets.DenseNet169(3, 1, 48).features", VOLUME, deep)
    yield way("nets.EfficientNetBN('efficientnet-b0', pretrained=False, in_channels=1)", VECTOR, flat)
    for name in ("SEResNet50", "SENet154", "SEResNext50", "SEResNet101"):
        yield way(f"nets.{name}(spatial_dims=2, in_channels=1, num_classes=9)", VECTOR, flat)
        yield way(f"nets.{name}(spatial_dims=3, in_channels=1)", VECTOR, deep)
        yield way(f"nets.{name}(spatial_dims=2, in_channels=1)", MAP, flat, "self.backbone.features(x)")
    small = "hidden_size=192, num_heads=4, mlp_dim=256, num_layers=2"
    vit = f"nets.ViT(in_channels=1, img_size=(96, 96), patch_size=(16, 16), {small}, spatial_dims=2{{}})"
    deep_vit = "nets.ViT(in_channels=1, img_size=(64, 64, 64), patch_size=(16, 16, 16), num_layers=2{})"
    for net, images in ((vit, flat), (deep_vit, deep)):
        yield way(net.format(""), TOKENS, images, "self.backbone(x)[0]")
        yield way(net.format(", classification=True, num_classes=11"), VECTOR, images, "self.backbone(x)[0]")
        yield way(net.format(""), TOKENS, images, "self.backbone(x)[1][-1]")
    unet = "nets.UNet(spatial_dims={}, in_channels=1, out_channels=6, channels=(8, 16, 32), strides=(2, 2))"
    yield way(unet.format(2), MAP, flat)
    yield way(unet.format(3), VOLUME, deep)
    yield way("nets.BasicUNet(spatial_dims=2, in_channels=1, out_channels=6)", MAP, flat)
    yield way("nets.SegResNet(spatial_dims=3, in_channels=1, out_channels=6, init_filters=8)", VOLUME, deep)
    swin = "nets.SwinUNETR(in_channels=1, out_channels=5, feature_size={}, spatial_dims={})"
    yield way(swin.format(12, 3), VOLUME, deep)
    yield way(swin.format(24, 2), MAP, flat)
    yield way(swin.format(12, 3) + ".swinViT", VOLUME, deep, "self.backbone(x)[-1]")
    yield way(swin.format(24, 2), MAP, flat, "self.backbone.swinViT(x)[4]")


def recurrent_ways() -> Iterator[Way]:
    series, sounds, points = ("torch.zeros(2, 20, 12)",), ("torch.zeros(2, 4, 512)",), ("torch.zeros(2, 3, 128)",)

    def way(make: str, call: str, taken: Sequence[str], images: Sequence[str], after: str = "") -> Way:
        return Way("recurrent and others", "", make, call, taken, after, images=images)

    for kind in ("GRU", "LSTM", "RNN"):
        for options, ways in (
            ("", 1),
            (", num_layers=2", 1),
            (", bidirectional=True", 2),
            (", num_layers=2, bidirectional=True, dropout=0.1", 2),
        ):
            make, layers = f"nn.{kind}(12, 24, batch_first=True{options})", (2 if "layers" in options else 1) * ways
            yield way(make, "self.backbone(x)[0]", ("h[:, -1]", "h.mean(1)", "h[:, 0]"), series)
            state = "[1][0]" if kind == "LSTM" else "[1]"
            yield way(
                make,
                f"self.backbone(x){state}",
                ("h[-1]", "h.transpose(0, 1).flatten(1)", "torch.cat([h[-1], h[0]], 1)"),
                series,
            )
            zeros = f"torch.zeros({layers}, x.shape[0], 24)"
            given = f"({zeros}, {zeros})" if kind == "LSTM" else zeros
            yield way(make, f"self.backbone(x, {given})[0]", ("h[:, -1]",), series)
    yield way("nn.LSTM(12, 24, batch_first=True, proj_size=10)", "self.backbone(x)[0]", ("h[:, -1]",), series)
    yield way(
        "nn.LSTM(12, 24, batch_first=True, proj_size=10, bidirectional=True)",
        "self.backbone(x)[1][0]",
        ("h[-1]", "torch.cat((h[0], h[1]), dim=1)"),
        series,
    )
    yield way("nn.LSTM(12, 24, batch_first=True, proj_size=10)", "self.backbone(x)[1][1]", ("h[-1]",), series)
    yield way(
        "nn.Sequential(nn.Conv1d(4, 32, 7, 2), nn.ReLU(), nn.Conv1d(32, 48, 5, 3), nn.AdaptiveMaxPool1d(1))",
        "self.backbone(x)",
        ("h.flatten(1)", "h.squeeze(-1)", "h"),
        sounds,
    )
    yield way(
        "nn.Sequential(nn.Conv1d(4, 32, 8, 4), nn.BatchNorm1d(32), nn.GELU(), nn.MaxPool1d(2))",
        "self.backbone(x)",
        ("h.mean(-1)", "h.flatten(1)", "h.transpose(1, 2).mean(1)"),
        sounds,
    )
    layer = "nn.TransformerEncoder(nn.TransformerEncoderLayer(12, 3, 48, batch_first=True), num_layers=2)"
    yield way(layer, "self.backbone(x)", ("h[:, 0]", "h.mean(dim=1)", "h"), series)
    yield way(
        "nn.TransformerEncoder(encoder_layer=nn.TransformerEncoderLayer(d_model=12, nhead=4), num_layers=3, "
        "norm=nn.LayerNorm(12))",
        "self.backbone(x.transpose(0, 1))",
        ("h.mean(0)", "h[0]"),
        series,
    )
    mlp = "nn.Sequential(nn.Conv1d(3, 64, 1), nn.BatchNorm1d(64), nn.ReLU(), nn.Conv1d(64, 96, 1))"
    yield way(
        mlp,
        "self.backbone(x)",
        ("torch.max(h, 2)[0]", "h.max(dim=2).values", "torch.max(h, 2, keepdim=True)[0].view(-1, 96)", "h.amax(-1)"),
        points,
    )
    yield way("nn.Conv3d(1, 18, 3, 2, 1)", "self.backbone(x)", VOLUME, ("torch.zeros(2, 1, 16, 16, 16)",))


GRAPH_LAYERS = (
    "GCNConv(6, 20)", "SAGEConv(6, 20)", "GATConv(6, 20, heads=2)", "GATConv(6, 20, heads=2, concat=False)",
    "GINConv(nn.Sequential(nn.Linear(6, 20), nn.ReLU(), nn.Linear(20, 24)))", "GraphConv(6, 20)",
    "GATv2Conv(6, 20, heads=3)", "TransformerConv(6, 20, heads=2)", "ChebConv(6, 20, K=2)", "TAGConv(6, 20)",
    "LEConv(6, 20)", "SGConv(6, 20)", "ARMAConv(6, 20)",
)  # fmt: skip


def graph_ways() -> Iterator[Way]:
    for layer in GRAPH_LAYERS:
        name = layer.partition("(")[0]
        imports = f"from torch_geometric.nn import {name}, global_add_pool, global_max_pool, global_mean_pool"
        edges = "torch.tensor([[0, 1, 2], [1, 2, 0]])"
        for pool in ("global_mean_pool", "global_add_pool", "global_max_pool"):
            taken = (f"{pool}(h, torch.tensor([0, 0, 1, 1]))", f"{pool}(h, torch.zeros(4, dtype=torch.long))", "h")
            yield Way(
                "torch_geometric",
                imports,
                layer,
                f"self.backbone(x, {edges})",
                taken,
                images=("torch.zeros(4, 6)", "torch.zeros(4, 6)", "torch.zeros(4, 7)"),
            )


FAMILIES = {
    "timm": timm_ways,
    "torchvision": torchvision_ways,
    "torchvision tasks": torchvision_task_ways,
    "transformers": transformers_ways,
    "other": other_ways,
    "monai": monai_ways,
    "recurrent": recurrent_ways,
    "torch_geometric": graph_ways,
}
WEIGHTS = {
    "timm": 8, "torchvision": 4, "torchvision tasks": 3, "transformers": 4, "other": 4, "monai": 2, "recurrent": 2,
    "torch_geometric": 1,
}  # fmt: skip


def drafts(seed: int, families: Sequence[str] = tuple(FAMILIES)) -> Iterator[Draft]:
    """Yield drafts without end, the same for the same seed and the same installed libraries."""
    draw = random.Random(seed)
    every = {family: [way for way in FAMILIES[family]() if installed(way)] for family in families}
    ways = {family: of_family for family, of_family in every.items() if of_family}
    weights = [WEIGHTS[family] for family in ways]
    while True:
        way = draw.choice(ways[draw.choices(list(ways), weights)[0]])
        name, call, taken = draw.choice(way.every_name()), way.call, draw.choice(way.taken)
        images = draw.choice(way.images)
        if "SIZE" in images:
            images = images.replace("SIZE", own_size(name))
        yield Draft(way.library, way.imports, way.make.replace("NAME", name), way.after, call, taken, images)


def installed(way: Way) -> bool:
    """Tell whether the library that a way imports first, if any, can be imported here."""
    imported = way.imports.split()[1:2]
    return all(find_spec(name.partition(".")[0]) for name in imported)


def own_size(name: str) -> str:
    """Return the image size of a model of timm, as axes."""
    import timm

    config = timm.models.get_pretrained_cfg(name)
    assert config is not None
    return "{}, {}".format(*config.input_size[1:])
