"""The sizes of files around the linted ones: one of just the bound is read, one of a byte more is refused by a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import ONE_FAULT, run_process, write

from shapelint.common import bounds
from shapelint.common.kept_entries import KeptEntry, read_entry

PAGE = """\
---
code: TEAM001
name: our-rule
severity: error
subject: edge
require: consumer.input.features == 7
message: "{consumer} is bad"
---
What it does.
"""


def settings(folder: Path, size: int) -> tuple[str, ...]:
    (folder / "shapelint.toml").write_text('ignore = ["SL101"]\n'.ljust(size, "#"))
    return ()


def page(folder: Path, size: int) -> tuple[str, ...]:
    write(folder, {"shapelint.toml": 'rules = ["rules"]\nignore = ["SL101"]\n', "rules/p.md": PAGE.ljust(size, "x")})
    return ()


def baseline(folder: Path, size: int) -> tuple[str, ...]:
    run_process(folder, "model.yaml", "--write-baseline", "known.json")
    (folder / "known.json").write_text((folder / "known.json").read_text().ljust(size))
    return ("--baseline", "known.json")


BOUNDS: dict[str, tuple[Callable[[Path, int], tuple[str, ...]], int, list[str], str]] = {
    "settings": (settings, bounds.SETTINGS_BYTES, [], "file is larger than 1 MiB"),
    "a rule page": (page, bounds.PAGE_BYTES, ["TEAM001"], "file is larger than 1 MiB"),
    "a baseline": (baseline, bounds.BASELINE_BYTES, [], "file is larger than 64 MiB"),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_both_sides(name: str, tmp_path: Path) -> None:
    make, bound, expected, words = BOUNDS[name]
    (tmp_path / "model.yaml").write_text(ONE_FAULT)
    within = run_process(tmp_path, "model.yaml", "--output-format", "json", *make(tmp_path, bound))
    assert sorted({finding["code"] for finding in json.loads(within.stdout)["findings"]}) == expected
    beyond = run_process(tmp_path, "model.yaml", "--output-format", "concise", *make(tmp_path, bound + 1))
    assert beyond.returncode == 2
    assert words in beyond.stdout + beyond.stderr


def test_what_is_kept_of_a_run(tmp_path: Path) -> None:
    place = KeptEntry(str(tmp_path), ["a run"], [])
    Path(place.path).parent.mkdir(mode=0o700)
    place.store({"written": ""})
    room = bounds.RESULT_BYTES - Path(place.path).stat().st_size
    place.store({"written": "x" * room})
    assert Path(place.path).stat().st_size == bounds.RESULT_BYTES
    assert len(read_entry(place.path)["written"]) == room
    Path(place.path).unlink()
    place.store({"written": "x" * (room + 1)})
    assert not Path(place.path).exists()
