"""Many processes on one cache, killed at random: every report that comes out is compared with the one without a cache.

python benchmarks/shared_cache.py [--processes 50] [--seconds 600] [--seed 1]

While they run, the linted files change between two contents, the cache is emptied, and some of its files are damaged.
Those of processes during which the files changed are not compared, only what later ones get. At the end no half file
and no process may be left. Exits with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import workloads
from speed import environment

FILES = 4
COMMANDS = (["."], ["run_0.yaml", "train.py"], [".", "--output-format", "json"], ["run_1.yaml", "-v"])
KILLED = 0.3
"""The share of processes that are killed."""
Outcome = tuple[int, bytes, bytes]


class Running(NamedTuple):
    """A process: the number of its command, when it was started, and when it is to be killed."""

    process: subprocess.Popen[bytes]
    number: int
    begun: float
    killed: float


class Files:
    """The linted files in one of two contents, and the reports of both without a cache."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.version, self.changed = folder, 0, 0.0
        (folder / ".git").mkdir(parents=True)
        self.expected: list[list[Outcome]] = []
        for version in range(2):
            self.write(version)
            self.expected.append([finished(started(self, command, "--no-cache")) for command in COMMANDS])

    def write(self, version: int) -> None:
        """Give all files another content of the same size, each at once."""
        for number in range(FILES):
            text = workloads.config(10 + number).replace("1080", "1080" if version else "1088")
            replace(self.folder / f"run_{number}.yaml", text.replace(f"root: data/{number}", "root: data"))
        text = workloads.script(150)
        replace(self.folder / "train.py", text.replace("(512, 1024", "(512, 1024" if version else "(256, 1024"))
        self.version = version
        self.changed = time.monotonic()


def replace(path: Path, text: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)


def started(files: Files, command: list[str], *more: str) -> subprocess.Popen[bytes]:
    """Start a run on the files."""
    words = [sys.executable, "-m", "shapelint", "--isolated", *command, *more]
    variables = {**environment(installed=False), "SHAPELINT_CACHE_DIR": str(files.folder.parent / "cache")}
    return subprocess.Popen(words, cwd=files.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for a run, and return its exit code and both streams."""
    out, err = process.communicate()
    return process.returncode, out, err


def damage(part: Path, dice: random.Random) -> str:
    """Do to the cache what may happen to one; return what."""
    found = sorted(part.iterdir()) if part.is_dir() else []
    kept = [path for path in found if path.suffix == ".run"]
    if not kept:
        return "none"
    path = dice.choice(kept)
    kind = dice.choice(["truncated", "overwritten", "removed", "emptied"])
    try:
        if kind == "truncated":
            os.truncate(path, path.stat().st_size // 2)
        elif kind == "overwritten":
            path.write_bytes(os.urandom(500))
        elif kind == "removed":
            path.unlink()
        else:
            shutil.rmtree(part, ignore_errors=True)
    except FileNotFoundError:
        return "none"
    return kind


def stress(folder: Path, processes: int, seconds: float, dice: random.Random) -> Counter[str]:
    """Run that many processes at once for a time, and count what happened."""
    files, part = Files(folder / "files"), folder / "cache" / "results"
    counts: Counter[str] = Counter()
    running: list[Running] = []
    end, usual = time.monotonic() + seconds, 1.0
    following = time.monotonic() + usual
    while time.monotonic() < end or running:
        while len(running) < processes and time.monotonic() < end:
            number, begun = dice.randrange(len(COMMANDS)), time.monotonic()
            killed = begun + dice.uniform(0, usual) if dice.random() < KILLED else math.inf
            running.append(Running(started(files, COMMANDS[number]), number, begun, killed))
        for one in list(running):
            if one.process.poll() is None:
                if time.monotonic() > one.killed:
                    one.process.kill()
                continue
            running.remove(one)
            outcome = finished(one.process)
            if outcome[0] == -signal.SIGKILL:
                counts["killed"] += 1
                continue
            usual = 0.9 * usual + 0.1 * (time.monotonic() - one.begun)
            steady = files.changed < one.begun
            counts["reports" if steady else "reports while files changed"] += 1
            if steady and outcome != files.expected[files.version][one.number]:
                counts["wrong"] += 1
                print(f"wrong: {COMMANDS[one.number]} {outcome}", file=sys.stderr)
        if time.monotonic() > following:
            following = time.monotonic() + dice.uniform(1, 4) * usual
            if dice.random() < 0.5:
                files.write(1 - files.version)
                counts["changes"] += 1
            else:
                counts[f"cache {damage(part, dice)}"] += 1
        time.sleep(0.01)
    counts.update(left(files, part))
    return counts


def left(files: Files, part: Path) -> Counter[str]:
    """Count what is wrong when all is over: files that do not validate, wrong reports, processes."""
    counts: Counter[str] = Counter()
    for number, command in enumerate(COMMANDS):
        for _ in range(2):
            counts["wrong"] += finished(started(files, command)) != files.expected[files.version][number]
    for path in part.iterdir():
        if path.suffix == ".new":
            counts["half files of killed processes"] += 1
            os.utime(path, (0, 0))
    finished(started(files, [".", "--statistics"]))
    counts["half files left"] += sum(path.suffix == ".new" for path in part.iterdir())
    here = str(files.folder)
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            counts["processes left"] += os.readlink(entry) == here
        except OSError:
            continue
    return counts


def main() -> None:
    """Run, print the counts, and exit with 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = stress(Path(folder), options.processes, options.seconds, random.Random(options.seed))
    print(f"{options.processes} processes at once, {options.seconds:.0f} s, seed {options.seed}")
    for name, count in sorted(counts.items()):
        print(f"{count:7} {name}")
    sys.exit(bool(counts["wrong"] or counts["half files left"] or counts["processes left"]))


if __name__ == "__main__":
    main()
