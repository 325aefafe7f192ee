"""Stand-ins for what `torch.hub.load` builds from the repositories of self-supervised models, interpreted in its place.

Names, widths and outputs are those of each repository's hubconf.py and of the modules that it imports, on 2026-11-29:
https://github.com/facebookresearch/dinov2, /dinov3, /dino, /xcit, /swav, /vicreg and /barlowtwins.
"""

import timm
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from shapelint.stand_ins import absent, has_more_parts, needed, unseen
from torchvision.models.resnet import Bottleneck


class PatchEmbed(nn.Module):
    def __init__(self, img_size, patch_size, in_chans, embed_dim):
        super().__init__()
        self.img_size = (img_size, img_size)
        self.patch_size = (patch_size, patch_size)
        self.patches_resolution = (img_size // patch_size, img_size // patch_size)
        self.num_patches = (img_size // patch_size) ** 2
        self.in_chans = in_chans
        self.embed_dim = embed_dim
        self.proj = nn.Conv2d(in_chans, embed_dim, patch_size, patch_size)
        has_more_parts(self)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(dim)
        has_more_parts(self)

    def forward(self, x):
        return self.norm1(x)


class DinoTransformer(nn.Module):
    """The vision transformer of all generations: `extra` tokens stand between the class token and the patches."""

    def __init__(self, embed_dim, depth, patch_size, extra, img_size, in_chans):
        super().__init__()
        self.embed_dim = self.num_features = embed_dim
        self.n_blocks = depth
        self.patch_size = patch_size
        self.extra = extra
        self.needs_whole_patches = False
        self.patch_embed = PatchEmbed(img_size, patch_size, in_chans, embed_dim)
        self.blocks = nn.ModuleList([Block(embed_dim) for _ in range(depth)])
        self.norm = nn.LayerNorm(embed_dim)
        self.head = nn.Identity()
        has_more_parts(self)

    def encode(self, x):
        if self.needs_whole_patches:
            fits = x.shape[2] % self.patch_size == 0 and x.shape[3] % self.patch_size == 0
            needed(fits, f"the sides of the images are no multiples of {self.patch_size}")
        x = F.pad(self.patch_embed(x), (0, 0, 1 + self.extra, 0))
        for block in self.blocks:
            x = block(x)
        return x

    def last_layers(self, x, n, normed):
        count = n if isinstance(n, int) else len(n)
        tokens = self.encode(x)
        return [self.norm(tokens) if normed else tokens for _ in range(count)]


class Dino(DinoTransformer):
    def prepare_tokens(self, x):
        return F.pad(self.patch_embed(x), (0, 0, 1, 0))

    def forward(self, x):
        return self.norm(self.encode(x))[:, 0]

    def get_intermediate_layers(self, x, n=1):
        return self.last_layers(x, n, True)


class DinoV2(DinoTransformer):
    def __init__(self, embed_dim, depth, patch_size, extra, img_size, in_chans):
        super().__init__(embed_dim, depth, patch_size, extra, img_size, in_chans)
        self.num_register_tokens = extra
        self.num_tokens = 1
        self.needs_whole_patches = True
        self.extra_name = "x_norm_regtokens"

    def forward_features(self, x, masks=None):
        if isinstance(x, list):
            return [self.forward_features(one) for one in x]
        tokens = self.encode(x)
        normed = self.norm(tokens)
        return {
            "x_norm_clstoken": normed[:, 0],
            self.extra_name: normed[:, 1 : 1 + self.extra],
            "x_norm_patchtokens": normed[:, 1 + self.extra :],
            "x_prenorm": tokens,
            "masks": masks,
        }

    def get_intermediate_layers(self, x, n=1, reshape=False, return_class_token=False, norm=True):
        layers = self.last_layers(x, n, norm)
        patches = [one[:, 1 + self.extra :] for one in layers]
        if reshape:
            patches = [self.as_map(x) for _ in layers]
        if return_class_token:
            return tuple(zip(patches, [one[:, 0] for one in layers]))
        return tuple(patches)

    def as_map(self, x):
        return self.patch_embed.proj(x)

    def forward(self, x, masks=None, is_training=False):
        features = self.forward_features(x, masks)
        return features if is_training else self.head(features["x_norm_clstoken"])


class DinoV3(DinoV2):
    def __init__(self, embed_dim, depth, patch_size, extra, img_size, in_chans):
        super().__init__(embed_dim, depth, patch_size, extra, img_size, in_chans)
        self.n_storage_tokens = extra
        self.needs_whole_patches = False
        self.extra_name = "x_storage_tokens"

    def get_intermediate_layers(
        self, x, *, n=1, reshape=False, return_class_token=False, return_extra_tokens=False, norm=True
    ):
        if not return_extra_tokens:
            return super().get_intermediate_layers(x, n, reshape, return_class_token, norm)
        layers = self.last_layers(x, n, norm)
        patches = [self.as_map(x) if reshape else one[:, 1 + self.extra :] for one in layers]
        more = [one[:, 1 : 1 + self.extra] for one in layers]
        if return_class_token:
            return tuple(zip(patches, [one[:, 0] for one in layers], more))
        return tuple(zip(patches, more))


class DinoConvNext(nn.Module):
    def __init__(self, widths, in_chans=3):
        super().__init__()
        self.embed_dim = widths[-1]
        self.embed_dims = list(widths)
        self.n_blocks = 4
        self.n_storage_tokens = 0
        self.downsample_layers = nn.ModuleList([nn.Conv2d(in_chans, widths[0], 4, 4)])
        for index in range(3):
            self.downsample_layers.append(nn.Conv2d(widths[index], widths[index + 1], 2, 2))
        self.norm = nn.LayerNorm(widths[-1])
        self.head = nn.Identity()
        has_more_parts(self)

    def maps(self, x):
        found = []
        for layer in self.downsample_layers:
            x = layer(x)
            found.append(x)
        return found

    def forward_features(self, x, masks=None):
        if isinstance(x, list):
            return [self.forward_features(one) for one in x]
        last = self.maps(x)[-1]
        patches = last.flatten(2).transpose(1, 2)
        return {
            "x_norm_clstoken": self.norm(last.mean((-2, -1))),
            "x_storage_tokens": unseen("a ConvNeXt of DINOv3 has no storage tokens"),
            "x_norm_patchtokens": self.norm(patches),
            "x_prenorm": patches,
            "masks": masks,
        }

    def forward(self, x, masks=None, is_training=False):
        features = self.forward_features(x, masks)
        return features if is_training else self.head(features["x_norm_clstoken"])

    def get_intermediate_layers(self, x, n=1, reshape=False, return_class_token=False, norm=True):
        maps = self.maps(x)
        taken = maps[-n:] if isinstance(n, int) else [maps[i] for i in n]
        patches = taken if reshape else [one.flatten(2).transpose(1, 2) for one in taken]
        if return_class_token:
            return tuple(zip(patches, [one.mean((-2, -1)) for one in taken]))
        return tuple(patches)


class LinearClassifier(nn.Module):
    def __init__(self, inner, layers):
        super().__init__()
        self.inner = inner
        self.more = layers * inner.embed_dim
        self.last = nn.Linear(inner.embed_dim + self.more, 1000)
        has_more_parts(self)

    @property
    def backbone(self):
        return self.inner

    @property
    def linear_head(self):
        return self.last

    def forward(self, x):
        return self.last(F.pad(self.inner(x), (0, self.more)))


class Xcit(nn.Module):
    def __init__(self, embed_dim, patch_size, num_classes):
        super().__init__()
        self.embed_dim = self.num_features = embed_dim
        self.num_classes = num_classes
        self.patches = nn.Conv2d(3, embed_dim, patch_size, patch_size)
        self.norm = nn.LayerNorm(embed_dim)
        self.head = nn.Linear(embed_dim, num_classes) if num_classes > 0 else nn.Identity()
        has_more_parts(self)

    def forward_features(self, x):
        return self.norm(self.patches(x).mean((-2, -1)))

    def forward(self, x):
        return unseen("XCiT gives its output twice in training, and once in evaluation")


class WideResNet(nn.Module):
    """A ResNet of SwAV or VICReg, of bottlenecks, without a classifier."""

    def __init__(self, depths, widen, in_chans=3):
        super().__init__()
        self.inplanes = 64 * widen
        self.padding = nn.ConstantPad2d(1, 0.0)
        self.conv1 = nn.Conv2d(in_chans, 64 * widen, 7, 2, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(64 * widen)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self.stage(64 * widen, depths[0], 1)
        self.layer2 = self.stage(128 * widen, depths[1], 2)
        self.layer3 = self.stage(256 * widen, depths[2], 2)
        self.layer4 = self.stage(512 * widen, depths[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))

    def stage(self, planes, depth, stride):
        shortcut = nn.Sequential(
            nn.Conv2d(self.inplanes, planes * 4, 1, stride, bias=False), nn.BatchNorm2d(planes * 4)
        )
        blocks = [Bottleneck(self.inplanes, planes, stride, shortcut)]
        self.inplanes = planes * 4
        # Of more than six blocks, the others change nothing.
        blocks += [Bottleneck(planes * 4, planes) for _ in range(min(depth, 6) - 1)]
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(self.padding(x)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.avgpool(x).flatten(1)


TRANSFORMERS = {  # width, depth, patch size, extra tokens
    "dino_vits16": (384, 12, 16, 0),
    "dino_vits8": (384, 12, 8, 0),
    "dino_vitb16": (768, 12, 16, 0),
    "dino_vitb8": (768, 12, 8, 0),
    "dinov2_vits14": (384, 12, 14, 0),
    "dinov2_vitb14": (768, 12, 14, 0),
    "dinov2_vitl14": (1024, 24, 14, 0),
    "dinov2_vitg14": (1536, 40, 14, 0),
    "dinov2_vits14_reg": (384, 12, 14, 4),
    "dinov2_vitb14_reg": (768, 12, 14, 4),
    "dinov2_vitl14_reg": (1024, 24, 14, 4),
    "dinov2_vitg14_reg": (1536, 40, 14, 4),
    "dinov3_vits16": (384, 12, 16, 4),
    "dinov3_vits16plus": (384, 12, 16, 4),
    "dinov3_vitb16": (768, 12, 16, 4),
    "dinov3_vitl16": (1024, 24, 16, 4),
    "dinov3_vitl16plus": (1024, 24, 16, 4),
    "dinov3_vith16plus": (1280, 32, 16, 4),
    "dinov3_vit7b16": (4096, 40, 16, 4),
}
CONVOLUTIONAL = {
    "dinov3_convnext_tiny": (96, 192, 384, 768),
    "dinov3_convnext_small": (96, 192, 384, 768),
    "dinov3_convnext_base": (128, 256, 512, 1024),
    "dinov3_convnext_large": (192, 384, 768, 1536),
}
XCIT_WIDTHS = {"nano": 128, "tiny": 192, "small": 384, "medium": 512, "large": 768}
XCIT = [
    "xcit_nano_12_p16",
    "xcit_nano_12_p8",
    "xcit_tiny_12_p16",
    "xcit_tiny_12_p8",
    "xcit_tiny_24_p16",
    "xcit_tiny_24_p8",
    "xcit_small_12_p16",
    "xcit_small_12_p8",
    "xcit_small_24_p16",
    "xcit_small_24_p8",
    "xcit_medium_24_p16",
    "xcit_medium_24_p8",
    "xcit_large_24_p16",
    "xcit_large_24_p8",
]
DINO = [name for name in TRANSFORMERS if name.startswith("dino_")] + [
    "dino_resnet50",
    "dino_xcit_small_12_p16",
    "dino_xcit_small_12_p8",
    "dino_xcit_medium_24_p16",
    "dino_xcit_medium_24_p8",
]
DINOV2 = [name for name in TRANSFORMERS if name.startswith("dinov2_")]
DINOV2_LINEAR = [name + "_lc" for name in DINOV2]
DINOV2_OTHERS = [
    "dinov2_vits14_ld",
    "dinov2_vitb14_ld",
    "dinov2_vitl14_ld",
    "dinov2_vitg14_ld",
    "dinov2_vits14_dd",
    "dinov2_vitb14_dd",
    "dinov2_vitl14_dd",
    "dinov2_vitg14_dd",
    "dinov2_vitl14_reg4_dinotxt_tet1280d20h24l",
]
DINOV3 = [name for name in TRANSFORMERS if name.startswith("dinov3_")] + list(CONVOLUTIONAL)
DINOV3_OTHERS = [
    "dinov3_vit7b16_lc",
    "dinov3_vit7b16_dd",
    "dinov3_vit7b16_de",
    "dinov3_vit7b16_ms",
    "dinov3_vitl16_chmv2",
    "dinov3_vitl16_dinotxt_tet1280d20h24l",
]
SWAV_WIDTHS = {"resnet50w2": 2, "resnet50w4": 4, "resnet50w5": 5}
VICREG = {"resnet50": ((3, 4, 6, 3), 1), "resnet50x2": ((3, 4, 6, 3), 2), "resnet200x2": ((3, 24, 36, 3), 2)}


def transformer(cls, name, img_size, options):
    width, depth, patch_size, extra = TRANSFORMERS[name]
    if options.get("block_chunks", 0) or options.get("num_classes", 0):
        return unseen(f"what {name} is with these arguments is not known here")
    return cls(
        width,
        depth,
        options.get("patch_size", patch_size),
        options.get("num_register_tokens", extra),
        options.get("img_size", img_size),
        options.get("in_chans", 3),
    )


def dino(model, **options):
    if model in TRANSFORMERS:
        options.pop("img_size", 224)  # a list there; images of any size are taken
        return transformer(Dino, model, 224, options)
    if model == "dino_resnet50":
        net = torchvision.models.resnet50(**options)
        net.fc = nn.Identity()
        return net
    if model in DINO:
        return xcit(model.removeprefix("dino_"), num_classes=0, **options)
    return absent("facebookresearch/dino", model, DINO)


def dinov2(model, **options):
    if model in DINOV2:
        return transformer(DinoV2, model, 518, options)
    if model in DINOV2_LINEAR:
        layers = options.pop("layers", 4)
        return LinearClassifier(transformer(DinoV2, model.removesuffix("_lc"), 518, options), layers)
    return absent("facebookresearch/dinov2", model, DINOV2 + DINOV2_LINEAR + DINOV2_OTHERS)


def dinov3(model, **options):
    if model in CONVOLUTIONAL:
        return DinoConvNext(CONVOLUTIONAL[model], options.get("in_chans", 3))
    if model in TRANSFORMERS:
        return transformer(DinoV3, model, 224, options)
    if model == "dinov3_vit7b16_lc":
        return LinearClassifier(transformer(DinoV3, "dinov3_vit7b16", 224, {}), 1)
    return absent("facebookresearch/dinov3", model, DINOV3 + DINOV3_OTHERS, grows=True)


def xcit(model, pretrained=False, num_classes=1000, **options):
    if model not in XCIT:
        return absent("facebookresearch/xcit", model, XCIT)
    _, size, _, patch = model.split("_")
    return Xcit(XCIT_WIDTHS[size], int(patch[1:]), num_classes)


def swav(model, pretrained=True, **options):
    if model == "resnet50":
        return torchvision.models.resnet50(**options)
    if model not in SWAV_WIDTHS:
        return absent("facebookresearch/swav", model, ["resnet50", *SWAV_WIDTHS])
    if options:
        return unseen(f"what {model} of SwAV is with these arguments is not known here")
    return WideResNet((3, 4, 6, 3), SWAV_WIDTHS[model])


def vicreg(model, pretrained=True, num_channels=3, **options):
    if model not in VICREG:
        return absent("facebookresearch/vicreg", model, list(VICREG))
    return WideResNet(*VICREG[model], num_channels)


def barlowtwins(model, pretrained=True, **options):
    if model != "resnet50":
        return absent("facebookresearch/barlowtwins", model, ["resnet50"])
    return torchvision.models.resnet50(**options)


def vision(model, pretrained=False, **options):
    if model.startswith(("deeplabv3", "fcn_", "lraspp")):
        return getattr(torchvision.models.segmentation, model)(**options)
    return getattr(torchvision.models, model)(**options)


def weakly_supervised(model, **options):
    names = ["resnext101_32x8d_wsl", "resnext101_32x16d_wsl", "resnext101_32x32d_wsl", "resnext101_32x48d_wsl"]
    if model not in names:
        return absent("facebookresearch/WSL-Images", model, names)
    return torchvision.models.resnext101_32x8d(**options)


def semi_supervised(model, **options):
    name = model.removesuffix("_swsl").removesuffix("_ssl")
    names = ["resnet18", "resnet50", "resnext50_32x4d", "resnext101_32x4d", "resnext101_32x8d", "resnext101_32x16d"]
    if name not in names:
        every = [one + end for one in names for end in ("_ssl", "_swsl")]
        return absent("facebookresearch/semi-supervised-ImageNet1K-models", model, every)
    if name == "resnext101_32x4d" or name == "resnext101_32x16d":
        name = "resnext101_32x8d"
    return getattr(torchvision.models, name)(**options)


REPOSITORIES = {
    "facebookresearch/dino": dino,
    "facebookresearch/dinov2": dinov2,
    "facebookresearch/dinov3": dinov3,
    "facebookresearch/xcit": xcit,
    "facebookresearch/swav": swav,
    "facebookresearch/vicreg": vicreg,
    "facebookresearch/barlowtwins": barlowtwins,
    "facebookresearch/WSL-Images": weakly_supervised,
    "facebookresearch/semi-supervised-ImageNet1K-models": semi_supervised,
    "pytorch/vision": vision,
    "huggingface/pytorch-image-models": timm.create_model,
    "rwightman/pytorch-image-models": timm.create_model,
}
FAMILIES = {"dino": dino, "dinov2": dinov2, "dinov3": dinov3}


def load(
    repo_or_dir,
    model,
    *args,
    source="github",
    trust_repo=None,
    force_reload=False,
    verbose=True,
    skip_validation=False,
    **kwargs,
):
    if source == "local":
        family = model.split("_")[0]
        if family in FAMILIES:
            return FAMILIES[family](model, *args, **kwargs)
        return unseen(f'torch.hub.load(..., "{model}") from a local folder has no signature here')
    name = repo_or_dir.split(":")[0]
    if name in REPOSITORIES:
        return REPOSITORIES[name](model, *args, **kwargs)
    return unseen(f'torch.hub.load("{name}", "{model}") has no signature here')
