"""Stand-ins for networks of MONAI 1.6.1 in two and three dimensions, interpreted in its place.

https://docs.monai.io/en/stable/networks.html#nets
"""

from collections import OrderedDict

import torch
import torch.nn as nn
from shapelint.stand_ins import has_more_parts, needed, unseen

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
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


def rounded(width, factor):
    """Return the nearest multiple of eight to a width by a factor, which loses no more than a tenth of it."""
    multiple = max(8, int(width * factor + 4) // 8 * 8)
    return multiple + 8 if multiple < 0.9 * width * factor else multiple


class EfficientNetBNFeatures(nn.Module):
    def __init__(
        self, model_name, pretrained=True, progress=True, spatial_dims=2, in_channels=3, num_classes=1000, *args, **more
    ):
        super().__init__()
        factor = (1.0, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2)[int(model_name[-1:])]
        widths = [rounded(width, factor) for width in (16, 24, 40, 112, 320)]
        conv = CONVOLUTIONS[spatial_dims]
        self.layers = nn.ModuleList(
            [conv(in_channels, width, 1, 2 ** (index + 1)) for index, width in enumerate(widths)]
        )
        has_more_parts(self)

    def forward(self, inputs):
        return [layer(inputs) for layer in self.layers]


class SENet(nn.Module):
    def __init__(self, stem, spatial_dims, in_channels, num_classes=1000, **options):
        super().__init__()
        conv = CONVOLUTIONS[spatial_dims]
        pool = MAX_POOLS[spatial_dims](3, stride=2, ceil_mode=True)
        self.layer0 = nn.Sequential(conv(in_channels, stem, 7, 2, 3, bias=False), pool)
        self.layer1 = conv(stem, 256, 1)
        self.layer2 = conv(256, 512, 3, 2, 1)
        self.layer3 = conv(512, 1024, 3, 2, 1)
        self.layer4 = conv(1024, 2048, 3, 2, 1)
        self.adaptive_avg_pool = POOLS[spatial_dims](1)
        self.dropout = None
        self.last_linear = nn.Linear(2048, num_classes)
        has_more_parts(self)

    def features(self, x):
        return self.layer4(self.layer3(self.layer2(self.layer1(self.layer0(x)))))

    def logits(self, x):
        return self.last_linear(self.adaptive_avg_pool(x).flatten(1))

    def forward(self, x):
        return self.logits(self.features(x))


class SEResNet50(SENet):
    def __init__(self, layers=(), groups=1, reduction=16, dropout_prob=None, inplanes=64, **options):
        super().__init__(inplanes, **options)


SEResNet101 = SEResNet152 = SEResNext50 = SEResNext101 = SEResNet50
SEresnet50 = Seresnet50 = seresnet50 = SEResNet50
SEresnet101 = Seresnet101 = seresnet101 = SEResNet50
SEresnet152 = Seresnet152 = seresnet152 = SEResNet50
SEResNeXt50 = SEresnext50 = Seresnext50 = seresnext50 = SEResNet50
SEResNeXt101 = SEresnext101 = Seresnext101 = seresnext101 = SEResNet50


class SENet154(SENet):
    def __init__(self, layers=(), groups=64, reduction=16, **options):
        super().__init__(128, **options)


SEnet154 = Senet154 = senet154 = SENet154


def each(size, spatial_dims):
    """Return a number for every axis of an image."""
    return [size] * spatial_dims if isinstance(size, int) else list(size)


def whole(x, step):
    """Report images whose sides are no multiples of a step."""
    fits = [side % step == 0 for side in x.shape[2:]]
    needed(all(fits), f"the sides of the images are no multiples of {step}")


class ViT(nn.Module):
    def __init__(
        self,
        in_channels,
        img_size,
        patch_size,
        hidden_size=768,
        mlp_dim=3072,
        num_layers=12,
        num_heads=12,
        proj_type="conv",
        pos_embed_type="learnable",
        classification=False,
        num_classes=2,
        dropout_rate=0.0,
        spatial_dims=3,
        post_activation="Tanh",
        qkv_bias=False,
        save_attn=False,
    ):
        super().__init__()
        self.classification = classification
        sides = zip(each(img_size, spatial_dims), each(patch_size, spatial_dims))
        self.sides = [side // patch * patch for side, patch in sides]
        self.patch_embedding = CONVOLUTIONS[spatial_dims](in_channels, hidden_size, patch_size, patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, hidden_size))
        self.num_layers = num_layers
        self.is_known = hidden_size % num_heads == 0
        self.norm = nn.LayerNorm(hidden_size)
        if classification and post_activation == "Tanh":
            self.classification_head = nn.Sequential(nn.Linear(hidden_size, num_classes), nn.Tanh())
        elif classification:
            self.classification_head = nn.Linear(hidden_size, num_classes)
        has_more_parts(self)

    def forward(self, x):
        if not self.is_known:
            return unseen("ViT of monai cannot be built with a width that its heads do not divide")
        fits = [side == own for side, own in zip(x.shape[2:], self.sides)]
        needed(all(fits), "the images are not of the size that this transformer takes")
        x = self.patch_embedding(x).flatten(2).transpose(1, 2)
        if self.classification:
            x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1)
        inside = [x for _ in range(self.num_layers)]
        x = self.norm(x)
        return (self.classification_head(x[:, 0]) if self.classification else x), inside


