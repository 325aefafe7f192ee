"""The claim of every rule, an error or a silent fault, in real torch, and a similar model without it."""

from __future__ import annotations

import copy
import inspect
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

import torchvision  # noqa: E402
from lightly.loss import MMCRLoss, NTXentLoss  # noqa: E402
from lightly.models.modules import BYOLProjectionHead, NNMemoryBankModule  # noqa: E402
from measures import silent_faults  # noqa: E402
from test_rows import STOPS  # noqa: E402
from torch import nn  # noqa: E402
from training import Recipe, build, train  # noqa: E402

from shapelint.knowledge import rule_pages  # noqa: E402
from shapelint.linting.analyse import analyse  # noqa: E402
from shapelint.resolve.options import Options  # noqa: E402
from shapelint.text.source import Source  # noqa: E402

BACKBONE = "[Conv2d(3, 8, 3, stride=2, padding=1), BatchNorm2d(8), ReLU(), {}]"
POOLED = BACKBONE.format("AdaptiveAvgPool2d(1), Flatten()")


def byol(backbone: str = POOLED, i: int = 8, o: int = 6, pi: int = 6, po: int = 6, **others: Any) -> Recipe:
    """Return a BYOL recipe for 8 features, correct unless a number is changed."""
    heads = {
        "projection_head": f"BYOLProjectionHead({i}, 12, {o})",
        "prediction_head": f"BYOLPredictionHead({pi}, 12, {po})",
    }
    return Recipe("byol", backbone, heads, **others)


def moco(head: str, **others: Any) -> Recipe:
    return Recipe("moco", POOLED, {"projection_head": head}, **others)


def convolutions(dim: int) -> Recipe:
    heads = {"projection_head": "[Conv2d(8, 6, 1)]", "prediction_head": "[Conv2d(6, 6, 1)]"}
    return Recipe("byol", BACKBONE.format("ReLU()"), heads, loss=f"NegativeCosineSimilarity(dim={dim})")


def linear(online: int, target: int) -> Recipe:
    own = {"projection_head": f"[Linear(8, {target})]"}
    return Recipe(
        "moco", POOLED, {"projection_head": f"[Linear(8, {online})]"}, target=own, loss="NegativeCosineSimilarity()"
    )


LOUD = {
    "SL101": (byol(i=12), byol(i=8), "shapes cannot be multiplied"),
    "SL102": (byol(BACKBONE.format("ReLU()")), byol(), "expected 2D or 3D input (got 4D input)"),
    "SL103": (byol(po=4), byol(po=6), "must match the size"),
    "SL104": (byol(POOLED.replace("BatchNorm2d(8)", "BatchNorm2d(4)")), byol(), "running_mean should contain"),
    "SL105": (byol(image=(13, 16, 16)), byol(image=(3, 16, 16)), "13 channels"),
    "SL106": (
        byol(BACKBONE.format("MaxPool2d(16), Flatten()")),
        byol(BACKBONE.format("MaxPool2d(8), Flatten()")),
        "Output size is too small",
    ),
    "SL107": (byol(batch=4, samples=29), byol(batch=4, samples=30), "Expected more than 1 value per channel"),
    "SL108": (
        byol(target={"projection_head": "BYOLProjectionHead(8, 24, 6)"}),
        byol(target={"projection_head": "BYOLProjectionHead(8, 12, 6)"}),
        "must match the size",
    ),
    "SL110": (byol(hidden_layer=9), byol(hidden_layer=3), "index out of range"),
    "SL112": (
        moco("MoCoProjectionHead(8, 12, 6)", bank=(16, 4)),
        moco("MoCoProjectionHead(8, 12, 6)", bank=(16, 6)),
        "expanded size of the tensor",
    ),
}

