"""Many files are linted by several processes, and reported as by one.

The processes are forked, which needs a process without other threads: these tests start one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")

START = """
import os, sys
from shapelint.linting import spreading
spreading.LEAST_ITEMS, processes = int(sys.argv[1]), spreading._processes
spreading._processes = lambda items: min(3, items) if items >= spreading.LEAST_ITEMS else 1
{before}
from shapelint.cli.app import main
main(["check", "--output-format", "json", *sys.argv[2:]])
"""
HEADS = {"right": "BYOLProjectionHead(512, {hidden}, 256)", "wrong": "BYOLProjectionHead(256, {hidden}, 256)"}
SCRIPT = """
import yaml, torchvision
from torch import nn
from lightly.models.modules import BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = BYOLProjectionHead(width, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x).flatten(start_dim=1))

BYOL(yaml.safe_load(open("{config}"))["width"])
"""
EVERYBODY_MAY_WRITE = 0o666


def repository(folder: Path) -> Path:
    """Write configs, right and wrong, settings that are refused, and scripts, one of which reads a config."""
    (folder / ".git").mkdir()
    for number in range(12):
        head = HEADS["wrong" if number % 4 == 3 else "right"].format(hidden=1024 + 8 * number)
        (folder / f"run_{number:02}.yaml").write_text(f"method: byol\nbackbone: resnet18\nprojection_head: {head}\n")
    (folder / "width.yaml").write_text("width: 300\n# projection_head\n")
    for number in range(4):
        (folder / f"train_{number}.py").write_text(SCRIPT.format(config="width.yaml" if number == 2 else "none.yaml"))
    (folder / "inner").mkdir()
    (folder / "inner" / "shapelint.toml").write_text("no-such-key = 1\n")
    (folder / "inner" / "model.yaml").write_text((folder / "run_00.yaml").read_text())
    (folder / "open").mkdir()
    (folder / "open" / "shapelint.toml").write_text('ignore = ["ALL"]\n')
    (folder / "open" / "shapelint.toml").chmod(EVERYBODY_MAY_WRITE)
    for number in range(3):
        (folder / "open" / f"model_{number}.yaml").write_text((folder / "run_03.yaml").read_text())
    return folder


def linted(folder: Path, least: int, before: str = "") -> tuple[int, str, str]:
    """Lint a folder in a process of its own; `least` is the number of files from which it forks."""
    command = [sys.executable, "-c", START.format(before=before), str(least), "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_the_report_is_that_of_one_process(tmp_path: Path) -> None:
    repository(tmp_path)
    code, report, notices = linted(tmp_path, 10**6)
    assert code == 2  # of the settings with an unknown key
    assert len(json.loads(report)["findings"]) == 3 + 3 + 4
    assert notices.count("these settings are not used") == 1
    assert linted(tmp_path, 2) == (code, report, notices)


SWEPT = """\
hydra:
  sweeper:
    params:
      hidden: range(512, 640, 8)
      inside: 512, 256, 384
hidden: 1024
inside: 512
method: byol
backbone: resnet18
projection_head:
  _target_: lightly.models.modules.BYOLProjectionHead
  input_dim: ${inside}
  hidden_dim: ${hidden}
  output_dim: 128
"""


def test_the_runs_of_a_sweep_are_spread_too(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(SWEPT)
    one = linted(tmp_path, 10**6)
    (finding,) = json.loads(one[1])["findings"]
    assert any("in 32 of 48 runs of the sweep: inside=256,384" in note for note in finding["notes"])
    assert linted(tmp_path, 2) == one


NESTED = """
import os
from shapelint.linting import spreading
spreading._processes = lambda items: 3
homes = spreading.spread(range(6), lambda _: (os.getpid(), {*spreading.spread(range(9), lambda _: os.getpid())}))
print(all(inside == {outside} for outside, inside in homes))
"""


def test_a_process_of_several_starts_no_others() -> None:
    done = subprocess.run([sys.executable, "-c", NESTED], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("True\n", "")


KILLED = """
from shapelint.linting import lint_paths
real, home = lint_paths._lint_candidate, os.getpid()
def killed(candidate, *others):
    if os.getpid() != home and candidate.path.name in ("run_04.yaml", "train_1.py"):
        os.kill(os.getpid(), 9)
    return real(candidate, *others)
