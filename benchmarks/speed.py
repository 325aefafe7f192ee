"""Measure how fast shapelint is: single files against imports, many faults in one, unchanged files, growth with files.

python benchmarks/speed.py [--runs 11] [--files 1,10,100,1000,10000] [--installed] [--peers] [--plot FILE]

Prints Markdown tables. Commands of the first table run in turn, and the medians are compared; the processor time is
that of all processes of a command, the memory that of the largest of them. What is measured is this checkout, which
reads its rules as YAML, or the shapelint `--installed` for this Python, which has them in a form that is read faster.
With `--peers`, which need the extra `benchmarks` and torch, Pyrefly, ty and TorchShapeFlow check the same script, and
its network is run, by itself and by torchinfo. The plot is a picture (SVG) of the first table.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import workloads

BIN = Path(sys.executable).parent
NETWORK = "import torch, torchvision; from train import BYOL; parts = list(torchvision.models.resnet18().children());"
NETWORK += "network = BYOL(torch.nn.Sequential(*parts[:-1]));"
PEERS = {
    "Pyrefly on the script": [f"{BIN}/pyrefly", "check", "--python-interpreter-path", sys.executable, "train.py"],
    "ty on the script": [f"{BIN}/ty", "check", "--python", sys.prefix, "train.py"],
    "TorchShapeFlow on the script": [f"{BIN}/tsf", "check", "train.py"],
    "its network, run": [sys.executable, "-c", f"{NETWORK} network(torch.randn(8, 3, 224, 224))"],
    "torchinfo of its network": [
        sys.executable,
        "-c",
        f"{NETWORK} import torchinfo; torchinfo.summary(network, (8, 3, 224, 224))",
    ],
}
FLOORS = {
    "`import click`": "import click",
    "`import click, pydantic, yaml`": "import click, pydantic, yaml",
}
SHAPELINT = [sys.executable, "-m", "shapelint", "--isolated"]
LINT = [*SHAPELINT, "--no-cache"]
Measured = tuple[float, float, float]
"""The seconds on the clock, the seconds of processors, and the megabytes of one run."""


def measured(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Measured:
    """Run a command in a folder."""
    started = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(command, cwd=folder, stdout=nowhere, stderr=nowhere, env=variables)
        _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0  # it was waited for
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def environment(installed: bool) -> Mapping[str, str]:
    """Return an environment in which modules are compiled once, and shapelint is this checkout or the installed one."""
    here = "" if installed else str(Path(__file__).resolve().parent.parent)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, [here, kept.get("PYTHONPATH")]))}


def write(folder: Path) -> dict[str, list[str]]:
    """Write the single files, and return the commands of the first table; the cache is beside their folder."""
    folder.mkdir()
    (folder / ".git").mkdir()
    (folder / "model.yaml").write_text(workloads.config(0), encoding="utf-8")
    (folder / "train.py").write_text(workloads.script(150), encoding="utf-8")
    (folder / "models.yaml").write_text(workloads.faulty_models(300), encoding="utf-8")
    (folder / "classes.py").write_text(workloads.faulty_classes(100), encoding="utf-8")
    return {
        **{name: [sys.executable, "-c", code] for name, code in FLOORS.items()},
        "a config of 30 lines": [*LINT, "model.yaml"],
        "a script of 150 lines": [*LINT, "train.py"],
        "the same config, unchanged": [*SHAPELINT, "--cache-dir", "../cache", "model.yaml"],
        "the same script, unchanged": [*SHAPELINT, "--cache-dir", "../cache", "train.py"],
        "300 faulty models in a config": [*LINT, "models.yaml"],
        "100 faulty classes in a script": [*LINT, "classes.py"],
    }


def single(folder: Path, runs: int, more: Mapping[str, list[str]], variables: Mapping[str, str]) -> dict[str, float]:
    """Print the table of single files, and return its ratios: those of processor times to the second floor."""
    commands = {**write(folder), **more}
    found: dict[str, list[Measured]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = measured(command, folder, variables)
            if turn:  # in the first, modules are compiled and files get into memory
                found[name].append(one)
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in found.items()}
    floor = medians[list(FLOORS)[-1]][1]
    print("| what | ratio | processor s | clock s | MB |\n|---|---:|---:|---:|---:|")
    for name, (clock, processor, memory) in medians.items():
        print(f"| {name} | {processor / floor:.2f} | {processor:.3f} | {clock:.3f} | {memory:.0f} |", flush=True)
    return {name: processor / floor for name, (_, processor, _) in medians.items()}


def plot(ratios: Mapping[str, float], path: str) -> None:
    """Draw the ratios as bars, on a scale of powers of ten."""
    from matplotlib import pyplot

    names = list(ratios)[::-1]
    figure, axes = pyplot.subplots(figsize=(8, 0.35 * len(names) + 0.8))
    bars = axes.barh(names, [ratios[name] for name in names], color="#4c72b0", height=0.7)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set_xscale("log")
    axes.set_xlim(0.1, 3 * max(ratios.values()))
    axes.set_xlabel(f"processor time, as a multiple of {list(FLOORS)[-1].strip('`')}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def growth(folder: Path, counts: Sequence[int], variables: Mapping[str, str]) -> None:
    """Print the table of folders of configs, each new and unchanged, twice, the better of both."""
    head = ["configs", "processor s", "clock s", "ms a config", "MB of a process"]
    head += ["unchanged: processor s", "clock s", "MB"]
    print(f"\n| {' | '.join(head)} |\n|{'---:|' * len(head)}")
    for count in counts:
        inside = workloads.write_configs(folder / str(count), count)
        cache = folder / f"cache_of_{count}"
        rows: list[tuple[float, ...]] = []
        for _ in range(2):
            shutil.rmtree(cache, ignore_errors=True)
            new, again = (measured([*SHAPELINT, "--cache-dir", str(cache), "."], inside, variables) for _ in range(2))
            rows.append((*new, *again))
        clock, processor, memory, *unchanged = map(min, zip(*rows))
        each = 1000 * processor / count
        print(f"| {count:,} | {processor:.2f} | {clock:.2f} | {each:.1f} | {memory:.0f} |", end="")
        print(f" {unchanged[1]:.2f} | {unchanged[0]:.2f} | {unchanged[2]:.0f} |", flush=True)


def main() -> None:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--files", default="1,10,100,1000,10000")
    parser.add_argument("--installed", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--plot")
    options = parser.parse_args()
    variables = environment(options.installed)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when begun\n")
    with tempfile.TemporaryDirectory() as folder:
        if options.runs:
            ratios = single(Path(folder) / "single", options.runs, PEERS if options.peers else {}, variables)
            if options.plot:
                plot(ratios, options.plot)
        growth(Path(folder), [int(count) for count in options.files.split(",") if count], variables)


if __name__ == "__main__":
    main()
