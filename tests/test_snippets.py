"""Snippets for users to copy: each is valid for its reader, and works as described on a sample project."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import CLEAN, ONE_FAULT, ROOT, clean_environment, run

from shapelint.common.version import __version__

SNIPPETS = ROOT / "tests" / "snippets"
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCHEMAS = {
    "tests/snippets/github.yml": "vendor.github-workflows",
    "tests/snippets/github-sarif.yml": "vendor.github-workflows",
    "tests/snippets/gitlab.yml": "vendor.gitlab-ci",
    "action.yml": "vendor.github-actions",
    ".github/workflows/release.yml": "vendor.github-workflows",
}
PIP = "pip install shapelint"

Shell = Callable[..., "subprocess.CompletedProcess[str]"]


def text(name: str) -> str:
    return (SNIPPETS / name).read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "model.yaml").write_text(ONE_FAULT)
    (folder / "compose.yaml").write_text("services: {web: {image: nginx}}\n")
    return folder


@pytest.fixture
def shell(project: Path, tmp_path: Path) -> Shell:
    """Return a function that runs a script in the project with shapelint on the PATH, already installed."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "shapelint").write_text(f'#!/bin/sh\nexec {sys.executable} -m shapelint "$@"\n')
    (tools / "shapelint").chmod(0o755)
    environment = clean_environment(PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")

    def execute(script: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", script.replace(PIP, "true")]
        return subprocess.run(
            command, cwd=project, env=environment, input=given, capture_output=True, text=True, timeout=120, check=False
        )

    return execute


@pytest.mark.parametrize(("path", "schema"), SCHEMAS.items())
def test_snippets_are_valid_by_the_schema_of_their_reader(path: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def audited(*paths: Path) -> dict[str, set[str]]:
    """Return what zizmor finds in actions, workflows and hooks: its rules by the name of the file."""
    program = str(Path(sys.executable).parent / "zizmor")
    command = [program, "--offline", "--no-progress", "--no-exit-codes", "--format", "json", *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found: dict[str, set[str]] = {}
    for finding in json.loads(result.stdout):
        for place in finding["locations"]:
            path = place["symbolic"]["key"]["Local"]["verbatim_path"]
            found.setdefault(Path(path).name, set()).add(finding["ident"])
    return found


def test_the_auditor_finds_nothing_in_the_workflow_of_releases() -> None:
    """Its actions are pinned by hash, its rights are few, no input gets into a script."""
    assert audited(ROOT / ".github" / "workflows" / "release.yml") == {}


def test_findings_of_an_auditor_of_actions(tmp_path: Path) -> None:
    """Only that the workflows name this action by its tag: every other is pinned by hash."""
    workflows = tmp_path / ".github" / "workflows"
    workflows.mkdir(parents=True)
    names = ("github.yml", "github-sarif.yml")
    for name in names:
        (workflows / name).write_text(text(name))
        (workflows / f"pinned-{name}").write_text(text(name).replace(f"@v{__version__}", f"@{'0' * 40}"))
    found = audited(ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", tmp_path)
    assert found == {name: {"unpinned-uses"} for name in names}


def test_the_auditor_detects_an_input_in_a_script(tmp_path: Path) -> None:
    """Without this, no findings for the action would mean nothing."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    action["runs"]["steps"][1]["run"] += 'echo "${{ inputs.paths }}"\n'
    (tmp_path / "action.yml").write_text(yaml.safe_dump(action))
    assert audited(tmp_path / "action.yml") == {"action.yml": {"template-injection"}}


@pytest.mark.parametrize("name", ["github.yml", "github-sarif.yml"])
def test_the_workflows_only_pass_inputs_of_the_action(name: str) -> None:
    (job,) = yaml.safe_load(text(name))["jobs"].values()
    (step,) = (step for step in job["steps"] if step["uses"].startswith("shapelint/"))
    assert set(step["with"]) <= set(ACTION["inputs"])
    if "sarif-file" in step["with"]:
        (upload,) = (step for step in job["steps"] if "upload-sarif" in step["uses"])
        assert upload["with"]["sarif_file"] == step["with"]["sarif-file"]
        assert upload["if"] == "always()"
        assert job["permissions"]["security-events"] == "write"


def test_gitlab(shell: Shell, project: Path) -> None:
    job = yaml.safe_load(text("gitlab.yml"))["shapelint"]
    report = project / job["artifacts"]["reports"]["codequality"]
    assert job["script"][0] == PIP
    script = "set -e\n" + "\n".join(job["script"])
    result = shell(script)
    assert (result.returncode, "--> configs/model.yaml:3:37" in result.stdout) == (1, True), result.stderr
    assert [issue["check_name"] for issue in json.loads(report.read_text())] == ["SL101"]
    (project / "configs" / "model.yaml").write_text(CLEAN)
    assert shell(script).returncode == 0
    assert json.loads(report.read_text()) == []


def test_shell(shell: Shell, project: Path) -> None:
    result = shell(text("shell.sh"))
    assert (result.returncode, "error[SL101]" in result.stdout) == (1, True), result.stderr
    (project / "configs" / "model.yaml").write_text(CLEAN)
    assert shell(text("shell.sh")).stdout == "every chain fits\n"
    assert (project / "shapelint.xml").read_text().startswith("<?xml")
    (project / "configs" / "model.yaml").unlink()
    (project / "configs").rmdir()
    assert shell(text("shell.sh")).returncode == 2


def test_baseline(shell: Shell, project: Path) -> None:
    assert shell("set -e\n" + text("baseline.sh")).returncode == 0
    (project / "configs" / "new.yaml").write_text(ONE_FAULT)
    assert shell(text("baseline.sh").splitlines()[1]).returncode == 1


def test_git_hook(shell: Shell, project: Path) -> None:
    git = "git -c user.name=Test -c user.email=test@example.org"
    assert shell("git init -q . && git add --all").returncode == 0
    hook = project / ".git" / "hooks" / "pre-commit"
    hook.write_text(text("git-hook.sh"))
    hook.chmod(0o755)
    commit = shell(f"{git} commit --quiet --message sample")
    assert commit.returncode == 1
    assert "help: use BYOLProjectionHead(256, 1024, 256)" in commit.stdout + commit.stderr
    (project / "configs" / "model.yaml").write_text(CLEAN)
    assert shell(f"git add --all && {git} commit --quiet --message sample").returncode == 0


def test_assistant_hook(shell: Shell, project: Path) -> None:
    def edited(name: str) -> subprocess.CompletedProcess[str]:
        return shell(text("assistant-hook.sh"), json.dumps({"tool_input": {"file_path": str(project / name)}}))

    result = edited("configs/model.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert "help: use BYOLProjectionHead(256, 1024, 256)" in result.stderr
    (project / "configs" / "model.yaml").write_text(CLEAN)
    (project / "notes.txt").write_text("projection_head: BYOLProjectionHead(512, 1024, 256)")
    for name in ("configs/model.yaml", "compose.yaml", "notes.txt"):
        assert (edited(name).returncode, edited(name).stderr) == (0, ""), name
    assert shell(text("assistant-hook.sh"), "{}").returncode == 0


def test_pre_commit(tmp_path: Path) -> None:
    """The configuration is valid and names an existing hook; test_pre_commit.py runs it."""
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(SNIPPETS / "pre-commit.yaml")]
    assert subprocess.run(command, check=False, env=clean_environment(PRE_COMMIT_HOME=str(tmp_path))).returncode == 0
    manifest = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = yaml.safe_load(text("pre-commit.yaml"))["repos"][0]["hooks"]
    assert hook["id"] in [one["id"] for one in manifest]


def test_settings(project: Path) -> None:
    """Every existing key, each with a valid value."""
    from shapelint.settings.config_schema import KEYS

    (project / "ci" / "shape-rules").mkdir(parents=True)
    (project / "pyproject.toml").write_text(text("settings.toml"))
    result = run(project, "config", "configs/model.yaml")
    assert result.returncode == 0, result.stderr
    given = {line.split(" =")[0] for line in result.stdout.splitlines() if line.endswith("# pyproject.toml")}
    assert given == set(KEYS) - {"extend", "force-exclude"}
