"""Files of a repository that use a changed one."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from command_line import inside

from shapelint.common.mentions import Mentions, mentioned
from shapelint.linting.dependents import dependents, dependents_of


def named(files: Mapping[str, str]) -> dict[str, Mentions]:
    """Return what each of some files names, given their texts."""
    return {path: mentioned(path, text) for path, text in files.items()}


PYTHON = {
    "src/project/__init__.py": "",
    "src/project/heads.py": "class Projection: ...\n",
    "src/project/widths.py": "WIDTH = 256\n",
    "src/project/models/__init__.py": "",
    "src/project/models/byol.py": "from ..heads import Projection\nfrom .parts import (\n    Trunk,  # the trunk\n)\n",
    "src/project/models/parts.py": "import torch\n\nimport project.widths as w, os\n",
    "src/project/models/other.py": "import torch\n# from project.heads import nothing\n",
    "scripts/train.py": "def main():\n    from project.models import byol as b, other\n",
    "scripts/heads.py": "",
    "scripts/local.py": "import heads\n",
    "scripts/hydra_run.py": "@hydra.main(config_path='../conf', config_name='model')\ndef main(cfg): ...\n",
    "conf/model.yaml": "_target_: project.heads.Projection\nwidth: 256\n",
    "conf/unrelated.yaml": "note: heads are not project heads\n",
}


@pytest.mark.parametrize(
    ("changed", "users"),
    [
        (
            "src/project/heads.py",
            [
                "conf/model.yaml",
                "scripts/hydra_run.py",
                "scripts/train.py",
                "src/project/models/byol.py",
            ],
        ),
        ("src/project/models/parts.py", ["scripts/train.py", "src/project/models/byol.py"]),
        (
            "src/project/widths.py",
            ["scripts/train.py", "src/project/models/byol.py", "src/project/models/parts.py"],
        ),
        ("src/project/models/other.py", ["scripts/train.py"]),
        ("scripts/heads.py", ["scripts/local.py"]),
        ("scripts/train.py", []),
        ("conf/model.yaml", ["scripts/hydra_run.py"]),
    ],
)
def test_python(changed: str, users: list[str]) -> None:
    assert dependents([changed], named(PYTHON)) == users


YAML = {
    "conf/config.yaml": "defaults:\n  - backbone: yolo\n  - optimiser/sgd@opt\n  - override /head: byol\n\nx: 1\n",
    "conf/flow.yaml": "defaults: [{backbone: resnet}, base]\n",
    "conf/base.yaml": "method: byol\n",
    "conf/backbone/yolo.yaml": "out_dim: 256\n",
    "conf/backbone/resnet.yaml": "defaults:\n  - common\nout_dim: 512\n",
    "conf/backbone/common.yml": "a: 1\n",
    "conf/optimiser/sgd.yaml": "lr: 1\n",
    "conf/head/byol.yaml": "x: 1\n",
    "conf/head/other.yaml": "x: 1\n",
    "conf/experiment/one.yaml": "# @package _global_\ndefaults:\n  - override /backbone: yolo\n",
    "mm/base/byol.yaml": "x: 1\n",
    "mm/run/byol_r50.yaml": "_base_: ../base/byol.yaml\n",
    "mm/run/list.yaml": "_base_: ['./byol_r50.yaml']\n",
    "mm/run/config.py": "_base_ = ['../base/byol.yaml', '../base/schedule.py']\n",
    "mm/base/schedule.py": "",
    "tag/model.yaml": "head: !include heads.yaml\n",
    "tag/heads.yaml": "x: 1\n",
}


@pytest.mark.parametrize(
    ("changed", "users"),
    [
        ("conf/backbone/yolo.yaml", ["conf/config.yaml", "conf/experiment/one.yaml"]),
        ("conf/backbone/resnet.yaml", ["conf/flow.yaml"]),
        ("conf/backbone/common.yml", ["conf/backbone/resnet.yaml", "conf/flow.yaml"]),
        ("conf/base.yaml", ["conf/flow.yaml"]),
        ("conf/optimiser/sgd.yaml", ["conf/config.yaml"]),
        ("conf/head/byol.yaml", ["conf/config.yaml"]),
        ("conf/head/other.yaml", []),
        ("mm/base/byol.yaml", ["mm/run/byol_r50.yaml", "mm/run/config.py", "mm/run/list.yaml"]),
        ("mm/base/schedule.py", ["mm/run/config.py"]),
        ("tag/heads.yaml", ["tag/model.yaml"]),
    ],
)
def test_yaml(changed: str, users: list[str]) -> None:
    assert dependents([changed], named(YAML)) == users


def test_circular_dependencies_terminate() -> None:
    files = {"a.py": "import b\n", "b.py": "import a\n", "c.py": "import a\n"}
    assert dependents(["a.py"], named(files)) == ["b.py", "c.py"]
    assert dependents(["a.py", "b.py"], named(files)) == ["c.py"]


def test_a_path_outside_the_repository_is_ignored() -> None:
    files = {"base.yaml": "", "a.yaml": "_base_: ../../../base.yaml\nb: /base.yaml\n"}
    assert dependents(["base.yaml"], named(files)) == []


def test_paths_are_relative_to_the_current_folder(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, text in {**PYTHON, ".gitignore": "scripts/\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with inside(tmp_path / "conf"):
        assert dependents_of(["../src/project/heads.py"]) == ["model.yaml", "../src/project/models/byol.py"]
        assert dependents_of(["../src/project/heads.py", "model.yaml"]) == ["../src/project/models/byol.py"]
        assert dependents_of(["absent.yaml", "-"]) == []


def test_without_a_repository_there_are_no_dependents(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import b\n")
    (tmp_path / "b.py").write_text("")
    with inside(tmp_path):
        assert dependents_of(["b.py"]) == []


def test_a_large_repository_takes_no_time() -> None:
    """20,000 imports in 1,000 files: linear in the text, not in pairs of files."""
    import time

    body = "".join(f"from project.m{number} import x{number}\n" for number in range(20))
    files = {f"project/m{number}.py": body for number in range(1000)}
    started = time.perf_counter()
    assert len(dependents(["project/m0.py"], named(files))) == 999
    assert time.perf_counter() - started < 5
