"""The tensors listed for parts compared with the state dict of the real module."""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path

import pytest
import timm
import torchvision
from lightly.models.modules import heads
from torch import nn

from shapelint.chain import tensors
from shapelint.chain.tensors import Holdings
from shapelint.common.cache_folder import VARIABLE
from shapelint.read import call_strings
from shapelint.resolve import resolver
from shapelint.resolve.options import Options
from shapelint.signatures import cache
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span
from shapelint.trace.classifier import remove_classifier
from shapelint.trace.make.torchvision_models import AUXILIARY
from shapelint.trace.meta import build

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
    "BatchNorm3d(8)",
    "InstanceNorm1d(8)",
    "InstanceNorm2d(8, affine=True)",
    "InstanceNorm3d(8, affine=True, track_running_stats=True)",
    "LayerNorm(16)",
    "LayerNorm((4, 8))",
    "LayerNorm([16])",
    "RMSNorm((4, 8))",
    "RMSNorm(16)",
    "RMSNorm(16, elementwise_affine=False)",
    "GroupNorm(2, 8)",
    "GroupNorm(2, 8, affine=False)",
    "Bilinear(4, 5, 6, bias=False)",
    "Conv3d(4, 8, (1, 2, 3), groups=2)",
    "ConvTranspose1d(4, 8, 3)",
    "ConvTranspose2d(4, 8, (3, 5), groups=2, bias=False)",
    "ConvTranspose3d(4, 8, 3)",
    "PReLU()",
    "PReLU(8)",
    "Embedding(10, 8)",
    "MultiheadAttention(8, 2)",
    "MultiheadAttention(8, 2, bias=False)",
    "TransformerEncoderLayer(8, 2, 12)",
    "TransformerEncoderLayer(8, 2, bias=False, norm_first=True)",
    "TransformerDecoderLayer(8, 2, 12)",
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


def held(call: str, role: str = "") -> Holdings:
    place = Span(0, len(call))
    named = ComponentSpec("name", call, place, place)
    spec = call_strings.parse_call(call, lambda start, end: (Span(start, end), None)) if "(" in call else named
    component = resolver.resolve(spec, role, Options())
    return tensors.held_by(resolver.in_full(component, role, Options()))


def real(call: str) -> nn.Module:
    names = {name: value for name, value in {**vars(nn), **vars(heads)}.items() if inspect.isclass(value)}
    return eval(call, {**names, "timm": timm, "torchvision": torchvision})  # type: ignore[no-any-return]


def same(holdings: Holdings, module: nn.Module) -> None:
    """Check every tensor by name and shape, and the order of the parameters in torch."""
    assert holdings.complete
    assert all(tensor.certain for tensor in holdings.tensors)
    assert [(tensor.name, tensor.shape) for tensor in holdings.learned] == [
        (name, tuple(parameter.shape)) for name, parameter in module.named_parameters()
    ]
    assert {tensor.name: tensor.shape for tensor in holdings.tensors} == {
        name: tuple(value.shape) for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize("call", [*LAYERS, *HEADS])
def test_every_tensor_is_listed_with_name_shape_and_order(call: str) -> None:
    same(held(call), real(call))


def test_attention_with_keys_of_another_width_has_other_tensors() -> None:
    assert not held("MultiheadAttention(8, 2, kdim=6)").complete
    assert not held("MultiheadAttention(8, 2, add_bias_kv=True)").complete


@pytest.mark.parametrize("name", torchvision.models.list_models(module=torchvision.models))
def test_every_tensor_of_a_library_model_is_listed(name: str) -> None:
    make = torchvision.models.get_model_builder(name)
    auxiliary = [{"aux_logits": on} for on in (True, False)] if name in AUXILIARY else [{}]
    for more in auxiliary:
        written = "".join(f", {key}={value}" for key, value in more.items())
        same(held(f"torchvision.models.{name}(num_classes=7{written})"), build(partial(make, num_classes=7, **more)))
    features, other = (build(partial(make, num_classes=count, **auxiliary[-1])) for count in (7, 9))
    remove_classifier(features, other)
    same(held(name, "backbone"), features)


@pytest.mark.parametrize(
    "call",
    [
        "torchvision.models.vgg11(num_classes=5, dropout=0.1)",
        "torchvision.models.resnet50(groups=2, replace_stride_with_dilation=[False, True, False])",
        "torchvision.models.vit_b_32(image_size=96)",
        "timm.create_model('resnet18', num_classes=7)",
        "timm.create_model('vit_tiny_patch16_224', num_classes=0)",
    ],
)
def test_traced_and_cached_components_list_their_tensors(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for _ in range(2):
        monkeypatch.setattr(cache, "TRACED", {})
        same(held(call), real(call))


def test_position_embeddings_of_a_vision_transformer_are_listed() -> None:
    shapes = {tensor.name: tensor.shape for tensor in held("torchvision.models.vit_b_16()").tensors}
    assert shapes["encoder.pos_embedding"] == (1, 197, 768)
