"""Stand-ins for the networks of efficientnet_pytorch 0.7.1, interpreted in its place.

https://github.com/lukemelas/EfficientNet-PyTorch#about-efficientnet-pytorch
"""

import torch.nn as nn
from shapelint.stand_ins import absent, has_more_parts, unseen

FACTORS = {  # of the width, and the image size
    "efficientnet-b0": (1.0, 224),
    "efficientnet-b1": (1.0, 240),
    "efficientnet-b2": (1.1, 260),
    "efficientnet-b3": (1.2, 300),
    "efficientnet-b4": (1.4, 380),
    "efficientnet-b5": (1.6, 456),
    "efficientnet-b6": (1.8, 528),
    "efficientnet-b7": (2.0, 600),
    "efficientnet-b8": (2.2, 672),
    "efficientnet-l2": (4.3, 800),
}
CHANGING = ("width_coefficient", "depth_divisor", "min_depth")
STAGES = (16, 24, 40, 112)
"""The channels of the maps before the last two, at width 1."""


def rounded(width, factor):
    """Return the nearest multiple of eight to a width by a factor, which loses no more than a tenth of it."""
    wide = width * factor
    multiple = max(8, int(wide + 4) // 8 * 8)
    return multiple + 8 if multiple < 0.9 * wide else multiple


class EfficientNet(nn.Module):
    def __init__(self, factor, in_channels=3, num_classes=1000, include_top=True):
        super().__init__()
        self.include_top = include_top
        stem, before, width = rounded(32, factor), rounded(320, factor), rounded(1280, factor)
        self._conv_stem = nn.Conv2d(in_channels, stem, 3, 2, 1, bias=False)
        self._bn0 = nn.BatchNorm2d(stem)
        self._inside = nn.Conv2d(stem, before, 1, 16)
        self.stages = nn.ModuleList(
            [nn.Conv2d(stem, rounded(wide, factor), 1, 2**index) for index, wide in enumerate(STAGES)]
        )
        self._conv_head = nn.Conv2d(before, width, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(width)
        self._avg_pooling = nn.AdaptiveAvgPool2d(1)
        self._dropout = nn.Dropout(0.2)
        self._fc = nn.Linear(width, num_classes)
        has_more_parts(self)

    def extract_features(self, inputs):
        return self._bn1(self._conv_head(self._inside(self._bn0(self._conv_stem(inputs)))))

    def extract_endpoints(self, inputs):
        first = self._bn0(self._conv_stem(inputs))
        before = self._inside(first)
        maps = [*[stage(first) for stage in self.stages], before, self._bn1(self._conv_head(before))]
        return {f"reduction_{index + 1}": one for index, one in enumerate(maps)}

    def forward(self, inputs):
        pooled = self._avg_pooling(self.extract_features(inputs))
        return self._fc(self._dropout(pooled.flatten(1))) if self.include_top else pooled


def build(name, in_channels, options):
    if name not in FACTORS:
        return absent("efficientnet_pytorch", name, list(FACTORS))
    if [one for one in CHANGING if one in options]:
        return unseen(f"what {name} of efficientnet_pytorch is with these arguments has no signature here")
    top = options.get("include_top", True)
    return EfficientNet(FACTORS[name][0], in_channels, options.get("num_classes", 1000), top)


def from_name(model_name, in_channels=3, **override_params):
    return build(model_name, in_channels, override_params)


def from_pretrained(model_name, weights_path=None, advprop=False, in_channels=3, num_classes=1000, **override_params):
    return build(model_name, in_channels, dict(override_params, num_classes=num_classes))


def get_image_size(model_name):
    return FACTORS[model_name][1]
