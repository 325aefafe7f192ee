"""The assemblies of mmpretrain give what the real components give; skipped where mmpretrain is not installed.

Its models are built on the CPU, with BatchNorm1d in the place of SyncBatchNorm, which needs a GPU.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from shapelint.chain import propagation
from shapelint.resolve.options import Options
from shapelint.resolve.resolver import resolve
from shapelint.shapes.signatures import Misfit
from shapelint.spec.spec import Argument, ComponentSpec
from shapelint.text.source import Span

PLACE = Span(0, 0)
HEAD = {"in_channels": 12, "hid_channels": 10, "out_channels": 6}
VECTORS = {"type": "BN1d"}

BACKBONES = [
    ("ResNet", {"depth": 18, "out_indices": (1,)}, 64),
    ("ResNet", {"depth": 34}, 97),
    ("ResNet", {"depth": 50, "out_indices": (2,), "base_channels": 32}, 64),
    ("ResNeXt", {"depth": 50}, 64),
    ("VisionTransformer", {"arch": "deit-t"}, 224),
    ("VisionTransformer", {"arch": "deit-small", "out_type": "featmap"}, 224),
    ("VisionTransformer", {"arch": "s", "out_type": "raw"}, 224),
    ("MoCoV3ViT", {"arch": "mocov3-small", "patch_size": 16}, 224),
    ("SwinTransformer", {"arch": "tiny", "out_indices": (2,)}, 224),
    ("SwinTransformer", {"arch": "B"}, 224),
]
NECKS = [
    ("NonLinearNeck", {**HEAD, "num_layers": count, "with_avg_pool": pooled, "norm_cfg": norm})
    for count in (1, 2, 3, 4)
    for pooled in (True, False)
    for norm in (VECTORS, {"type": "BN"})
]
NECKS += [("MoCoV2Neck", {**HEAD, "with_avg_pool": pooled}) for pooled in (True, False)]
NECKS += [("LinearNeck", {"in_channels": 12, "out_channels": 6, "gap_dim": axes}) for axes in (0, 1, 2)]
NECKS += [("GlobalAveragePooling", {"dim": axes}) for axes in (1, 2)]
SHAPES = ((3, 12, 5, 5), (3, 12), (3, 12, 1, 1), (3, 7, 12), (3, 9, 4, 4))


@pytest.fixture(scope="module")
def registry() -> Any:
    pytest.importorskip("mmpretrain.models")
    return pytest.importorskip("mmpretrain.registry").MODELS


def argument(value: Any) -> Argument:
    if isinstance(value, dict):
        return Argument(ComponentSpec("name", value["type"], PLACE, PLACE), PLACE, PLACE)
    return Argument(value, PLACE, PLACE)


def stored(name: str, arguments: dict[str, Any], shape: tuple[int, ...], role: str) -> Any:
    """Return the shape that comes out by the stored data, None for a misfit."""
    keywords = tuple((key, argument(value)) for key, value in arguments.items())
    spec = ComponentSpec("call", f"mmpretrain.models.{name}", PLACE, PLACE, keywords=keywords)
    (link,) = propagation.run({role: resolve(spec, role, Options())}, shape).links
    fits = not any(isinstance(edge.result, Misfit) for edge in link.edges)
    return link.outgoing.value if fits else None


def real(registry: Any, name: str, arguments: dict[str, Any], value: Any) -> Any:
    module = registry.build({"type": name, **arguments})
    module.train()
    try:
        output = module(value)
    except (RuntimeError, ValueError):
        return None
    while isinstance(output, (tuple, list)):
        output = output[-1]
    return tuple(output.shape)


@pytest.mark.parametrize(("name", "arguments", "size"), BACKBONES)
def test_backbones(registry: Any, name: str, arguments: dict[str, Any], size: int) -> None:
    shape = (2, 3, size, size)
    expected = real(registry, name, arguments, torch.randn(*shape))
    found = stored(name, arguments, shape, "backbone")
    assert len(found) == len(expected)
    assert all(one == other for one, other in zip(found, expected) if isinstance(one, int))
    assert found[-1 if len(found) == 3 else 1] == expected[-1 if len(found) == 3 else 1]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "arguments"), NECKS)
def test_necks(registry: Any, name: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    assert stored(name, arguments, shape, "projection_head") == real(registry, name, arguments, (torch.randn(*shape),))
