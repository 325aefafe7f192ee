"""`shapelint.guard` on real forwards: it raises where torch would, with better messages, and nowhere else."""

from __future__ import annotations

import copy
import io
import itertools
import pickle
from typing import Any

import lightly.models.modules as heads
import pytest
import torch
import torchvision
from torch import nn
from torch_nn_cases import CASES

import shapelint
from shapelint import ShapeError

UNWATCHED = {"SyncBatchNorm", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "LazyLinear"}
"""Layers whose signatures hold in one mode only, or not yet."""

KINDS = {"Embedding": torch.int64}
"""The elements of an input, where they are not floats."""
INPUTS = {"MultiheadAttention": 3, "Bilinear": 2, "TransformerDecoderLayer": 2}


def model(*widths: int) -> nn.Module:
    parts = {
        "backbone": nn.Sequential(nn.Conv2d(3, 12, 3), nn.BatchNorm2d(12), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "projection_head": heads.BYOLProjectionHead(*widths[:3]),
        "prediction_head": heads.BYOLPredictionHead(*widths[3:]),
    }
    whole = nn.Sequential()
    for name, part in parts.items():
        whole.add_module(name, part)
    return whole


RIGHT = (12, 8, 4, 4, 8, 4)
IMAGES = (2, 3, 8, 8)

TEXTS: list[tuple[tuple[int, ...], tuple[int, ...], str]] = [
    (
        (10, 8, 4, 4, 8, 4),
        IMAGES,
        "projection_head.layers.0 (Linear) expects 10 on axis 1, but gets 12 in (2, 12); "
        "use BYOLProjectionHead(12, 8, 4)",
    ),
    (
        (12, 8, 5, 4, 8, 4),
        IMAGES,
        "prediction_head.layers.0 (Linear) expects 4 on axis 1, but gets 5 in (2, 5); use BYOLPredictionHead(5, 8, 4)",
    ),
    (
        RIGHT,
        (2, 4, 8, 8),
        "backbone.0 (Conv2d) expects 3 on axis 1, but gets 4 in (2, 4, 8, 8); use Conv2d(4, 12, 3)",
    ),
    (RIGHT, (2, 3, 8), "backbone.0 (Conv2d) expects 3 on axis 0, but gets 2 in (2, 3, 8); use Conv2d(2, 12, 3)"),
    (RIGHT, (3, 8), "backbone.0 (Conv2d) expects (B, 3, H, W), but gets (3, 8), 2 axes"),
    (RIGHT, (2, 3, 2, 8), "backbone.0 (Conv2d) needs H-2 >= 1, but gets (2, 3, 2, 8)"),
    (RIGHT, (1, 3, 8, 8), "projection_head.layers.1 (BatchNorm1d) needs B > 1, but gets (1, 8)"),
]


@pytest.mark.parametrize(("widths", "images", "text"), TEXTS)
def test_messages_where_torch_would_raise(widths: tuple[int, ...], images: tuple[int, ...], text: str) -> None:
    guarded = model(*widths)
    with pytest.raises(Exception) as original:  # noqa: PT011
        guarded(torch.randn(images))
    assert not isinstance(original.value, ShapeError)
    with shapelint.guard(guarded), pytest.raises(ShapeError) as caught:
        guarded(torch.randn(images))
    assert str(caught.value) == text
    assert caught.value.role == text.partition(" ")[0]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted(set(CASES) - UNWATCHED))
def test_every_layer_in_both_modes(name: str) -> None:
    """Each watched layer with all ranks, training or not: ShapeError exactly where torch raises."""
    raised = 0
    for arguments, is_training in itertools.product(CASES[name], (True, False)):
        module = built(name, arguments)
        if module is None:
            continue
        module.train(is_training)
        for rank in (1, 2, 3, 4):
            for shape in itertools.product((1, 4), repeat=rank):
                inputs = [torch.zeros(shape, dtype=KINDS.get(name))] * INPUTS.get(name, 1)
                expected = fails(module, inputs)
                with shapelint.guard(module):
                    found = fails(module, inputs)
                raised += found is ShapeError
                # A transposed convolution may return an empty tensor without an error: such sizes are left to torch.
                own = (ShapeError, expected) if name.startswith("ConvTranspose") else (ShapeError,)
                assert found in (own if expected else (None,)), (arguments, shape)
    vector = [torch.zeros(3, dtype=KINDS.get(name))]
    assert raised or all(fails(built(name, arguments), vector) is None for arguments in CASES[name])


