"""Names in a checkpoint of a config: what is the model's is decided by whole names, not by how they begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from checkpoint_files import write_safetensors

from shapelint.linting.analyse import analyse
from shapelint.linting.lint_paths import lint, lint_text
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding
from shapelint.text.source import Source

CONFIG = """
checkpoint: w.safetensors
backbone: resnet18
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
STEM, NORM = {"conv1.weight": (64, 3, 7, 7)}, {"bn1.weight": (64,), "bn1.bias": (64,)}
CASES = {
    "its own": ({**STEM, **NORM}, []),
    "under a role": ({f"encoder.{name}": shape for name, shape in STEM.items()}, []),
    "under a role with other numbers": ({"encoder.conv1.weight": (32, 3, 3, 3)}, ["SL109"]),
    "under what begins like a role": ({f"encoder1.{name}": shape for name, shape in STEM.items()}, ["SL209"]),
    "a RegNet's": (
        {"stem.0.weight": (32, 3, 3, 3), "trunk_output.block1.block1-0.proj.0.weight": (24, 32, 1, 1)},
        ["SL209"],
    ),
    "a Vision Transformer's": ({"encoder.pos_embedding": (1, 197, 768), "encoder.ln.weight": (768,)}, ["SL209"]),
    "another network under a role": ({"backbone.features.0.weight": (64, 3, 11, 11)}, ["SL209"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_is_the_models_as_a_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()  # scripts are searched no farther than the root of a repository
    tensors, expected = CASES[name]
    write_safetensors(tmp_path / "w.safetensors", tensors, data=False)
    (tmp_path / "model.yaml").write_text(CONFIG)
    (report,) = lint([Path("model.yaml")], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == expected


SMALL = """
checkpoint: {path}
backbone: [Conv2d(3, 16, 3), BatchNorm2d(16), ReLU(), AdaptiveAvgPool2d(1), Flatten()]
projection_head: BYOLProjectionHead(16, 8, 4)
prediction_head: BYOLPredictionHead(4, 8, 4)
"""
TINY = {"0.weight": (16, 3, 3, 3), "1.weight": (16,), "1.bias": (16,)}


def compared(path: Path, *dictionaries: dict[str, tuple[int, ...]], config: str = SMALL) -> list[Finding]:
    """Return the findings of a config about a checkpoint of one dictionary, or of several, as torch saves it."""
    torch = pytest.importorskip("torch")
    saved = [{name: torch.zeros(shape) for name, shape in one.items()} for one in dictionaries]
    torch.save(saved[0] if len(saved) == 1 else dict(zip("abc", saved)), path)
    report = lint_text(Source("model.yaml", config.format(path=path)), Settings(isolated=True))
    return list(report.findings)


OTHER_LAYER = {"0.weight": (8, 3, 3, 3)}
NORM_OF_SEVEN = {"1.weight": (7,), "1.bias": (7,)}
MOMENTUM = {"step": (), "buffer.x": (3,), "buffer.y": (3,), "buffer.z": (3,)}


@pytest.mark.parametrize(
    ("dictionaries", "codes"),
    [
        ([TINY, OTHER_LAYER], []),
        ([OTHER_LAYER, TINY], []),
        ([OTHER_LAYER, MOMENTUM], ["SL109"]),
        ([MOMENTUM, OTHER_LAYER], ["SL109"]),
        ([OTHER_LAYER | NORM_OF_SEVEN, {"0.bias": (16,)}], ["SL109"]),
        ([{"0.bias": (16,)}, OTHER_LAYER | NORM_OF_SEVEN], ["SL109"]),
    ],
)
def test_of_several_dictionaries_the_one_with_most_names_of_the_model_is_compared(
    dictionaries: Sequence[dict[str, tuple[int, ...]]], codes: list[str], tmp_path: Path
) -> None:
    assert [one.code for one in compared(tmp_path / "w.pt", *dictionaries)] == codes


def test_of_several_dictionaries_without_a_name_of_the_model_the_largest_is_reported(tmp_path: Path) -> None:
    (finding,) = compared(tmp_path / "w.pt", {"one.weight": (4,)}, MOMENTUM, {"one.bias": (4,)})
    assert (finding.code, finding.role) == ("SL209", "")  # it is no role's alone
    assert "none of the 4 names" in finding.message


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["m.0.weight", "m.1.weight", "m.1.bias"], "m."),
        (["m.n.0.weight", "m.n.1.weight"], "m.n."),
        (["m.0.weight", "n.1.weight"], ""),
        (["m.n.0.weight", "m.o.1.weight"], ""),
        (["m.other.weight", "m.other.bias"], ""),
        (["weight", "bias"], ""),
        (["1.scale", "1.shift"], ""),  # the norm at this place is known, and holds no such tensors
    ],
)
def test_a_prefix_is_taken_off_if_all_names_have_it_and_the_rest_is_the_models(
    names: list[str], prefix: str, tmp_path: Path
) -> None:
    (finding,) = compared(tmp_path / "w.pt", dict.fromkeys(names, (16,)))
    expected = f"take off the prefix {prefix}" if prefix else "load a checkpoint of this model"
    assert (finding.code, finding.help) == ("SL209", expected)


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        ({"m.0.weight": (16, 3, 3, 3), "m.1.weight": (16,), "1.bias": (7,)}, []),
        ({"m.0.weight": (16, 3, 3, 3), "m.1.weight": (7,), "1.bias": (16,)}, ["SL109"]),
        ({"0.weight": (16, 3, 3, 3), "1.weight": (16,)}, ["SL209"]),
    ],
)
def test_behind_a_prefix_only_what_has_it_is_compared(
    names: dict[str, tuple[int, ...]], codes: list[str], tmp_path: Path
) -> None:
    found = compared(tmp_path / "w.pt", names, config=SMALL.replace("{path}", "{{path: {path}, prefix: m.}}"))
    assert [one.code for one in found] == codes


