"""`shapelint.check` on live models: what it says, that torch agrees, and that the model stays as it was."""

from __future__ import annotations

import copy
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import lightly.models.modules as heads
import numpy
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

import shapelint
from shapelint import CannotTraceError
from shapelint.findings import Finding

IMAGE = (2, 3, 64, 64)


def resnet() -> nn.Module:
    model = torchvision.models.resnet18()
    model.fc = nn.Identity()
    return model


class Flattened(nn.Module):
    """A small backbone of 12 features, one convolution and one norm."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 12, 3, padding=1)
        self.norm = nn.BatchNorm2d(12)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.norm(self.conv(images))).mean((2, 3))


class Byol(nn.Module):
    def __init__(self, backbone: nn.Module, projection: nn.Module, prediction: nn.Module) -> None:
        super().__init__()
        self.backbone, self.projection_head, self.prediction_head = backbone, projection, prediction
        self.backbone_momentum = copy.deepcopy(backbone)
        self.projection_head_momentum = copy.deepcopy(projection)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        online = self.prediction_head(self.projection_head(self.backbone(images)))
        return online, self.projection_head_momentum(self.backbone_momentum(images)).detach()


def chain(
    projection: tuple[int, ...], prediction: tuple[int, ...], backbone: nn.Module | None = None
) -> list[nn.Module]:
    links = (heads.BYOLProjectionHead(*projection), heads.BYOLPredictionHead(*prediction))
    return [backbone or Flattened(), *links]


def brief(findings: list[Finding]) -> list[tuple[Any, ...]]:
    return [(f.code, f.role, f.expected, f.actual, f.help.removeprefix("use ")) for f in findings]


WIDE = {"projection": "BYOLProjectionHead(512, 64, 32)", "prediction": "BYOLPredictionHead(32, 64, 32)"}
PROJECTION = ("SL101", "projection_head", 256, 512, WIDE["projection"])
PREDICTION = ("SL101", "prediction_head", 31, 32, WIDE["prediction"])
RESNET_CASES: list[tuple[tuple[int, ...], tuple[int, ...], list[tuple[Any, ...]]]] = [
    ((512, 64, 32), (32, 64, 32), []),
    ((256, 64, 32), (32, 64, 32), [PROJECTION]),
    ((512, 64, 32), (31, 64, 32), [PREDICTION]),
    ((256, 64, 32), (31, 64, 32), [PROJECTION, PREDICTION]),
    ((512, 64, 32), (32, 64, 30), [("SL103", "prediction_head", 32, 30, WIDE["prediction"])]),
    ((512, 64, 32), (32, 64, 1), [("SL207", "prediction_head", 32, 1, WIDE["prediction"])]),
    ((512, 64, 31), (32, 64, 32), [("SL101", "prediction_head", 32, 31, WIDE["projection"])]),
]


@pytest.mark.parametrize(("projection", "prediction", "expected"), RESNET_CASES)
@pytest.mark.parametrize("whole", [False, True])
def test_resnet_with_heads_of_lightly(projection: Any, prediction: Any, expected: Any, whole: bool) -> None:
    links = chain(projection, prediction, resnet())
    assert brief(shapelint.check(Byol(*links) if whole else links, IMAGE)) == expected


def test_the_words_are_those_of_the_rule_pages() -> None:
    (finding,) = shapelint.check(chain((10, 64, 32), (32, 64, 32)), IMAGE)
    assert finding.message == "projection_head expects 10 features, but backbone produces 12"
    assert finding.name == "feature-width-mismatch"
    assert finding.severity == "error"
    assert finding.label == "projection_head accepts (B, 10)"


def test_a_momentum_copy_repeats_no_finding_but_is_named() -> None:
    (finding,) = shapelint.check(Byol(*chain((10, 64, 32), (32, 64, 32))), IMAGE)
    assert "the same holds for projection_head_momentum.layers.0" in finding.notes


def test_a_finding_points_at_the_class_that_builds_the_part() -> None:
    (finding,) = shapelint.check(Byol(*chain((10, 64, 32), (32, 64, 32))), IMAGE)
    assert finding.location.path == __file__
    with open(__file__) as file:
        assert file.read().splitlines()[finding.location.line - 1] == "class Byol(nn.Module):"


def test_a_class_without_source_is_named() -> None:
    names: dict[str, Any] = {"nn": nn}
    exec("class Net(nn.Sequential): pass", names)
    (finding,) = shapelint.check(names["Net"](nn.Linear(3, 4), nn.Linear(5, 6)), (2, 3))
    assert (finding.location.path, finding.location.line) == ("<Net>", 1)


class Residual(nn.Module):
    """Functional operations, a layer that is called twice, and a sum."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.twice, self.side = nn.Linear(width, width), nn.Linear(width, out)
        self.weight = nn.Parameter(torch.zeros(5, width))

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        x = functional.gelu(self.twice(self.twice(x))) + self.side(x)
        return {
            "tokens": [torch.einsum("bd,od->bo", x, self.weight)],
            "rest": (functional.linear(x, self.weight), None),
        }


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(7, width, batch_first=True)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, _ = self.lstm(x)
        x, _ = self.attention(x, x, x, need_weights=False)
        return self.encoder(x).mean(1)


