"""Stand-ins for the classification networks of MONAI 1.6.1 in two and three dimensions, interpreted in its place.

https://docs.monai.io/en/stable/networks.html#nets
"""

from collections import OrderedDict

import torch.nn as nn
from shapelint.stand_ins import has_more_parts, unseen

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
POOLS = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}


class ResNet(nn.Module):
    def __init__(self, expansion, spatial_dims=3, n_input_channels=3, num_classes=400, feed_forward=True, **options):
        super().__init__()
        self.in_planes = 512 * expansion
        conv = CONVOLUTIONS[spatial_dims]
        self.conv1 = conv(n_input_channels, 64, 7, 1, 3, bias=False)
        self.layer1 = conv(64, 64 * expansion, 3, 2, 1)
        self.layer2 = conv(64 * expansion, 128 * expansion, 3, 2, 1)
        self.layer3 = conv(128 * expansion, 256 * expansion, 3, 2, 1)
        self.layer4 = conv(256 * expansion, 512 * expansion, 3, 2, 1)
        self.avgpool = POOLS[spatial_dims](1)
        self.fc = nn.Linear(512 * expansion, num_classes) if feed_forward else None
        has_more_parts(self)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        x = self.avgpool(x).flatten(1)
        return x if self.fc is None else self.fc(x)


def built(expansion, options):
    if "widen_factor" in options:
        return unseen("what a ResNet of monai is with widen_factor has no signature here")
    return ResNet(expansion, **options)


def resnet10(pretrained=False, progress=True, **options):
    return built(1, options)


def resnet18(pretrained=False, progress=True, **options):
    return built(1, options)


def resnet34(pretrained=False, progress=True, **options):
    return built(1, options)


def resnet50(pretrained=False, progress=True, **options):
    return built(4, options)


def resnet101(pretrained=False, progress=True, **options):
    return built(4, options)


def resnet152(pretrained=False, progress=True, **options):
    return built(4, options)


def resnet200(pretrained=False, progress=True, **options):
    return built(4, options)


class DenseNet(nn.Module):
    def __init__(
        self,
        spatial_dims,
        in_channels,
        out_channels,
        init_features=64,
        growth_rate=32,
        block_config=(6, 12, 24, 16),
        bn_size=4,
        act=("relu", {"inplace": True}),
        norm="batch",
        dropout_prob=0.0,
    ):
        super().__init__()
        conv, width = CONVOLUTIONS[spatial_dims], init_features
        normed = NORMS[spatial_dims]
        layers = [
            ("conv0", conv(in_channels, width, 7, 2, 3, bias=False)),
            ("norm0", normed(width)),
            ("relu0", nn.ReLU(inplace=True)),
            ("pool0", conv(width, width, 3, 2, 1)),
        ]
        for index, depth in enumerate(block_config):
            wide = width + depth * growth_rate
            layers.append((f"denseblock{index + 1}", conv(width, wide, 1)))
            width = wide
            if index < len(block_config) - 1:
                layers.append((f"transition{index + 1}", conv(width, width // 2, 2, 2)))
                width = width // 2
        layers.append(("norm5", normed(width)))
        self.features = nn.Sequential(OrderedDict(layers))
        self.class_layers = nn.Sequential(
            OrderedDict(
                [
                    ("relu", nn.ReLU(inplace=True)),
                    ("pool", POOLS[spatial_dims](1)),
                    ("flatten", nn.Flatten(1)),
                    ("out", nn.Linear(width, out_channels)),
                ]
            )
        )

    def forward(self, x):
        return self.class_layers(self.features(x))


class NamedDenseNet(DenseNet):
    def __init__(
        self,
        spatial_dims,
        in_channels,
        out_channels,
        init_features=64,
        growth_rate=32,
        block_config=None,
        pretrained=False,
        progress=True,
        **options,
    ):
        blocks = self.blocks() if block_config is None else block_config
        super().__init__(spatial_dims, in_channels, out_channels, init_features, growth_rate, blocks, **options)


class DenseNet121(NamedDenseNet):
    def blocks(self):
        return (6, 12, 24, 16)


class DenseNet169(NamedDenseNet):
    def blocks(self):
        return (6, 12, 32, 32)


class DenseNet201(NamedDenseNet):
    def blocks(self):
        return (6, 12, 48, 32)


class DenseNet264(NamedDenseNet):
    def blocks(self):
        return (6, 12, 64, 48)


Densenet121 = densenet121 = DenseNet121
Densenet169 = densenet169 = DenseNet169
Densenet201 = densenet201 = DenseNet201
Densenet264 = densenet264 = DenseNet264


class EfficientNetBN(nn.Module):
    def __init__(
        self,
        model_name,
        pretrained=True,
        progress=True,
        spatial_dims=2,
        in_channels=3,
        num_classes=1000,
        norm=("batch", {}),
        adv_prop=False,
    ):
        super().__init__()
        factors = (1.0, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2)
        wide = 1280 * factors[int(model_name[-1:])]
        width = int(wide + 4) // 8 * 8
        self.maps = CONVOLUTIONS[spatial_dims](in_channels, width, 1, 32)
        self._avg_pooling = POOLS[spatial_dims](1)
        self._fc = nn.Linear(width, num_classes)
        has_more_parts(self)

    def forward(self, inputs):
        return self._fc(self._avg_pooling(self.maps(inputs)).flatten(1))
