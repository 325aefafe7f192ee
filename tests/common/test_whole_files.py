"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, clean_environment, run

from shapelint.common.whole_files import replace_files
from shapelint.linting import fixing
from shapelint.text.source import read_source

SMALL = 4096


@pytest.fixture(autouse=True)
def repository(tmp_path: Path) -> None:
    """Programs that other tests write beside it are none of its own."""
    (tmp_path / ".git").mkdir()


def _limited(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run shapelint where no file may become larger than a few kilobytes, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-m", "shapelint", *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)),
    )


def test_a_file_that_cannot_be_written_is_named_and_the_others_are_fixed(tmp_path: Path) -> None:
    large = ONE_FAULT + "# a comment\n" * SMALL
    texts = {"a.yaml": ONE_FAULT, "b.yaml": large, "c.yaml": ONE_FAULT}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    result = _limited(tmp_path, "--fix", ".")
    assert [(tmp_path / name).read_text() for name in texts] == [CLEAN, large, CLEAN]
    assert result.returncode == 2
    assert "cannot write b.yaml: File too large; nothing in it is fixed" in result.stderr
    assert "--> b.yaml:3:37" in result.stdout
    assert "Fixed 2 findings. Found 1 error in 3 models" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", *texts]


def test_a_report_that_does_not_fit_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("old")
    (tmp_path / "m.yaml").write_text("".join(f"m{i}:\n  " + ONE_FAULT.replace("\n", "\n  ") + "\n" for i in range(9)))
    result = _limited(tmp_path, "m.yaml", "--output-format", "json", "--output-file", "report.json")
    assert (result.returncode, (tmp_path / "report.json").read_text()) == (2, "old")


def test_of_several_files_none_is_changed_if_one_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="absent"):
        replace_files({str(tmp_path / "a"): b"new", str(tmp_path / "absent" / "b"): b"new"})
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "a"]


def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_text(ONE_FAULT)
    (tmp_path / "real.yaml").chmod(0o640)
    (tmp_path / "model.yaml").symlink_to("real.yaml")
    run(tmp_path, "--fix", "model.yaml")
    assert (tmp_path / "model.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == CLEAN
    assert stat.S_IMODE((tmp_path / "real.yaml").stat().st_mode) == 0o640


@pytest.mark.skipif(os.geteuid() == 0, reason="to the superuser every file is writable")
def test_a_file_that_is_read_only_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ONE_FAULT)
    (tmp_path / "m.yaml").chmod(0o444)
    result = run(tmp_path, "--fix", "m.yaml")
    assert (result.returncode, (tmp_path / "m.yaml").read_text()) == (2, ONE_FAULT)
    assert "cannot write m.yaml: Permission denied" in result.stderr


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(ONE_FAULT)
    source = read_source(path)
    path.write_text(ONE_FAULT + "# mine\n")
    with pytest.raises(OSError, match="changed since it was read"):
        fixing.write(source, CLEAN)
    assert path.read_text() == ONE_FAULT + "# mine\n"


def test_a_report_may_go_to_a_device(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(CLEAN)
    assert run(tmp_path, "m.yaml", "--output-file", "/dev/null").returncode == 0
    assert not Path("/dev/null").is_file()
