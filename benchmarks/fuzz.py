"""Read made inputs for as long as is wanted: `python benchmarks/fuzz.py --minutes 60 --state fuzz.json`.

A run goes on where the last one with the same state stopped, and prints how many inputs of each kind were read in all.
Each kind has the same time: the readers of short texts read most inputs. `--kinds` chooses some, `--most` ends each of
them at a number of inputs.
An input is wrong if its reader raises anything but its own error, warns, takes more than 5 s of processor time or
500 MB, or shows a character that a terminal obeys; it is kept beside the state.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import fuzzing

SECONDS = 5
MEGABYTES = 500
STEP = 50
"""Megabytes that one input must have added to those of all before it, to be the one that is wrong."""
AT_ONCE = 200
"""The inputs of one kind that are read before it is the turn of the next, at most."""

Kept = dict[str, dict[str, Any]]


class TooLong(Exception):
    """The time of one input is over."""


def peak() -> int:
    """Return the most megabytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def one_input(kind: str, number: int, folder: Path) -> tuple[object, str, float]:
    """Make and read an input; return it, what went wrong, and the seconds that it took."""
    started, before = time.process_time(), peak()
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        given, wrong = fuzzing.run(kind, number, folder)
    except TooLong:
        given, wrong = fuzzing.READERS[kind][0](fuzzing.Dice(f"{kind} {number}")), TooLong.__name__
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if peak() > max(MEGABYTES, before + STEP):
        wrong = wrong or "TooLarge"
    return given, wrong, time.process_time() - started


def one_kind(kind: str, kept: Kept, folder: Path, until: float, most: float) -> None:
    """Read inputs of one kind for a while."""
    record = kept.setdefault(kind, {"next": 0, "seconds": 0.0, "slowest": 0.0, "wrong": {}})
    for _ in range(AT_ONCE):
        if time.monotonic() > until or record["next"] >= most:
            return
        number = record["next"]
        given, wrong, seconds = one_input(kind, number, folder)
        if TooLong.__name__ in wrong:  # twice, as the clock of a machine under load may jump
            given, wrong, seconds = one_input(kind, number, folder)
        record["next"] = number + 1
        record["seconds"] += seconds
        record["slowest"] = max(record["slowest"], seconds)
        if wrong and wrong not in record["wrong"]:
            record["wrong"][wrong] = number
            print(f"{kind} {number}: {wrong}", flush=True)
            data = given if isinstance(given, bytes) else str(given).encode("utf-8", "surrogatepass")
            (folder.parent / f"{kind.replace(' ', '-')}-{number}.wrong").write_bytes(data)


def table(kept: Kept) -> str:
    """How much was read."""
    lines = ["| kind | inputs | hours | slowest | wrong |", "|---|---|---|---|---|"]
    for kind, record in kept.items():
        hours = record["seconds"] / 3600
        lines.append(
            f"| {kind} | {record['next']:,} | {hours:.2f} | {record['slowest']:.1f} s | {len(record['wrong'])} |"
        )
    total = sum(record["next"] for record in kept.values())
    hours = sum(record["seconds"] for record in kept.values()) / 3600
    return "\n".join([*lines, f"| all | {total:,} | {hours:.2f} | | |", "", f"{peak()} MB in this run"])


def main() -> None:
    """Read the state, go on, and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--state", type=Path, default=Path("fuzz.json"))
    parser.add_argument("--kinds", nargs="*", choices=list(fuzzing.READERS), default=list(fuzzing.READERS))
    parser.add_argument("--most", type=float, default=float("inf"))
    options = parser.parse_args()
    kept: Kept = json.loads(options.state.read_text()) if options.state.exists() else {}

    def stop(*_: object) -> None:
        raise TooLong

    signal.signal(signal.SIGVTALRM, stop)
    warnings.simplefilter("error")
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as inside:
        folder = Path(inside) / "work"
        while time.monotonic() < until:
            left = [kind for kind in options.kinds if kept.get(kind, {}).get("next", 0) < options.most]
            if not left:
                break
            kind = min(left, key=lambda one: kept.get(one, {}).get("seconds", 0.0))
            one_kind(kind, kept, folder, until, options.most)
            options.state.write_text(json.dumps(kept, indent=1))
        for path in Path(inside).glob("*.wrong"):
            path.replace(options.state.with_name(path.name))
    print(table(kept))


if __name__ == "__main__":
    main()
