"""A run that is kept is printed again, byte for byte, while everything is as it was; if not, it is worked out anew."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from command_line import CLEAN, ONE_FAULT, write
from conftest import ROOT
from kept_project import PAGE, PROBE, Project, kept, made

from shapelint.common import bounds
from shapelint.report import FORMATS


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return made(tmp_path)


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_kept_run_is_printed_again_in_every_format(output_format: str, project: Project) -> None:
    shutil.copytree(ROOT / "fixtures", project.folder / "fixtures")
    arguments = (".", "--output-format", output_format, "-v", "--with-dependents")
    assert kept(project, *arguments) == project.run(*arguments, "--no-cache")
    assert project.was_linted()


@pytest.mark.parametrize("path", sorted((ROOT / "fixtures").glob("*.yaml"))[::6], ids=lambda path: path.stem)
def test_so_is_that_of_a_named_file(path: Path, project: Project) -> None:
    shutil.copy(path, project.folder)
    arguments = (path.name, "--statistics", "--select", "ALL")
    assert kept(project, *arguments) == project.run(*arguments, "--no-cache")


CHANGES: dict[str, Callable[[Path], Any]] = {
    "an edit": lambda path: (path / "model.yaml").write_text(CLEAN),
    "an edit of the same size and time": lambda path: same_size_and_time(path / "model.yaml"),
    "a model more": lambda path: (path / "more.yaml").write_text(ONE_FAULT),
    "a model less": lambda path: (path / "model.yaml").unlink(),
    "a model in a folder": lambda path: write(path, {"in/a/folder/model.yaml": ONE_FAULT}),
    "an imported module": lambda path: (path / "heads.py").write_text("WIDTH = 256\n"),
    "an imported module is gone": lambda path: (path / "heads.py").unlink(),
    "a package that is found first": lambda path: write(path, {"heads/__init__.py": "WIDTH = 256\n"}),
    "a part of a config": lambda path: (path / "backbone/small.yaml").write_text("backbone: resnet18\n"),
    "a part of a config is gone": lambda path: (path / "backbone/small.yaml").unlink(),
    "settings": lambda path: (path / "shapelint.toml").write_text('ignore = ["SL101"]\n'),
    "settings are gone": lambda path: (path / "shapelint.toml").unlink(),
    "nearer settings": lambda path: (path / "backbone/shapelint.toml").write_text('ignore = ["ALL"]\n'),
    "settings that everybody may write": lambda path: (path / "shapelint.toml").chmod(0o666),
    "invalid settings": lambda path: (path / "shapelint.toml").write_text("ignor = 1\n"),
    "a rule page": lambda path: (path / "ours/page.md").write_text(PAGE.replace("WIDTH", "256")),
    "a rule page more": lambda path: (path / "ours/more.md").write_text(
        PAGE.replace("WIDTH", "1").replace("TEAM001", "TEAM002").replace("our-width", "other-width")
    ),
    "a bad rule page": lambda path: (path / "ours/page.md").write_text("---\n---\n"),
    "ignored files": lambda path: (path / ".gitignore").write_text("model.yaml\n"),
    "no ignored files": lambda path: (path / ".gitignore").unlink(),
    "a repository inside": lambda path: (path / "backbone/.git").mkdir(),
    "a link elsewhere": lambda path: relinked(path / "model.yaml", "ignored.yaml"),
    "a file becomes a pipe": lambda path: ((path / "model.yaml").unlink(), os.mkfifo(path / "model.yaml")),
    "a file becomes a folder": lambda path: ((path / "model.yaml").unlink(), (path / "model.yaml").mkdir()),
}


def same_size_and_time(path: Path) -> None:
    before = path.stat()
    path.write_text(path.read_text().replace("512", "256"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def relinked(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


FOLDER, FILES = (".",), ("model.yaml", "train.py", "composed.yaml")
NOTICED = [*((change, FOLDER) for change in CHANGES), *((change, FILES) for change in [*CHANGES][::3])]


@pytest.mark.parametrize(("change", "paths"), NOTICED, ids=[f"{change} {len(paths)}" for change, paths in NOTICED])
def test_a_change_is_noticed(change: str, paths: tuple[str, ...], project: Project) -> None:
    before = project.run(*paths)
    CHANGES[change](project.folder)
    after = project.run(*paths)
    assert after == project.run(*paths, "--no-cache")
    assert after != before or (paths == FILES and "model" in change) or change in INDIFFERENT
    assert project.run(*paths) == after


INDIFFERENT = {"a repository inside", "a package that is found first", "nearer settings", "ignored files",
               "no ignored files"}  # fmt: skip
"""What need not change a report, at least not of the named files."""


@pytest.mark.parametrize("change", ["touch", "the same content again", "a file of no concern"])
def test_what_changes_nothing_is_no_change(change: str, project: Project) -> None:
    before = project.run("model.yaml", "train.py")
    path = project.folder / "model.yaml"
    if change == "touch":
        path.touch()
    elif change == "the same content again":
        replaced = path.with_name("model.new")
        shutil.copy(path, replaced)
        replaced.replace(path)
    else:
        (project.folder / "ours" / "notes.txt").write_text("no page")
    assert project.run("model.yaml", "train.py") == before
    assert project.was_linted() == (change == "a file of no concern")  # rules may be in it


def test_what_is_kept_becomes_certain_with_time(project: Project) -> None:
    """As long as files are new, their content is compared; then what is kept is written once more, without that."""
    project.run("model.yaml")
    (path,) = project.results.iterdir()
    project.run("model.yaml")
    assert b"[-1," in path.read_bytes()
    assert project.opened() > 0
    time.sleep(2.1)
    project.run("model.yaml")
    assert not project.was_linted()
    assert b"[-1," not in path.read_bytes()
    written = path.stat().st_mtime_ns
    project.run("model.yaml")
    assert not project.was_linted()
    assert project.opened() == 0
    assert path.stat().st_mtime_ns == written
    assert project.run("model.yaml") == project.run("model.yaml", "--no-cache")


SURROUNDINGS: dict[str, dict[str, str]] = {
    "colours": {"FORCE_COLOR": "1"},
    "another encoding": {"PYTHONIOENCODING": "ascii"},
    "a library more": {"PYTHONPATH": "{path}"},
    "a folder of one's own": {"HOME": "{folder}"},
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_other_surroundings_are_noticed(name: str, project: Project) -> None:
    (project.folder / "model.yaml").write_text(f"# é\n{ONE_FAULT}".replace("yolov8n", "é"))
    before = project.run("model.yaml")
    own = str(project.folder.parent / "own")
    paths = os.pathsep.join([str(project.path), own])
    project.environment = {key: value.format(path=paths, folder=own) for key, value in SURROUNDINGS[name].items()}
    after = project.run("model.yaml")
    assert project.was_linted()
    assert after == project.run("model.yaml", "--no-cache")
    assert (after != before) == (name in ("colours", "another encoding"))


def test_another_version_of_a_library_is_noticed(project: Project) -> None:
    own = project.folder.parent / "own"
    write(own, {"timm/__init__.py": "", "timm-0.1.dist-info/METADATA": "Name: timm\nVersion: 0.1\n"})
    project.environment = {"PYTHONPATH": os.pathsep.join([str(own), str(project.path)])}
    (project.folder / "model.yaml").write_text("method: byol\nbackbone: timm/vit_small_patch16_224\n" + HEADS)
    before = kept(project, "model.yaml", "-v")
    (own / "timm-0.1.dist-info").rename(own / "timm-0.2.dist-info")
    after = project.run("model.yaml", "-v")
    assert project.was_linted()
    assert after == project.run("model.yaml", "-v", "--no-cache")
    assert b"0.2" in after[2] + after[1]
    assert b"0.2" not in before[2] + before[1]


HEADS = "projection_head: BYOLProjectionHead(384, 1024, 256)\n"
FORGED = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "changed": lambda path: path.write_bytes(path.read_bytes().replace(b"512", b"513")),
    "another format": lambda path: path.write_bytes(path.read_bytes().replace(b"results 2", b"results 0")),
    "no JSON": lambda path: signed(path, b"{"),
    "nested too deeply": lambda path: signed(path, b"[" * 100_000),
    "another structure": lambda path: signed(path, b'{"key": 1}'),
    "a list": lambda path: signed(path, b"[]"),
    "reads of no paths": lambda path: signed(path, body(path).replace(b'"paths"', b'"p"')),
    "an unknown question": lambda path: signed(path, body(path).replace(b'"content ', b'"c ')),
    "of another run": lambda path: signed(path, body(path).replace(b"model.yaml", b"m.yaml", 1)),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a link": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "foreign": lambda path: path.write_bytes(os.urandom(1000)),
    "huge": lambda path: os.truncate(path, bounds.RESULT_BYTES + 1),
}  # fmt: skip


def body(path: Path) -> bytes:
    """Return what is kept, without its checksum."""
    return path.read_bytes().partition(b"\n")[2]


def signed(path: Path, content: bytes) -> None:
    """Write a body with its checksum."""
    from shapelint.common.reads import digest

    path.write_bytes(f"shapelint results 2 {digest(content)}\n".encode() + content)


@pytest.mark.parametrize("fault", FORGED)
def test_what_does_not_validate_is_not_believed(fault: str, project: Project) -> None:
    before = kept(project, "model.yaml")
    (path,) = project.results.iterdir()
    (project.folder / "model.yaml").touch()
    FORGED[fault](path)
    assert project.run("model.yaml") == before
    assert project.was_linted()
    assert project.run("model.yaml") == before
    assert project.was_linted() == (fault == "a folder")


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_cache_that_others_can_open_is_not_believed(mode: int, project: Project) -> None:
    code, out, _ = kept(project, "model.yaml")
    project.results.chmod(mode)
    again = project.run("model.yaml")
    assert project.was_linted()
    assert again[:2] == (code, out)
    assert b"is not used" in again[2]


@pytest.mark.parametrize("place", ["/dev/null/cache", "/proc/cache", "\0"])
def test_a_cache_that_cannot_be_written_is_none(place: str, project: Project) -> None:
    expected = project.run("model.yaml", "--no-cache")
    assert project.run("model.yaml", "--cache-dir", place or "x") == expected if "\0" not in place else True
    project.cache.mkdir()
    project.cache.chmod(0o500)
    project.results.write_text("a file in its place") if os.getuid() == 0 else None
    again = project.run("model.yaml")
    assert again[:2] == expected[:2]


def test_a_full_disk_leaves_no_half_file(project: Project) -> None:
    expected = project.run("model.yaml", "--no-cache")
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (2000, 2000))
    assert project.run("model.yaml", preexec_fn=limit) == expected
    assert project.was_linted()
    assert [path.name for path in project.cache.rglob("*") if path.is_file()] == []


def test_two_processes_at_once_are_both_right(project: Project) -> None:
    expected = project.run("model.yaml", "train.py", "--no-cache")
    command = [sys.executable, "-c", PROBE.format(trace=os.devnull), "model.yaml", "train.py"]
    start = partial(subprocess.Popen, command, cwd=project.folder, env=project.variables, stdout=-1, stderr=-1)
    processes = [start() for _ in range(6)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, out, err) == expected
    assert len(list(project.results.iterdir())) == 3  # the run, and two files
    assert project.run("model.yaml", "train.py") == expected
    assert not project.was_linted()


NOT_KEPT = {
    "a fix": ("--fix",),
    "a difference": ("--diff", "--trace"),
    "a report in a file": ("--output-file", "report.txt"),
    "known faults": ("--write-baseline", "known.json"),
    "trust": ("--allow-trusted",),
    "no cache": ("--no-cache",),
    "another command": ("show",),
}


@pytest.mark.parametrize("name", NOT_KEPT)
def test_only_what_just_reports_is_kept(name: str, project: Project) -> None:
    project.run("model.yaml", *NOT_KEPT[name]) if name != "another command" else project.run("show", "model.yaml")
    assert not project.results.exists() or list(project.results.iterdir()) == []


def test_text_of_stdin_is_not_kept(project: Project) -> None:
    (project.folder / "shapelint.toml").unlink()
    for text in (ONE_FAULT, CLEAN):
        code, _, _ = project.run("-", "--stdin-filename", "x.yaml", input=text.encode())
        assert code == (text == ONE_FAULT)
    assert not project.results.exists()


def test_the_cache_may_be_elsewhere_and_be_removed(project: Project) -> None:
    project.run("model.yaml", "--cache-dir", "own")
    assert len(list((project.folder / "own" / "results").iterdir())) == 1
    project.run("model.yaml", "--cache-dir=own")
    assert len(list((project.folder / "own" / "results").iterdir())) == 2
    assert not project.cache.exists()
    code, out, _ = project.run("clean", "--cache-dir", "own")
    assert (code, out.startswith(b"Removed 2 files")) == (0, True)
    assert not (project.folder / "own" / "results").exists()
    assert project.run("clean", "--cache-dir", "own")[1].startswith(b"Removed 0 files")


@pytest.mark.parametrize(("engine", "linted"), [("one", False), ("two", True)])
def test_a_run_is_kept_for_the_shapelint_that_began_it(engine: str, linted: bool, project: Project) -> None:
    """It may be updated while a long run goes on."""

    def run(*engines: str) -> None:
        changing = f"import shapelint.cli.kept_runs as kept; kept.engine = iter({engines}).__next__"
        code = PROBE.format(trace=str(project.trace)).replace("from shapelint", f"{changing}\nfrom shapelint")
        command = [sys.executable, "-c", code, "model.yaml"]
        subprocess.run(command, cwd=project.folder, env=project.variables, check=False, capture_output=True)

    run("one", "two", "two")
    assert project.was_linted()
    run(engine, engine, engine)
    assert project.was_linted() == linted


WRONG = {
    "the search fails": "import shapelint.cli.kept_runs as kept; kept._found = lambda place: 1 / 0",
    "a path that is no text": "import pathlib; sys.path.append(pathlib.Path('x'))",
}


@pytest.mark.parametrize("name", WRONG)
def test_whatever_is_wrong_with_the_cache_the_run_is_right(name: str, project: Project) -> None:
    expected = project.run("model.yaml", "--no-cache")
    code = PROBE.format(trace=os.devnull).replace("from shapelint", f"{WRONG[name]}\nfrom shapelint")
    command = [sys.executable, "-c", code, "model.yaml"]
    for _ in range(2):
        result = subprocess.run(command, cwd=project.folder, env=project.variables, capture_output=True)
        assert (result.returncode, result.stdout, result.stderr) == expected


def test_an_interrupt_is_no_finding(project: Project) -> None:
    interrupted = "import shapelint.cli.kept_runs as kept; kept._found = lambda place: signal.raise_signal(2)"
    code = PROBE.format(trace=os.devnull).replace("from shapelint", f"import signal\n{interrupted}\nfrom shapelint")
    command = [sys.executable, "-c", code, "model.yaml"]
    result = subprocess.run(command, cwd=project.folder, env=project.variables, capture_output=True)
    assert (result.returncode, result.stdout, result.stderr) == (2, b"", b"shapelint: interrupted\n")


def test_a_closed_stream_is_noticed(project: Project) -> None:
    """What is printed again ends as the run itself does if nobody reads it."""
    before = kept(project, "model.yaml")
    assert before[0] == 1
    for arguments in (("model.yaml",), ("model.yaml", "--no-cache")):
        with open("/dev/full", "wb") as full:
            command = [sys.executable, "-c", PROBE.format(trace=str(project.trace)), *arguments]
            result = subprocess.run(
                command, cwd=project.folder, env=project.variables, stdout=full, stderr=-1, timeout=60
            )
        assert project.was_linted() == ("--no-cache" in arguments)
        words = b"shapelint: the report cannot be written: No space left on device\n"
        assert (result.returncode, result.stderr) == (2, words)
