"""Settings, rule pages and files around the linted ones that are bad: a clear line, and other files are linted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import CLEAN, ONE_FAULT, run_process, write

from shapelint.common import bounds
from shapelint.common.bounded_files import RefusedFileError
from shapelint.common.disk import read_bounded

PAGE = """\
---
code: TEAM001
name: our-rule
severity: error
subject: edge
require: consumer.input.features == producer.output.features
message: "{consumer} is bad"
---
What it does.
"""

NESTED = "[" * 100_000

SETTINGS = {
    "an escape in a key": ('"a\\u001b[31m\\n::error::b" = 1\n', "unknown key 'a\\x1b[31m\\n::error::b'"),
    "a bracket in a key": ('"a[(" = 1\n', "shapelint.toml:1: unknown key 'a[('"),
    "a bracket in a key of input": ('input = {"a[(" = 1}\n', "shapelint.toml:1: unknown key 'a[(' in input"),
    "a list nested too deeply": (f"ignore = {NESTED}\n", "shapelint.toml: not valid TOML: it is nested too deeply"),
    "a key of many parts": (f"\na{'.a' * 100_000} = 1\n", "shapelint.toml:2: not valid TOML: a key of more than 64"),
    "a long number": (f"input = [3, {'9' * 5000}, 4]\n", "not valid TOML: it has a number that is too long"),
    "a long method": (f'method = "{"x" * 10_000}"\n', f"no method '{'x' * 200}...'"),
    "another encoding": ("ignore = []\n# é\n".encode("latin-1"), "shapelint.toml:2: not UTF-8"),
    "too large": ("#" * (bounds.SETTINGS_BYTES + 1), "shapelint.toml: cannot be read: file is larger than 1 MiB"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_bad_settings_are_one_line(name: str, tmp_path: Path) -> None:
    content, words = SETTINGS[name]
    (tmp_path / "model.yaml").write_text(ONE_FAULT)
    (tmp_path / "shapelint.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    result = run_process(tmp_path, "model.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stderr) < 600
    assert "fault in shapelint" not in result.stderr


def test_files_with_other_settings_are_linted_all_the_same(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"bad/shapelint.toml": "\nignor = []\n", "bad/model.yaml": ONE_FAULT, "bad/in/shapelint.toml": "",
         "bad/in/model.yaml": ONE_FAULT, "good/model.yaml": ONE_FAULT},
    )  # fmt: skip
    result = run_process(tmp_path, ".", "--output-format", "json")
    assert result.returncode == 2
    assert [finding["path"] for finding in json.loads(result.stdout)["findings"]] == [
        "bad/in/model.yaml",
        "good/model.yaml",
    ]
    result = run_process(tmp_path, "bad/model.yaml", "good/model.yaml", "--output-format", "concise")
    assert result.stdout.splitlines()[1] == (
        f"{tmp_path}/bad/shapelint.toml: error: invalid settings, and what they are for is not checked: "
        "line 2: unknown key 'ignor' in [tool.shapelint]: did you mean 'ignore'?"
    )


def changed(before: str, after: str) -> bytes:
    assert before in PAGE
    return PAGE.replace(before, after).encode()


REQUIRE = "consumer.input.features == producer.output.features"

PAGES = {
    "a call": (changed(REQUIRE, "open('x') == 1"), "rules/p.md:6: require: call not allowed: open('x')"),
    "a call of a fact": (changed(REQUIRE, "consumer.name.upper() == 1"), ":6: require: call not allowed"),
    "a call without an argument": (changed(REQUIRE, "max() == 1"), ":6: require: call not allowed: max()"),
    "a foreign operator": (changed(REQUIRE, "1 @ 2 == 1"), ":6: require: operator not allowed: 1 @ 2"),
    "a lambda": (changed(REQUIRE, "'(lambda: 1) == 1'"), ":6: require: Lambda is not allowed"),
    "many signs": (changed(REQUIRE, f"{'-' * 1900}1 == 1"), ":6: require: expression nested too deeply: '---"),
    "many levels": (changed(REQUIRE, f"{'(' * 900}1{')' * 900} == 1"), ":6: require: not an expression: '((("),
    "a long expression": (changed(REQUIRE, "1 + " * 501 + "1 == 1"), "require: expression longer than 2000"),
    "arithmetic on a text": (changed(REQUIRE, "consumer.name - 1 == 1"), ":6: require: consumer.name - 1: not int"),
    "arithmetic in a message": (changed("{consumer} is", "{consumer.name - 1} is"), "p.md: consumer.name - 1: not int"),
    "a severity that is none": (changed("error", "\"'fatal'\""), ":4: severity: 'fatal' is none of"),
    "another encoding": (PAGE.encode() + b"\xe9", ":10: not UTF-8"),
    "UTF-16": (PAGE.encode("utf-16"), ":1: not UTF-8"),
    "no YAML": (changed(REQUIRE, "[" * 50_000), "p.md:6: "),
    "an object": (changed("TEAM001", "!!python/object/apply:os.system [x]"), ":2: could not determine a constructor"),
    "a date that is none": (changed("our-rule", "2024-13-45"), "no YAML that can be read"),
    "a name with a line break": (changed("our-rule", '"our\\n::error::"'), ":3: name: String should match"),
    "too large": (PAGE.encode() + b" " * bounds.PAGE_BYTES, "p.md: cannot be read: file is larger than 1 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_bad_rule_page_is_named_with_its_field(name: str, tmp_path: Path) -> None:
    content, words = PAGES[name]
    write(tmp_path, {"in/model.yaml": ONE_FAULT, "in/shapelint.toml": 'rules = ["rules"]\n', "model.yaml": ONE_FAULT})
    (tmp_path / "in" / "rules").mkdir()
    (tmp_path / "in" / "rules" / "p.md").write_bytes(content)
    result = run_process(tmp_path, "model.yaml", "in/model.yaml", "--output-format", "concise")
    assert result.returncode == 2
    (line,) = [line for line in result.stdout.splitlines() if "error: " in line]
    assert words in line
    assert len(line) < 600
    assert "shapelint itself failed" not in result.stdout
    assert "model.yaml:3:37: SL101" in result.stdout


def test_a_folder_with_the_name_of_a_page_is_no_page(tmp_path: Path) -> None:
    write(tmp_path, {"model.yaml": CLEAN, "shapelint.toml": 'rules = ["rules"]\n', "rules/d.md/x": ""})
    assert run_process(tmp_path, "model.yaml").returncode == 0


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
@pytest.mark.parametrize("make", [a_pipe, a_device])
@pytest.mark.parametrize(
    ("path", "arguments", "code"),
    [
        ("other.yaml", ["other.yaml"], 2),
        ("other.yaml", ["."], 1),
        ("rules/p.md", ["model.yaml"], 2),
        ("rules", ["model.yaml"], 2),
        ("other.toml", ["--config", "other.toml", "model.yaml"], 2),
        ("pyproject.toml", ["model.yaml"], 2),
        (".gitignore", ["."], 1),
        ("weights.pt", ["--checkpoint", "weights.pt", "model.yaml"], 2),
        ("weights.safetensors", ["--checkpoint", "weights.safetensors", "model.yaml"], 2),
        ("known.json", ["--baseline", "known.json", "model.yaml"], 2),
        ("other.py", ["--with-dependents", "model.yaml"], 1),
    ],
)
def test_a_pipe_or_a_device_is_no_file(
    path: str, arguments: list[str], code: int, make: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path, {"model.yaml": ONE_FAULT})
    (tmp_path / ".git").mkdir()
    if path.startswith("rules"):
        (tmp_path / "shapelint.toml").write_text('rules = ["rules"]\n')
    place = tmp_path / path
    place.parent.mkdir(exist_ok=True)
    make(place)
    result = run_process(tmp_path, *arguments)
    assert result.returncode == (1 if path == "pyproject.toml" else code)
    assert "fault in shapelint" not in result.stderr
    assert "itself failed" not in result.stdout


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345678")
    assert read_bounded(path, 8) == b"12345678"
    with pytest.raises(RefusedFileError, match="larger than"):
        read_bounded(path, 7)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 7)
