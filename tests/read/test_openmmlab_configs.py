"""OpenMMLab's configs: Python files read as configs, with their bases, and each fault at its number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import run, write

NECK = "neck=dict(type='NonLinearNeck', in_channels={}, hid_channels=640, out_channels=160, with_avg_pool=True)"
HEAD = (
    "head=dict(type='LatentPredictHead', loss=dict(type='CosineSimilarityLoss'), predictor=dict(type='NonLinearNeck', "
    "in_channels={}, hid_channels=640, out_channels=160, with_avg_pool=False))"
)
BASE = "_base_ = 'r50.py'\n"
READ_BASE = "from mmengine.config import read_base\n\nwith read_base():\n"


def byol(neck: int = 2048, predictor: int = 160, backbone: str = "type='ResNet', depth=50") -> str:
    return f"model = dict(type='BYOL', backbone=dict({backbone}), {NECK.format(neck)}, {HEAD.format(predictor)})\n"


def report(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *arguments, "--output-format", "json").stdout)
    return found


def covered(folder: Path, finding: dict[str, Any]) -> tuple[str, str, str]:
    line = (folder / finding["path"]).read_text().split("\n")[finding["line"] - 1]
    return finding["path"], finding["code"], line[finding["column"] - 1 : finding["end_column"] - 1]


def faults(folder: Path, *arguments: str) -> list[tuple[str, str, str]]:
    found = report(folder, *arguments)["findings"]
    return [covered(folder, one) for one in found if one["severity"] != "info"]


def links(folder: Path, name: str) -> tuple[int, int]:
    (model,) = report(folder, name)["files"][0]["models"]
    return model["links"]["checked"], model["links"]["total"]


def test_a_model_that_fits_is_checked_at_every_link(tmp_path: Path) -> None:
    write(tmp_path, {"byol.py": byol()})
    assert faults(tmp_path, "byol.py") == []
    assert links(tmp_path, "byol.py") == (4, 4)
    chain = report(tmp_path, "byol.py")["files"][0]["models"][0]
    assert chain["method"] == "byol"
    assert [(one["role"], one["out"]) for one in chain["chain"]][1:] == [
        ("projection_head", ["B", 160]),
        ("prediction_head", ["B", 160]),
    ]


@pytest.mark.parametrize(
    ("text", "code", "number"),
    [
        (byol(neck=512), "SL101", "512"),
        (byol(predictor=2048), "SL101", "2048"),
        (byol(backbone="type='ResNet', depth=34"), "SL101", "2048"),
        (byol(backbone="type='ResNet', depth=50, out_indices=(2,)"), "SL101", "2048"),
        (byol(backbone="type='ResNeXt', depth=101, out_indices=(1,)"), "SL101", "2048"),
        (byol(backbone="type='SwinTransformer', arch='base'"), "SL101", "2048"),
        (byol(backbone="type='ResNet', depth=18, base_channels=96"), "SL101", "2048"),
    ],
)
def test_a_width_that_does_not_fit_is_reported_and_repaired_at_its_number(
    tmp_path: Path, text: str, code: str, number: str
) -> None:
    write(tmp_path, {"config.py": text})
    assert faults(tmp_path, "config.py") == [("config.py", code, number)]
    run(tmp_path, "--fix", "--unsafe-fixes", "config.py")
    assert faults(tmp_path, "config.py") == []
    assert len((tmp_path / "config.py").read_text()) - len(text) in (-1, 0, 1)


def test_the_number_of_a_base_is_edited_there(tmp_path: Path) -> None:
    files = {"bases/r50.py": byol(), "r18.py": "_base_ = ['bases/r50.py']\nmodel = dict(backbone=dict(depth=18))\n"}
    write(tmp_path, files)
    assert faults(tmp_path, "r18.py") == [("bases/r50.py", "SL101", "2048")]
    run(tmp_path, "--fix", "--unsafe-fixes", "r18.py")
    assert (tmp_path / "bases/r50.py").read_text() == byol(512)
    assert (tmp_path / "r18.py").read_text() == files["r18.py"]


@pytest.mark.parametrize(
    "text",
    [
        BASE
        + "model = dict(backbone=dict(_delete_=True, type='SwinTransformer', arch='t'), neck=dict(in_channels=768))\n",
        "_base_ = './r50.py'\nwidth = {{_base_.model.neck.in_channels}}\nmodel = dict(neck=dict(in_channels=width))\n",
        "_base_ = 'r50.py'\nmodel = dict(neck=dict(in_channels=_base_.model.neck.in_channels))\n",
        READ_BASE + "    from .r50 import *\n\nmodel['backbone']['depth'] = 101\n",
        READ_BASE
        + "    from .r50 import model\n\nmodel.merge(dict(backbone=dict(depth=18), neck=dict(in_channels=512)))\n",
        "_base_ = ['r50.py', 'shapes.yaml']\nmodel = dict(neck=dict(in_channels=_base_.widths.large))\n",
        BASE + "expansion, first = 4, 128\nmodel = dict(neck=dict(in_channels=expansion * first * 2**2))\n",
        "_base_ = 'r50.py'\nparts = dict(in_channels=2048)\nmodel = dict(neck=dict(**parts))\n",
    ],
)
def test_values_of_bases_and_names_are_followed(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"r50.py": byol(), "shapes.yaml": "widths:\n  large: 2048\n", "own.py": text})
    assert faults(tmp_path, "own.py") == []
    assert links(tmp_path, "own.py") == (4, 4)


def test_a_name_leads_to_the_number_that_it_stands_for(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": "wide = 1024\n" + byol().replace("in_channels=2048", "in_channels=wide")})
    assert faults(tmp_path, "own.py") == [("own.py", "SL101", "1024")]


def test_a_loop_and_a_function_make_what_they_change_unknown(tmp_path: Path) -> None:
    text = "wide = 1024\nfor factor in (2, 3):\n    wide = factor * 512\n"
    write(tmp_path, {"own.py": text + byol().replace("in_channels=2048", "in_channels=wide")})
    assert faults(tmp_path, "own.py") == []
    assert links(tmp_path, "own.py") == (3, 4)


def test_a_base_that_is_missing_is_said_and_leaves_open_what_it_may_set(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": "_base_ = ['gone.py']\n" + byol(neck=512)})
    found = report(tmp_path, "own.py")
    assert [one["message"] for one in found["findings"] if "gone.py" in one["message"]]
    assert faults(tmp_path, "own.py") == []
    assert links(tmp_path, "own.py")[0] < links(tmp_path, "own.py")[1]


def test_the_library_decides_what_an_index_counts(tmp_path: Path) -> None:
    third = byol(neck=1024, backbone="type='ResNet', depth=50, out_indices=[3]")
    write(tmp_path, {"own.py": third, "scope.py": third + "default_scope = 'mmselfsup'\n"})
    assert faults(tmp_path, "own.py") == [("own.py", "SL101", "1024")]
    assert faults(tmp_path, "scope.py") == []
    write(tmp_path, {"openselfsup/__init__.py": "", "configs/third.py": third})
    assert faults(tmp_path, "configs/third.py") == []
    write(tmp_path, {"four.py": byol(backbone="type='ResNet', depth=50, out_indices=[4]")})
    assert links(tmp_path, "four.py") == (4, 4)


def test_a_norm_for_maps_is_one_fault_of_a_neck(tmp_path: Path) -> None:
    text = byol().replace("with_avg_pool=True", "with_avg_pool=True, num_layers=3, norm_cfg=dict(type='BN')")
    write(tmp_path, {"own.py": text})
    assert faults(tmp_path, "own.py") == [("own.py", "SL104", "'BN'")]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("feat_dim=160, ", []),
        ("feat_dim=64, ", [("own.py", "SL112", "64")]),
        ("", [("own.py", "SL112", "'MoCo'")]),
    ],
)
def test_a_queue_has_the_width_of_what_it_stores(tmp_path: Path, more: str, expected: list[Any]) -> None:
    head = "head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss'))"
    backbone = "backbone=dict(type='ResNet', depth=50)"
    write(tmp_path, {"own.py": f"model = dict(type='MoCo', {more}{backbone}, {NECK.format(2048)}, {head})\n"})
    assert faults(tmp_path, "own.py") == expected


def test_an_argument_that_is_not_known_here_says_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": byol(neck=512, backbone="type='ResNet', depth=50, with_gates=True")})
    assert faults(tmp_path, "own.py") == []
    assert links(tmp_path, "own.py")[0] < links(tmp_path, "own.py")[1]
    write(tmp_path, {"own.py": byol().replace("hid_channels=640", "hid_chanels=640", 1)})
    assert ("own.py", "SL902", "hid_chanels") in faults(tmp_path, "own.py")


def test_a_backbone_for_other_images_leaves_their_channels_open(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": byol(backbone="type='ResNet', depth=50, in_channels=13")})
    assert faults(tmp_path, "own.py") == []
    assert links(tmp_path, "own.py") == (3, 4)


@pytest.mark.parametrize(
    "text",
    [
        "model = dict(type='FasterRCNN', backbone=dict(type='VGG'), neck=dict(type='FPN', in_channels=[8]))\n",
        "model = dict(type='ImageClassifier', backbone=dict(type='VGG'), head=dict(type='ClsHead', in_channels=9))\n",
        "_base_ = []\noptimizer = dict(type='SGD')\n",
    ],
)
def test_other_models_of_the_style_are_none_of_our_business(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"own.py": text})
    assert report(tmp_path, "own.py")["findings"] == []
    assert run(tmp_path, "own.py").returncode == 2
    assert run(tmp_path, "--skip-unrecognised", "own.py").returncode == 0


def test_a_program_with_such_a_name_is_no_config(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": "import torch\n\n" + byol(neck=512)})
    assert report(tmp_path, "own.py")["findings"] == []


def test_a_walk_reads_bases_only_through_the_configs_that_name_them(tmp_path: Path) -> None:
    files = {
        "configs/_base_/models/byol.py": byol(neck=512),
        "configs/right.py": "_base_ = '_base_/models/byol.py'\nmodel = dict(neck=dict(in_channels=2048))\n",
        "configs/wrong.py": "_base_ = '_base_/models/byol.py'\n",
        "configs/again.py": "_base_ = 'wrong.py'\nlr = 0.1\n",
    }
    write(tmp_path, files)
    assert faults(tmp_path, "configs") == [("configs/_base_/models/byol.py", "SL101", "512")]
    del files["configs/wrong.py"], files["configs/again.py"]
    (tmp_path / "configs/wrong.py").unlink()
    (tmp_path / "configs/again.py").unlink()
    assert faults(tmp_path, "configs") == []


def test_a_config_that_does_not_parse_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"own.py": "model = dict(type='BYOL', backbone=)\n"})
    assert [one[1] for one in faults(tmp_path, "own.py")] == ["SL903"]


@pytest.mark.parametrize(
    ("backbone", "width"),
    [
        ("type='MAEViT', arch='b'", 768),
        ("type='MAEHiViT', arch='base'", 512),
        ("type='MFFViT', out_indices=[0, 5, 11]", 768),
    ],
)
def test_a_decoder_takes_tokens_of_the_width_of_its_encoder(tmp_path: Path, backbone: str, width: int) -> None:
    neck = "neck=dict(type='MAEPretrainDecoder', embed_dim={}, decoder_embed_dim=256)"
    model = f"model = dict(type='MAE', backbone=dict({backbone}), {neck})\n"
    write(tmp_path, {"right.py": model.format(width), "wrong.py": model.format(384)})
    assert faults(tmp_path, "right.py") == []
    assert links(tmp_path, "right.py") == (2, 2)
    assert faults(tmp_path, "wrong.py") == [("wrong.py", "SL101", "384")]


CODES = (
    "model = dict(type='BEiT', backbone=dict(type='BEiTPretrainViT', arch='deit-small'), neck={}, "
    "head=dict(type='BEiTV1Head', embed_dims={}, num_embed=8192, loss=dict(type='CrossEntropyLoss')))\n"
)


@pytest.mark.parametrize(("width", "found"), [(384, []), (768, [("codes.py", "SL101", "768")])])
def test_an_algorithm_may_do_without_a_neck(tmp_path: Path, width: int, found: list[tuple[str, str, str]]) -> None:
    write(tmp_path, {"codes.py": CODES.format("None", width)})
    assert faults(tmp_path, "codes.py") == found
    assert links(tmp_path, "codes.py") == (2, 2)


def test_an_algorithm_may_have_layers_of_its_own(tmp_path: Path) -> None:
    text = (
        "model = dict(type='SparK', enc_dec_norm_dim={}, backbone=dict(type='SparseResNet', depth=34), "
        "neck=dict(type='SparKLightDecoder', feature_dim=256, upsample_ratio=32), "
        "head=dict(type='SparKPretrainHead', loss=dict(type='PixelReconstructionLoss')))\n"
    )
    write(tmp_path, {"fits.py": text.format(512), "wide.py": text.format(2048)})
    assert faults(tmp_path, "fits.py") == []
    assert links(tmp_path, "fits.py") == (2, 2)
    assert faults(tmp_path, "wide.py") == [("wide.py", "SL101", "2048")]


@pytest.mark.parametrize(("out", "found"), [(4096, []), (512, [("dino.py", "SL112", "512")])])
def test_a_center_is_as_wide_as_what_it_is_subtracted_from(
    tmp_path: Path, out: int, found: list[tuple[str, str, str]]
) -> None:
    text = (
        "model = dict(type='DINO', backbone=dict(type='openmixup.ResNet', depth=50, out_indices=(3,)), "
        "neck=dict(type='MoCoV2Neck', in_channels=2048, hid_channels=1024, out_channels=4096), "
        "head=dict(type='DINOHead', out_channels={}, num_crops=10))\n"
    )
    write(tmp_path, {"dino.py": text.format(out)})
    assert faults(tmp_path, "dino.py") == found
