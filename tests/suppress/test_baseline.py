"""Baselines: known faults are not shown, new ones are, and faults that are gone are removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, run

SECOND_FAULT = ONE_FAULT.replace("BYOLPredictionHead(256", "BYOLPredictionHead(128")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "model.yaml").write_text(ONE_FAULT)
    assert run(tmp_path, "--write-baseline", "known.json", ".").returncode == 0
    return tmp_path


def known(project: Path) -> list[dict[str, str]]:
    return json.loads((project / "known.json").read_text())["findings"]


def write(project: Path, text: str) -> None:
    (project / "conf" / "model.yaml").write_text(text)


def check(project: Path, *arguments: str) -> tuple[int, list[str]]:
    result = run(project, "--baseline", "known.json", "--output-format", "json", *(arguments or (".",)))
    return result.returncode, [finding["message"] for finding in json.loads(result.stdout)["findings"]]


def test_it_contains_the_findings_that_fail_a_run(project: Path) -> None:
    (entry,) = known(project)
    assert (entry["path"], entry["code"]) == ("conf/model.yaml", "SL101")
    assert entry["message"] == "projection_head expects 512 features, but backbone produces 256"


def test_a_known_fault_is_not_shown(project: Path) -> None:
    assert check(project) == (0, [])
    assert run(project, "--baseline", "known.json", ".").stderr == "1 finding known from known.json not shown.\n"


def test_a_known_fault_stays_known_when_lines_move(project: Path) -> None:
    write(project, "# a comment\n\nseed: 1\n" + ONE_FAULT)
    assert check(project) == (0, [])


def test_a_new_fault_is_shown(project: Path) -> None:
    write(project, SECOND_FAULT)
    code, messages = check(project)
    assert (code, len(messages)) == (1, 1)
    assert messages[0].startswith("prediction_head expects 128")


def test_another_number_is_another_fault(project: Path) -> None:
    write(project, ONE_FAULT.replace("512", "384"))
    code, messages = check(project)
    assert (code, len(messages)) == (1, 1)


def test_a_fault_that_is_gone_is_removed(project: Path) -> None:
    write(project, CLEAN)
    result = run(project, "--baseline", "known.json", ".")
    assert (result.returncode, result.stderr) == (0, "1 finding of known.json gone, and forgotten there.\n")
    assert known(project) == []
    write(project, ONE_FAULT)
    assert check(project)[0] == 1


def test_a_file_that_is_gone_is_removed(project: Path) -> None:
    (project / "conf" / "model.yaml").rename(project / "conf" / "other.yaml")
    assert check(project)[0] == 1
    assert known(project) == []


def test_faults_that_were_not_checked_are_kept(project: Path) -> None:
    """Another file, another selection, or an unknown component does not show that a fault is gone."""
    (project / "clean.yaml").write_text(CLEAN)
    assert check(project, "clean.yaml") == (0, [])
    assert check(project, ".", "--select", "SL2") == (0, [])
    write(project, ONE_FAULT.replace(", out_dim: 256", ""))
    check(project)
    write(project, "method: byol\nprojection_head: [\n")
    check(project)
    assert len(known(project)) == 1


def test_paths_are_relative_to_the_baseline_file(project: Path) -> None:
    result = run(project / "conf", "--baseline", "../known.json", "model.yaml")
    assert result.returncode == 0
    assert run(Path("/"), "--baseline", str(project / "known.json"), str(project)).returncode == 0


def test_equal_faults_are_counted(project: Path) -> None:
    twice = ONE_FAULT + "---\n" + ONE_FAULT
    write(project, twice.replace("---\n", ""))  # keys occur twice: SL903 as well as the fault
    (project / "two.yaml").write_text("models:\n" + "".join(f"  - {_flow()}\n" for _ in range(2)))
    assert run(project, "--write-baseline", "known.json", "two.yaml").returncode == 0
    assert len({entry["fingerprint"] for entry in known(project)}) == 2
    assert check(project, "two.yaml") == (0, [])
    (project / "two.yaml").write_text("models:\n" + "".join(f"  - {_flow()}\n" for _ in range(3)))
    assert len(check(project, "two.yaml")[1]) == 1


def _flow() -> str:
    return "{backbone: {out_dim: 256}, projection_head: {input_dim: 512, hidden_dim: 1024, output_dim: 256}}"


def test_notes_are_not_stored(project: Path) -> None:
    write(project, ONE_FAULT.replace("yolov8n.Backbone, out_dim: 256", "my.Unknown"))
    assert run(project, "--write-baseline", "known.json", ".").returncode == 0
    assert known(project) == []


def test_a_fixed_fault_is_removed(project: Path) -> None:
    assert run(project, "--baseline", "known.json", "--fix", ".").returncode == 0
    assert known(project) == []
    assert (project / "conf" / "model.yaml").read_text() == CLEAN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{}", "not a baseline file"),
        ("[", "not a baseline file"),
        ('{"version": 2, "findings": []}', "version 2 of a baseline, this shapelint reads 1"),
        ('{"version": 1, "findings": [{"x": 1}]}', "not a baseline file"),
    ],
)
def test_a_file_that_is_not_a_baseline(project: Path, text: str | None, words: str) -> None:
    (project / "known.json").unlink() if text is None else (project / "known.json").write_text(text)
    result = run(project, "--baseline", "known.json", ".")
    assert (result.returncode, words in result.stderr) == (2, True)


def test_incompatible_options(project: Path) -> None:
    for options in (
        ["--add-ignores", "--baseline", "x"],
        ["--write-baseline", "x", "--fix"],
        ["--add-ignores", "--diff"],
    ):
        assert run(project, *options, ".").returncode == 2
