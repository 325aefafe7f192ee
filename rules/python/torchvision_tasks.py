"""Stand-ins for torchvision 0.29.1's networks of detection, segmentation and video, interpreted in their place.

https://docs.pytorch.org/vision/stable/models.html: the backbones that these have, and the maps that they give.
"""

from collections import OrderedDict

import torch.nn as nn
import torch.nn.functional as F
import torchvision
from shapelint.stand_ins import has_more_parts, needed, unseen
from torchvision.models._utils import IntermediateLayerGetter


class LastLevelMaxPool(nn.Module):
    def forward(self, x, y, names):
        names.append("pool")
        x.append(F.max_pool2d(x[-1], kernel_size=1, stride=2, padding=0))
        return x, names


class LastLevelP6P7(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        self.use_P5 = in_channels == out_channels

    def forward(self, p, c, names):
        p6 = self.p6(p[-1] if self.use_P5 else c[-1])
        p7 = self.p7(F.relu(p6))
        p.extend([p6, p7])
        names.extend(["p6", "p7"])
        return p, names


class FeaturePyramidNetwork(nn.Module):
    def __init__(self, in_channels_list, out_channels, extra_blocks=None, norm_layer=None):
        super().__init__()
        self.inner_blocks = nn.ModuleList([nn.Conv2d(width, out_channels, 1) for width in in_channels_list])
        self.layer_blocks = nn.ModuleList([nn.Conv2d(out_channels, out_channels, 3, 1, 1) for _ in in_channels_list])
        self.extra_blocks = extra_blocks
        has_more_parts(self)

    def forward(self, x):
        names, maps = list(x.keys()), list(x.values())
        results = [outer(inner(one)) for inner, outer, one in zip(self.inner_blocks, self.layer_blocks, maps)]
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(list(zip(names, results)))


class BackboneWithFPN(nn.Module):
    def __init__(self, backbone, return_layers, in_channels_list, out_channels, extra_blocks=None, norm_layer=None):
        super().__init__()
        extra_blocks = LastLevelMaxPool() if extra_blocks is None else extra_blocks
        self.body = IntermediateLayerGetter(backbone, return_layers)
        self.fpn = FeaturePyramidNetwork(in_channels_list, out_channels, extra_blocks)
        self.out_channels = out_channels

    def forward(self, x):
        return self.fpn(self.body(x))


def resnet_fpn_backbone(
    backbone_name,
    weights=None,
    norm_layer=None,
    trainable_layers=3,
    returned_layers=None,
    extra_blocks=None,
    pretrained=None,
):
    backbone = torchvision.models.get_model(backbone_name)
    layers = [1, 2, 3, 4] if returned_layers is None else returned_layers
    names = {f"layer{layer}": str(index) for index, layer in enumerate(layers)}
    first = backbone.inplanes // 8
    return BackboneWithFPN(backbone, names, [first * 2 ** (layer - 1) for layer in layers], 256, extra_blocks)


MOBILENETS = {"mobilenet_v2": (160, 1280), "mobilenet_v3_large": (160, 960), "mobilenet_v3_small": (96, 576)}
"""The channels of the last two stages, both of which are 32 times smaller than the image."""


def mobilenet_backbone(
    *,
    backbone_name,
    weights,
    fpn,
    norm_layer=None,
    trainable_layers=2,
    returned_layers=None,
    extra_blocks=None,
):
    if returned_layers is not None:
        return unseen("what mobilenet_backbone of torchvision gives with returned_layers has no signature here")
    before, last = MOBILENETS[backbone_name]
    if not fpn:
        features = torchvision.models.get_model(backbone_name).features
        return nn.Sequential(features, nn.Conv2d(last, 256, 1))
    backbone = BackboneWithFPN(nn.Identity(), {}, [before, last], 256, extra_blocks)
    backbone.body = DilatedBody({"0": (before, 32), "1": (last, 32)})
    return backbone


class Detector(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone
        has_more_parts(self)

    def forward(self, images, targets=None):
        return unseen("what a detector of torchvision gives are boxes, which have no signature here")


def fasterrcnn_resnet50_fpn(**options):
    return Detector(resnet_fpn_backbone("resnet50"))


fasterrcnn_resnet50_fpn_v2 = keypointrcnn_resnet50_fpn = maskrcnn_resnet50_fpn = fasterrcnn_resnet50_fpn
maskrcnn_resnet50_fpn_v2 = fasterrcnn_resnet50_fpn


def fasterrcnn_mobilenet_v3_large_fpn(**options):
    return Detector(mobilenet_backbone(backbone_name="mobilenet_v3_large", weights=None, fpn=True))


fasterrcnn_mobilenet_v3_large_320_fpn = fasterrcnn_mobilenet_v3_large_fpn


def retinanet_resnet50_fpn(**options):
    extra = LastLevelP6P7(256, 256)
    return Detector(resnet_fpn_backbone("resnet50", returned_layers=[2, 3, 4], extra_blocks=extra))


def retinanet_resnet50_fpn_v2(**options):
    extra = LastLevelP6P7(2048, 256)
    return Detector(resnet_fpn_backbone("resnet50", returned_layers=[2, 3, 4], extra_blocks=extra))


fcos_resnet50_fpn = retinanet_resnet50_fpn


class SingleShotBody(nn.Module):
    """The maps of a single-shot detector, each made of the one before it."""

    def __init__(self, features, extra):
        super().__init__()
        self.layers = nn.ModuleList([*features, *extra])
        has_more_parts(self)

    def forward(self, x):
        maps = []
        for layer in self.layers:
            x = layer(x)
            maps.append(x)
        return OrderedDict([(str(index), one) for index, one in enumerate(maps)])


def ssd300_vgg16(**options):
    first = nn.Sequential(
        nn.MaxPool2d(2, 2), nn.MaxPool2d(2, 2), nn.MaxPool2d(2, 2, ceil_mode=True), nn.Conv2d(3, 512, 1)
    )
    second = nn.Sequential(nn.MaxPool2d(2, 2), nn.Conv2d(512, 1024, 3, padding=6, dilation=6))
    extra = [
        nn.Conv2d(1024, 512, 3, 2, 1), nn.Conv2d(512, 256, 3, 2, 1), nn.Conv2d(256, 256, 3), nn.Conv2d(256, 256, 3),
    ]  # fmt: skip
    return Detector(SingleShotBody([first], [second, *extra]))


def ssdlite320_mobilenet_v3_large(*, weights=None, weights_backbone="IMAGENET1K_V1", **options):
    last = 480 if weights_backbone is None or weights is not None else 960
    features = [nn.Conv2d(3, 672, 31, 16, 15), nn.Conv2d(672, last, 3, 2, 1)]
    widths = (last, 512, 256, 256)
    return Detector(
        SingleShotBody(
            features, [nn.Conv2d(width, wider, 3, 2, 1) for width, wider in zip(widths, (512, 256, 256, 128))]
        )
    )


class DilatedBody(nn.Module):
    """A backbone whose maps are so many times smaller than the image, rounded up: width and step by name."""

    def __init__(self, maps):
        super().__init__()
        self.names = list(maps)
        self.layers = nn.ModuleList(
            [nn.Conv2d(3, width, 2 * step - 1, step, step - 1) for width, step in maps.values()]
        )
        has_more_parts(self)

    def forward(self, x):
        return OrderedDict([(name, layer(x)) for name, layer in zip(self.names, self.layers)])


class Segmentation(nn.Module):
    def __init__(self, maps, last, num_classes):
        super().__init__()
        self.backbone = DilatedBody(maps)
        self.last = last
        self.classifier = nn.ModuleList([nn.Conv2d(maps[name][0], num_classes, 1) for name in maps])
        has_more_parts(self)

    def forward(self, x):
        found = [layer(one) for layer, one in zip(self.classifier, self.backbone(x).values())]
        whole = [F.interpolate(one, size=x.shape[-2:], mode="bilinear") for one in found]
        return OrderedDict(list(zip(self.last, whole)))


RESNET_MAPS = {"out": (2048, 8), "aux": (1024, 8)}
MOBILENET_MAPS = {"out": (960, 16), "aux": (40, 8)}
BOTH_MAPS = {"low": (40, 8), "high": (960, 16)}


def segmentation(maps, weights, num_classes, aux_loss):
    classes = 21 if num_classes is None else num_classes
    has_auxiliary = aux_loss or (weights is not None and aux_loss is None)
    if not has_auxiliary:
        maps = {"out": maps["out"]}
    return Segmentation(maps, list(maps), classes)


def fcn_resnet50(*, weights=None, progress=True, num_classes=None, aux_loss=None, **options):
    return segmentation(RESNET_MAPS, weights, num_classes, aux_loss)


deeplabv3_resnet50 = deeplabv3_resnet101 = fcn_resnet101 = fcn_resnet50


def deeplabv3_mobilenet_v3_large(*, weights=None, progress=True, num_classes=None, aux_loss=None, **options):
    return segmentation(MOBILENET_MAPS, weights, num_classes, aux_loss)


def lraspp_mobilenet_v3_large(*, weights=None, progress=True, num_classes=None, **options):
    return Segmentation(BOTH_MAPS, ["out"], 21 if num_classes is None else num_classes)


class VideoResNet(nn.Module):
    def __init__(self, time, num_classes=400):
        super().__init__()
        step = (time, 2, 2)
        self.stem = nn.Sequential(nn.Conv3d(3, 64, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False), nn.BatchNorm3d(64))
        self.layer1 = nn.Conv3d(64, 64, 3, 1, 1)
        self.layer2 = nn.Conv3d(64, 128, 3, step, 1)
        self.layer3 = nn.Conv3d(128, 256, 3, step, 1)
        self.layer4 = nn.Conv3d(256, 512, 3, step, 1)
        self.avgpool = nn.AdaptiveAvgPool3d((1, 1, 1))
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(x)))))
        return self.fc(self.avgpool(x).flatten(1))