SILENT = {
    "SL112": (moco("MoCoProjectionHead(8, 12, 1)", bank=(16, 4)), moco("MoCoProjectionHead(8, 12, 4)", bank=(16, 4))),
    "SL202": (byol(target="alias"), byol(target="copy")),
    "SL204": (byol(BACKBONE.format("Flatten()"), i=512, size_is_open=True), byol(size_is_open=True)),
    "SL205": (
        Recipe("byol", BACKBONE.format("AdaptiveMaxPool2d(2), Flatten(2)"), {
            "projection_head": "MoCoProjectionHead(4, 12, 6)", "prediction_head": "MoCoProjectionHead(6, 12, 6)",
        }),
        Recipe("byol", POOLED, {
            "projection_head": "MoCoProjectionHead(8, 12, 6)", "prediction_head": "MoCoProjectionHead(6, 12, 6)",
        }),
    ),
    "SL206": (convolutions(-1), convolutions(1)),
    "SL207": (byol(po=1), byol(po=6)),
    "SL208": (linear(1, 6), linear(6, 6)),
    "SL211": (
        byol(BACKBONE.format("AdaptiveAvgPool2d(1), Flatten(0), Unflatten(0, (4, 8))")),
        byol(BACKBONE.format("AdaptiveAvgPool2d(1), Flatten(1)")),
    ),
}  # fmt: skip


def codes(text: str, path: str = "model.yaml") -> set[str]:
    """Return the violated rules, before violations that one repair removes are merged into one finding."""
    (model,) = analyse(Source(path, text), Options()).models
    return {violation.rule.page.code for violation in model.violations if violation.blocks}


@pytest.mark.parametrize("code", LOUD)
def test_the_bad_model_raises_and_the_good_one_does_not(code: str) -> None:
    bad, good, words = LOUD[code]
    error = train(bad).error
    assert error is not None
    assert words in str(error)
    assert train(good).error is None
    assert code in codes(bad.config())
    assert codes(good.config()) == set()


@pytest.mark.parametrize("code", SILENT)
def test_the_bad_model_runs_and_its_fault_is_measured(code: str) -> None:
    bad, good = SILENT[code]
    run = train(bad)
    assert run.error is None
    assert code in silent_faults(bad, run)
    right = train(good)
    assert right.error is None
    assert silent_faults(good, right) == {}
    assert code in codes(bad.config())
    assert codes(good.config()) == set()


def saved(path: Path, recipe: Recipe, prefix: str = "") -> str:
    torch.save({prefix + name: value for name, value in build(recipe.backbone).state_dict().items()}, path)
    return str(path)


def test_sl109_a_checkpoint_of_another_shape_raises_also_when_it_need_not_be_complete(tmp_path: Path) -> None:
    wide = byol(POOLED.replace("8", "16"), i=16)
    path = saved(tmp_path / "wide.pt", wide)
    bad = byol(checkpoint=path)
    assert "size mismatch" in str(train(bad).error)
    assert codes(bad.config()) == {"SL109"}
    good = byol(POOLED.replace("8", "16"), i=16, checkpoint=path)
    assert train(good).error is None
    assert codes(good.config()) == set()


def test_sl209_a_checkpoint_with_a_prefix_loads_nothing(tmp_path: Path) -> None:
    bad = byol(checkpoint=saved(tmp_path / "parallel.pt", byol(), "module."))
    run = train(bad)
    assert (run.error, run.loaded) == (None, 0)
    assert codes(bad.config()) == {"SL209"}
    good = byol(checkpoint=saved(tmp_path / "plain.pt", byol()))
    assert train(good).loaded == 7
    assert codes(good.config()) == set()


def test_sl111_googlenet_returns_a_tuple_in_training_and_a_tensor_after() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)
    head, images = BYOLProjectionHead(1000, 8, 4), torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        with pytest.raises((AttributeError, TypeError)):
            head(net(images))
        assert head(net.eval()(images)).shape == (2, 4)


def test_sl113_the_backbone_has_its_own_width() -> None:
    with torch.no_grad():
        assert build("resnet18")(torch.rand(2, 3, 32, 32)).shape == (2, 512)


def test_sl201_a_head_takes_1000_logits_for_features() -> None:
    net = torchvision.models.resnet18(weights=None)
    with torch.no_grad():
        logits = net(torch.rand(2, 3, 32, 32))
        assert logits.shape == (2, 1000)
        assert BYOLProjectionHead(1000, 8, 4)(logits).shape == (2, 4)
    assert isinstance(net.fc, nn.Linear)


