"""Stand-ins for the encoders of segmentation_models_pytorch 0.6.0, interpreted in its place.

The channels of their maps are in `smp.tsv`. https://smp.readthedocs.io/en/latest/encoders.html
"""

import timm
import torch.nn as nn
import torch.nn.functional as F
from shapelint.stand_ins import absent, has_more_parts, names, needed, row, unseen

OF_TIMM = ("timm-regnet", "timm-res2", "timm-resnest", "timm-mobilenetv3", "timm-gernet")
"""Earlier names of encoders that are models of timm."""
UNDILATED = ("vgg", "densenet", "inception", "xception", "mit_")
"""Encoders whose last maps cannot be as large as earlier ones."""
DILATED = (
    "resnet",
    "resnext",
    "seresnet",
    "wide_resnet",
    "mobilenetv3",
    "tf_mobilenetv3",
    "efficientnet",
    "tf_efficientnet",
    "regnet",
    "convnext",
)
"""Models of timm whose last maps can."""


class Encoder(nn.Module):
    def __init__(self, maps, in_channels, depth, output_stride):
        super().__init__()
        written = [one.split("/") for one in maps.split(" ")][: depth + 1]
        steps = [int(step) for _, step in written]
        self.out_channels = [in_channels] + [int(width) for width, _ in written[1:]]
        if steps[0] != 1 or written[0][0] != "3":
            self.out_channels[0] = int(written[0][0])
        self.output_stride = min(output_stride, 2**depth)
        self.convolutions = nn.ModuleList(
            [
                nn.Conv2d(in_channels, width or 1, 1, min(step, output_stride))
                for width, step in zip(self.out_channels, steps)
            ]
        )
        self.keeps_image = written[0][0] == "3"
        has_more_parts(self)

    def forward(self, x):
        maps = [self.seen(layer, x, width) for layer, width in zip(self.convolutions, self.out_channels)]
        return [x, *maps[1:]] if self.keeps_image else maps

    def seen(self, layer, x, width):
        return layer(x) if width else unseen("this map of an encoder of segmentation_models_pytorch has no channels")


class TimmEncoder(nn.Module):
    """An encoder made of a model of timm: its maps are those of the model, and the image before them."""

    def __init__(self, name, in_channels, depth, steps, output_stride):
        super().__init__()
        self.starts_at = steps[0]
        places = range(depth + 1) if self.starts_at == 1 else range(depth if self.starts_at == 2 else depth - 1)
        self.model = timm.create_model(name, features_only=True, in_chans=in_channels, out_indices=tuple(places))
        before = {1: [], 2: [in_channels], 4: [in_channels, 0]}[self.starts_at]
        self.out_channels = before + self.model.feature_info.channels()
        self.is_dilated = output_stride != 32
        self.output_stride = min(output_stride, 2**depth)
        has_more_parts(self)

    def forward(self, x):
        maps = list(self.model(x))
        if self.is_dilated:
            maps = [F.interpolate(one, size=unseen("how large the maps of a dilated encoder are")) for one in maps]
        if self.starts_at == 1:
            return maps
        if self.starts_at == 2:
            return [x, *maps]
        return [x, unseen("this map of an encoder of segmentation_models_pytorch has no channels"), *maps]


def timm_encoder(name, in_channels, depth, output_stride):
    steps = timm.create_model(name, features_only=True).feature_info.reduction()
    doubled = [step == steps[0] * 2**index for index, step in enumerate(steps)]
    is_regular = steps[0] in (1, 2, 4) and all(doubled)
    is_known = output_stride == 32 or name.startswith(DILATED)
    if not is_known or "dla" in name or "tresnet" in name or not is_regular:
        return unseen(
            f"the encoder tu-{name} of segmentation_models_pytorch has no signature here with these arguments"
        )
    return TimmEncoder(name, in_channels, depth, steps, output_stride)


def get_encoder(name, in_channels=3, depth=5, weights=None, output_stride=32, **kwargs):
    if kwargs:
        return unseen(f"the encoder {name} of segmentation_models_pytorch has no signature here with these arguments")
    if name.startswith(OF_TIMM):
        name = name.replace("timm-mobilenetv3", "tu-tf_mobilenetv3").replace("timm-", "tu-")
    if name.startswith("tu-"):
        return timm_encoder(name[3:], in_channels, depth, output_stride)
    maps = row("smp.tsv", name)
    if maps is None:
        return absent("segmentation_models_pytorch", name, names("smp.tsv"))
    if output_stride != 32 and name.startswith(UNDILATED):
        return unseen(f"the encoder {name} of segmentation_models_pytorch cannot have an output stride of its own")
    return Encoder(maps, in_channels, depth, output_stride)


