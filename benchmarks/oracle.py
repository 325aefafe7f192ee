"""All generators of models against real torch, for as long as is wanted, with precision and recall by rule.

    python benchmarks/oracle.py --minutes 60 --state oracle.json [--kinds catalogue configs scripts loops pairs]

A run goes on where the last one with the same state stopped. Each model is linted and run by torch, and so is each
model that the fixes give. What disagrees is made as small as it can be, and kept beside the state as a candidate for a
fixture.
What the kinds are, and what a rule's figures mean, is in `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import oracle_kinds
import torch
from oracle_kinds import KINDS, FaultError, Judged

Kept = dict[str, dict[str, Any]]
TRIALS = 100
"""How many smaller models are tried for one that disagrees."""


def one_block(kind: str, kept: Kept, place: Path) -> None:
    """Judge the next models of a kind, and add what came out to its record."""
    record = kept.setdefault(kind, {"blocks": 0, "models": 0, "seconds": 0.0, "counts": {}, "wrong": {}})
    number, started = record["blocks"], time.process_time()
    counts = Counter(record["counts"])
    for index, judged in enumerate(judged_of(kind, number)):
        counts.update(judged.counts())
        record["models"] += 1
        if judged.wrong:
            name = f"{kind}-{number}-{index}"
            record["wrong"][name] = judged.wrong.partition("\n")[0]
            print(f"{name}: {record['wrong'][name]}", flush=True)
            keep(place / name, smallest(judged))
    record["counts"], record["blocks"] = dict(counts), number + 1
    record["seconds"] += time.process_time() - started


def judged_of(kind: str, number: int) -> Iterator[Judged]:
    """Judge the models of a block; what shapelint itself fails on is the last of them."""
    try:
        yield from KINDS[kind](number)
    except FaultError as error:
        yield error.judged


def smallest(judged: Judged) -> Judged:
    """Return the smallest model that can be found of which the same kind of thing is wrong."""
    trials = TRIALS
    found = True
    while found and trials > 0:
        found = False
        for smaller in judged.smaller():
            trials -= 1
            if trials <= 0:
                break
            if fault(smaller) == fault(judged):
                judged, found = smaller, True
                break
    return judged


def fault(judged: Judged) -> str:
    """What is wrong with a model in words without numbers; of several codes the first."""
    return re.sub(r"\d+", "", judged.wrong.partition("\n")[0]).partition(",")[0]


def keep(path: Path, judged: Judged) -> None:
    """Write a model, and what is wrong with it."""
    path.with_suffix(judged.suffix).write_text(judged.text, encoding="utf-8")
    said = f"{judged.wrong}\ntorch: {judged.error or 'runs'}\n{judged.repair.text}"
    path.with_suffix(".wrong").write_text(said, encoding="utf-8")


def table(kept: Kept) -> str:
    """What was judged, by kind, and how right the rules were."""
    lines = [
        "| kind | models | raise | repairs | repairs that run | disagreements | hours |",
        "|---" * 7 + "|",
    ]
    total: Counter[str] = Counter()
    for kind, record in kept.items():
        counts = Counter(record["counts"])
        total += counts
        hours = record["seconds"] / 3600
        lines.append(row(kind, record["models"], counts, len(record["wrong"]), f"{hours:.2f}"))
    models, wrong = sum(one["models"] for one in kept.values()), sum(len(one["wrong"]) for one in kept.values())
    lines.append(row("all", models, total, wrong, f"{sum(one['seconds'] for one in kept.values()) / 3600:.2f}"))
    return "\n".join([*lines, "", *rules(total)])


def row(kind: str, models: int, counts: Counter[str], wrong: int, hours: str) -> str:
    """One line of the table of kinds."""
    numbers = [models, counts["raise"], counts["repairs"], counts["repairs that run"], wrong]
    return f"| {kind} | " + " | ".join(f"{number:,}" for number in numbers) + f" | {hours} |"


def rules(counts: Counter[str]) -> Iterator[str]:
    """Yield the table of rules."""
    yield "| rule | reported | right | precision | missed | recall |"
    yield "|---|---|---|---|---|---|"
    codes = sorted({name.split()[1] for name in counts if name.startswith(("reported ", "missed "))})
    for code in codes:
        reported, right, missed = (counts[f"{word} {code}"] for word in ("reported", "right", "missed"))
        shares = share(right, reported), share(right, right + missed)
        yield f"| {code} | {reported:,} | {right:,} | {shares[0]} | {missed:,} | {shares[1]} |"


def share(part: int, whole: int) -> str:
    """A percentage, rounded down."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole else ""


def turn(kind: str, kept: Kept) -> float:
    """How much of its share of the time a kind had: the least is the next."""
    return float(kept.get(kind, {}).get("seconds", 0.0)) / oracle_kinds.SHARES[kind]


def main() -> int:
    """Read the state, go on, and write it after each round; return 1 if anything disagrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--state", type=Path, default=Path("oracle.json"))
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    state = options.state.resolve()
    kept: Kept = json.loads(state.read_text()) if state.exists() else {}
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        oracle_kinds.prepare(folder)
        while time.monotonic() < until:
            one_block(min(options.kinds, key=lambda kind: turn(kind, kept)), kept, state.parent)
            state.write_text(json.dumps(kept, indent=1))
        os.chdir(state.parent)
    print(table(kept))
    return int(any(record["wrong"] for record in kept.values()))


if __name__ == "__main__":
    sys.exit(main())
