"""The GitHub action: its steps are run like by a runner, with any input that a caller may pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import CLEAN, ONE_FAULT, ROOT, clean_environment

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")

HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "&& touch pwned #",
    "| tee pwned",
    "> pwned",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "${IFS}touch${IFS}pwned",
    "--fix",
    "--output-file=pwned",
    "-",
    "*",
    "~",
    "\\",
    "model.yaml; touch pwned",
)


def step(name: str, folder: Path, program: Path, inputs: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Run a step's script; return its exit code, its output, and the runner's files by name."""
    given = {key: str(value.get("default", "")) for key, value in ACTION["inputs"].items()} | inputs
    runner = folder.parent / "runner"
    runner.mkdir(exist_ok=True)
    files = {name: runner / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH", "GITHUB_ENV")}
    for path in files.values():
        path.write_text("")
    environment = {key: INPUT.sub(lambda match: given[match[1]], text) for key, text in STEPS[name]["env"].items()}
    script = runner / "script.sh"
    script.write_text(STEPS[name]["run"])
    result = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=folder,
        env=clean_environment(
            **{name: str(path) for name, path in files.items()},
            **environment,
            GITHUB_ACTION_PATH=str(ROOT),
            RUNNER_TEMP=str(program),
            PYTHONPATH="",
        ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr, {name: path.read_text() for name, path in files.items()}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the install step once for this module, and return the program."""
    folder = tmp_path_factory.mktemp("install")
    (folder / "work").mkdir()
    source = tmp_path_factory.mktemp("source")
    kept = shutil.ignore_patterns(".git", "venv", ".venv", "__pycache__", ".*_cache", "dist", "build", "*.egg-info")
    shutil.copytree(ROOT, source, dirs_exist_ok=True, ignore=kept)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "ROOT", source)
        code, told, _ = step("Install shapelint", folder / "work", folder / "temporary", {})
    assert code == 0, told
    return folder / "temporary"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "model.yaml").write_text(ONE_FAULT)
    (folder / "conf" / "with space.yaml").write_text(ONE_FAULT)
    (folder / "clean.yaml").write_text(CLEAN)
    return folder


def test_no_input_is_spliced_into_a_shell_line() -> None:
    for one in STEPS.values():
        assert "${{" not in one["run"]
        assert one["shell"] == "bash"
        assert all(INPUT.fullmatch(text) for text in one["env"].values())


def test_every_input_is_described_and_used() -> None:
    used = {name for one in STEPS.values() for text in one["env"].values() for name in INPUT.findall(text)}
    assert used == set(ACTION["inputs"])
    assert all(value["description"] and "default" in value for value in ACTION["inputs"].values())


def test_a_fault_fails_the_job_with_annotations_and_a_summary(project: Path, program: Path) -> None:
    inputs = {"paths": "conf/model.yaml\nconf/with space.yaml\n\n", "sarif-file": "out.sarif"}
    code, told, files = step("Lint", project, program, inputs)
    assert code == 1, told
    assert told.count("::error ") == 2
    assert "file=conf/with space.yaml,line=3" in told
    assert files["GITHUB_OUTPUT"] == "exit-code=1\n"
    assert "```mermaid" in files["GITHUB_STEP_SUMMARY"]
    assert '"version": "2.1.0"' in (project / "out.sarif").read_text()


def test_a_clean_job_passes(project: Path, program: Path) -> None:
    code, told, files = step("Lint", project, program, {"paths": "clean.yaml", "summary": "false"})
    assert (code, files["GITHUB_OUTPUT"], files["GITHUB_STEP_SUMMARY"]) == (0, "exit-code=0\n", ""), told
    code, told, _ = step("Lint", project, program, {"args": "--ignore\nSL101"})
    assert code == 0, told


def test_the_shapelint_of_the_current_environment(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "shapelint").write_text("#!/bin/sh\necho current; exit 0\n")
    (tools / "shapelint").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
        code, told, _ = step("Lint", project, tmp_path / "absent", {"environment": "current", "summary": "false"})
    assert (code, told) == (0, "current\n")
    assert STEPS["Install shapelint"]["if"] == "inputs.environment != 'current'"


LINES = "\n".join(text for text in HOSTILE if text != "-")
EXCLUDES = "\n".join(f"--exclude\n{text}" for text in HOSTILE)


@pytest.mark.parametrize(
    ("inputs", "codes"),
    [
        ({"paths": LINES}, [2]),
        ({"paths": "-"}, [2]),
        ({"args": EXCLUDES}, [0]),  # including `*`: nothing is left to lint
        ({"args": "\n".join(text for text in HOSTILE if not text.startswith("-"))}, [2]),
        *[({name: text}, [1]) for name in ("summary", "environment") for text in (HOSTILE[0], HOSTILE[6])],
    ],
)
def test_hostile_inputs_are_data(inputs: dict[str, str], codes: list[int], project: Path, program: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    code, told, files = step("Lint", project, program, {"summary": "false", **inputs})
    assert code in codes, told
    assert files["GITHUB_OUTPUT"] == f"exit-code={code}\n"
    assert files["GITHUB_ENV"] == files["GITHUB_PATH"] == ""
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("text", ["$(touch pwned)", "> pwned", "--output-file=pwned"])
def test_a_hostile_file_name_is_a_file_name(text: str, project: Path, program: Path) -> None:
    code, told, _ = step("Lint", project, program, {"sarif-file": text, "summary": "false"})
    assert code == 1, told
    assert not (project / "pwned").exists()
    assert (project / text).is_file()


@pytest.mark.parametrize(
    "text", [*HOSTILE, "1.0 --index-url=http://localhost", "git+https://example.org/x", "-r x", "1\n2"]
)
def test_a_hostile_version_installs_nothing(text: str, project: Path, tmp_path: Path) -> None:
    code, told, _ = step("Install shapelint", project, tmp_path / "temporary", {"version": text})
    assert (code, "is not the number of a release" in told) == (2, True)
    assert not (tmp_path / "temporary").exists()
