"""Measure the time for a file with many faults: a config of many faulty models, a program with many wrong widths.

python benchmarks/faulty_models.py [--models 5,20,40,80,160,300] [--faults 1,2,3,5,10,20]

Prints Markdown tables. The ratio is that to the time of the smallest file times the factor in size: 1.0 if the time
grows linearly with the number of faults, more if it grows faster. Start-up is not included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import Source

MODEL = """
model_{index}:
  method: byol
  backbone: resnet18
  projection_head: BYOLProjectionHead(256, 1024, 256)
  prediction_head: BYOLPredictionHead(128, 1024, 256)
"""

PROGRAM = """
import torch
import torchvision
from torch import nn


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])
        self.projection_head = nn.Sequential({layers})
        self.prediction_head = nn.Sequential(nn.Linear(256, 1024), nn.ReLU(), nn.Linear(1024, 256))

    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x).flatten(start_dim=1)))


BYOL()(torch.randn(2, 3, 224, 224))
"""


def config(models: int) -> Source:
    """Return a config of some models with two wrong widths each."""
    return Source("model.yaml", "".join(MODEL.format(index=index) for index in range(models)))


def program(faults: int) -> Source:
    """Return a program whose head has some wrong widths in a row."""
    widths = [512, *(number for index in range(faults) for number in (1000 + index, 2000 + index)), 256]
    layers = (f"nn.Linear({taken}, {given})" for taken, given in zip(widths[::2], widths[1::2]))
    return Source("train.py", PROGRAM.format(layers=", ".join(layers)))


def seconds(source: Source) -> tuple[float, int]:
    """Return the time of linting, the better of two runs, and the number of findings with a fix."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        report = lint_source(source, Options())
        times.append(time.perf_counter() - start)
    return min(times), sum(finding.fix is not None for finding in report.findings)


def table(name: str, numbers: list[int], make: Callable[[int], Source]) -> None:
    """Print the times for some numbers of faults, and their growth."""
    print(f"| {name} | fixes | seconds | ratio |\n|---:|---:|---:|---:|")
    first = 0.0
    for number in numbers:
        took, fixes = seconds(make(number))
        first = first or took / number
        print(f"| {number} | {fixes} | {took:.2f} | {took / number / first:.2f} |")
    print()


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="5,20,40,80,160,300")
    parser.add_argument("--faults", default="1,2,3,5,10,20")
    options = parser.parse_args()
    seconds(config(1))
    table("models", [int(number) for number in options.models.split(",")], config)
    table("faults", [int(number) for number in options.faults.split(",")], program)


if __name__ == "__main__":
    main()