def test_a_prefix_that_leaves_no_name_loads_nothing(tmp_path: Path) -> None:
    (finding,) = compared(tmp_path / "w.pt", TINY, config=SMALL.replace("{path}", "{{path: {path}, prefix: m.}}"))
    assert (finding.code, finding.label) == ("SL209", "nothing is left to be loaded")
    assert finding.help == "load a checkpoint of this model"


@pytest.mark.parametrize("part", ["backbone", "projection_head"])
def test_nothing_is_said_of_names_that_a_part_which_is_not_seen_may_have(part: str, tmp_path: Path) -> None:
    lines = [f"{part}: my.Net()" if line.startswith(part) else line for line in SMALL.splitlines()]
    found = compared(tmp_path / "w.pt", {"m.conv.weight": (5,)}, config="\n".join(lines))
    assert {one.code for one in found} == {"SL901"}


def test_the_checkpoint_of_a_run_takes_the_place_of_that_of_the_config(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "wrong.safetensors", {"0.weight": (8, 3, 3, 3)})
    write_safetensors(tmp_path / "right.safetensors", {"0.weight": (16, 3, 3, 3)})
    right, wrong = (str(tmp_path / f"{name}.safetensors") for name in ("right", "wrong"))
    for written, given, codes in ((right, wrong, ["SL109"]), (wrong, right, []), ("missing.pt", right, [])):
        source = Source("model.yaml", SMALL.format(path=written))
        (model,) = analyse(source, Options(checkpoint=given)).models
        assert [one.rule.page.code for one in model.violations] == codes


@pytest.mark.parametrize("path", ["https://host/w.pt", "s3://bucket/w.ckpt", "weights"])
def test_what_is_no_checkpoint_on_this_disk_is_not_read(path: str) -> None:
    assert lint_text(Source("model.yaml", SMALL.format(path=path)), Settings(isolated=True)).findings == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("learner.net.0.weight", "SL109"),  # the place of a tensor, of another shape
        ("learner.encoder.trunk.0.weight", "SL109"),
        ("learner.net.3.weight", ""),  # the place of a layer, which may be another one there
        ("3.weight", ""),
        ("learner.net.7.weight", "SL209"),
        ("learner.net13.weight", "SL209"),
        ("learner.projection_head.layers.0.weight", "SL109"),
        ("learner.projection_head.layers.7.weight", ""),
    ],
)
def test_lightning_writes_names_under_those_of_its_own_module(name: str, code: str, tmp_path: Path) -> None:
    found = compared(tmp_path / "w.ckpt", {name: (5,)})
    assert [one.code for one in found] == ([code] if code else [])


UNSEEN = """
checkpoint: {path}
backbone: [Conv2d(3, 16, 3), BatchNorm2d(16), ReLU(), my.Block(), AdaptiveAvgPool2d(1), Flatten()]
projection_head: BYOLProjectionHead(16, 8, 4)
prediction_head: [Linear(4, 8), my.Block(), Linear(8, 4)]
"""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("3.conv.weight", []),
        ("prediction_head.1.conv.weight", []),
        ("prediction_head.conv.weight", []),
        ("7.weight", ["SL209"]),
        ("m.conv.weight", ["SL209"]),
        ("projection_head.conv.weight", ["SL209"]),
    ],
)
def test_a_layer_that_is_not_seen_may_hold_any_name_under_its_own(name: str, codes: list[str], tmp_path: Path) -> None:
    found = compared(tmp_path / "w.pt", {name: (5,)}, config=UNSEEN)
    assert [one.code for one in found if one.code != "SL901"] == codes


def test_a_checkpoint_that_cannot_be_read_is_no_matter_of_a_role(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_text("no checkpoint")
    (finding,) = lint_text(Source("model.yaml", SMALL.format(path=tmp_path / "w.pt")), Settings(isolated=True)).findings
    assert (finding.code, finding.role) == ("SL901", "")
    assert finding.message.startswith("the checkpoint ")


PROGRAM = """
import torch
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(48, 8, bias=False))
        self.projection_head = nn.Linear(8, 4, bias=False)

    def forward(self, x):
        return self.projection_head(self.backbone(x))


model = SimCLR()
model.load_state_dict(torch.load("w.pt"))
model(torch.randn(2, 3, 4, 4))
"""
SAVED = {"backbone.1.weight": (8, 48), "projection_head.weight": (4, 8)}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"backbone.1.weight": (8, 40)}, "model holds backbone.1.weight as (8, 48), but w.pt has it as (8, 40)"),
        ({"backbone.1.weight": None}, "model holds backbone.1.weight, which w.pt does not have"),
        ({"queue": (128, 4)}, "w.pt has queue, which model does not hold"),
    ],
)
def test_a_program_that_loads_strictly_stops_in_the_words_that_are_reported(
    changed: dict[str, tuple[int, ...] | None], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    state = {name: torch.zeros(shape) for name, shape in {**SAVED, **changed}.items() if shape is not None}
    torch.save(state, "w.pt")
    Path("train.py").write_text(PROGRAM)
    found = lint([Path("train.py")], Settings(isolated=True)).files[0].findings
    assert [one.message for one in found] == ([words] if words else [])
    if words:
        with pytest.raises(RuntimeError) as raised:
            exec(PROGRAM, {})
        said = found[0].notes[0].partition('"')[2].partition('"')[0]
        assert said in str(raised.value)