class Shared(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(width, 6)
        self.again = self.first

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.first(left), self.again(right)], dim=1).view(-1, 12)


class Dictionary(Flattened):
    def forward(self, images: torch.Tensor) -> Any:
        return {"features": super().forward(images)}


def vit() -> nn.Module:
    model = torchvision.models.VisionTransformer(32, 8, 1, 2, 12, 24)
    model.heads = nn.Identity()
    return model


def layers(*parts: nn.Module) -> nn.Module:
    return nn.Sequential(*parts)


WORDS = torch.zeros(3, 4, dtype=torch.long)

MODELS: dict[str, tuple[Callable[[], Any], Any, list[str]]] = {
    "residual": (lambda: Residual(8, 8), (3, 8), []),
    "residual, the sum": (lambda: Residual(8, 7), (3, 8), ["SL104"]),
    "residual, the input": (lambda: Residual(8, 8), (3, 9), ["SL101"]),
    "attention": (lambda: Attention(16), (3, 5, 7), []),
    "attention, the width of the states": (lambda: Attention(12), (3, 5, 7), ["SL104"]),
    "attention, the input": (lambda: Attention(16), (3, 5, 6), ["SL101"]),
    "shared": (lambda: Shared(4), ((3, 4), (3, 4)), []),
    "shared, the second input": (lambda: Shared(4), ((3, 4), (3, 5)), ["SL101"]),
    "shared, two batches": (lambda: Shared(4), ((3, 4), (2, 4)), ["SL104"]),
    "channels": (lambda: Byol(*chain((12, 8, 4), (4, 8, 4))), (2, 13, 8, 8), ["SL105"]),
    "batch of one": (lambda: chain((12, 8, 4), (4, 8, 4)), (1, 3, 8, 8), ["SL107"]),
    "batch of one, not training": (lambda: [m.eval() for m in chain((12, 8, 4), (4, 8, 4))], (1, 3, 8, 8), []),
    "one value a channel": (lambda: Flattened(), (1, 3, 1, 1), ["SL107"]),
    "dict": (lambda: chain((12, 8, 4), (4, 8, 4), Dictionary()), (2, 3, 8, 8), ["SL111"]),
    "map": (lambda: [nn.Conv2d(3, 12, 3), *chain((12, 8, 4), (4, 8, 4))[1:]], (2, 3, 8, 8), ["SL102"]),
    "vit": (lambda: chain((12, 8, 4), (4, 8, 4), vit()), (2, 3, 32, 32), []),
    "vit, size": (lambda: chain((12, 8, 4), (4, 8, 4), vit()), (2, 3, 40, 40), ["SL106"]),
    "vit, size and head": (lambda: chain((10, 8, 4), (4, 8, 4), vit()), (2, 3, 40, 40), ["SL106", "SL101"]),
    "too small to pool": (lambda: torchvision.models.alexnet(), (2, 3, 32, 32), ["SL106"]),
    "flattened": (lambda: layers(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)), (2, 3, 8, 8), []),
    "flattened, size": (lambda: layers(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)), (2, 3, 9, 9), ["SL104"]),
    "norm": (lambda: layers(nn.Linear(8, 6), nn.BatchNorm1d(8), nn.Linear(6, 2)), (3, 8), ["SL104"]),
    "norm of images": (lambda: layers(nn.Linear(8, 6), nn.BatchNorm2d(6), nn.Linear(6, 2)), (3, 8), ["SL104"]),
    "three": (
        lambda: layers(nn.Linear(8, 6), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(9, 2), nn.LayerNorm(3)),
        (3, 8),
        ["SL104"] * 3,
    ),
    "spectral norm": (lambda: layers(nn.utils.parametrizations.spectral_norm(nn.Linear(8, 6))), (3, 8), []),
    "weight norm of DINO": (lambda: heads.DINOProjectionHead(12, 8, 4, 6), (3, 12), []),
    "dense": (lambda: layers(nn.Linear(8, 6), nn.GELU(), nn.Linear(6, 2)), (3, 5, 8), []),
    "integers": (lambda: layers(nn.Embedding(5, 6), nn.Linear(6, 2)), torch.zeros(3, 4, dtype=torch.long), []),
    "integers, width": (
        lambda: layers(nn.Embedding(5, 6), nn.Linear(7, 2)),
        torch.zeros(3, dtype=torch.long),
        ["SL104"],
    ),
    "half": (lambda: layers(nn.Linear(8, 6), nn.Linear(6, 2)).to(torch.bfloat16), (3, 8), []),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_is_found_and_that_torch_agrees(name: str) -> None:
    make, given, codes = MODELS[name]
    model = make()
    assert [finding.code for finding in shapelint.check(model, given)] == codes
    links = model if isinstance(model, list) else [model]
    assert runs(links, given) == (not codes)


