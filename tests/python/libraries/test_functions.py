"""`rules/library_functions.yaml` compared with the libraries themselves."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from shapelint.chain.chain import Flow, Origin
from shapelint.python.libraries import library_functions
from shapelint.python.models.entry_points import interpret
from shapelint.python.tensors import signature_calls
from shapelint.resolve.options import Options
from shapelint.shapes import dims
from shapelint.text.source import Source
from tests.python.features import IMPORTS
from tests.python.test_features import serious

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")
timm = pytest.importorskip("timm")


def floats(*shape: int) -> Any:
    return torch.randn(*shape)


def indices(*shape: int, most: int = 4) -> Any:
    return torch.randint(0, most, shape)


CALLS: dict[str, Callable[[], tuple[list[Any], dict[str, Any]]]] = {
    "pool_masked": lambda: ([floats(2, 8, 4, 4), indices(2, 4, 4)], {"num_cls": 5}),
    "patchify": lambda: ([floats(2, 3, 32, 32)], {"patch_size": 8}),
    "normalize_mean_var": lambda: ([floats(2, 5, 8)], {}),
    "get_at_index": lambda: ([floats(2, 5, 8), indices(2, 3)], {}),
    "set_at_index": lambda: ([floats(2, 5, 8), indices(2, 3), floats(2, 3, 8)], {}),
    "mask_at_index": lambda: ([floats(2, 5, 8), indices(2, 3), floats(1, 1, 8)], {}),
    "mask_bool": lambda: ([floats(2, 5, 8), indices(2, 5, most=2).bool(), floats(1, 1, 8)], {}),
    "random_token_mask": lambda: ([], {"size": (2, 10)}),
    "random_grid_token_mask": lambda: ([], {"size": (2, 65)}),
    "random_inverse_block_mask": lambda: ([], {"size": (2, 65)}),
    "random_prefix_mask": lambda: ([], {"size": (2, 16), "max_prefix_length": 15}),
    "random_block_mask": lambda: ([], {"size": (2, 8, 6)}),
    "select_most_similar": lambda: ([floats(2, 5, 8), floats(2, 5, 8), floats(2, 5, 4)], {}),
    "apply_masks": lambda: ([floats(2, 6, 8), [indices(2, 3), indices(2, 3)]], {}),
    "repeat_interleave_batch": lambda: ([floats(4, 3, 8)], {"B": 2, "repeat": 3}),
    "batch_shuffle": lambda: ([floats(4, 8)], {}),
    "batch_unshuffle": lambda: ([floats(4, 3, 8, 8), torch.randperm(4)], {}),
}


def test_every_function_of_the_table_is_run() -> None:
    assert {name.rpartition(".")[2] for name in library_functions.table()} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_functions_agree_with_the_table(name: str) -> None:
    positional, keywords = CALLS[name]()
    real = getattr(importlib.import_module("lightly.models.utils"), name)(*positional, **keywords)
    known = library_functions.find(f"lightly.models.utils.{name}")
    assert known is not None
    agree(predicted(known, positional, keywords), real)


def predicted(known: library_functions.LibraryFunction, tensors: list[Any], values: dict[str, Any]) -> Any:
    """Return what the signature gives for tensors of these shapes."""
    flows = [flow(tensor) if isinstance(tensor, torch.Tensor) else None for tensor in tensors]
    flows += [None] * (len(known.inputs) - len(flows))
    return signature_calls.apply(known.shapes, flows, values, Origin(""))


def flow(tensor: Any) -> Flow:
    return Flow(tuple(tensor.shape), (Origin(""),) * tensor.ndim, Origin(""))


def agree(said: Flow | tuple[Flow, ...], real: Any) -> None:
    """Return whether the ranks and every known dimension are equal."""
    if isinstance(said, tuple):
        assert len(said) == len(real)
        for one, other in zip(said, real):
            agree(one, other)
        return
    assert isinstance(said.value, tuple)
    assert len(said.value) == real.ndim
    assert all(not dims.is_known(one) or one == other for one, other in zip(said.value, real.shape))


TORCHVISION = {"image_size": 32, "patch_size": 8, "num_layers": 1, "num_heads": 2, "hidden_dim": 24, "mlp_dim": 32}


def modules() -> dict[str, Callable[[], tuple[Any, str, dict[str, Any], list[Any]]]]:
    """Return small modules of every kind: the module, the method, the values that the table may use, and tensors."""
    from lightly.models import modules as lightly
    from lightly.models.modules import ijepa
    from torchvision.models import VisionTransformer

    small = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 1, "num_heads": 2}
    vit = timm.models.VisionTransformer(**small)
    image = [floats(2, 3, 32, 32)]
    width = {"embed_dim": 24}
    decoder = {"num_patches": 16, "embed_dim": 24, "depth": 1, "num_heads": 2}
    capi = {"embed_dim": 24, "grid_size": 4, "depth": 1, "num_heads": 2}
    positions = [floats(2, 5, 24), indices(2, 5), indices(2, 3)]
    smog = {"n_groups": 6, "n_features": 8}
    return {
        "MaskedVisionTransformerTIMM.forward": lambda: (lightly.MaskedVisionTransformerTIMM(vit), width, image),
        "MaskedVisionTransformerTIMM.encode": lambda: (lightly.MaskedVisionTransformerTIMM(vit), width, image),
        "MaskedVisionTransformerTorchvision.forward": lambda: (
            lightly.MaskedVisionTransformerTorchvision(VisionTransformer(**TORCHVISION)), width, image,
        ),
        "MaskedVisionTransformerTorchvision.encode": lambda: (
            lightly.MaskedVisionTransformerTorchvision(VisionTransformer(**TORCHVISION)), width, image,
        ),
        "MaskedCausalVisionTransformer.forward_features": lambda: (
            lightly.MaskedCausalVisionTransformer(**small), width, image,
        ),
        "MaskedVisionTransformerDecoderTIMM.forward": lambda: (
            lightly.MaskedVisionTransformerDecoderTIMM(**decoder), width, [floats(2, 17, 24)],
        ),
        "CAPIPredictorTIMM.forward": lambda: (lightly.CAPIPredictorTIMM(**capi), width, positions),
        "AIMPredictionHead.forward": lambda: (
            lightly.AIMPredictionHead(24, 12, num_blocks=1), {"input_dim": 24, "output_dim": 12}, [floats(2, 5, 24)],
        ),
        "IJEPABackbone.encode": lambda: (ijepa.IJEPABackbone.from_vit(VisionTransformer(**TORCHVISION)), width, image),
        "SMoGPrototypes.forward": lambda: (
            lightly.SMoGPrototypes(floats(6, 8), 0.9), smog, [floats(2, 8), floats(6, 8)],
        ),
        "SMoGPrototypes.assign_groups": lambda: (lightly.SMoGPrototypes(floats(6, 8), 0.9), smog, [floats(2, 8)]),
        "SMoGPrototypes.get_updated_group_features": lambda: (
            lightly.SMoGPrototypes(floats(6, 8), 0.9), smog, [floats(2, 8)],
        ),
        "MemoryBankModule.forward": lambda: (
            importlib.import_module("lightly.models.modules.memory_bank").MemoryBankModule((10, 8)),
            {"size": (10, 8)}, [floats(2, 8)],
        ),
        "NNMemoryBankModule.forward": lambda: (lightly.NNMemoryBankModule((10, 8)), {"size": (10, 8)}, [floats(2, 8)]),
    }  # type: ignore[return-value]  # fmt: skip


NAMES = [
    "MaskedVisionTransformerTIMM.forward",
    "MaskedVisionTransformerTIMM.encode",
    "MaskedVisionTransformerTorchvision.forward",
    "MaskedVisionTransformerTorchvision.encode",
    "MaskedCausalVisionTransformer.forward_features",
    "MaskedVisionTransformerDecoderTIMM.forward",
    "CAPIPredictorTIMM.forward",
    "AIMPredictionHead.forward",
    "IJEPABackbone.encode",
    "SMoGPrototypes.forward",
    "SMoGPrototypes.assign_groups",
    "SMoGPrototypes.get_updated_group_features",
    "MemoryBankModule.forward",
    "NNMemoryBankModule.forward",
]


@pytest.mark.parametrize("name", NAMES)
def test_methods_agree_with_the_table(name: str) -> None:
    cls, _, method = name.partition(".")
    module, values, tensors = modules()[name]()  # type: ignore[misc]
    known = library_functions.methods()[f"lightly.models.modules.{cls}"][method]
    with torch.no_grad():
        real = getattr(module, method)(*tensors)
    agree(predicted(known, tensors, values), real)


@pytest.mark.parametrize("name", ["resnet-9", "resnet-18", "resnet-50"])
def test_the_stand_in_for_lightlys_resnets(name: str) -> None:
    from lightly.models import ResNetGenerator

    from shapelint.python.models.recognise import read_models
    from shapelint.resolve.options import Options
    from shapelint.text.source import Source

    text = f"""
