"""`--add-ignores` adds comments that silence all findings, and changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import ONE_FAULT, ROOT, run

from shapelint.judge import rulebook
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding
from shapelint.suppress import ignores
from shapelint.suppress.add_ignores import add_ignores
from shapelint.text.location import Location
from shapelint.text.source import Source, read_source

FIXTURES = sorted((ROOT / "fixtures").glob("*.yaml"))


def lint(source: Source) -> FileReport:
    return lint_text(source, Settings(isolated=True))


def silenced(text: str, name: str = "model.yaml") -> str:
    return add_ignores(Source(name, text), lint)[0]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_fixture_can_be_silenced(path: Path) -> None:
    source = read_source(path)
    text, count = add_ignores(source, lint)
    before = [finding for finding in lint(source).findings if finding.severity != "info"]
    after = lint(Source(source.path, text))
    assert [finding for finding in after.findings if finding.severity != "info"] == []
    assert count == len(before)
    assert after.models == lint(source).models
    kept = "\n".join(line.partition("  # shapelint: ignore")[0] for line in text.split("\n"))
    assert kept == source.text


def test_the_comment_is_on_the_line_of_the_finding() -> None:
    line = "projection_head: BYOLProjectionHead(512, 1024, 256)"
    assert silenced(ONE_FAULT) == ONE_FAULT.replace(line, line + "  # shapelint: ignore[SL101]")


def test_an_existing_comment_is_extended() -> None:
    line = "projection_head: BYOLProjectionHead(512, 1024, 256)"
    for before, after in [
        ("  # the paper's", "  # the paper's  # shapelint: ignore[SL101]"),
        ("  # shapelint: ignore[SL102] why", "  # shapelint: ignore[SL102, SL101] why"),
        ("  # shapelint: ignore[] why", "  # shapelint: ignore[SL101] why"),
    ]:
        assert silenced(ONE_FAULT.replace(line, line + before)) == ONE_FAULT.replace(line, line + after)


def test_line_ends_are_kept() -> None:
    text = ONE_FAULT.replace("\n", "\r\n")
    assert silenced(text) == text.replace("1024, 256)\r\npred", "1024, 256)  # shapelint: ignore[SL101]\r\npred")


def test_a_comment_goes_to_the_header_of_a_block_scalar() -> None:
    text = "method: byol\nbackbone: {out_dim: 256}\nprojection_head: >-\n  BYOLProjectionHead(512, 1024, 256)\n"
    assert silenced(text) == text.replace(">-", ">-  # shapelint: ignore[SL101]")


def test_a_comment_for_the_file_if_no_line_can_have_one() -> None:
    """A comment after `Conv2d(1,` would end the text of the call, and the finding has no other line."""
    text = "method: byol\nbackbone:\n  - Conv2d(1,\n      64, 3)\n  - AdaptiveAvgPool2d(1)\n  - Flatten()\n"
    assert [finding.code for finding in lint(Source("model.yaml", text)).findings] == ["SL105"]
    assert silenced(text) == "# shapelint: ignore-file[SL105]\n" + text
    assert lint(Source("model.yaml", silenced(text))).findings == ()


def test_a_second_run_changes_nothing() -> None:
    once = silenced(ONE_FAULT)
    assert silenced(once) == once


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()  # programs that other tests write beside it are none of its own
    (tmp_path / "a.yaml").write_text(ONE_FAULT)
    (tmp_path / "b.yaml").write_bytes(b"\xef\xbb\xbf" + ONE_FAULT.encode())
    result = run(tmp_path, "--add-ignores", ".")
    assert (result.returncode, result.stderr) == (0, "2 findings silenced by comments.\n")
    assert (tmp_path / "b.yaml").read_bytes().startswith(b"\xef\xbb\xbf")
    assert run(tmp_path, ".").returncode == 0


def test_python_files_keep_their_first_lines() -> None:
    from shapelint.suppress.add_ignores import _with_code

    text = "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n"
    after = _with_code(Source("model.py", text), None, "SL101")
    assert after.splitlines()[2] == "# shapelint: ignore-file[SL101]"


def test_many_comments_take_no_longer_than_many_lines() -> None:
    """Each comment is looked at where a finding is, not for each finding: their number squared would take a minute."""
    head = "import torch\n\n\nclass Byol:\n    pass\n\n\n"
    lines = [f"x{number} = 1  # shapelint: ignore[SL101]\n" for number in range(8000)]
    calls = 0

    def counting(place: Location) -> range:
        nonlocal calls
        calls += 1
        return range(place.line, place.end_line + 1)

    source = Source("model.py", head + "".join(lines))
    silencers = ignores.Silencers(ignores.read_ignores(source, rulebook.known()), counting)
    finding = Finding("SL101", "name", "error", "", Location("model.py", 7999, 1, 7999, 2))
    assert [one.line for one in silencers.silencing(finding)] == [7999]
    assert calls == 1
