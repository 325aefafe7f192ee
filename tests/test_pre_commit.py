"""The hooks, run by the real pre-commit: which files they get, and what a user sees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import CLEAN, ONE_FAULT, ROOT, clean_environment

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

MUST_MATCH = (
    "model.yaml",
    "configs/byol.yml",
    "conf/model/net/byol.yaml",
    "train.py",
    "src/models/byol.py",
    ".hidden/byol.yaml",
    "notebooks/pretrain.ipynb",
)
MUST_NOT_MATCH = (
    "README.md",
    "pyproject.toml",
    "model.json",
    "model.yaml.j2",
    "weights.pt",
    "requirements.txt",
    "bin/train",  # Python only by its first line: shapelint looks at the suffix
    "CITATION.cff",
    ".clang-format",
    "stubs/byol.pyi",
)
MAXIMUM_MEGABYTES = 100


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env=clean_environment(**environment),
        timeout=300,
        check=False,
    )


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    result = run(folder, "git", *name, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stdout


def pre_commit(folder: Path, *arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    quick = {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONPATH": ""}
    environment = {"PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never", **quick, **environment}
    return run(folder, sys.executable, "-m", "pre_commit", *arguments, **environment)


def repository(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "-q", "--message", "sample")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which pre-commit keeps its environments, created once for this module."""
    return tmp_path_factory.mktemp("pre-commit-home")


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this checkout with everything committed, because pre-commit clones what is committed."""
    folder = tmp_path_factory.mktemp("hooks")
    kept = shutil.ignore_patterns(".git", "venv", ".venv", "__pycache__", ".*_cache", "dist", "build", "*.egg-info")
    shutil.copytree(ROOT, folder, dirs_exist_ok=True, ignore=kept)
    return repository(folder, {})


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_which_files_a_hook_gets(hook: dict[str, Any], tmp_path: Path, home: Path) -> None:
    """Run a hook that prints its files, with the patterns of the real one."""
    project = repository(tmp_path, dict.fromkeys((*MUST_MATCH, *MUST_NOT_MATCH), "#!/usr/bin/env python\n"))
    (project / "bin" / "train").chmod(0o755)
    entry = f"{sys.executable} -c \"import sys; print(*sys.argv[1:], sep='\\n')\""
    local = {**hook, "entry": entry, "language": "system", "verbose": True}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]}))
    result = pre_commit(project, "run", "--all-files", home=home)
    assert result.returncode == 0, result.stdout + result.stderr
    given = set(result.stdout.splitlines())
    assert [name for name in MUST_MATCH if name not in given] == []
    assert [name for name in MUST_NOT_MATCH if name in given] == []


def test_the_hooks_only_differ_in_their_environment() -> None:
    first, second = (
        {key: hook[key] for key in hook if key not in ("id", "name", "description", "language")} for hook in HOOKS
    )
    assert first == second
    assert [(hook["id"], hook["language"]) for hook in HOOKS] == [
        ("shapelint", "python"),
        ("shapelint-system", "system"),
    ]
    assert first["require_serial"] is True
    assert "args" not in first


SAMPLE = {
    "model.yaml": ONE_FAULT,
    "docker-compose.yaml": "services:\n  web: {image: nginx}\n",
    "chart/templates/web.yaml": "name: {{ .Values.name }}\n",
    "detector.yaml": "backbone: {depth: 50}\nneck: {in_channels: [256]}\nhead: {num_classes: 80}\n",
    "setup.py": "from setuptools import setup\n\nsetup()\n",
    "broken.py": "def (:\n",
    "README.md": "# sample\n",
}


@pytest.fixture(scope="module")
def fixing(hook_repository: Path, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sample repository with the hook set up to fix; this builds the hook's environment."""
    project = repository(tmp_path_factory.mktemp("sample"), SAMPLE)
    revision = git(hook_repository, "rev-parse", "HEAD").strip()
    hooks = [{"id": "shapelint", "args": ["--fix"]}]
    settings = {"repos": [{"repo": str(hook_repository), "rev": revision, "hooks": hooks}]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump(settings))
    installed = pre_commit(project, "install-hooks", home=home)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return project


def test_try_repo_fails_on_the_fault_and_passes_after_the_fix(hook_repository: Path, home: Path, fixing: Path) -> None:
    """`try-repo` builds an environment each time, so it is run once; `run` is used for the fixed files."""
    before = pre_commit(fixing, "try-repo", str(hook_repository), "shapelint", "--all-files", home=home)
    told = before.stdout + before.stderr
    assert before.returncode == 1, told
    assert "error[SL101]: projection_head expects 512 features, but backbone produces 256" in told
    assert "--> model.yaml:3:37" in told
    assert "help: use BYOLProjectionHead(256, 1024, 256)" in told

    fixed = pre_commit(fixing, "run", "--all-files", home=home)
    assert fixed.returncode == 1
    assert "files were modified by this hook" in fixed.stdout
    assert "Fixed model.yaml:3:37: SL101 512 -> 256" in fixed.stdout
    assert (fixing / "model.yaml").read_text() == CLEAN
    assert git(fixing, "diff", "--stat", "--", ".").count("|") == 1
    assert pre_commit(fixing, "run", "--all-files", home=home).returncode == 0


@pytest.mark.usefixtures("fixing")
def test_the_environment_of_the_hook_is_small_and_has_no_torch(home: Path) -> None:
    environments = [path for path in home.glob("repo*/py_env-*") if path.is_dir()]
    assert environments
    for environment in environments:
        files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
        assert not any(path.parts[-3:-1] == ("site-packages", "torch") for path in files)
        assert sum(path.stat().st_size for path in files) < MAXIMUM_MEGABYTES * 1e6


SCRIPT = """\
from torch import nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead
import torchvision

from widths import FEATURES


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = BYOLProjectionHead(FEATURES, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)

    def forward(self, x):
        y = self.backbone(x).flatten(start_dim=1)
        return self.prediction_head(self.projection_head(y))
"""


def test_files_that_depend_on_a_changed_fragment_are_linted(tmp_path: Path, home: Path) -> None:
    """With the system hook, which runs this shapelint."""
    project = repository(
        tmp_path / "project",
        {
            "conf/config.yaml": "defaults:\n  - optimiser: sgd\n  - _self_\nmodel:\n"
            + "".join(f"  {line}\n" for line in ONE_FAULT.splitlines()),
            "conf/optimiser/sgd.yaml": "lr: 0.1\n",
            "conf/optimiser/adam.yaml": "lr: 0.001\n",
            "conf/alone.yaml": ONE_FAULT,
            "train/widths.py": "FEATURES = 1024\n",
            "train/byol.py": SCRIPT,
        },
    )
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "shapelint").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m shapelint "$@"\n')
    (tools / "shapelint").chmod(0o755)
    hook = {**HOOKS[1]}
    (project / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [hook]}]}))
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    used = pre_commit(project, "run", "--files", "conf/optimiser/sgd.yaml", home=home, PATH=path)
    assert used.returncode == 1, used.stdout + used.stderr
    assert "conf/config.yaml:7:39" in used.stdout
    assert "alone.yaml" not in used.stdout
    module = pre_commit(project, "run", "--files", "train/widths.py", home=home, PATH=path)
    assert module.returncode == 1, module.stdout + module.stderr
    assert "projection_head expects 1024 features, but backbone produces 512" in module.stdout
    assert "train/byol.py" in module.stdout
    unused = pre_commit(project, "run", "--files", "conf/optimiser/adam.yaml", home=home, PATH=path)
    assert unused.returncode == 0, unused.stdout + unused.stderr