from torch import nn
from lightly.models import ResNetGenerator
from lightly.models.modules import BYOLProjectionHead
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(ResNetGenerator({name!r}).children())[:-1])
        self.projection_head = BYOLProjectionHead()
    def forward(self, x):
        return self.projection_head(self.backbone(x).mean((2, 3)))
"""
    (model,) = read_models(Source("train.py", text), Options()).models
    said = model.chain.links[0].outgoing.value
    assert isinstance(said, tuple)
    children = list(ResNetGenerator(name).eval().children())[:-1]
    for size in (32, 64, 33):
        with torch.no_grad():
            real = torch.nn.Sequential(*children)(floats(2, 3, size, size)).shape
        assert tuple(dims.substitute(dim, {"B": 2, "H": size, "W": size}) for dim in said) == tuple(real)


POOLED: dict[str, Callable[[Any], Any]] = {
    "avg_pool2d(x, 3, 2, 1)": lambda x: torch.nn.functional.avg_pool2d(x, 3, 2, 1),
    "max_pool2d(x, 2)": lambda x: torch.nn.functional.max_pool2d(x, 2),
    "max_pool2d(x, 3, stride=2, padding=1)": lambda x: torch.nn.functional.max_pool2d(x, 3, stride=2, padding=1),
    "interpolate(x, size=9)": lambda x: torch.nn.functional.interpolate(x, size=9),
}


@pytest.mark.parametrize(("call", "pooled"), POOLED.items())
def test_a_function_is_equivalent_to_its_layer(call: str, pooled: Callable[[Any], Any]) -> None:
    """The width after a flatten shows the height and width that torch gives; a head that is one wider does not fit."""
    (width,) = pooled(torch.zeros(1, 3, 32, 32)).flatten(1).shape[1:]
    code = (
        IMPORTS + "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.backbone = nn.Identity()\n        self.projector = nn.Linear(WIDTH, 8)\n"
        f"    def forward(self, x):\n        return self.projector(F.{call}.flatten(1))\n"
        "Model()(torch.zeros(1, 3, 32, 32))\n"
    )
    assert serious(code.replace("WIDTH", str(width))) == []
    (finding,) = serious(code.replace("WIDTH", str(width + 1)))
    assert (finding.code, finding.actual) == ("SL101", width)


BUILT: dict[str, dict[str, Any]] = {
    "MaskedVisionTransformerDecoderTIMM": {"num_patches": 16, "embed_dim": 24, "depth": 1, "num_heads": 6},
    "CAPIPredictorTIMM": {"embed_dim": 24, "grid_size": 4, "depth": 1, "num_heads": 6},
    "MaskedCausalVisionTransformer": {"embed_dim": 24, "num_heads": 6, "depth": 1},
    "VisionTransformer": {
        **{"image_size": 32, "patch_size": 8, "num_layers": 1, "num_heads": 6, "hidden_dim": 24, "mlp_dim": 24}
    },
}
"""Arguments with which each constructor of the table works."""


@pytest.mark.parametrize(("target", "parameters", "condition"), library_functions.constructors())
def test_constructors_raise_as_in_the_table(target: str, parameters: tuple[Any, ...], condition: str) -> None:
    module, _, name = target.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    assert library_functions.refused(target, BUILT[name]) == ""
    kind(**BUILT[name])
    wrong = {**BUILT[name], parameters[1].name: 7}
    assert library_functions.refused(target, wrong) == condition
    with pytest.raises((AssertionError, ValueError, RuntimeError)):
        kind(**wrong)


@pytest.mark.parametrize(("target", "parameters", "condition"), library_functions.constructors())
def test_defaults_of_constructors_are_those_of_the_library(
    target: str, parameters: tuple[Any, ...], condition: str
) -> None:
    module, _, name = target.rpartition(".")
    kind = getattr(importlib.import_module(module), name)
    own = [dict(inspect.signature(cls).parameters) for cls in kind.__mro__[:2]]
    for parameter in parameters:
        real = next(taken[parameter.name] for taken in own if parameter.name in taken)
        assert parameter.required == (real.default is inspect.Parameter.empty)
        assert parameter.required or real.default == parameter.default


@pytest.mark.parametrize("size", [224, 232, 240])
@pytest.mark.parametrize("padded", [False, True])
def test_a_transformer_of_open_size_takes_multiples_of_its_patches(size: int, padded: bool) -> None:
    options = {"dynamic_img_size": True, "num_classes": 0, "depth": 1, **({"dynamic_img_pad": True} if padded else {})}
    written = ", ".join(f"{name}={value}" for name, value in options.items())
    text = f"""{IMPORTS}from timm.models.vision_transformer import vit_tiny_patch16_224


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = vit_tiny_patch16_224({written})
        self.projection_head = BYOLProjectionHead(192, 64, 32)
        self.width = self.backbone(torch.zeros(2, 3, {size}, 224)).shape[1]

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
    model = timm.create_model("vit_tiny_patch16_224", **options)
    try:
        model(floats(2, 3, size, 224))
        raises = False
    except AssertionError:
        raises = True
    assert raises == (size == 232 and not padded)
    assert [finding.code for finding in serious(text)] == ["SL106"] * raises


@pytest.mark.parametrize("classes", ["num_classes=0", "num_classes=10"])
@pytest.mark.parametrize("name", ["resnet18", "convnext_atto"])
def test_num_features_agrees_with_timm(name: str, classes: str) -> None:
    text = f"""
import timm
from torch import nn
from lightly.models.modules import BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = timm.create_model("{name}", {classes})
        self.projection_head = BYOLProjectionHead(self.backbone.num_features + 1, 64, 64)

    def forward(self, x):
        return self.projection_head(self.backbone.forward_head(self.backbone.forward_features(x), pre_logits=True))

model = BYOL()
"""
    _, scope = interpret(Source("train.py", text), Options())
    head = scope.names["model"].attributes["projection_head"]
    real = timm.create_model(name, **{classes.partition("=")[0]: int(classes.partition("=")[2])})
    assert head.arguments["input_dim"].value == real.num_features + 1
