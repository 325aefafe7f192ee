"""Verify everything that is stored of libraries against those that are installed: made for every night.

Rows of timm's models are measured anew and compared, as are the configs of transformers; then the tests run that hold
signatures, formulas and stand-ins to their libraries. Those of libraries that are not installed are skipped.

    .venv/bin/python benchmarks/stored_data.py [--rows COUNT] [--seed 0]

All rows take hours; `--rows 40` takes a sample of them. Exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from shapelint.knowledge import pretrained_data, rules_folder, timm_rows
from shapelint.trace.make import timm_models, transformers_configs

TESTS = ("tests/signatures", "tests/python/libraries", "tests/reality")


def differing_rows(names: Sequence[str]) -> Iterator[str]:
    """Yield what differs between the stored and the measured row of each model."""
    for count, name in enumerate(names, 1):
        stored, measured = timm_rows.find(name), timm_models.measured_row(name)
        for column in timm_rows.COLUMNS:
            old, new = getattr(stored, column), getattr(measured, column)
            if old != new:
                yield f"timm {name}: {column} is {new!r}, stored is {old!r}"
        print(f"{count} of {len(names)}: {name}", file=sys.stderr, flush=True)


def differing_configs() -> Iterator[str]:
    """Yield the configs of transformers that differ from what is stored."""
    stored = rules_folder.load(pretrained_data.CONFIGS_FILE)["configs"]
    for name in sorted(stored):
        if transformers_configs.measure(name) != stored[name]:
            yield f"transformers {name} has other fields or defaults than are stored"


def main() -> int:
    """Print what differs, and then what the tests say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, help="how many rows of timm are measured; all by default")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = list(timm_rows.names())
    if options.rows is not None:
        names = random.Random(options.seed).sample(names, min(options.rows, len(names)))
    found = 0
    for line in (*differing_configs(), *differing_rows(names)):
        print(line, flush=True)
        found += 1
    print(f"{found} differences in {len(names)} rows and the configs")
    command = [sys.executable, "-m", "pytest", "-q", *TESTS]
    return max(int(found > 0), subprocess.run(command, cwd=Path(__file__).parents[1], check=False).returncode)


if __name__ == "__main__":
    sys.exit(main())
