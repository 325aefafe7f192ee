"""Masked models of OpenMMLab: a config with one wrong width is reported where the real parts stop, and nowhere else.

The parts are called as the algorithm's `loss` calls them, without what makes its targets. Skipped where mmpretrain is
not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore")  # mmpretrain calls torch.meshgrid without an order

Parts = dict[str, Any]
IMAGES = torch.randn(2, 3, 224, 224)
MASK = torch.arange(196).reshape(1, 14, 14).expand(2, 14, 14) < 75

TINY = {"type": "BEiTPretrainViT", "arch": "deit-tiny"}
CODES = {"embed_dims": 192, "num_embed": 32, "loss": {"type": "CrossEntropyLoss"}}
PIXELS = {"type": "MAEPretrainHead", "loss": {"type": "PixelReconstructionLoss", "criterion": "L2"}}
PYRAMID = {"type": "iTPNHiViT", "arch": "tiny"}
LEVELS = {"type": "iTPNPretrainDecoder", "embed_dim": 384, "decoder_embed_dim": 128, "fpn_dim": 64, "decoder_depth": 1}

MODELS: dict[str, Parts] = {
    "beit": {"type": "BEiT", "backbone": TINY, "neck": None, "head": {"type": "BEiTV1Head", **CODES}},
    "beit v2": {
        "type": "BEiT",
        "backbone": {"type": "BEiTPretrainViT", "arch": "base", "out_indices": [-4, -1], "final_norm": False},
        "neck": {"type": "BEiTV2Neck", "backbone_arch": "base"},
        "head": {"type": "BEiTV2Head", **CODES, "embed_dims": 768},
    },
    "cae": {
        "type": "CAE",
        "backbone": {"type": "CAEPretrainViT", "arch": "deit-tiny", "layer_scale_init_value": 0.1},
        "neck": {
            "type": "CAENeck",
            "embed_dims": 192,
            "num_heads": 4,
            "regressor_depth": 1,
            "decoder_depth": 1,
            "layer_scale_init_value": 0.1,
        },
    },
    "mixmim": {
        "type": "MixMIM",
        "backbone": {"type": "MixMIMPretrainTransformer", "arch": "B"},
        "neck": {
            "type": "MixMIMPretrainDecoder",
            "num_patches": 49,
            "embed_dim": 1024,
            "decoder_embed_dim": 64,
            "decoder_depth": 1,
        },
    },
    "maskfeat": {
        "type": "MaskFeat",
        "backbone": {"type": "MaskFeatViT", "arch": "deit-tiny"},
        "neck": {"type": "LinearNeck", "in_channels": 192, "out_channels": 108, "norm_cfg": None},
    },
    "itpn": {"type": "iTPN", "backbone": PYRAMID, "neck": LEVELS, "head": PIXELS},
    "itpn clip": {
        "type": "iTPN",
        "backbone": {**PYRAMID, "reconstruction_type": "clip"},
        "neck": {**LEVELS, "decoder_embed_dim": 384, "reconstruction_type": "clip"},
        "head": {"type": "iTPNClipHead", **CODES, "embed_dims": 384},
    },
    "spark": {
        "type": "SparK",
        "enc_dec_norm_cfg": {"type": "SparseLN2d", "eps": 1e-6},
        "enc_dec_norm_dim": 768,
        "backbone": {
            "type": "SparseConvNeXt",
            "arch": "tiny",
            "out_indices": (0, 1, 2, 3),
            "gap_before_output": False,
        },
        "neck": {"type": "SparKLightDecoder", "feature_dim": 64, "upsample_ratio": 32, "norm_cfg": {"type": "BN"}},
        "head": {"type": "SparKPretrainHead", "loss": {"type": "PixelReconstructionLoss", "criterion": "L2"}},
    },
}
CHANGES = [
    ("beit", "head.embed_dims", 384),
    ("beit", "head.num_embed", 64),
    ("beit", "backbone.arch", "deit-small"),
    ("beit v2", "head.embed_dims", 384),
    ("cae", "neck.embed_dims", 384),
    ("mixmim", "neck.embed_dim", 768),
    ("mixmim", "neck.decoder_embed_dim", 128),
    ("maskfeat", "neck.in_channels", 384),
    ("itpn", "neck.embed_dim", 256),
    ("itpn", "neck.embed_dim", 64),
    ("itpn", "neck.fpn_dim", 128),
    ("itpn", "neck.in_chans", 4),
    ("itpn", "head.patch_size", 8),
    ("itpn clip", "neck.embed_dim", 512),
    ("itpn clip", "neck.decoder_embed_dim", 256),
    ("itpn clip", "head.embed_dims", 256),
    ("spark", "enc_dec_norm_dim", 1024),
    ("spark", "neck.feature_dim", 128),
]


def beit(parts: Parts) -> None:
    found = parts["backbone"](IMAGES, MASK)
    if parts["neck"] is None:
        parts["head"].loss(found[0], torch.randn(2, 32, 14, 14), MASK)
    else:
        after = parts["neck"](found, rel_pos_bias=parts["backbone"].shared_rel_pos_bias)
        parts["head"].loss(*after, torch.zeros(2, 196, dtype=torch.long), MASK)


def cae(parts: Parts) -> None:
    mask, places = MASK.flatten(1), parts["backbone"].pos_embed.expand(2, -1, -1)[:, 1:]
    width = places.shape[-1]
    masked, seen = places[mask].reshape(2, -1, width), places[~mask].reshape(2, -1, width)
    parts["neck"](parts["backbone"](IMAGES, mask)[:, 1:], masked, seen)


def mixmim(parts: Parts) -> None:
    parts["neck"](*parts["backbone"](IMAGES))


def maskfeat(parts: Parts) -> None:
    tokens = parts["backbone"](IMAGES, MASK.flatten(1))
    parts["neck"]((tokens.reshape(-1, tokens.shape[-1]),))


def itpn(parts: Parts) -> None:
    if parts["backbone"].reconstruction_type == "pixel":
        features, mask, order = parts["backbone"](IMAGES, True)
        parts["head"].loss(parts["neck"](features, order), IMAGES, mask)
    else:
        predicted = parts["neck"](parts["backbone"](IMAGES, MASK))
        parts["head"].cls_head(predicted)


CALLS: dict[str, Callable[[Parts], None]] = {
    "BEiT": beit,
    "CAE": cae,
    "MixMIM": mixmim,
    "MaskFeat": maskfeat,
    "iTPN": itpn,
}


@pytest.fixture(scope="module")
def registry() -> Any:
    pytest.importorskip("mmpretrain.models")
    return pytest.importorskip("mmpretrain.registry").MODELS


def stops(registry: Any, model: Parts) -> bool:
    """Whether the real parts refuse each other."""
    try:
        if model["type"] == "SparK":
            registry.build(dict(model)).loss(IMAGES, [])
        else:
            parts = {name: model.get(name) for name in ("backbone", "neck", "head")}
            built = {name: registry.build(dict(part)) if part else None for name, part in parts.items()}
            CALLS[model["type"]](built)
    except RuntimeError:
        return True
    return False


def changed(model: Parts, path: str, value: Any) -> Parts:
    first, _, rest = path.partition(".")
    return {**model, first: changed(model[first], rest, value) if rest else value}


def reported(folder: Path, model: Parts) -> list[tuple[str, str]]:
    """The codes and the numbers at which a config is reported; every link must be checked."""
    path = folder / "config.py"
    path.write_text(f"model = {model!r}\n")
    found = lint(path, Settings(isolated=True))
    (read,) = found.files[0].models
    assert not read.unchecked, read.unchecked
    line = path.read_text().split("\n")[0]
    errors = [finding for finding in found.findings if finding.severity == "error"]
    return [(error.code, line[error.location.column - 1 : error.location.end_column - 1]) for error in errors]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_runs_is_clean(registry: Any, tmp_path: Path, name: str) -> None:
    assert not stops(registry, MODELS[name])
    assert reported(tmp_path, MODELS[name]) == []


@pytest.mark.parametrize(("name", "path", "value"), CHANGES)
def test_a_changed_width(registry: Any, tmp_path: Path, name: str, path: str, value: Any) -> None:
    model = changed(MODELS[name], path, value)
    assert bool(reported(tmp_path, model)) == stops(registry, model)
