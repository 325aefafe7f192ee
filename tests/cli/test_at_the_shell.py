"""What makes the command line handy: no path, counts, listed files, a floor of severity, a watch."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment, run, write

from shapelint.cli.output import colours

NARROW = """\
method: byol
backbone: {target: my.Net, out_dim: 512}
projection_head: BYOLProjectionHead(512, 128, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
"""A hidden layer that is narrower than both its ends: severity info."""


def test_without_a_path_the_current_folder_is_linted(tmp_path: Path) -> None:
    write(tmp_path, {"conf/model.yaml": ONE_FAULT})
    assert run(tmp_path).stdout == run(tmp_path, ".").stdout
    assert run(tmp_path).returncode == 1
    assert run(tmp_path, "--output-format", "concise").stdout.startswith("conf/model.yaml:3:37: SL101")


def test_a_folder_without_models_is_clean_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"conf/other.yaml": "a: 1\n"})
    result = run(tmp_path, "conf")
    assert (result.returncode, result.stdout) == (0, "No model found.\n1 file without a model skipped.\n")
    assert run(tmp_path, "conf/other.yaml").returncode == 2  # a file that is named is meant


def test_statistics_count_the_findings_of_each_rule(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": ONE_FAULT, "b.yaml": ONE_FAULT, "c.yaml": NARROW, "d.yaml": CLEAN})
    result = run(tmp_path, "--statistics")
    assert result.returncode == 1
    assert result.stdout.splitlines()[:3] == [
        "2  SL101 feature-width-mismatch  [*] 2 fixable",
        "1  SL301 narrow-hidden-layer",
        "Found 2 errors and 1 info in 4 models (4 files checked).",
    ]
    assert run(tmp_path, "--statistics", "--output-format", "json").returncode == 2


def test_show_files_lists_what_would_be_linted(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": ONE_FAULT, "old/b.yaml": CLEAN, "c.txt": "", "d.py": ""})
    result = run(tmp_path, "--show-files", "--exclude", "old")
    assert (result.returncode, result.stdout.split()) == (0, ["a.yaml", "d.py"])


def test_exit_zero_hides_findings_but_no_trouble(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": ONE_FAULT})
    found = run(tmp_path, "--exit-zero", "a.yaml")
    assert found.returncode == 0
    assert "SL101" in found.stdout
    assert run(tmp_path, "--exit-zero", "absent.yaml").returncode == 2


@pytest.mark.parametrize(
    ("floor", "codes"), [("info", ["SL101", "SL301"]), ("warning", ["SL101"]), ("error", ["SL101"])]
)
def test_min_severity_leaves_out_the_rest(floor: str, codes: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": ONE_FAULT, "c.yaml": NARROW})
    result = run(tmp_path, "--min-severity", floor, "--output-format", "concise", "-q")
    shown = run(tmp_path, "--min-severity", floor, "--output-format", "concise")
    assert [line.split()[1] for line in shown.stdout.splitlines() if "SL" in line] == codes
    assert "SL301" not in result.stdout  # quiet: no infos


def test_quiet_leaves_the_reports_of_programs_as_they_are(tmp_path: Path) -> None:
    write(tmp_path, {"c.yaml": NARROW})
    assert "SL301" in run(tmp_path, "-q", "--output-format", "json").stdout


@pytest.mark.parametrize(("word", "meant"), [("chek", "check"), ("explian", "explain"), ("signatur", "signature")])
def test_a_misspelt_command_is_no_missing_file(word: str, meant: str, tmp_path: Path) -> None:
    result = run(tmp_path, word, "model.yaml")
    assert result.returncode == 2
    assert f"did you mean 'shapelint {meant}'?" in result.stderr
    write(tmp_path, {f"{word}/model.yaml": CLEAN})
    assert run(tmp_path, word).returncode == 0  # a folder of that name is linted


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({"TERM": "dumb"}, False), ({"TERM": "xterm"}, True), ({"TERM": "dumb", "FORCE_COLOR": "1"}, True)],
)
def test_a_dumb_terminal_has_no_colours(
    variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert colours() is expected


def test_watch_lints_again_after_a_change(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    command = [sys.executable, "-m", "shapelint", "--watch", "--output-format", "concise", "model.yaml"]
    watching = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
    )
    try:
        assert watching.stderr is not None
        assert watching.stderr.readline().endswith("watching 1 file; Ctrl-C ends\n")
        time.sleep(0.01)  # another time of change, also where clocks are coarse
        write(tmp_path, {"model.yaml": CLEAN})
        assert watching.stderr.readline().endswith("watching 1 file; Ctrl-C ends\n")
        watching.send_signal(signal.SIGINT)
        report = watching.communicate(timeout=30)[0]
    finally:
        watching.kill()
    assert report.index("SL101") < report.index("All clear")
    assert watching.returncode == 0  # that of the last run


def test_watch_changes_no_file(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    assert run(tmp_path, "--watch", "--fix", "model.yaml").returncode == 2
