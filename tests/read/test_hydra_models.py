"""Models in several files of a Hydra config: found, reported, fixed and silenced where each number is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import run, write

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

HEAD = "_target_: lightly.models.modules.BYOLProjectionHead\ninput_dim: 512\nhidden_dim: 1024\noutput_dim: 256\n"

PROJECT = {
    "conf/config.yaml": "defaults:\n  - model: byol\n  - _self_\n\nimage_size: 96\n",
    "conf/eval.yaml": "defaults:\n  - model: byol\n",
    "conf/model/byol.yaml": (
        "defaults:\n  - backbone: yolo\n  - head@projection_head: mlp\n\n"
        "method: byol\nprediction_head: BYOLPredictionHead(256, 1024, 256)\n"
    ),
    "conf/model/backbone/yolo.yaml": "target: yolov8n.Backbone\nout_dim: 256\n",
    "conf/model/head/mlp.yaml": HEAD,
}


def findings(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(folder, *arguments, "--output-format", "json").stdout)["findings"]
    return found


def test_a_fault_is_reported_once_in_the_file_of_its_number(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    (finding,) = findings(tmp_path, "conf")
    assert (finding["path"], finding["line"], finding["column"]) == ("conf/model/head/mlp.yaml", 2, 12)
    assert (finding["code"], finding["expected"], finding["actual"]) == ("SL101", 512, 256)
    (related,) = finding["related"]
    assert (related["path"], related["line"]) == ("conf/model/backbone/yolo.yaml", 2)
    text = run(tmp_path, "conf/config.yaml").stdout
    assert " 2 | input_dim: 512\n" in text
    assert " 2 | out_dim: 256\n" in text


def test_a_fix_in_another_file_is_unsafe_since_other_models_may_use_it(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    (finding,) = findings(tmp_path, "conf/config.yaml")
    assert finding["fix"]["safety"] == "unsafe"
    assert run(tmp_path, "--fix", "conf").returncode == 1
    assert {name: (tmp_path / name).read_text() for name in PROJECT} == PROJECT
    shown = run(tmp_path, "--diff", "--unsafe-fixes", "conf")
    assert shown.stdout.count("+++ conf/model/head/mlp.yaml") == 1
    assert shown.stderr == "1 finding would be fixed.\n"
    fixed = run(tmp_path, "--fix", "--unsafe-fixes", "conf")
    assert fixed.returncode == 0
    assert fixed.stdout.startswith(
        "Fixed conf/model/head/mlp.yaml:2:12: SL101 512 -> 256\n\nFixed 1 finding. All clear"
    )
    expected = {**PROJECT, "conf/model/head/mlp.yaml": HEAD.replace("512", "256")}
    assert {name: (tmp_path / name).read_text() for name in PROJECT} == expected


def test_a_number_that_the_linted_file_overrides_is_fixed_there(tmp_path: Path) -> None:
    own = "defaults:\n  - model: byol\n  - _self_\nmodel: {projection_head: {input_dim: 1024}}\n"
    fits = {"conf/model/head/mlp.yaml": HEAD.replace("512", "256")}
    write(tmp_path, {**PROJECT, **fits, "conf/config.yaml": own})
    (finding,) = findings(tmp_path, "conf")
    assert (finding["path"], finding["line"], finding["expected"]) == ("conf/config.yaml", 4, 1024)
    assert run(tmp_path, "--fix", "conf").returncode == 0
    assert (tmp_path / "conf/config.yaml").read_text() == own.replace("1024", "256")


def test_line_endings_and_byte_order_marks_of_other_files_are_kept(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    path = tmp_path / "conf/model/head/mlp.yaml"
    before = b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()
    path.write_bytes(before)
    assert run(tmp_path, "--fix", "--unsafe-fixes", "conf/eval.yaml").returncode == 0
    assert path.read_bytes() == before.replace(b"512", b"256")


@pytest.mark.parametrize("place", ["conf/model/head/mlp.yaml", "conf/model/backbone/yolo.yaml"])
def test_a_comment_in_either_file_silences(place: str, tmp_path: Path) -> None:
    lines = PROJECT[place].splitlines()
    text = "\n".join([lines[0], f"{lines[1]}  # shapelint: ignore[SL101] why", *lines[2:]]) + "\n"
    write(tmp_path, {**PROJECT, place: text})
    assert findings(tmp_path, "conf") == []


def test_ignores_are_added_where_the_finding_is_located(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    assert run(tmp_path, "--add-ignores", "conf/config.yaml").returncode == 0
    path = tmp_path / "conf/model/head/mlp.yaml"
    assert path.read_text() == HEAD.replace("512\n", "512  # shapelint: ignore[SL101]\n")
    assert findings(tmp_path, "conf") == []


def test_a_baseline_contains_the_fault(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    assert run(tmp_path, "--write-baseline", "known.json", "conf").returncode == 0
    assert run(tmp_path, "--baseline", "known.json", "conf").returncode == 0
    assert json.loads((tmp_path / "known.json").read_text())["findings"][0]["path"] == "conf/model/head/mlp.yaml"


def test_interpolations_are_followed_from_the_composed_root(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "conf/model/head/mlp.yaml": HEAD.replace("512", "${width}")})
    assert {finding["code"] for finding in findings(tmp_path, "conf")} <= {"SL901"}
    (tmp_path / "conf/config.yaml").write_text(PROJECT["conf/config.yaml"] + "width: 500\n")
    (finding,) = (found for found in findings(tmp_path, "conf") if found["code"] != "SL901")
    assert (finding["path"], finding["expected"], finding["actual"]) == ("conf/model/head/mlp.yaml", 500, 256)


PREDICTION = "prediction_head: BYOLPredictionHead(256, 1024, 256)\n"
ABSENT = {
    "a file in front": ("[schema, _self_]", "`schema` in the defaults names no file here", 1),
    "a group in front": ("[{projection_head: mine}, _self_]", "`projection_head: mine` in the defaults names no", 1),
    "a group behind": ("[_self_, {projection_head: mine}]", "`projection_head: mine` in the defaults names no", 1),
    "a choice": ("[{projection_head: '???'}, _self_]", "`projection_head` is chosen on the command line", 1),
    "run time": ("[{projection_head: '${oc.env:HEAD}'}, _self_]", "is known at run time only", 1),
    "optional": ("[{optional projection_head: mine}, _self_]", "", 0),
    "none of the model's": ("[{logger: wandb}, {override hydra/launcher: joblib}]", "", 0),
}


@pytest.mark.parametrize("name", ABSENT)
def test_missing_files_are_unknown_and_not_a_fault(name: str, tmp_path: Path) -> None:
    entries, told, count = ABSENT[name]
    head = "projection_head: {input_dim: 500}\n" if count else "projection_head: {input_dim: 512}\n"
    write(
        tmp_path,
        {"model.yaml": f"defaults: {entries}\nmethod: byol\nbackbone: resnet18\n{head}{PREDICTION}"},
    )
    result = run(tmp_path, "model.yaml")
    assert result.returncode == 0, result.stdout
    assert ("SL901" in result.stdout) is bool(count)
    assert told in result.stdout
    assert run(tmp_path, "--error-on-unknown", "model.yaml").returncode == count


def test_an_invalid_fragment_is_reported_in_its_file(tmp_path: Path) -> None:
    write(tmp_path, {**PROJECT, "conf/model/head/mlp.yaml": "input_dim: [512\n"})
    (finding,) = findings(tmp_path, "conf/config.yaml")
    assert (finding["code"], finding["path"], finding["line"]) == ("SL903", "conf/model/head/mlp.yaml", 2)


@pytest.mark.parametrize(
    "entries", ["[config]", "5", "[1, [2]]", "[../../../etc/x, _self_]", "[{a: {b: c}}]", "[a@b@c]"]
)
def test_lists_that_hydra_refuses_are_tolerated(entries: str, tmp_path: Path) -> None:
    text = f"defaults: {entries}\nbackbone: resnet18\nprojection_head: BYOLProjectionHead(500, 8, 8)\n"
    write(tmp_path, {"config.yaml": text})
    (finding,) = (found for found in findings(tmp_path, "config.yaml") if found["severity"] == "error")
    assert (finding["code"], finding["expected"], finding["actual"]) == ("SL101", 500, 512)


def test_nothing_above_the_repository_is_read(tmp_path: Path) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    write(
        tmp_path, {"outside.yaml": "backbone: resnet18\n", "project/model.yaml": "defaults: [outside]\nmethod: byol\n"}
    )
    (report,) = lint(tmp_path / "project" / "model.yaml", Settings(isolated=True)).files
    assert report.others == ()


def test_stdin_finds_files_next_to_the_named_file(tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    text = PROJECT["conf/model/byol.yaml"]
    result = run(tmp_path, "-", "--stdin-filename", "conf/model/byol.yaml", "--output-format", "concise", stdin=text)
    assert result.stdout.startswith("conf/model/head/mlp.yaml:2:12: SL101")


@pytest.mark.parametrize("option", [
    "# @package _global_\ndefaults:\n  - override /backbone: small\n",
    "# @package _global_\nbackbone: {name: resnet18}\n",
    "defaults:\n  - override /backbone: small\n",
])  # fmt: skip
@pytest.mark.parametrize("choice", ["???", "${chosen}"])
def test_an_open_choice_may_set_what_any_of_its_files_sets(tmp_path: Path, option: str, choice: str) -> None:
    files = {
        "conf/config.yaml": (
            f"defaults:\n  - backbone: large\n  - _self_\n  - experiment: {choice}\n\nmethod: byol\n"
            "projection_head: BYOLProjectionHead(512, 1024, 256)\n"
        ),
        "conf/backbone/large.yaml": "name: resnet50\n",
        "conf/backbone/small.yaml": "name: resnet18\n",
        "conf/experiment/plain.yaml": "seed: 1\n",
    }
    write(tmp_path, files)
    assert [finding["code"] for finding in findings(tmp_path, "conf")] == ["SL101"]
    write(tmp_path, {"conf/experiment/small.yaml": option})
    assert {finding["code"] for finding in findings(tmp_path, "conf")} == {"SL901"}
