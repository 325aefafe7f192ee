"""How much of other people's code is followed: the links of every model, and why some stay unchecked.

    python benchmarks/strangers.py CHECKOUT...

Each CHECKOUT is a clone of a repository. A line each: its files with a model, its models, those that are known from end
to end, their links, how many were checked, the models that are called all clear although a link was not checked (which
must be 0), the findings and the seconds. Then the causes of unchecked links, ranked by the repositories that have them.
Exits 1 where a model is called clear wrongly.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from shapelint.linting.lint_paths import lint
from shapelint.report import render
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Report

SHOWN = 25
HEADER = ("files", "models", "whole", "links", "checked", "unclear", "findings", "seconds")


@dataclass(frozen=True)
class Repository:
    """One repository, linted."""

    name: str
    report: Report
    seconds: float

    @property
    def figures(self) -> tuple[float, ...]:
        """The columns of its line."""
        models = [model for file in self.report.files for model in file.models]
        found = [finding for finding in self.report.findings if finding.severity in ("error", "warning")]
        files = sum(bool(file.models) for file in self.report.files)
        links, checked = sum(model.links for model in models), sum(model.checked for model in models)
        whole = sum(model.checked == model.links for model in models)
        return files, len(models), whole, links, checked, self.unclear, len(found), round(self.seconds, 1)

    @property
    def unclear(self) -> int:
        """The models that the report calls all clear although one of their links was not checked."""
        if "All clear" not in render(self.report, "text"):
            return 0
        return sum(bool(model.unchecked) for file in self.report.files for model in file.models)

    @property
    def causes(self) -> Counter[str]:
        """Why links were not checked, without the names of what they concern."""
        reasons = (link.reason for file in self.report.files for model in file.models for link in model.unchecked)
        return Counter(map(_cause, reasons))


def _cause(reason: str) -> str:
    """A reason without what differs between two models."""
    return re.sub(r"\b(what|than|that) (?!is\b|comes\b|was\b|cannot\b)[\w.]+ (gives|gets|takes)", r"\1 ... \2", reason)


def linted(folder: Path) -> Repository:
    """Lint a checkout with the settings that a newcomer has."""
    start = time.perf_counter()
    report = lint([folder], Settings(isolated=True))
    return Repository(folder.name, report, time.perf_counter() - start)


def main() -> int:
    """Print a line for each repository, their sum, and the causes of unchecked links."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    repositories = [linted(folder) for folder in parser.parse_args().checkouts]
    width = max(len(repository.name) for repository in repositories)
    print(" " * width, *(f"{name:>8}" for name in HEADER))
    for repository in repositories:
        print(f"{repository.name:{width}}", *(f"{figure:8}" for figure in repository.figures))
    sums = [round(sum(column), 1) for column in zip(*(repository.figures for repository in repositories))]
    print(f"{'all':{width}}", *(f"{figure:8}" for figure in sums))

    places: dict[str, list[int]] = defaultdict(list)
    for repository in repositories:
        for cause, number in repository.causes.items():
            places[cause].append(number)
    print("\nrepositories  links  cause of an unchecked link")
    ranked = sorted(places.items(), key=lambda one: (-len(one[1]), -sum(one[1])))
    for cause, numbers in ranked[:SHOWN]:
        print(f"{len(numbers):12}  {sum(numbers):5}  {cause}")
    return int(any(repository.unclear for repository in repositories))


if __name__ == "__main__":
    sys.exit(main())