class SegmentationModel(nn.Module):
    """A model that gives a map as large as the image, of `classes` channels.

    Its decoder gives one that is so many times smaller as `enlarged` says.
    """

    needs_whole_steps = True
    enlarged = 4

    def build(self, name, depth, stride, in_channels, classes, options):
        self.encoder = get_encoder(name, in_channels, depth, None, stride)
        factor = options.get("upsampling")
        self.maps = nn.Conv2d(in_channels, classes, 1)
        if factor is not None:
            self.maps = nn.Sequential(
                nn.Conv2d(in_channels, classes, 1, self.enlarged), nn.Upsample(scale_factor=factor)
            )
        self.label_layers = None
        labels = options.get("aux_params")
        if labels is not None:
            width = self.encoder.out_channels[-1]
            self.label_layers = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Identity(), nn.Linear(width, labels["classes"])
            )
        has_more_parts(self)

    def forward(self, x):
        if self.needs_whole_steps:
            stride = self.encoder.output_stride
            fits = x.shape[2] % stride == 0 and x.shape[3] % stride == 0
            needed(fits, f"the sides of the images are no multiples of {stride}")
        features = self.encoder(x)
        maps = self.maps(x)
        return maps if self.label_layers is None else (maps, self.label_layers(features[-1]))


class Unet(SegmentationModel):
    needs_whole_steps = False

    def __init__(
        self, encoder_name="resnet34", encoder_depth=5, encoder_weights=None, *, in_channels=3, classes=1, **options
    ):
        super().__init__()
        self.build(encoder_name, encoder_depth, 32, in_channels, classes, options)


class Pyramid(Unet):
    needs_whole_steps = True


FPN = Linknet = MAnet = Segformer = UPerNet = UnetPlusPlus = Pyramid


class PSPNet(SegmentationModel):
    def __init__(
        self, encoder_name="resnet34", encoder_weights=None, encoder_depth=3, *, in_channels=3, classes=1, **options
    ):
        super().__init__()
        self.enlarged = 2**encoder_depth
        options = dict({"upsampling": 8}, **options)
        self.build(encoder_name, encoder_depth, 32, in_channels, classes, options)


class DeepLabV3Plus(SegmentationModel):
    def __init__(
        self,
        encoder_name="resnet34",
        encoder_depth=5,
        encoder_weights=None,
        encoder_output_stride=16,
        *,
        in_channels=3,
        classes=1,
        **options,
    ):
        super().__init__()
        self.build(encoder_name, encoder_depth, encoder_output_stride, in_channels, classes, options)


class PAN(DeepLabV3Plus):
    def forward(self, x):
        least = 8 * self.encoder.output_stride  # its attention halves the last map three times
        needed(x.shape[2] >= least and x.shape[3] >= least, f"the sides of the images are less than {least}")
        return super().forward(x)


class DeepLabV3(SegmentationModel):
    def __init__(
        self,
        encoder_name="resnet34",
        encoder_depth=5,
        encoder_weights=None,
        encoder_output_stride=8,
        *,
        in_channels=3,
        classes=1,
        **options,
    ):
        super().__init__()
        self.enlarged = encoder_output_stride
        self.build(encoder_name, encoder_depth, encoder_output_stride, in_channels, classes, options)


ARCHITECTURES = {
    "deeplabv3": DeepLabV3, "deeplabv3plus": DeepLabV3Plus, "fpn": FPN, "linknet": Linknet, "manet": MAnet, "pan": PAN,
    "pspnet": PSPNet, "segformer": Segformer, "unet": Unet, "unetplusplus": UnetPlusPlus, "upernet": UPerNet,
}  # fmt: skip


def create_model(arch, encoder_name="resnet34", encoder_weights="imagenet", in_channels=3, classes=1, **options):
    if arch.lower() not in ARCHITECTURES:
        return unseen(f"the model {arch} of segmentation_models_pytorch has no signature here")
    model = ARCHITECTURES[arch.lower()]
    return model(encoder_name=encoder_name, encoder_weights=None, in_channels=in_channels, classes=classes, **options)
