"""Measure the time of a default run, as a ratio to the import of its libraries, and its memory.

python benchmarks/startup.py [FILE]

FILE is linted, by default a config of this repository; for a script, PyYAML is not among the libraries. Both commands
run in turn, in the same environment; the result is the ratio of their medians.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "fixtures" / "lightly-1589.yaml"


def seconds(command: list[str]) -> float:
    """Return the wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    return time.perf_counter() - start


def main() -> None:
    """Print the medians, their ratio, and the peak memory of the linter."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=CONFIG)
    parser.add_argument("--runs", type=int, default=21)
    options = parser.parse_args()
    libraries = "click" if options.file.suffix == ".py" else "click, yaml"
    imports = [sys.executable, "-c", f"import {libraries}; from pydantic import BaseModel"]
    linting = [sys.executable, "-m", "shapelint", "--no-cache", str(options.file.resolve())]
    for command in (linting, imports):
        seconds(command)
    pairs = [(seconds(linting), seconds(imports)) for _ in range(options.runs)]
    lint, baseline = (statistics.median(column) for column in zip(*pairs))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"shapelint {lint:.3f} s, imports alone {baseline:.3f} s, ratio {lint / baseline:.2f}, at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
