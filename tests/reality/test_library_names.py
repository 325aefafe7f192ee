"""The names that the data files give to modules of libraries are those of the installed libraries, and no others."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightly")

import torchvision  # noqa: E402

from shapelint.signatures import absent_names  # noqa: E402

MODELS = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet", "inception_v3",
    "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "resnet18", "resnet50",
    "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t", "swin_v2_t", "vgg11", "vit_b_32",
)  # fmt: skip
"""A small model of every family."""


@pytest.mark.parametrize("name", absent_names.modules())
def test_a_module_has_these_names(name: str) -> None:
    known, module = absent_names.modules()[name], importlib.import_module(name)
    inside = {one.name for one in pkgutil.iter_modules(getattr(module, "__path__", [])) if not one.name.startswith("_")}
    assert {*(one for one in dir(module) if not one.startswith("_")), *inside} >= known.names >= inside
    own = {key for key, value in vars(module).items() if inspect.isclass(value) or inspect.isfunction(value)}
    assert {one for one in own if not one.startswith("_")} <= known.names
    assert not {one for one in known.lost if hasattr(module, one) or one in inside}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_does_not_have_these_parts(name: str) -> None:
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = getattr(torchvision.models, name)(weights=None, **options)
    parts = absent_names.modules()["torchvision.models"].parts
    absent = {part for part in parts if absent_names.of_model(f"torchvision.models.{name}", part)}
    assert absent == {part for part in parts if not hasattr(model, part)}
    assert all(hasattr(model, found.nearest) for part in absent if (found := _absent(name, part)).nearest)


def _absent(name: str, part: str) -> absent_names.Absent:
    found = absent_names.of_model(f"torchvision.models.{name}", part)
    assert found is not None
    return found