class MapToMap(nn.Module):
    """A network that gives a map as large as the image, whose sides are multiples of a step."""

    def __init__(self, spatial_dims, in_channels, out_channels, step):
        super().__init__()
        self.step = step
        self.out = CONVOLUTIONS[spatial_dims](in_channels, out_channels, 1)
        has_more_parts(self)

    def forward(self, x):
        whole(x, self.step)
        return self.out(x)


class UNet(MapToMap):
    def __init__(self, spatial_dims, in_channels, out_channels, channels, strides, *args, **options):
        step = 1
        for stride in strides:
            step = step * stride
        super().__init__(spatial_dims, in_channels, out_channels, step)
        self.is_known = max(strides) <= 2

    def forward(self, x):
        if not self.is_known:
            return unseen("what UNet of monai gives with strides of more than 2 has no signature here")
        return super().forward(x)


Unet = UNet


class BasicUNet(MapToMap):
    def __init__(self, spatial_dims=3, in_channels=1, out_channels=2, *args, **options):
        super().__init__(spatial_dims, in_channels, out_channels, 1)


BasicUnet = Basicunet = basicunet = BasicUNet


NO_GROUPS = "SegResNet of monai cannot be built with filters that its groups of eight do not divide"


class SegResNet(MapToMap):
    def __init__(
        self, spatial_dims=3, init_filters=8, in_channels=1, out_channels=2, *args, blocks_down=(1, 2, 2, 4), **options
    ):
        super().__init__(spatial_dims, in_channels, out_channels, 2 ** (len(blocks_down) - 1))
        conv = CONVOLUTIONS[spatial_dims]
        layers = [conv(in_channels, init_filters, 3, 1, 1)]
        for index in range(1, len(blocks_down)):
            layers.append(conv(init_filters * 2 ** (index - 1), init_filters * 2**index, 3, 2, 1))
        self.levels = nn.ModuleList(layers)
        self.is_known = init_filters % 8 == 0

    def forward(self, x):
        return super().forward(x) if self.is_known else unseen(NO_GROUPS)

    def encode(self, x):
        if not self.is_known:
            return unseen(NO_GROUPS)
        found = []
        for layer in self.levels:
            x = layer(x)
            found.append(x)
        return x, found


class AutoEncoder(nn.Module):
    def __init__(self, spatial_dims, in_channels, out_channels, channels, strides, kernel_size=3, *args, **options):
        super().__init__()
        conv = CONVOLUTIONS[spatial_dims]
        layers = []
        for width, stride in zip(channels, strides):
            layers.append(conv(in_channels, width, kernel_size, stride, kernel_size // 2))
            in_channels = width
        self.encode = nn.Sequential(*layers)
        has_more_parts(self)

    def forward(self, x):
        return unseen("what AutoEncoder of monai gives has no signature here, only what its encode does")


class ViTAutoEnc(ViT):
    def __init__(
        self,
        in_channels,
        img_size,
        patch_size,
        out_channels=1,
        deconv_chns=16,
        hidden_size=768,
        mlp_dim=3072,
        num_layers=12,
        num_heads=12,
        proj_type="conv",
        dropout_rate=0.0,
        spatial_dims=3,
        *args,
        **options,
    ):
        super().__init__(
            in_channels,
            img_size,
            patch_size,
            hidden_size,
            mlp_dim,
            num_layers,
            num_heads,
            spatial_dims=spatial_dims,
        )
        self.whole_maps = CONVOLUTIONS[spatial_dims](in_channels, out_channels, 1)

    def forward(self, x):
        return self.whole_maps(x), super().forward(x)[1]


class SwinTransformer(nn.Module):
    def __init__(
        self, in_chans, embed_dim, window_size, patch_size, depths, num_heads, *args, spatial_dims=3, **options
    ):
        super().__init__()
        conv = CONVOLUTIONS[spatial_dims]
        patch = each(patch_size, spatial_dims)
        sizes = [[2 * side - 1 for side in patch], patch, [side - 1 for side in patch]]
        layers = [conv(in_chans, embed_dim, *sizes)]
        for index in range(len(depths)):
            layers.append(conv(embed_dim * 2**index, embed_dim * 2 ** (index + 1), 3, 2, 1))
        self.layers = nn.ModuleList(layers)
        self.has_four_stages = len(depths) == 4
        has_more_parts(self)

    def forward(self, x, normalize=True):
        if not self.has_four_stages:
            return unseen("SwinTransformer of monai runs with four stages only")
        found = []
        for layer in self.layers:
            x = layer(x)
            found.append(x)
        return found


class SwinUNETR(MapToMap):
    def __init__(
        self,
        in_channels,
        out_channels,
        patch_size=2,
        depths=(2, 2, 2, 2),
        *args,
        feature_size=24,
        spatial_dims=3,
        **options,
    ):
        super().__init__(spatial_dims, in_channels, out_channels, 32)
        self.is_known = patch_size == 2 and len(depths) == 4 and feature_size % 12 == 0
        self.swinViT = SwinTransformer(
            in_channels, feature_size, 7, patch_size, depths, None, spatial_dims=spatial_dims
        )

    def forward(self, x):
        if not self.is_known:
            return unseen("what SwinUNETR of monai gives with these arguments has no signature here")
        return super().forward(x)