lint_paths._lint_candidate = killed
"""


def test_what_a_killed_process_did_not_report_is_linted_all_the_same(tmp_path: Path) -> None:
    repository(tmp_path)
    assert linted(tmp_path, 2, KILLED) == linted(tmp_path, 10**6)


ENDLESS = """
import time
from shapelint.linting import lint_paths
def endless(*_):
    with open(f"begun-{os.getpid()}", "w"):
        time.sleep(600)
lint_paths._lint_candidate = endless
"""


def endless(folder: Path, before: str = "") -> subprocess.Popen[str]:
    """Lint a folder without an end in a session of its own, whose processes leave files `begun-<number>`."""
    return subprocess.Popen(
        [sys.executable, "-c", START.format(before=ENDLESS + before), "2", "."],
        cwd=repository(folder),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # it may be ignored in what runs unattended
    )


def ends_interrupted(run: subprocess.Popen[str], folder: Path) -> None:
    _, errors = run.communicate(timeout=60)
    assert errors.splitlines()[-1] == "shapelint: interrupted"
    assert "Traceback" not in errors
    assert run.returncode == 2
    for process in (int(path.name.partition("-")[2]) for path in folder.glob("begun-*")):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    run = endless(tmp_path)
    until = time.monotonic() + 60
    while len(list(tmp_path.glob("begun-*"))) < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)
    ends_interrupted(run, tmp_path)


INTERRUPTED_FORK = """
import signal
fork = os.fork
def interrupted_fork():
    process = fork()
    open(f"begun-{process or os.getpid()}", "w").close()
    os.kill(os.getpid(), signal.SIGINT)
    return process
os.fork = interrupted_fork
"""


def test_an_interrupt_while_processes_are_started_ends_them(tmp_path: Path) -> None:
    run = endless(tmp_path, INTERRUPTED_FORK)
    ends_interrupted(run, tmp_path)
    assert list(tmp_path.glob("begun-*"))


SPREAD = """
import os
from shapelint.common.notices import say_once
from shapelint.linting import spreading
home, spreading.ITEMS_OF_A_MEMO, spreading.LEAST_ITEMS = os.getpid(), 4, 40
spreading._processes = lambda items: 3

def work(number):
    say_once(f"notice {number // 20}")
    if number == 31 and os.getpid() != home:
        raise ValueError("in a child alone")
    return number, os.getpid() != home

found = list(spreading.spread(range(40), work))
assert [number for number, _ in found] == list(range(40))
print(sum(is_elsewhere for _, is_elsewhere in found))
"""


def test_a_notice_of_several_processes_is_said_once() -> None:
    """A process whose work raises an error has its other items done for it: 31, 34 and 37 of these."""
    done = subprocess.run([sys.executable, "-c", SPREAD], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines() == ["notice 0", "notice 1"]
    assert done.stdout == "37\n"


FEW = """
import json, os
from shapelint.linting import spreading
spreading.LEAST_SECONDS_TO_SPREAD, spreading._processes = {seconds}, lambda items: 2
found = spreading.spread(range(5), lambda number: (number, os.getpid()))
print(json.dumps([[number, pid == os.getpid()] for number, pid in found]))
"""


@pytest.mark.parametrize(("seconds", "here"), [(-1.0, [True, False, False, False, False]), (1e9, [True] * 5)])
def test_few_items_are_spread_only_if_the_first_ones_take_long(seconds: float, here: list[bool]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW.format(seconds=seconds)], capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout) == [[number, own] for number, own in enumerate(here)]
