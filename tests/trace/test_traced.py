"""The tracer: signatures of components that are built on the meta device and run on shapes only."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest
import timm
import torch
from torch import nn

from shapelint.shapes.dims import symbol
from shapelint.shapes.notation import parse_signature
from shapelint.trace import probe
from shapelint.trace.fitsizes import FitSizes
from shapelint.trace.governing_arguments import Experiment, Unfitted, fit
from shapelint.trace.images import passages
from shapelint.trace.layer_signatures import layer_row
from shapelint.trace.meta import Untraceable, build, runs
from shapelint.trace.signature_rows import LEADING
from shapelint.trace.symbolic import Free, Observation, observe
from shapelint.trace.traced import trace
from shapelint.trace.variant import bind

HEADS = "lightly.models.modules"


def shapes_of(target: str, *positional: Any, **arguments: Any) -> str:
    return trace(target, arguments, positional).rows[0].shapes


@pytest.fixture(autouse=True)
def nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test on any attempt to load weights or open a socket."""

    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("weights were asked for")

    for place in ("torch.hub.load_state_dict_from_url", "torch.hub.download_url_to_file", "socket.socket.connect"):
        monkeypatch.setattr(place, refuse)


# layers and heads


@pytest.mark.parametrize(("target", "positional", "arguments", "shapes"), [
    ("torch.nn.Linear", (512, 256), {}, "... in_features -> ... out_features"),
    ("torch.nn.Linear", (256, 256), {"bias": False}, "... in_features -> ... out_features"),
    ("torch.nn.ReLU", (), {}, "... -> ..."),
    ("torch.nn.BatchNorm1d", (8,), {},
     "B num_features -> B num_features where B > 1 | B num_features L -> B num_features L where B*L > 1"),
    ("torch.nn.LayerNorm", (6,), {}, "... normalized_shape -> ... normalized_shape"),
    ("torch.nn.Conv1d", (8, 16, 3), {},
     "in_channels L -> out_channels (L-2) where L > 2 | B in_channels L -> B out_channels (L-2) where L > 2"),
    ("torch.nn.Conv2d", (3, 64, (7, 5)), {"padding": 1, "stride": 2},
     "in_channels H W -> out_channels ((H-1)//2-1) ((W-1)//2) where H > 4 and W > 2"
     " | B in_channels H W -> B out_channels ((H-1)//2-1) ((W-1)//2) where H > 4 and W > 2"),
    (f"{HEADS}.BYOLProjectionHead", (512, 1024, 256), {},
     "B input_dim -> B output_dim where B > 1"
     " | B hidden_dim input_dim -> B hidden_dim output_dim where B*hidden_dim > 1"),
    (f"{HEADS}.BYOLProjectionHead", (), {"input_dim": 256, "hidden_dim": 256, "output_dim": 256},
     "B input_dim -> B output_dim where B > 1"
     " | B hidden_dim input_dim -> B hidden_dim output_dim where B*hidden_dim > 1"),
    (f"{HEADS}.NNCLRProjectionHead", (), {},
     "B input_dim -> B output_dim where B > 1"
     " | B hidden_dim input_dim -> B hidden_dim output_dim where hidden_dim == output_dim and B*hidden_dim > 1"),
    (f"{HEADS}.MoCoProjectionHead", (512, 64, 32, 5), {}, "... input_dim -> ... output_dim"),
    (f"{HEADS}.SwaVPrototypes", (128, (30, 40)), {}, "... input_dim -> [... n_prototypes[0], ... n_prototypes[1]]"),
    (f"{HEADS}.heads.DenseCLProjectionHead", (), {}, "... input_dim -> ... output_dim"),
])  # fmt: skip
def test_a_layer_is_traced_with_its_widths_by_name(
    target: str, positional: tuple[Any, ...], arguments: dict[str, Any], shapes: str
) -> None:
    assert shapes_of(target, *positional, **arguments) == shapes


class Bottleneck(nn.Module):
    """A block whose widths are multiples and sums of its arguments, and which only takes maps."""

    def __init__(self, width: int, planes: int, expansion: int = 4, depth: int = 2) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, planes * expansion, 3, stride=2, padding=1)
        self.rest = nn.Sequential(*(nn.Conv2d(planes * expansion, planes * expansion, 1) for _ in range(depth)))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.rest(self.first(x))
        return y, torch.cat([y.mean((2, 3)), x.mean((2, 3))], dim=1)


