"""`shapelint.check` on live models: its findings, that torch agrees, and that the model stays unchanged."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from typing import Any

import lightly.models.modules as heads
import live_models
import numpy
import pytest
import torch
import torchvision
from conftest import ROOT
from live_models import IMAGE, MODELS, Byol, Flattened, chain, layers, resnet, runs
from torch import nn

import shapelint
from shapelint import CannotTraceError
from shapelint.spec.findings import Finding


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


def test_messages_are_those_of_the_rule_pages() -> None:
    (finding,) = shapelint.check(chain((10, 64, 32), (32, 64, 32)), IMAGE)
    assert finding.message == "projection_head expects 10 features, but backbone produces 12"
    assert finding.name == "feature-width-mismatch"
    assert finding.severity == "error"
    assert finding.label == "projection_head accepts (B, 10)"


def test_a_finding_is_not_repeated_for_a_momentum_copy_that_it_names() -> None:
    (finding,) = shapelint.check(Byol(*chain((10, 64, 32), (32, 64, 32))), IMAGE)
    assert "the same holds for projection_head_momentum.layers.0" in finding.notes


def test_a_finding_points_at_the_class_that_builds_the_part() -> None:
    (finding,) = shapelint.check(Byol(*chain((10, 64, 32), (32, 64, 32))), IMAGE)
    assert finding.location.path == live_models.__file__
    with open(live_models.__file__) as file:
        assert file.read().splitlines()[finding.location.line - 1] == "class Byol(nn.Module):"


def test_a_class_without_source_is_named() -> None:
    names: dict[str, Any] = {"nn": nn}
    exec("class Net(nn.Sequential): pass", names)
    (finding,) = shapelint.check(names["Net"](nn.Linear(3, 4), nn.Linear(5, 6)), (2, 3))
    assert (finding.location.path, finding.location.line) == ("<Net>", 1)


@pytest.mark.parametrize("name", MODELS)
def test_findings_agree_with_torch(name: str) -> None:
    make, given, codes = MODELS[name]
    model = make()
    assert [finding.code for finding in shapelint.check(model, given)] == codes
    links = model if isinstance(model, list) else [model]
    assert runs(links, given) == (not codes)


def test_every_width_of_a_chain_against_torch() -> None:
    """Correct numbers, and each number replaced by another: the verdict agrees with torch, the fix works."""
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


@pytest.mark.parametrize(
    ("model", "helps"),
    [
        (layers(nn.Linear(8, 6), nn.BatchNorm1d(5), nn.Linear(9, 2)), ["BatchNorm1d(6)", "Linear(6, 2)"]),
        (layers(nn.Linear(8, 6), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2)), ["Linear(8, 5)"]),
        (layers(nn.Linear(8, 6), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(6, 2)), ["BatchNorm1d(6)"]),
    ],
)
def test_the_fewest_edits_that_fit_together(model: nn.Module, helps: list[str]) -> None:
    assert [finding.help for finding in shapelint.check(model, (3, 8))] == [f"use {call}" for call in helps]


def test_a_classifier_that_was_not_removed() -> None:
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
def test_the_model_is_unchanged(width: int) -> None:
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
    """An input of 8 TB, and activations of the same size."""
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
def test_a_model_that_cannot_be_traced_has_no_findings(model: nn.Module, reason: str) -> None:
    with pytest.raises(CannotTraceError, match=reason):
        shapelint.check(model, (2, 3))


def test_an_error_after_a_fault_does_not_hide_it() -> None:
    model = nn.Sequential(nn.Linear(4, 3), Wrong())
    assert [finding.code for finding in shapelint.check(model, (2, 3))] == ["SL101"]


def test_invalid_models_and_shapes_raise() -> None:
    with pytest.raises(TypeError, match=r"nn\.Module"):
        shapelint.check(["resnet18"], (2, 3))  # type: ignore[list-item]
    for given in [(), (0, 3), (2.5, 3), ((2, 3), ())]:
        with pytest.raises(ValueError, match="shape of positive integers"):
            shapelint.check(nn.Linear(3, 3), given)


HEAVY = {"torch", "pydantic", "click", "yaml", "numpy"}
PROBE = "import sys, shapelint; {} print(sorted({!r} & set(sys.modules)))"


@pytest.mark.parametrize(("then", "loaded"), [("", "[]"), ("shapelint.guard;", "torch")])
def test_import_shapelint_imports_nothing_heavy(then: str, loaded: str) -> None:
    """The test can fail: after the first use of `guard`, torch is loaded."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(then, HEAVY)], capture_output=True, text=True, check=True)
    assert loaded in done.stdout


LACKING = """
import sys
sys.modules[{lacking!r}] = None  # as if it were not installed
import shapelint
print(len(shapelint.lint(paths={paths!r}).findings))
try:
    shapelint.{name}
except ImportError as error:
    print(type(error).__name__, error, sep=": ")
"""


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ("torch", "ImportError: shapelint.{name} needs torch: pip install 'shapelint[torch]'"),
        ("shapelint.live.misfits", "ModuleNotFoundError: import of shapelint.live.misfits halted"),
    ],
)
@pytest.mark.parametrize("name", ["check", "guard_first_batch"])
def test_where_torch_is_missing_files_are_linted_and_what_needs_it_says_so(name: str, lacking: str, words: str) -> None:
    """Another module that is missing is not said to be torch."""
    paths = [str(ROOT / "fixtures" / "lightly-1589.yaml")]
    code = LACKING.format(lacking=lacking, paths=paths, name=name)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    findings, error = done.stdout.splitlines()
    assert int(findings) > 0
    assert error.startswith(words.format(name=name))


def test_unknown_names_raise() -> None:
    with pytest.raises(AttributeError, match="no attribute 'inspect_everything'"):
        _ = shapelint.inspect_everything
    assert {"lint", "check", "guard"} <= set(dir(shapelint))