def built(name: str, arguments: Any) -> nn.Module | None:
    keywords = dict(arguments)
    variadic = keywords.pop("args", ())
    try:
        made: nn.Module = getattr(nn, name)(*variadic, **keywords)
    except Exception:
        return None
    return made


def fails(module: Any, inputs: list[torch.Tensor]) -> type[Exception] | None:
    try:
        module(*inputs)
    except Exception as error:
        return type(error)
    return None


def test_a_right_model_computes_the_same() -> None:
    plain = torchvision.models.resnet18(num_classes=5).eval()
    images = torch.randn(2, 3, 64, 64)
    expected = plain(images)
    with shapelint.guard(plain):
        for _ in range(2):
            assert torch.equal(plain(images), expected)


def test_removal_leaves_no_hooks() -> None:
    guarded = model(*RIGHT)
    handle = guarded[0].register_forward_pre_hook(lambda module, args: None)
    before = [dict(vars(module)) for module in guarded.modules()]
    hooks = [[*module._forward_pre_hooks] for module in guarded.modules()]
    watch = shapelint.guard(guarded)
    assert any(len(module._forward_pre_hooks) for module in guarded.projection_head.modules())
    watch.remove()
    watch.remove()
    assert [[*module._forward_pre_hooks] for module in guarded.modules()] == hooks
    assert not any(module._forward_pre_hooks_with_kwargs for module in guarded.modules())
    assert [dict(vars(module)) for module in guarded.modules()] == before
    handle.remove()
    wrong = model(10, *RIGHT[1:])
    with shapelint.guard(wrong):
        pass
    assert fails(wrong, [torch.randn(IMAGES)]) is RuntimeError


def test_hooks_of_the_user_that_change_the_input_come_first() -> None:
    guarded = nn.Sequential(nn.Linear(4, 2))
    guarded[0].register_forward_pre_hook(lambda module, args: (args[0][:, :4],))
    with shapelint.guard(guarded):
        assert guarded(torch.randn(3, 9)).shape == (3, 2)


def test_widths_are_those_of_the_weights() -> None:
    """A pruned layer whose attributes still have the values that it was built with."""
    layer = nn.Linear(4, 2)
    layer.weight = nn.Parameter(torch.zeros(2, 3))
    with shapelint.guard(layer):
        assert layer(torch.zeros(5, 3)).shape == (5, 2)
        with pytest.raises(ShapeError, match=r"Linear expects 3 on axis 1, but gets 4 in \(5, 4\); use Linear\(4, 2\)"):
            layer(torch.zeros(5, 4))


def test_a_spectral_norm_is_not_touched() -> None:
    layer = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 2))
    plain, inputs = copy.deepcopy(layer), torch.randn(3, 4)
    with shapelint.guard(layer):
        assert torch.equal(layer(inputs), plain(inputs))
    assert all(torch.equal(one, other) for one, other in zip(layer.state_dict().values(), plain.state_dict().values()))


def test_empty_batches_lazy_layers_keywords_and_subclasses() -> None:
    class Lenient(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input[..., : self.in_features])

    for module, given in [(nn.BatchNorm1d(3), (0, 3)), (nn.LazyLinear(3), (2, 5)), (Lenient(3, 4), (2, 9))]:
        with shapelint.guard(module):
            module(torch.zeros(given))
    linear = nn.Linear(3, 4)
    with shapelint.guard(linear), pytest.raises(ShapeError):
        linear(input=torch.zeros(2, 5))


def test_copies_and_saved_models_are_also_watched() -> None:
    guarded = model(10, *RIGHT[1:])
    watch = shapelint.guard(guarded)
    duplicate = copy.deepcopy(guarded.projection_head)
    stream = io.BytesIO(pickle.dumps(guarded.projection_head))
    watch.remove()
    for other in (duplicate, pickle.load(stream)):
        with pytest.raises(ShapeError, match=r"layers\.0 .*expects 10 on axis 1, but gets 12"):
            other(torch.zeros(2, 12))


def test_under_autocast_and_with_gradients() -> None:
    guarded = model(*RIGHT)
    with shapelint.guard(guarded), torch.autocast("cpu", dtype=torch.bfloat16):
        guarded(torch.randn(IMAGES)).sum().backward()
    assert all(parameter.grad is not None for parameter in guarded.parameters())


def test_compiled_models_run_without_a_graph_break() -> None:
    guarded = model(*RIGHT)
    with shapelint.guard(guarded):
        compiled = torch.compile(guarded, backend="eager", fullgraph=True)
        assert compiled(torch.randn(IMAGES)).shape == (2, 4)