def runs(links: list[nn.Module], given: Any) -> bool:
    """Whether a real forward on the CPU works."""
    weight = next(links[0].parameters())
    inputs = given if isinstance(given, tuple) and isinstance(given[0], tuple) else (given,)
    value: tuple[Any, ...] = tuple(
        one if isinstance(one, torch.Tensor) else torch.randn(one).to(weight.dtype) for one in inputs
    )
    try:
        for link in links:
            value = (link(*value),)
    except Exception:
        return False
    return True


def test_every_width_of_a_chain_against_torch() -> None:
    """Right numbers, and each number replaced by another: the verdict is torch's, the fix repairs the forward."""
    makers = (heads.BYOLProjectionHead, heads.BYOLPredictionHead)
    for place in range(6):
        for value in (4, 12):
            numbers = [12, 8, 4, 4, 8, 4]
            numbers[place] = value
            links = chain(tuple(numbers[:3]), tuple(numbers[3:]))
            findings = shapelint.check(links, (2, 3, 8, 8))
            loses = runs(links, (2, 3, 8, 8)) and numbers[5] != numbers[2]
            assert bool(findings) == (loses or not runs(links, (2, 3, 8, 8))), numbers
            for finding in findings:
                mended = eval(finding.help.removeprefix("use "), vars(heads))
                index = [type(mended) is maker for maker in makers].index(True) + 1
                assert shapelint.check([*links[:index], mended, *links[index + 1 :]], (2, 3, 8, 8)) == []


@pytest.mark.parametrize(
    ("layer", "given", "call"),
    [
        (nn.Conv2d(3, 8, (3, 5), stride=2, bias=False), (2, 4, 9, 9), "Conv2d(4, 8, (3, 5), stride=2, bias=False)"),
        (nn.Linear(3, 8), (2, 4), "Linear(4, 8)"),
        (nn.LayerNorm((3, 8)), (2, 4, 8), "LayerNorm((4, 8))"),
        (nn.BatchNorm2d(3, eps=0.1), (2, 4, 8, 8), "BatchNorm2d(4, eps=0.1)"),
        (nn.GRU(3, 8, bidirectional=True), (2, 4), "GRU(4, 8, bidirectional=True)"),
    ],
)
def test_the_fix_is_the_call_of_the_layer(layer: nn.Module, given: Any, call: str) -> None:
    (finding,) = shapelint.check(nn.Sequential(layer), given)
    assert finding.help == f"use {call}"
    assert runs([eval(call, vars(nn))], given)


