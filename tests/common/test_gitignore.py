"""Walks skip files that .gitignore files exclude, exactly like git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from command_line import ONE_FAULT, inside, run

from shapelint.common.gitignore import upward
from shapelint.linting.collect import SUFFIXES, walk

TREE = {
    ".gitignore": "runs/\n*.generated.yaml\n/only-here.yaml\n!kept.generated.yaml\nconf/**/secret*\n\\#hash.yaml\n",
    "sub/.gitignore": "local.yaml\n!back.generated.yaml\n",
    "sub/deep/.gitignore": "*\n!wanted.yaml\n",
    ".git/info/exclude": "mine.yaml\n",
}
FILES = (
    "model.yaml",
    "runs/model.yaml",
    "sub/runs/model.yaml",
    "sub/runs/deep/model.yaml",
    "a.generated.yaml",
    "kept.generated.yaml",
    "sub/back.generated.yaml",
    "sub/other.generated.yaml",
    "only-here.yaml",
    "sub/only-here.yaml",
    "conf/secret.yaml",
    "conf/a/b/secret-1.yaml",
    "conf/a/open.yaml",
    "#hash.yaml",
    "sub/local.yaml",
    "local.yaml",
    "sub/deep/wanted.yaml",
    "sub/deep/unwanted.yaml",
    "mine.yaml",
    "sub/mine.yaml",
    "runs.yaml",
    "with space.yaml",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name, text in {**dict.fromkeys(FILES, ONE_FAULT), **TREE}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def walked(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder).replace(os.sep, "/") for path in walk(folder, SUFFIXES)}


def listed(folder: Path) -> set[str]:
    """Return what git lists, without a user's global excludes."""
    command = ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.split("\0")
    return {name for name in names if name.endswith(".yaml")}


@pytest.mark.parametrize("below", [".", "sub", "conf", "sub/deep", "conf/a"])
def test_a_walk_finds_what_git_lists(tree: Path, below: str) -> None:
    folder = tree / below
    assert walked(folder) == listed(folder)
    assert walked(tree) != set(FILES)


def test_a_relative_walk_finds_the_same(tree: Path) -> None:
    with inside(tree / "sub"):
        assert walked(Path(".")) == listed(tree / "sub")
        assert {str(path) for path in walk(Path("../conf"), SUFFIXES)} == {os.path.join("..", "conf", "a", "open.yaml")}


def test_an_ignored_folder_that_is_named_is_walked(tree: Path) -> None:
    assert walked(tree / "runs") == {"model.yaml"}
    assert walked(tree / "sub" / "runs") == {"model.yaml", "deep/model.yaml"}


def test_an_ignored_file_that_is_named_is_linted(tree: Path) -> None:
    assert run(tree, "runs/model.yaml").returncode == 1


def test_outside_a_repository_the_gitignore_of_the_folder_applies(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("old.yaml\n")
    for name in ("old.yaml", "new.yaml"):
        (tmp_path / name).write_text(ONE_FAULT)
    assert walked(tmp_path) == {"new.yaml"}


def test_a_gitignore_that_cannot_be_read_ignores_nothing(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xff\xfe!\n")
    (tmp_path / "a.yaml").write_text(ONE_FAULT)
    assert walked(tmp_path) == {"a.yaml"}


def test_hidden_and_installed_folders_are_not_entered(tmp_path: Path) -> None:
    for name in (".venv", "node_modules", "lib/site-packages", "__pycache__"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.yaml").write_text(ONE_FAULT)
    assert walked(tmp_path) == set()


def test_what_is_above_ends_at_the_repository_or_where_there_is_none_at_the_working_folder(tmp_path: Path) -> None:
    folders = [tmp_path / "work" / "conf" / "model", tmp_path / "work" / "conf", tmp_path / "work", tmp_path]
    folders[0].mkdir(parents=True)
    start = str(folders[0])
    with inside(folders[2]):
        assert list(upward(start)) == [str(folder) for folder in folders[:3]]
        assert list(upward("conf")) == ["conf", "."]
    with inside(folders[1]):
        assert list(upward(start)) == [str(folder) for folder in folders[:2]]
        (folders[3] / ".git").mkdir()
        assert list(upward(start)) == [str(folder) for folder in folders]
