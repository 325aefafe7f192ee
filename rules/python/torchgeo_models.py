"""Stand-ins for the backbones of torchgeo 0.8.1, interpreted in its place.

They are models of timm that take images of as many channels as their weights were trained with (`torchgeo.tsv`).
https://torchgeo.readthedocs.io/en/stable/api/models.html
"""

import timm
from shapelint.stand_ins import library_name, row, unseen


def build(name, weights, args, options):
    if weights is None:
        return timm.create_model(name, *args, **options)
    channels = row("torchgeo.tsv", library_name(weights))
    if channels is None:
        return unseen(f"the channels that {name} of torchgeo takes with these weights are not known")
    return timm.create_model(name, *args, in_chans=int(channels), **options)


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
