"""Stand-ins for the backbones of torchgeo 0.8.1, interpreted in its place.

They are models of timm and torchvision that take images of as many channels as their weights were trained with
(`torchgeo.tsv`).
https://torchgeo.readthedocs.io/en/stable/api/models.html
"""

import timm
import torch.nn as nn
import torchvision
from shapelint.stand_ins import library_name, row, unseen


def build(name, weights, args, options):
    if weights is None:
        return timm.create_model(name, *args, **options)
    channels = row("torchgeo.tsv", library_name(weights))
    if channels is None:
        return unseen(f"the channels that {name} of torchgeo takes with these weights are not known")
    return timm.create_model(name, *args, in_chans=int(channels), **options)


def build_small(name, weights, args, options):
    """Build a model whose weights all take images of 224 x 224, other than those that it takes without weights."""
    return build(name, weights, args, options if weights is None else {**options, "img_size": 224})


def build_swin(name, weights, options):
    model = torchvision.models.get_model(name, weights=None, **options)
    if weights is None:
        return model
    channels = row("torchgeo.tsv", library_name(weights))
    if channels is None:
        return unseen(f"the channels that {name} of torchgeo takes with these weights are not known")
    width = model.features[0][0].out_channels
    model.features[0][0] = nn.Conv2d(int(channels), width, kernel_size=(4, 4), stride=(4, 4))
    return model


def resnet18(weights=None, *args, **options):
    return build("resnet18", weights, args, options)


def resnet50(weights=None, *args, **options):
    return build("resnet50", weights, args, options)


def resnet152(weights=None, *args, **options):
    return build("resnet152", weights, args, options)


def vit_small_patch16_224(weights=None, *args, **options):
    return build("vit_small_patch16_224", weights, args, options)


def vit_base_patch16_224(weights=None, *args, **options):
    return build("vit_base_patch16_224", weights, args, options)


def vit_large_patch16_224(weights=None, *args, **options):
    return build("vit_large_patch16_224", weights, args, options)


def vit_huge_patch14_224(weights=None, *args, **options):
    return build("vit_huge_patch14_224", weights, args, options)


def vit_small_patch14_dinov2(weights=None, *args, **options):
    return build_small("vit_small_patch14_dinov2", weights, args, options)


def vit_base_patch14_dinov2(weights=None, *args, **options):
    return build_small("vit_base_patch14_dinov2", weights, args, options)


def swin_t(weights=None, **options):
    return build_swin("swin_t", weights, options)


def swin_s(weights=None, **options):
    return build_swin("swin_s", weights, options)


def swin_b(weights=None, **options):
    return build_swin("swin_b", weights, options)


def swin_v2_t(weights=None, **options):
    return build_swin("swin_v2_t", weights, options)


def swin_v2_b(weights=None, **options):
    return build_swin("swin_v2_b", weights, options)