def test_a_width_may_be_a_product_or_a_sum_of_arguments() -> None:
    row = layer_row(bind(Bottleneck, (64, 16), {}))
    shapes = "B width H W -> (B (expansion*planes) ((H-1)//2+1) ((W-1)//2+1), B (expansion*planes+width))"
    assert shapes in [str(one) for one in parse_signature(row.shapes).alternatives]
    assert row.parts["first"] == "torch.nn.Conv2d: B width H W -> B (expansion*planes) ((H-1)//2+1) ((W-1)//2+1)"


def test_an_argument_that_changes_the_structure_is_not_a_width() -> None:
    assert bind(Bottleneck, (64, 16), {}).widths == ("width", "planes", "expansion")
    assert trace(f"{HEADS}.VICRegProjectionHead", {"num_layers": 5}).inert == {"num_layers"}


class Residual(nn.Module):
    """A module that runs only if two of its arguments are equal."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.linear(x)


def test_widths_that_must_be_equal_are_a_condition() -> None:
    row = layer_row(bind(Residual, (8, 8), {}))
    assert row.shapes.startswith("B width -> B width where width == out")


# models of images


def test_a_feature_extractor_and_the_literal_model() -> None:
    features, literal = trace("torchvision/resnet18", {}), trace("torchvision.models.resnet18", {"num_classes": 10})
    assert features.rows[0].shapes == "B 3 H W -> B 512 where ((H-1)//32+1)*((W-1)//32+1)*B > 1"
    assert literal.rows[0].shapes == "B 3 H W -> B num_classes where ((H-1)//32+1)*((W-1)//32+1)*B > 1"
    assert (literal.classes, literal.rows[0].weights) == ("num_classes", "513*num_classes+11176512")
    assert literal.rows[0].parts["layer4"] == (
        "torch.nn.Sequential: B 256 ((H-1)//16+1) ((W-1)//16+1) -> B 512 ((H-1)//32+1) ((W-1)//32+1)"
    )


@pytest.mark.parametrize("arguments", [{"weights": "DEFAULT"}, {"pretrained": True}, {"weights": "IMAGENET1K_V1"}])
def test_weights_are_never_loaded(arguments: dict[str, Any]) -> None:
    assert shapes_of("torchvision.models.alexnet", **arguments) == "B 3 H W -> B num_classes where H > 62 and W > 62"
    assert shapes_of("timm/test_resnet", pretrained=True).startswith("B 3 H W -> B ")


def test_googlenet_with_weights_has_no_auxiliary_logits() -> None:
    assert shapes_of("torchvision.models.googlenet", pretrained=True).startswith("B 3 H W -> B num_classes where")


@pytest.mark.parametrize(("target", "shapes"), [
    ("timm/resnet18", "B 3 H W -> B 512 where ((H-1)//32+1)*((W-1)//32+1)*B > 1"),
    ("timm/vit_tiny_patch16_224", "B 3 224 224 -> B 192"),
    ("timm/mobilenetv3_small_100", "B 3 H W -> B 1024 where ((H-1)//32+1)*((W-1)//32+1)*B > 1"),
])  # fmt: skip
def test_timm_models_are_traced(target: str, shapes: str) -> None:
    """timm's own `num_features` of mobilenetv3_small_100 is 576."""
    assert shapes_of(target) == shapes


def test_timm_models_by_name_and_with_other_channels() -> None:
    assert shapes_of("timm.create_model", "resnet18", num_classes=0, in_chans=1).startswith("B 1 H W -> B 512")
    assert shapes_of("timm.create_model", model_name="resnet18").startswith("B 3 H W -> B num_classes")
    assert shapes_of("timm.create_model", "resnet18", num_classes=None).startswith("B 3 H W -> B 1000")


@pytest.mark.parametrize(("name", "classes"), [
    ("vit_tiny_patch16_224.augreg_in21k", 21843),
    ("vit_tiny_patch16_224", 1000),
    ("vit_small_patch16_224.dino", 0),
    ("test_vit", 1000),
])  # fmt: skip
def test_timm_models_have_as_many_classes_as_their_weights(name: str, classes: int) -> None:
    assert timm.create_model(name).num_classes == classes
    traced = trace("timm.create_model", {"model_name": name})
    default = {parameter.name: parameter.default for parameter in traced.parameters}.get("num_classes")
    assert (traced.classes, default) == (("num_classes", classes) if classes else (None, 0))