@pytest.mark.parametrize(("name", "runs"), [("SL203-bad.py", 0), ("SL203-good.py", 1)])
def test_sl203_the_target_is_never_run(name: str, runs: int) -> None:
    folder = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
    source = (folder / name).read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(source, name, "exec"), names)
    model, calls = names["BYOL"](), []
    for module in (model.backbone_momentum, model.projection_head_momentum):
        module.register_forward_hook(lambda *_: calls.append(1))
    images = torch.rand(2, 3, 32, 32)
    assert model(images).shape == model.forward_momentum(images).shape
    assert len(calls) == 2 * runs
    assert codes(source, name) == (set() if runs else {"SL203"})


def test_sl210_one_variable_moved_and_the_component_breaks() -> None:
    def head(hidden: int, out: int, last: str) -> nn.Module:
        width = {"hidden": hidden, "out": out}[last]
        return nn.Sequential(
            nn.Linear(8, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, out), nn.BatchNorm1d(width)
        )

    images = torch.rand(4, 8)
    assert head(16, 16, "hidden")(images).shape == (4, 16)
    with pytest.raises(RuntimeError, match="running_mean should contain 6 elements not 16"):
        head(16, 6, "hidden")(images)
    assert head(16, 6, "out")(images).shape == (4, 6)


def test_sl301_the_rank_of_the_output_is_the_hidden_width() -> None:
    def rank(hidden: int) -> int:
        output = BYOLProjectionHead(64, hidden, 32)(torch.rand(200, 64)).detach().double()
        return int(torch.linalg.matrix_rank(output - output.mean(0), rtol=1e-5))

    assert rank(4) == 4
    assert rank(64) == 32


def test_sl114_a_config_names_a_model_that_torchvision_does_not_have() -> None:
    head = "projection_head: Linear({}, 8)\n"
    for name, meant in (("rensnet50", "resnet50"), ("mobilenet_v2_large", "mobilenet_v3_large")):
        with pytest.raises(AttributeError, match=name):
            getattr(torchvision.models, name)
        assert codes(f"backbone: {{_target_: torchvision.models.{name}}}\n" + head.format(1000)) == {"SL114"}
        assert hasattr(torchvision.models, meant)
        assert "SL114" not in codes(f"backbone: {{_target_: torchvision.models.{meant}}}\n" + head.format(1000))


def test_a_classifier_of_no_classes_keeps_its_layer() -> None:
    with pytest.warns(UserWarning, match="zero-element"):
        model = torchvision.models.resnet18(num_classes=0).eval()
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 0)
    config = "backbone: torchvision.models.resnet18(num_classes={})\nprojection_head: Linear({}, 8)\n"
    assert codes(config.format(0, 512)) == {"SL101"}
    assert codes(config.format(512, 512)) == set()


def test_sl902_the_constructor_does_not_take_the_argument() -> None:
    with pytest.raises(TypeError, match="hiden_dim"):
        BYOLProjectionHead(8, hiden_dim=4, output_dim=2)


def test_sl114_the_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="classifier"):
        _ = torchvision.models.resnet18(weights=None).classifier
    assert codes(program("self.backbone.classifier"), "model.py") == {"SL114"}
    assert codes(program("self.backbone.fc"), "model.py") == set()
    with pytest.raises(ImportError):
        exec("from lightly.loss import SymNegCosineSimilarityLoss", {})
    gone = "from lightly.loss import SymNegCosineSimilarityLoss\n"
    assert codes(gone + program("None"), "model.py") == {"SL114"}


def test_sl212_the_logits_stay_whatever_is_put_under_another_name() -> None:
    net = torchvision.models.resnet18(weights=None).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        before = net(images)
        net.head = nn.Identity()
        assert torch.equal(net(images), before)
        net.fc = nn.Identity()
        assert net(images).shape == (2, 512)
    folder = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
    for name, found in (("SL212-bad.py", {"SL212"}), ("SL212-good.py", set())):
        assert codes((folder / name).read_text(encoding="utf-8"), name) == found


GUARDED = """
import torch
from torch import nn
from torchvision.models import resnet18


class SimCLR(nn.Module):
    def __init__(self, width=96):
        super().__init__()
        self.width = width
        self.backbone = nn.Sequential(nn.Conv2d(3, 24, 3), nn.AdaptiveAvgPool2d(1))
        self.projection_head = nn.Linear(24, 12)

    def forward(self, x):
        features = self.backbone(x)
        flat = features.flatten(1)
        rows, columns = flat.shape
        {guard}
        return self.projection_head(flat)


model = SimCLR()
for _ in range(2):
    model(torch.rand(4, 3, 9, 9)).sum().backward()
"""


