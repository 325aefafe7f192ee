"""Links: a report depends on where they lead, and on the file there, by whatever path it was read first."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT
from kept_project import Output, Project
from test_kept_reports import BUILDER, OPEN

from shapelint.common.reads import signature_of


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def put(project: Project, **texts: str) -> None:
    """Write files; a double underscore stands for a slash."""
    for name, text in texts.items():
        path = project.folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def same_as_without(project: Project, *arguments: str) -> Output:
    """Run with what is kept, and return the output, which is that of a run without."""
    found = project.run(*arguments)
    assert found == project.run(*arguments, "--no-cache")
    return found


def test_a_file_that_builds_a_class_may_be_a_link_that_changes(project: Project) -> None:
    put(project, heads=OPEN, store__a=BUILDER.format(width=300), store__b=BUILDER.format(width=200))
    (project.folder / ".gitignore").write_text("store/\n")
    for store in (project.folder / "store").iterdir():
        store.write_text(store.read_text().replace("open_model", "heads"))
    link = project.folder / "builds.py"
    link.symlink_to("store/a.py")
    assert b"SL101" not in project.run(".")[1]
    project.run(".")
    link.unlink()
    link.symlink_to("store/b.py")
    assert b"SL101" in same_as_without(project, ".")[1]


def test_a_link_to_nothing_is_something(project: Project) -> None:
    put(project, a=OPEN)
    project.run("x.py", "y.py", "a.py")
    project.run("x.py", "y.py", "a.py")
    (project.folder / "x.py").symlink_to("y.py")
    same_as_without(project, "x.py", "y.py", "a.py")


def test_the_signature_of_a_link_is_its_own_and_that_of_its_target(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "b"
    missing = signature_of(str(link))
    link.symlink_to("a")
    dangling = signature_of(str(link))
    path.write_text("1")
    found = signature_of(str(link))
    path.write_text("12")
    assert len({missing, dangling, found, signature_of(str(link))}) == 4


def test_a_program_that_is_not_in_utf_8_builds_nothing(project: Project) -> None:
    put(project, open_model=OPEN)
    (project.folder / "builder.py").write_bytes(BUILDER.format(width=300).encode() + b"# \xff\n")
    (project.folder / "model.yaml").write_text(ONE_FAULT)
    code, out, err = same_as_without(project, ".")
    assert code == 1
    assert b"failed" not in out + err
    (project.folder / "model.yaml").write_text(CLEAN)
    assert same_as_without(project, ".")[0] == 0
