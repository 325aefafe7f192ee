"""Checkouts of other people's repositories, linted, as lines of a table and as causes of what is not checked."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapelint.linting.lint_paths import lint
from shapelint.report import render
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding, Report

SHOWN = 25
HEADER = ("files", "models", "whole", "links", "checked", "unclear", "findings", "seconds")


@dataclass(frozen=True)
class Checkout:
    """One repository, linted."""

    name: str
    report: Report
    seconds: float

    @property
    def figures(self) -> tuple[float, ...]:
        """The columns of its line."""
        models = [model for file in self.report.files for model in file.models]
        files = sum(bool(file.models) for file in self.report.files)
        links, checked = sum(model.links for model in models), sum(model.checked for model in models)
        whole = sum(model.checked == model.links for model in models)
        found = len(loud(self.report.findings))
        return files, len(models), whole, links, checked, self.unclear, found, round(self.seconds, 1)

    @property
    def unclear(self) -> int:
        """The models that the report calls all clear although one of their links was not checked."""
        if "All clear" not in render(self.report, "text"):
            return 0
        return sum(bool(model.unchecked) for file in self.report.files for model in file.models)


def linted(name: str, paths: Sequence[Path]) -> Checkout:
    """Lint files and folders with the settings that a newcomer has."""
    start = time.perf_counter()
    report = lint(paths, Settings(isolated=True)) if paths else Report(())
    return Checkout(name, report, time.perf_counter() - start)


def loud(findings: Sequence[Finding]) -> list[Finding]:
    """Return the errors and warnings."""
    return [finding for finding in findings if finding.severity in ("error", "warning")]


def causes(file: FileReport) -> Counter[str]:
    """Return why links of a file were not checked, without the names of what they concern."""
    return Counter(_cause(link.reason) for model in file.models for link in model.unchecked)


def _cause(reason: str) -> str:
    """Return a reason without what differs between two models."""
    return re.sub(r"\b(what|than|that) (?!is\b|comes\b|was\b|cannot\b)[\w.]+ (gives|gets|takes)", r"\1 ... \2", reason)


def print_table(header: Sequence[str], lines: dict[str, Sequence[float]]) -> None:
    """Print a line for each name, and their sum."""
    width = max(map(len, [*lines, "all"]))
    print(" " * width, *(f"{name:>8}" for name in header))
    sums = [round(sum(column), 1) for column in zip(*lines.values())]
    for name, figures in [*lines.items(), ("all", sums)]:
        print(f"{name:{width}}", *(f"{figure:8}" for figure in figures))


def print_causes(found: Sequence[Counter[str]]) -> None:
    """Print the causes of each repository's unchecked links, ranked by the repositories that have them."""
    places: dict[str, list[int]] = defaultdict(list)
    for counts in found:
        for cause, number in counts.items():
            places[cause].append(number)
    print("\nrepositories  links  cause of an unchecked link")
    ranked = sorted(places.items(), key=lambda one: (-len(one[1]), -sum(one[1])))
    for cause, numbers in ranked[:SHOWN]:
        print(f"{len(numbers):12}  {sum(numbers):5}  {cause}")
