"""Stand-ins for the encoders of segmentation_models_pytorch 0.6.0, interpreted in its place.

The channels of their maps are in `smp.tsv`. https://smp.readthedocs.io/en/latest/encoders.html
"""

import torch.nn as nn
from shapelint.stand_ins import absent, has_more_parts, names, row, unseen


class Encoder(nn.Module):
    def __init__(self, maps, in_channels, depth):
        super().__init__()
        written = [one.split("/") for one in maps.split(" ")][: depth + 1]
        self.steps = [int(step) for _, step in written]
        self.out_channels = [in_channels] + [int(width) for width, _ in written[1:]]
        if self.steps[0] != 1 or written[0][0] != "3":
            self.out_channels[0] = int(written[0][0])
        self.output_stride = 32
        self.convolutions = nn.ModuleList(
            [nn.Conv2d(in_channels, width or 1, 1, step) for width, step in zip(self.out_channels, self.steps)]
        )
        self.keeps_image = written[0][0] == "3"
        has_more_parts(self)

    def forward(self, x):
        maps = [self.seen(layer, x, width) for layer, width in zip(self.convolutions, self.out_channels)]
        return [x, *maps[1:]] if self.keeps_image else maps

    def seen(self, layer, x, width):
        return layer(x) if width else unseen("this map of an encoder of segmentation_models_pytorch has no channels")


def get_encoder(name, in_channels=3, depth=5, weights=None, output_stride=32, **kwargs):
    if name.startswith("tu-") or output_stride != 32 or kwargs:
        return unseen(f"the encoder {name} of segmentation_models_pytorch with these arguments has no signature here")
    maps = row("smp.tsv", name)
    if maps is None:
        return absent("segmentation_models_pytorch", name, names("smp.tsv"))
    return Encoder(maps, in_channels, depth)


class SegmentationModel(nn.Module):
    def __init__(
        self, encoder_name="resnet34", encoder_depth=5, encoder_weights="imagenet", *args, in_channels=3, **kwargs
    ):
        super().__init__()
        self.encoder = get_encoder(encoder_name, in_channels, encoder_depth, encoder_weights)
        has_more_parts(self)

    def forward(self, x):
        return unseen("what a model of segmentation_models_pytorch gives has no signature here")


class Unet(SegmentationModel):
    pass


class UnetPlusPlus(SegmentationModel):
    pass


class MAnet(SegmentationModel):
    pass


class Linknet(SegmentationModel):
    pass


class FPN(SegmentationModel):
    pass


class PAN(SegmentationModel):
    pass