def test_the_classifier_that_was_left_on() -> None:
    model = torchvision.models.resnet18()
    for width in (512, 1000):
        (finding,) = shapelint.check(chain((width, 8, 4), (4, 8, 4), model), IMAGE)
        assert (finding.code, finding.actual) == ("SL201", 1000)


class Eventful(Flattened):
    """Everything that a forward may change: attributes, lists, buffers, and random numbers of three kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.seen, self.dropout = 0, [], nn.Dropout()
        self.register_buffer("queue", torch.zeros(4, 12))
        self.conv.register_forward_hook(lambda module, args, output: output * 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        features = self.dropout(super().forward(images)) * random.random() * numpy.random.rand()
        self.seen.append(features)
        self.queue[:2] = features[:2] + torch.rand(12)
        torch.manual_seed(7)
        return features


def state(model: nn.Module) -> Any:
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return (
        {name: (id(t), t.data_ptr(), t._version, t.detach().numpy().tobytes()) for name, t in tensors.items()},
        {name: None if p.grad is None else p.grad.numpy().tobytes() for name, p in model.named_parameters()},
        [(module.training, *map(repr, map(list, _hooks(module)))) for module in model.modules()],
        [sorted(vars(module)) for module in model.modules()],
        (torch.get_rng_state().tolist(), random.getstate(), numpy.random.get_state()[1].tolist()),
    )


def _hooks(module: nn.Module) -> list[Any]:
    return [module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._forward_hooks_with_kwargs]


@pytest.mark.parametrize("width", [12, 10])
def test_nothing_is_touched(width: int) -> None:
    backbone = Eventful()
    model = Byol(backbone, heads.BYOLProjectionHead(12, 8, 4), heads.BYOLPredictionHead(4, 8, 4))
    model(torch.randn(2, 3, 8, 8))[0].sum().backward()
    model.projection_head = heads.BYOLProjectionHead(width, 8, 4).eval()
    before, calls, seen = state(model), backbone.calls, [id(tensor) for tensor in backbone.seen]
    assert len(shapelint.check(model, (2, 3, 8, 8))) == (width != 12)
    assert state(model) == before
    assert (backbone.calls, [id(tensor) for tensor in backbone.seen]) == (calls, seen)
    assert model(torch.randn(2, 3, 8, 8)) if width == 12 else True


def test_no_memory_is_taken() -> None:
    """An input of 8 TB, and activations as large."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    model = nn.Sequential(nn.Linear(20_000, 20_000, device="meta"), nn.Linear(20_000, 3, device="meta"))
    assert shapelint.check(model, (10**8, 20_000)) == []
    assert shapelint.check(nn.Linear(200, 300), (10**10, 200)) == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "more than 100 MB"


class Branching(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


class Wrong(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise KeyError("a fault of its own")


@pytest.mark.parametrize(
    ("model", "reason"),
    [(Branching(), "depends on the values"), (Wrong(), "KeyError"), (nn.LazyLinear(3), "run one real batch first")],
)
def test_what_cannot_be_traced_is_no_finding(model: nn.Module, reason: str) -> None:
    with pytest.raises(CannotTraceError, match=reason):
        shapelint.check(model, (2, 3))


def test_what_is_no_model_and_no_shape() -> None:
    with pytest.raises(TypeError, match=r"nn\.Module"):
        shapelint.check(["resnet18"], (2, 3))  # type: ignore[list-item]
    for given in [(), (0, 3), (2.5, 3), ((2, 3), ())]:
        with pytest.raises(ValueError, match="shape of positive integers"):
            shapelint.check(nn.Linear(3, 3), given)


HEAVY = {"torch", "pydantic", "click", "yaml", "numpy"}
PROBE = "import sys, shapelint; {} print(sorted({!r} & set(sys.modules)))"


@pytest.mark.parametrize(("then", "loaded"), [("", "[]"), ("shapelint.guard;", "torch")])
def test_import_shapelint_imports_nothing_heavy(then: str, loaded: str) -> None:
    """And that this test would notice: after the first use of `guard` torch is there."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(then, HEAVY)], capture_output=True, text=True, check=True)
    assert loaded in done.stdout


def test_names_that_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'inspect_everything'"):
        _ = shapelint.inspect_everything
    assert {"lint", "check", "guard"} <= set(dir(shapelint))
