"""The torchvision plugin compared with the library itself, whose models are built on the meta device."""

from __future__ import annotations

import pytest

from shapelint.python.libraries import torchvision_
from shapelint.python.state.values import Component
from shapelint.spec.spec import ComponentSpec
from shapelint.text.source import Span

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision.models")


@pytest.mark.parametrize("name", models.list_models(module=models, include="vit_*"))
def test_the_numbers_of_its_vision_transformers(name: str) -> None:
    with torch.device("meta"):
        real = models.get_model(name)
    spec = ComponentSpec("call", f"torchvision.models.{name}", Span(0, 0), Span(0, 0))
    vit = torchvision_.transformer(Component(spec=spec))
    assert vit is not None
    assert (vit.width, vit.patch, vit.image) == (real.hidden_dim, real.patch_size, real.image_size)
    assert vit.tokens == real.seq_length
