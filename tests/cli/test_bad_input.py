"""Bad input gives a clear line and exit code 2, or SL903 at its place: never a traceback, never a long wait."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import shapelint.linting.lint_paths
from shapelint.linting.lint_paths import lint, lint_files, lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import MAXIMUM_SOURCE_BYTES, Source

LIMIT = 20  # seconds that the whole process may take on the slowest machine


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments], capture_output=True, text=True, cwd=cwd, timeout=LIMIT
    )


MODEL = "backbone: {out_dim: 256}\nprojection_head: "


def aliases(levels: int) -> str:
    lines = ["a0: &a0 [Linear(3, 3), Linear(3, 3)]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines) + f"\nprojection_head: *a{levels - 1}\n"


UNREADABLE = {
    "binary": (b"projection_head: \0\1\2", "binary file"),
    "invalid UTF-8": (b"projection_head: \xff\xfe", "not UTF-8: byte 0xff at offset 17"),
    "UTF-16": ("projection_head: 1".encode("utf-16"), "binary file"),
    "too large": (b"projection_head: x\n" + b"# 345678\n" * (MAXIMUM_SOURCE_BYTES // 9 + 1), "larger than 4 MiB"),
    "no model": (b"a: 1\n", "no model is recognised"),
    "empty": (b"", "no model is recognised"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_checked_exits_2(name: str, tmp_path: Path) -> None:
    content, words = UNREADABLE[name]
    (tmp_path / "model.yaml").write_bytes(content)
    result = run("model.yaml", cwd=tmp_path)
    assert result.returncode == 2
    assert "error: model.yaml: " in result.stdout
    assert words in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_missing_file_exits_2(tmp_path: Path) -> None:
    result = run("nowhere.yaml", cwd=tmp_path)
    assert (result.returncode, "nowhere.yaml: no such file or folder" in result.stdout) == (2, True)


def test_exit_code_2_takes_precedence_and_all_files_are_reported(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(MODEL + "Linear(3, 4)\n")
    result = run("model.yaml", "nowhere.yaml", "--output-format", "concise", cwd=tmp_path)
    assert result.returncode == 2
    assert "model.yaml:2:25: SL101" in result.stdout
    assert "nowhere.yaml" in result.stdout


INVALID = {
    "tabs": ("projection_head:\n\tinput_dim: 5\n", (2, 1), "never with tabs"),
    "open list": ("projection_head: [Linear(3, 4)\n", (2, 1), "did not find expected"),
    "nested 900 levels deep": ("projection_head: " + "[" * 900 + "]" * 900, (1, 117), "more than 100 levels"),
    "alias bomb": (aliases(30), (6, 40), "aliases expanded"),
    "alias of itself": ("projection_head: &a [*a]\n", (1, 22), "names no anchor"),
    "control character": ("projection_head: \x07\n", (1, 18), "not allowed in YAML"),
    "duplicate key": (MODEL + "Linear(256, 4)\nprojection_head: Linear(256, 5)\n", (3, 1), "a second time"),
    "duplicate width": (MODEL + "{input_dim: 256, input_dim: 256}\n", (2, 35), "a second time"),
    "object tag": (MODEL + "!!python/object/apply:os.system [touch pwned]\n", (2, 18), "never done"),
    "name tag": (MODEL + "!!python/name:os.system\n", (2, 18), "never done"),
    "open parenthesis": (MODEL + "Linear(256\n", (2, 18), "opened and not closed"),
    "open parenthesis in a list": (MODEL + "[Linear(256, 4, ReLU()]\n", (2, 25), "never closed"),
    "a call of a call": (MODEL + "Linear(256, 4)(3)\n", (2, 18), "not a call of a named component"),
    "an import": (MODEL + "__import__('os').system('x')\n", (2, 18), "not a call of a named component"),
    "input of two": (MODEL + "Linear(256, 4)\ninput: [3, 224]\n", (3, 8), "[channels, height, width]"),
    "input of none": (MODEL + "Linear(256, 4)\ninput: [0, 224, 224]\n", (3, 9), "positive integer, found 0"),
    "batch size": (MODEL + "Linear(256, 4)\nbatch_size: 1.5\n", (3, 13), "positive integer, found 1.5"),
    "declared width": (
        "backbone: {out_dim: -1}\nprojection_head: Linear(256, 4)\n",
        (1, 21),
        "positive integer, found -1",
    ),
}


def test_nesting_beyond_the_limit_of_the_parser_is_SL903() -> None:
    """Newer versions of libyaml stop at 1,000 levels themselves, older ones leave it to the reader."""
    report = lint_text(Source("model.yaml", "projection_head: " + "[" * 10_000 + "]" * 10_000), Settings())
    (finding,) = report.findings
    assert (finding.code, finding.location.line) == ("SL903", 1)
    assert finding.location.column in (117, 1017)


@pytest.mark.parametrize("name", INVALID)
def test_invalid_syntax_or_values_are_SL903_at_their_place(name: str) -> None:
    text, place, words = INVALID[name]
    report = lint_text(Source("model.yaml", text), Settings())
    assert report.status == "checked"
    (finding,) = [finding for finding in report.findings if finding.code == "SL903"]
    assert (finding.location.line, finding.location.column) == place
    assert words in finding.message


def test_a_missing_argument_is_SL905_at_the_component() -> None:
    report = lint_text(Source("model.yaml", MODEL + "Linear(256)\n"), Settings())
    (finding,) = [finding for finding in report.findings if finding.severity == "error"]
    assert (finding.code, finding.location.line, finding.location.column) == ("SL905", 2, 18)
    assert "out_features" in finding.message


@pytest.mark.parametrize(
    "width",
    ["0", "-5", "5.0", "true", '"512"', "1" + "0" * 30, "10**30", "abc", "[1, 2]", "null", "1e3", "1_0.5", ".nan"],
)
@pytest.mark.parametrize(
    "spelling", ["{_target_: torch.nn.Linear, in_features: %s, out_features: 3}", "{input_dim: %s}"]
)
def test_a_width_that_is_not_a_positive_integer(width: str, spelling: str) -> None:
    report = lint_text(Source("model.yaml", MODEL + spelling % width + "\n"), Settings())
    (finding,) = [finding for finding in report.findings if finding.code == "SL903"]
    assert "must be a positive integer, found" in finding.message
    assert finding.location.line == 2


@pytest.mark.parametrize(
    "width", ["0", "-5", "5.0", "True", "'512'", "1" + "0" * 30, "10**30", "None", "(1, 2)", "512 // 0"]
)
def test_a_width_in_a_call(width: str) -> None:
    report = lint_text(Source("model.yaml", MODEL + f"Linear({width}, 3)\n"), Settings())
    codes = [finding.code for finding in report.findings]
    assert codes in (["SL903"], ["SL901"])
    assert (codes == ["SL901"]) == (width == "512 // 0")


def test_an_unknown_argument_suggests_the_nearest_name() -> None:
    text = MODEL + "BYOLProjectionHead(input_dmi=256, hidden_dim=1024)\n"
    report = lint_text(Source("model.yaml", text), Settings())
    finding = next(finding for finding in report.findings if finding.code == "SL902")
    assert (finding.location.column, finding.expected, finding.actual) == (37, "input_dim", "input_dmi")


def test_an_internal_error_is_not_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong internally, the other files are reported, and the exit code is 2."""
    (tmp_path / "a.yaml").write_text(MODEL + "Linear(3, 4)\n")
    (tmp_path / "b.yaml").write_text(MODEL + "Linear(3, 4)\n")
    real = shapelint.linting.lint_paths.lint_source

    def broken(source: Source, *rest: Any) -> FileReport:
        if source.path.endswith("a.yaml"):
            raise KeyError("x")
        return real(source, *rest)

    monkeypatch.setattr(shapelint.linting.lint_paths, "lint_source", broken)
    with pytest.raises(shapelint.InternalFaultError, match="shapelint itself failed") as raised:
        lint([tmp_path])
    for report in (raised.value.report, lint_files([tmp_path])):
        assert [file.status for file in report.files] == ["unreadable", "checked"]
        assert "shapelint itself failed" in report.files[0].problem
        assert len(report.findings) == 1