@pytest.mark.parametrize(("guard", "stops"), [
    ("assert flat.shape[1] == self.width", True),
    ("assert flat.shape[1] == 24, 'another width'", False),
    ("assert columns == self.width, f'{columns} features'", True),
    ("assert rows == columns", True),
    ("assert features.ndim == 2", True),
    ("assert features.dim() == 4 and len(flat.shape) == 2", False),
    ("assert features.dim() == 4 and features.size(1) > 24", True),
    ("if flat.size(-1) != self.width: raise ValueError('wrong width')", True),
    ("if not flat.size(-1) >= 24 or columns != 24: raise ValueError('wrong width')", False),
    ("if not (flat.size(-1) > 24 or columns != 24): raise ValueError", True),
])  # fmt: skip
def test_sl117_a_guard_of_the_program_stops_it(guard: str, stops: bool) -> None:
    text = GUARDED.format(guard=guard)
    if stops:
        with pytest.raises((AssertionError, ValueError)):
            exec(text, {})
    else:
        exec(text, {})
    assert codes(text, "model.py") == ({"SL117"} if stops else set())


@pytest.mark.parametrize("guard", [
    "assert len(x.shape) == 3",
    "if self.training and columns != self.width: raise ValueError",
    "try:\n            assert columns == self.width\n        except AssertionError:\n            pass",
    "assert self.projection_head(flat).sum() > 100",
    "columns = LIMIT if LIMIT else columns\n        assert columns == self.width",
    "if LIMIT:\n            assert columns == self.width",
])  # fmt: skip
def test_sl117_leaves_alone_what_may_hold(guard: str) -> None:
    text = GUARDED.format(guard=guard).replace("import torch\n", "import torch\nfrom settings import LIMIT\n", 1)
    assert codes(text.partition("model = ")[0], "model.py") == set()


def test_sl902_a_loss_does_not_take_the_argument_and_the_program_is_told() -> None:
    with pytest.raises(TypeError, match="temprature"):
        NTXentLoss(temprature=0.1)
    assert codes(program("NTXentLoss(temprature=0.1)"), "model.py") == {"SL902"}
    assert codes(program("NTXentLoss(temperature=0.1)"), "model.py") == set()


@pytest.mark.parametrize(("call", "raises"), [
    ("nn.Linear(512)", True),
    ("nn.Linear(512, 4)", False),
    ("nn.Linear(*SIZES)", False),
    ("nn.Conv2d(3, 8)", True),
    ("nn.BatchNorm1d(num_features=4)", False),
    ("nn.LayerNorm()", True),
    ("NNMemoryBankModule()", True),
    ("NNMemoryBankModule(size=(8, 4))", False),
    ("NNMemoryBankModule((8, 4))", False),
    ("BYOLProjectionHead()", False),
    ("MMCRLoss()", False),
    ("nn.CosineEmbeddingLoss()", False),
])  # fmt: skip
def test_sl905_what_lacks_an_argument_cannot_be_built(call: str, raises: bool) -> None:
    names = {"nn": nn, "SIZES": (512, 4), "NNMemoryBankModule": NNMemoryBankModule}
    names |= {"BYOLProjectionHead": BYOLProjectionHead, "MMCRLoss": MMCRLoss}
    if raises:
        with pytest.raises(TypeError, match="missing"):
            eval(call, names)
    else:
        eval(call, names)
    assert codes(program(call), "model.py") == ({"SL905"} if raises else set())


