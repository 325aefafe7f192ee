"""The names and shapes of the tensors that a module saves, compared with `state_dict()` of the real one."""

from __future__ import annotations

from typing import Any

import pytest

from shapelint.python.libraries.torch import state_names
from shapelint.python.models.entry_points import interpret
from shapelint.resolve.options import Options
from shapelint.text.source import Source

torch = pytest.importorskip("torch")

PREAMBLE = """
import copy
import os
import torch
from torch import nn
from torchvision.models import shufflenet_v2_x0_5

projection_head = None

class Head(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(2, width))
        self.register_buffer("kept", torch.zeros(3))
        self.register_buffer("lost", torch.zeros(5), persistent=False)
        self.linear = nn.Linear(width, 6)
        self.sizes = [7, 8]
        self.loss = nn.CrossEntropyLoss()

class Extended(Head):
    def __init__(self):
        super().__init__(width=8)
        self.linear = nn.Sequential(nn.Linear(8, 5, bias=False), nn.ReLU(), nn.BatchNorm1d(5))

class Layers(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(3, 2), nn.ReLU())
        self.scale = nn.Parameter(torch.ones(2))

class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def state_dict(self, *given, **named):
        return {"mine." + name: value for name, value in super().state_dict(*given, **named).items()}

class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.loss = nn.CrossEntropyLoss(weight=torch.ones(4))

class Made(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.other = eval("nn.Linear(4, 5)")

class Holder:
    def __init__(self):
        self.linear = nn.Linear(3, 2)

class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.holder = Holder()
        self.heads = nn.ModuleList([Head(2), nn.Linear(2, 3)])

backbone = shufflenet_v2_x0_5(num_classes=6)
backbone.fc = nn.Linear(1024, 9)
changed = shufflenet_v2_x0_5()
setattr(changed, os.environ.get("NO_SUCH_KEY", "fc"), nn.Linear(1024, 9))
deep = nn.Linear(2, 3)
for _ in range(15):
    deep = nn.Sequential(deep)
"""
KNOWN = [
    "Head()", "Extended()", "Layers()", "Outer()", "copy.deepcopy(Extended())",
    "nn.Sequential(Head(), nn.Linear(6, 2))",
    "nn.ModuleDict({'a': nn.Linear(3, 2), 'b': nn.Conv2d(3, 4, 5)})", "backbone", "backbone.conv5",
]  # fmt: skip
UNKNOWN = [
    "Named()", "Weighted()", "Made()", "changed", "deep", "nn.GRU(3, 4)", "nn.utils.spectral_norm(nn.Linear(3, 2))",
    "copy.deepcopy(nn.utils.spectral_norm(nn.Linear(3, 2)))",
]  # fmt: skip


def found(made: str) -> state_names.SavedNames:
    run, scope = interpret(Source("model.py", f"{PREAMBLE}\nfound = {made}\n"), Options())
    return state_names.of(run, scope.names["found"])


def real(made: str) -> dict[str, tuple[int, ...]]:
    names: dict[str, Any] = {"__name__": "model"}
    exec(PREAMBLE, names)
    return {name: tuple(tensor.shape) for name, tensor in eval(made, names).state_dict().items()}


@pytest.mark.parametrize("made", KNOWN)
def test_the_tensors_are_those_of_the_real_module(made: str) -> None:
    names = found(made)
    assert names.tensors == real(made)
    assert not names.unseen


@pytest.mark.parametrize("made", UNKNOWN)
def test_a_module_with_names_of_its_own_is_not_known(made: str) -> None:
    names = found(made)
    assert names.unseen
    assert {name: shape for name, shape in names.tensors.items() if name not in names.doubtful}.items() <= (
        real(made).items()
    )