def test_a_class_count_that_is_given_is_not_the_default() -> None:
    for target, arguments in (("timm.create_model", {"model_name": "test_vit"}), ("torchvision.models.alexnet", {})):
        traced = trace(target, {**arguments, "num_classes": 256})
        assert {parameter.name: parameter.default for parameter in traced.parameters}["num_classes"] == 1000


class Windows(nn.Module):
    """A module that pads to whole windows of 4, like Swin, and has one bare size that only some images have."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        height, width = x.shape[2:]
        x = nn.functional.pad(x, (0, (4 - width % 4) % 4, 0, (4 - height % 4) % 4))
        return x.unflatten(2, (-1, 4)).unflatten(4, (-1, 4)).mean((3, 5))


def test_window_sizes_are_fitted_from_many_sizes() -> None:
    (passage,) = passages(build(Windows), 3, (224, 224))
    assert str(passage.seen.output) == "(B, 8, (H-1)//8+1, (W-1)//8+1)"


# what cannot be traced


@pytest.mark.parametrize(("target", "positional", "arguments", "reason"), [
    ("os.system", ("true",), {}, "none of the constructors that may be run"),
    ("torch.nn.functional.relu", (), {}, "torch.nn.functional has no class relu"),
    ("torch.nn.Nothing", (), {}, "torch.nn has no class Nothing"),
    ("torch.nn.Linear", (512,), {}, "missing a required argument: 'out_features'"),
    ("torch.nn.Linear", (512, 256), {"size": 1}, "unexpected keyword argument 'size'"),
    ("torch.nn.Linear", (512, -1), {}, "cannot be constructed"),
    ("torch.nn.Embedding", (10, 3), {}, "takes no input of one tensor"),
    ("torch.nn.MSELoss", (), {}, "takes no input of one tensor"),
    (f"{HEADS}.LeJEPAProjectionHead", (8, 8, 8, 1), {}, "num_layers must be greater than or equal to 2"),
    (f"{HEADS}.SMoGPrototypes", (8, 0.9), {}, ""),
    ("torchvision.models.list_models", (), {}, "no classification model 'list_models'"),
    ("torchvision.models.resnet18", (), {"classes": 10}, "unexpected keyword argument 'classes'"),
    ("torchvision/nothing", (), {}, "no classification model 'nothing'"),
    ("timm/nothing", (), {}, "timm has no model 'nothing'"),
    ("timm/hf-hub:owner/model", (), {}, "none of the constructors that may be run"),
    ("timm.create_model", ("hf-hub:owner/model",), {}, "none of the constructors that may be run"),
    ("timm.create_model", ("resnet18",), {"features_only": "yes", "scales": 3}, "cannot be constructed"),
])  # fmt: skip
def test_a_component_that_cannot_be_traced_gives_a_reason(
    target: str, positional: tuple[Any, ...], arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Untraceable) as caught:
        trace(target, arguments, positional)
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(Untraceable, match=r"timm is not installed \(pip install timm\)"):
        trace("timm/resnet18", {})


def test_importing_the_tracer_imports_no_torch() -> None:
    code = "import sys; import shapelint.trace.traced; print({'torch', 'sympy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_layer_of_torch_imports_no_other_library() -> None:
    code = (
        "import sys; from shapelint.trace.traced import trace; trace('torch.nn.Linear', {}, (3, 4));"
        "print([name for name in ('torchvision', 'lightly', 'timm') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_tracing_prints_nothing_and_leaves_torch_unchanged(capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shapes_of("torchvision.models.googlenet")
        shapes_of(f"{HEADS}.DINOProjectionHead")
    assert capfd.readouterr() == ("", "")
    assert torch.is_grad_enabled()
    assert torch.empty(1).device.type == "cpu"


# parts of the tracer


def test_constructor_arithmetic_runs_on_the_meta_device() -> None:
    class Rates(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rates = [rate.item() for rate in torch.linspace(0, 1, 5)]
            self.layer = nn.Linear(3, 4)

    module = build(Rates)
    assert module.rates == [0, 0.25, 0.5, 0.75, 1]
    assert module.layer.weight.device.type == "meta"  # type: ignore[union-attr]
    assert module.training


def test_an_axis_that_is_forced_to_one_size_is_reported() -> None:
    class Fixed(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            assert x.shape[1] == 7
            return x

    assert observe(build(Fixed), (Free("B", 3), Free("L", 7))).specialised == {"L": 7}
    assert observe(build(nn.ReLU), (Free("B", 3), Free("L", 7))).specialised == {}


@pytest.mark.parametrize(("values", "formula"), [
    ((12, 12, 12, 12), "12"),
    ((5, 9, 5, 17), "a"),
    ((10, 18, 10, 34), "2*a"),
    ((12, 16, 13, 28), "a+b"),
    ((35, 63, 40, 187), "a*b"),
    ((70, 126, 80, 374), "2*a*b"),
    ((6, 10, 6, 18), "a+1"),
])  # fmt: skip
def test_a_formula_is_found_from_trials(values: tuple[int, ...], formula: str) -> None:
    trials = ({"a": 5, "b": 7}, {"a": 9, "b": 7}, {"a": 5, "b": 8}, {"a": 17, "b": 11})
    assert str(fit(values, trials)) == formula


@pytest.mark.parametrize("values", [(5, 4, 5, 3), (25, 81, 25, 289), (5, 9, 5, 16), (2, 4, 2, 8)])
def test_sizes_without_a_formula_are_not_forced_into_one(values: tuple[int, ...]) -> None:
    trials = ({"a": 5, "b": 7}, {"a": 9, "b": 7}, {"a": 5, "b": 8}, {"a": 17, "b": 11})
    with pytest.raises(Unfitted):
        fit(values, trials)


def test_a_formula_in_free_axes_and_arguments() -> None:
    """Each coefficient follows a formula of its own; one that is not there in every trial follows none."""
    trials = ({"a": 5, "b": 7}, {"a": 9, "b": 7}, {"a": 5, "b": 8}, {"a": 17, "b": 11})
    batch, a, b = symbol("B"), symbol("a"), symbol("b")
    values = tuple(batch * trial["a"] + trial["b"] + 1 for trial in trials)
    assert fit(values, trials) == batch * a + b + 1
    assert fit((batch * 3,) * 4, trials) == batch * 3
    with pytest.raises(Unfitted):
        fit((*values[:3], batch * batch), trials)


class Stack(nn.Module):
    """Layers as deep as it is told, a second output for some depths, and a layer that is not always called."""

    def __init__(self, width: int, depth: int, is_double: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.spare = nn.Linear(width, 2 * width)
        self.is_double = is_double

    def forward(self, x: torch.Tensor) -> Any:
        for layer in self.layers:
            x = layer(x)
        return (x, self.spare(x)) if self.is_double else x


def observed(*arguments: Any) -> Observation:
    return observe(build(lambda: Stack(*arguments)), (Free("B", 3), arguments[0]))


def test_what_follows_no_formula_of_the_arguments_is_left_out() -> None:
    trials = ({"width": 8}, {"width": 12}, {"width": 10})
    alike = Experiment(observed(8, 2), [observed(12, 2), observed(10, 2)], trials).generalise()
    width = symbol("width")
    assert alike.output == (symbol("B"), width)
    assert alike.layers["layers.1"].output == (symbol("B"), width)
    assert alike.layers["spare"].output is None  # it is never called
    assert alike.tensors["layers.0.weight"].shape == (width, width)
    deeper = Experiment(observed(8, 2), [observed(12, 2), observed(10, 2, True)], trials)
    with pytest.raises(Unfitted):
        deeper.generalise()
    more = Experiment(observed(8, 2), [observed(12, 2), observed(10, 3)], trials)
    with pytest.raises(Unfitted):
        more.generalise()  # it has other parameters


def test_fitted_sizes_must_be_unique() -> None:
    def seen(size: int, output: int) -> Observation:
        return Observation(((2, 3, size, 9),), (2, output), {}, (), ())

    def fitted(sizes: range) -> Observation:
        points = [{"B": 2, "H": size, "W": 9} for size in sizes]
        return FitSizes([seen(size, (size + 3) // 8) for size in sizes], points).observation()

    assert fitted(range(100, 117)).output == (2, (symbol("H") + 3) // 8)
    with pytest.raises(Untraceable):
        fitted(range(100, 117, 8))


def test_probes_agree_on_the_leading_axes() -> None:
    """Ranks 1 to 5 are probed, and `...` is only written if all of them are taken."""
    assert [len(names) + 1 for names in LEADING.values()] == list(LEADING)
    taken = probe.accepted(build(lambda: nn.Linear(48, 72)))
    assert sorted(len(template) for template in taken) == [1, 2, 3, 4, 5]
    assert not runs(build(lambda: nn.Linear(48, 72)), (2, 72))