def r3d_18(*, weights=None, progress=True, num_classes=400, **options):
    return VideoResNet(2, num_classes)


def mc3_18(*, weights=None, progress=True, num_classes=400, **options):
    return VideoResNet(1, num_classes)


r2plus1d_18 = r3d_18


class S3D(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv3d(3, 64, 7, 2, 3),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            nn.Conv3d(64, 192, 3, 1, 1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            nn.Conv3d(192, 480, 1),
            nn.MaxPool3d(3, 2, 1),
            nn.Conv3d(480, 832, 1),
            nn.MaxPool3d(2, 2),
            nn.Conv3d(832, 1024, 1),
        )
        self.avgpool = nn.AvgPool3d((2, 7, 7), 1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Conv3d(1024, num_classes, 1))
        has_more_parts(self)

    def forward(self, x):
        x = self.features(x)
        needed(x.shape[2] >= 2 and x.shape[3] >= 7 and x.shape[4] >= 7, "the clips are too short or too small to pool")
        return self.classifier(self.avgpool(x)).mean((2, 3, 4))


def s3d(*, weights=None, progress=True, num_classes=400, **options):
    return S3D(num_classes)


class VideoTransformer(nn.Module):
    """A transformer that pools its tokens: `head` is a linear layer."""

    def __init__(self, width, head):
        super().__init__()
        self.num_features = width
        self.patches = nn.Conv3d(3, width, 1, (2, 4, 4))
        self.avgpool = nn.AdaptiveAvgPool3d(1)
        self.head = head
        has_more_parts(self)

    def forward(self, x):
        return self.head(self.avgpool(self.patches(x)).flatten(1))


class MViT(VideoTransformer):
    def forward(self, x):
        fits = x.shape[2] == 16 and x.shape[3] == 224 and x.shape[4] == 224
        needed(fits, "the clips are not those of 16 images of 224 x 224 pixels that this network takes")
        return super().forward(x)


def mvit_v1_b(*, weights=None, progress=True, num_classes=400, **options):
    return MViT(768, nn.Sequential(nn.Dropout(0.5), nn.Linear(768, num_classes)))


mvit_v2_s = mvit_v1_b


def swin3d_t(*, weights=None, progress=True, num_classes=400, **options):
    return VideoTransformer(768, nn.Linear(768, num_classes))


swin3d_s = swin3d_t


def swin3d_b(*, weights=None, progress=True, num_classes=400, **options):
    return VideoTransformer(1024, nn.Linear(1024, num_classes))
