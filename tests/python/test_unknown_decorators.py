"""Decorators whose value is not known: those of registries leave a class as it is, others may not."""

from __future__ import annotations

import pytest

from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.text.source import Source

PROGRAM = """
import functools
import mystery
import torch
from mystery import REGISTRY, register_head, wrapped
from torch import nn

rules = [mystery.first, mystery.second]
chosen = rules[mystery.number()]
HEADS = mystery.Registry("heads")
register = HEADS.register


{decorator}
class Head(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.net = nn.Linear(a, b)

    def forward(self, x):
        return self.net(x)


{decorator}
def head(a, b):
    return nn.Linear(a, b)


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(8, 64)
        self.projection_head = {head}(32, 16)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


BYOL()(torch.randn(4, 8))
"""
KEEP = [
    *("@HEADS.register", '@HEADS.register("head")', '@HEADS.add("head")', "@REGISTRY.register_module()"),
    *("@mystery.registry.head", '@mystery.registry("heads").add', "@register", '@register("head")', "@register_head"),
]
MAY_CHANGE = [
    *("@rules[mystery.number()]", "@chosen", '@chosen("head")', "@rules[0 if mystery.number() else 1]()"),
    *("@(mystery.first if mystery.number() else chosen)", "@HEADS.all[0]"),
]


def findings(decorator: str, head: str) -> list[str]:
    text = PROGRAM.format(decorator=decorator, head=head)
    return [one.code for one in lint_text(Source("train.py", text), Settings(isolated=True)).findings]


@pytest.mark.parametrize("head", ["Head", "head"])
@pytest.mark.parametrize("decorator", KEEP)
def test_what_a_registry_gets_stays_as_it_is(decorator: str, head: str) -> None:
    assert findings(decorator, head) == ["SL101"]


@pytest.mark.parametrize("head", ["Head", "head"])
@pytest.mark.parametrize("decorator", MAY_CHANGE)
def test_what_another_decorator_makes_is_not_known(decorator: str, head: str) -> None:
    assert findings(decorator, head) == ["SL901"]
