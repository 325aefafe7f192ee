"""The tensors that parts tell of, against the state dict of the real module."""

from __future__ import annotations

import inspect

import pytest
import torchvision
from lightly.models.modules import heads
from torch import nn

from shapelint import dims, tensors
from shapelint.dims import is_known
from shapelint.read import calls
from shapelint.read.text import Span
from shapelint.resolve import stored
from shapelint.resolve.resolver import Options, resolve
from shapelint.tensors import Holdings

LAYERS = [
    "Linear(8, 16)",
    "Linear(8, 16, bias=False)",
    "Conv1d(4, 8, 3)",
    "Conv2d(4, 8, 3)",
    "Conv2d(4, 8, (3, 5), groups=2, bias=False)",
    "BatchNorm1d(8)",
    "BatchNorm1d(8, affine=False)",
    "BatchNorm2d(8)",
    "BatchNorm2d(8, track_running_stats=False)",
    "LayerNorm(16)",
    "ReLU()",
]
HEADS = [
    f"{name}({', '.join(numbers)})"
    for name, numbers in {
        "BYOLProjectionHead": ("8", "16", "4"),
        "BYOLPredictionHead": ("8", "16", "4"),
        "BarlowTwinsProjectionHead": ("8", "16", "4"),
        "SimSiamProjectionHead": ("8", "16", "4"),
        "SimSiamPredictionHead": ("8", "16", "4"),
        "MoCoProjectionHead": ("8", "16", "4"),
        "SimCLRProjectionHead": ("8", "16", "4"),
        "NNCLRProjectionHead": ("8", "16", "4"),
        "SMoGProjectionHead": ("8", "16", "4"),
        "SwaVProjectionHead": ("8", "16", "4"),
        "DenseCLProjectionHead": ("8", "16", "4"),
        "MSNProjectionHead": ("8", "16", "4"),
        "TiCoProjectionHead": ("8", "16", "4"),
        "VICRegProjectionHead": ("8", "16", "4", "num_layers=3"),
    }.items()
]


def held(call: str) -> Holdings:
    spec = calls.parse_call(call, lambda start, end: (Span(start, end), None))
    return tensors.held_by(resolve(spec, "", Options()))


def real(call: str) -> nn.Module:
    names = {**vars(nn), **{name: value for name, value in vars(heads).items() if inspect.isclass(value)}}
    return eval(call, names)  # type: ignore[no-any-return]


@pytest.mark.parametrize("call", [*LAYERS, *HEADS])
def test_every_tensor_is_told_by_name_shape_and_order(call: str) -> None:
    module, holdings = real(call), held(call)
    assert holdings.complete
    assert [(tensor.name, tensor.shape) for tensor in holdings.learned] == [
        (name, tuple(parameter.shape)) for name, parameter in module.named_parameters()
    ]
    assert {tensor.name: tensor.shape for tensor in holdings.tensors} == {
        name: tuple(value.shape) for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "vit_b_16", "densenet121"])
def test_what_is_told_of_a_backbone_is_true(name: str) -> None:
    found = stored.find(f"torchvision.models.{name}")
    assert found is not None
    holdings = held(f"torchvision.models.{name}()")
    state = getattr(torchvision.models, name)(weights=None).state_dict()
    certain = [tensor for tensor in holdings.tensors if tensor.certain]
    assert certain
    for tensor in certain:
        shape = tuple(state[tensor.name].shape)
        assert len(shape) == len(tensor.shape)
        for known, actual in zip(tensor.shape, shape):
            assert not is_known(known) or dims.equal(known, actual) is True


def test_the_positions_of_a_vision_transformer_are_told() -> None:
    shapes = {tensor.name: tensor.shape for tensor in held("torchvision.models.vit_b_16()").tensors}
    assert shapes["encoder.pos_embedding"] == (1, 197, 768)
