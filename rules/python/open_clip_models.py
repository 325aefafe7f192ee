"""Stand-ins for the models of open_clip 3.3.0, interpreted in its place: their widths are in `open_clip.tsv`.

https://github.com/mlfoundations/open_clip
"""

import torch
import torch.nn as nn
from shapelint.stand_ins import absent, has_more_parts, names, needed, row, unseen

CAPTION_TOKENS = 255


class Pooled(nn.Module):
    def __init__(self, width, embed_dim):
        super().__init__()
        self.last = nn.Linear(width, embed_dim)
        has_more_parts(self)

    def forward(self, x):
        return self.last(x.mean((2, 3)))


class Tower(nn.Module):
    def __init__(self, embed_dim, size):
        super().__init__()
        self.output_dim = embed_dim
        self.image_size = (size, size)
        self.size = size

    def check(self, x):
        fits = x.shape[2] == self.size and x.shape[3] == self.size
        needed(fits, f"the images are not those of {self.size} x {self.size} pixels that this tower takes")


class VisionTransformer(Tower):
    def __init__(self, embed_dim, size, width, patch_size):
        super().__init__(embed_dim, size)
        self.conv1 = nn.Conv2d(3, width, patch_size, patch_size, bias=False)
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.zeros(width, embed_dim))
        has_more_parts(self)

    def forward(self, x):
        self.check(x)
        pooled = self.ln_post(self.conv1(x).mean((2, 3)))
        return pooled if self.proj is None else pooled @ self.proj


class CaptionedTransformer(Tower):
    """The tower of a CoCa: it gives the features of an image, and those for its caption."""

    def __init__(self, embed_dim, size, patch_size):
        super().__init__(embed_dim, size)
        self.output_tokens = True
        self.patches = nn.Conv2d(3, embed_dim, patch_size, patch_size)
        has_more_parts(self)

    def forward(self, x):
        self.check(x)
        pooled = self.patches(x).mean((2, 3))
        return pooled, pooled.unsqueeze(1).expand(-1, CAPTION_TOKENS, -1)


class ModifiedResNet(Tower):
    def __init__(self, embed_dim, size, width):
        super().__init__(embed_dim, size)
        self.maps = nn.Conv2d(3, 32 * width, 32, 32)
        self.attnpool = Pooled(32 * width, embed_dim)
        has_more_parts(self)

    def forward(self, x):
        self.check(x)
        return self.attnpool(self.maps(x))


class TimmModel(Tower):
    def __init__(self, embed_dim, size):
        super().__init__(embed_dim, size)
        self.head = Pooled(embed_dim, embed_dim)
        self.patches = nn.Conv2d(3, embed_dim, 16, 16)
        has_more_parts(self)

    def forward(self, x):
        if not isinstance(self.head, Pooled):
            return unseen("what the trunk of a model of open_clip gives has no signature here")
        return self.head(self.patches(x))


class CLIP(nn.Module):
    def __init__(self, visual, embed_dim):
        super().__init__()
        self.visual = visual
        self.embed_dim = embed_dim
        has_more_parts(self)

    def encode_image(self, image, normalize=False):
        features = self.visual(image)
        return features[0] if isinstance(self.visual, CaptionedTransformer) else features

    def encode_text(self, text, normalize=False):
        return torch.zeros(text.shape[0], self.embed_dim)

    def forward(self, image=None, text=None):
        return unseen("what a model of open_clip gives when it is called has no signature here")


def tower(name, kind, embed_dim, size, width, patch_size):
    if name.startswith("coca"):
        return CaptionedTransformer(embed_dim, size, patch_size)
    if kind == "resnet":
        return ModifiedResNet(embed_dim, size, width)
    if kind == "vit":
        return VisionTransformer(embed_dim, size, width, patch_size)
    return TimmModel(embed_dim, size)


def create_model(model_name, pretrained=None, *args, force_image_size=None, **kwargs):
    name = model_name.replace("/", "-")
    if model_name.startswith("hf-hub:"):
        name = row("open_clip_hub.tsv", model_name.split(":")[1])
        if name is None:
            return unseen(f"{model_name} of open_clip is on the hub, and has no signature here")
    elif ":" in name:
        return unseen(f"{model_name} of open_clip is no name of a model, and has no signature here")
    found = row("open_clip.tsv", name)
    if found is None:
        return absent("open_clip", name, names("open_clip.tsv"), grows=True)
    embed_dim, size, kind, width, patch_size = found.split(" ")
    visual = tower(name, kind, int(embed_dim), force_image_size or int(size), int(width), int(patch_size))
    return CLIP(visual, int(embed_dim))


def create_model_and_transforms(model_name, pretrained=None, *args, **kwargs):
    transform = unseen("the transform of a model of open_clip has no signature here")
    return create_model(model_name, pretrained, *args, **kwargs), transform, transform


def create_model_from_pretrained(model_name, pretrained=None, *args, **kwargs):
    transform = unseen("the transform of a model of open_clip has no signature here")
    return create_model(model_name, pretrained, *args, **kwargs), transform
