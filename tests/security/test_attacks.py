"""Every attack of the table ends in time and within memory, in a report or a clear line, and does nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from attacks import ATTACKS
from command_line import ROOT, clean_environment

MEGABYTES = 500

Result = dict[str, Any]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """All attacks, one after the other in one process under an audit hook."""
    root = tmp_path_factory.mktemp("attacks")
    environment = clean_environment(SHAPELINT_CACHE_DIR=str(root / "cache"), PYTHONDONTWRITEBYTECODE="1")
    environment.pop("SHAPELINT_ALLOW_TRUSTED", None)
    run = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("attacked.py")), str(root)],
        capture_output=True, text=True, env=environment, check=False, timeout=900,
    )  # fmt: skip
    found = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(found) == len(ATTACKS), run.stderr
    return {result["name"]: result for result in found}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    assert result["seen"] == []
    assert not result["pwned"]
    assert result["code"] in (0, 1, 2), result["code"]
    assert "fault in shapelint itself" not in result["text"]
    assert "shapelint itself failed" not in result["text"]
    assert ATTACKS[name].says in result["text"]
    assert result["megabytes"] < MEGABYTES


def test_the_documentation_lists_every_attack() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (.+?) \| (.+?) \|$", text.split("## What the tests try")[1], re.MULTILINE)
    rows = [row for row in listed if row != ("what is sent", "what it tries to do")]
    assert rows == [(name, attack.tries) for name, attack in ATTACKS.items()]


WATCHED = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import attacked
from attacks import Attack
watch = attacked.Watch()
sys.addaudithook(watch)
real = attacked.app.main
def main(arguments):
    real(arguments) if not {code!r} else exec({code!r})
attacked.app.main = main
found = attacked.attacked(Path({root!r}), Attack("be seen", {{"other.py": "x = 1"}}), watch)
print([one.split()[0] for one in found["seen"]], found["pwned"])
"""


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("pass", "[] False"),
        ("import os; os.system('true')", "['os.system'] False"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
        ("import socket; socket.socket()", "['socket.__new__'] False"),
        ("open('pwned', 'w').close()", "['write'] True"),
        ("import os; os.mkdir('x')", "['os.mkdir'] False"),
        ("import sys; sys.path.insert(0, ''); import other", "'exec', 'import'] False"),
    ],
)
def test_what_the_watch_sees(code: str, seen: str, tmp_path: Path) -> None:
    """Each of these would be found, were it done by shapelint."""
    program = WATCHED.format(folder=str(Path(__file__).parent), root=str(tmp_path / "x"), code=code)
    environment = clean_environment(SHAPELINT_CACHE_DIR=str(tmp_path / "cache"), PYTHONDONTWRITEBYTECODE="1")
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert seen in run.stdout, run.stdout + run.stderr