def program(call: str) -> str:
    """A right model that builds one thing more."""
    return f"""
from lightly.loss import MMCRLoss, NTXentLoss
from lightly.models.modules import BYOLProjectionHead, NNMemoryBankModule
from torch import nn
from torchvision.models import resnet18

SIZES = (512, 4)


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(512, 64, 16)
        self.more = {call}

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


def test_sl903_the_constructor_does_not_take_the_width() -> None:
    with pytest.raises(TypeError):
        BYOLProjectionHead(8, "16", 2)


WITHOUT_A_CLAIM = {"SL901": "it says that nothing is known", "SL904": "it is about a comment"}


def test_every_rule_is_tested() -> None:
    module = sys.modules[__name__]
    alone = {
        name[5:10].upper() for name, _ in inspect.getmembers(module, inspect.isfunction) if name.startswith("test_sl")
    }
    of_rows = set(STOPS.values())
    assert alone | of_rows | set(LOUD) | set(SILENT) | set(WITHOUT_A_CLAIM) == set(rule_pages.built_in())


def test_the_measure_of_a_clean_run_is_empty() -> None:
    recipe = byol()
    run = train(recipe)
    assert silent_faults(recipe, run) == {}
    broken = copy.copy(run)
    broken.target = broken.parts
    assert "SL202" in silent_faults(recipe, broken)


@pytest.mark.parametrize(("loss", "raises"), [
    ("NegativeCosineSimilarity(dim=1)", True),
    ("NegativeCosineSimilarity(dim=-2)", True),
    ("NegativeCosineSimilarity(dim=0)", False),
    ("CosineSimilarity(dim=1)", True),
    ("CosineSimilarity(dim=-1)", False),
])  # fmt: skip
def test_sl103_a_loss_over_a_missing_axis(loss: str, raises: bool) -> None:
    """Heads that end in a flat vector have no features left to compare over."""
    heads = {"projection_head": "[Linear(8, 6)]", "prediction_head": "[Linear(6, 6), Flatten(0)]"}
    target = {"projection_head": "[Linear(8, 6), Flatten(0)]"}
    recipe = Recipe("byol", POOLED, heads, target=target, loss=loss)
    error = train(recipe).error
    assert isinstance(error, IndexError) == raises
    assert ("SL103" in codes(recipe.config())) == raises


def test_sl901_a_bank_that_the_method_does_not_use_is_reported_as_unchecked() -> None:
    text = byol().config()
    for line in ("memory_bank: [4096, 128]", "queue: [4096, 128]", "prototypes: [300, 128]"):
        (model,) = analyse(Source("model.yaml", f"{text}{line}\n"), Options()).models
        (violation,) = model.violations
        assert (violation.rule.page.code, violation.blocks) == ("SL901", False)
        assert f"{line.partition(':')[0]} is not checked: byol keeps no" in violation.message
    (model,) = analyse(
        Source("model.yaml", moco("MoCoProjectionHead(8, 12, 6)", bank=(16, 6)).config()), Options()
    ).models
    assert model.violations == ()


@pytest.mark.parametrize(("name", "trained"), [("SL213-bad.py", True), ("SL213-good.py", False)])
def test_sl213_a_target_without_stopped_gradients_is_trained_by_the_loss(name: str, trained: bool) -> None:
    folder = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
    source = (folder / name).read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(source, name, "exec"), names)
    model = names["BYOL"]()
    optimiser = torch.optim.SGD(model.parameters(), lr=1.0)
    model(torch.rand(4, 3, 16, 16), torch.rand(4, 3, 16, 16)).backward()
    before = model.projection_head_momentum.layers[0].weight.detach().clone()
    optimiser.step()
    assert torch.equal(model.projection_head_momentum.layers[0].weight, before) != trained
    assert codes(source, name) == ({"SL213"} if trained else set())


@pytest.mark.parametrize(("name", "swapped"), [("SL214-bad.py", True), ("SL214-good.py", False)])
def test_sl214_an_update_the_wrong_way_leaves_the_target_as_it_is(name: str, swapped: bool) -> None:
    folder = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
    source = (folder / name).read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(source, name, "exec"), names)
    model = names["BYOL"]()
    optimiser = torch.optim.SGD(model.backbone.parameters(), lr=1.0)
    before = model.backbone_momentum[0].weight.detach().clone()
    for _ in range(2):
        optimiser.zero_grad()
        model(torch.rand(4, 3, 16, 16), torch.rand(4, 3, 16, 16)).backward()
        optimiser.step()
    assert torch.equal(model.backbone_momentum[0].weight, before) == swapped
    assert codes(source, name) == ({"SL214"} if swapped else set())
