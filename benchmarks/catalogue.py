"""Compare the verdicts on thousands of generated models of every method with real training on the CPU.

python benchmarks/catalogue.py [--models 10500] [--seed 7] [--show 20]

A model that raises must have an error, one that runs must have none. On one that runs, the rules for silent faults must
report exactly what is measured on its modules and tensors. Two of these rules are about models that run for one size
only, of the image that the config leaves open (SL204) or of the batch (SL211): a model that raises for the size that
was drawn also agrees with them. Tokens whose number depends on an open image size are an error (SL102), although it may
equal the head's width for one size. A classifier that was not removed (SL201) replaces SL101, whatever the width of the
head. A warning of axes that a head is not made for (SL205) agrees with a model that raises where a link behind it is
said to be unchecked. Disagreements are printed, and the exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from measures import silent_faults
from recipes import recipes
from training import Recipe, train

from shapelint.linting.analyse import analyse
from shapelint.resolve.options import Options
from shapelint.text.source import Source


@dataclass(frozen=True)
class Verdict:
    """The codes reported for a model: those that imply an error of torch, and those of silent faults.

    `is_whole` is whether all of its links are said to be checked.
    """

    loud: frozenset[str]
    silent: frozenset[str]
    is_whole: bool = True


def verdict(recipe: Recipe) -> Verdict:
    """Return shapelint's verdict on a recipe, except for notes."""
    (model,) = analyse(Source("model.yaml", recipe.config()), Options()).models
    by_severity = {(violation.rule.page.code, violation.severity) for violation in model.violations}
    return Verdict(
        frozenset(code for code, severity in by_severity if severity == "error"),
        frozenset(code for code, severity in by_severity if severity == "warning"),
        all(link.is_checked for link in model.links()),
    )


@dataclass(frozen=True)
class Comparison:
    """A verdict compared with real training: `disagreement` is "" if they agree, `by_definition` is why they do.

    `measured` are the faults measured on a model that runs.
    """

    raises: bool
    disagreement: str = ""
    by_definition: str = ""
    measured: Mapping[str, str] = field(default_factory=dict)


def compare(recipe: Recipe, said: Verdict) -> Comparison:
    """Train the model, and compare the verdict with the result."""
    run = train(recipe)
    if run.error is not None:
        if said.loud:
            return Comparison(True)
        stands = {"SL201", "SL211"} | ({"SL204"} if recipe.size_is_open else set())
        stands |= set() if said.is_whole else {"SL205"}
        reason = next((f"{code} on a model that raises" for code in sorted(stands & said.silent)), "")
        return Comparison(True, "" if reason else f"raises: {run.error}", reason)
    if "SL102" in said.loud <= {"SL102", "SL104"} and recipe.size_is_open and other_size_fails(recipe):
        return Comparison(False, by_definition="SL102 on a model that runs at one image size")
    if said.loud:
        return Comparison(False, f"runs, but has {', '.join(sorted(said.loud))}")
    measured = silent_faults(recipe, run)
    missed, false = set(measured) - said.silent, said.silent - set(measured)
    texts = [f"{code} was missed: {measured[code]}" for code in sorted(missed)]
    texts += [f"{code} is not measured" for code in sorted(false)]
    return Comparison(False, "; ".join(texts), measured=measured)


def other_size_fails(recipe: Recipe) -> bool:
    """Return whether a model with an open image size runs only by chance for the size that was drawn."""
    channels, height, width = recipe.image
    return train(recipe, (recipe.batch,), (channels, height + 16, width + 16)).error is not None


def main() -> int:
    """Run the comparison and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=10_500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=int, default=20, help="how many disagreements to print in full")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    by_code: Counter[tuple[str, bool]] = Counter()
    began = time.perf_counter()
    for name, recipe in recipes(arguments.models, arguments.seed):
        said = verdict(recipe)
        found = compare(recipe, said)
        clean = not (said.loud or said.silent)
        by_code.update((code, found.raises) for code in said.loud | said.silent)
        reasons.update([found.by_definition] if found.by_definition else [])
        counts["models that raise"] += found.raises
        counts["models that run"] += not found.raises
        counts["clean"] += clean
        counts["right ones with a finding"] += name == "nothing" and not clean
        counts["disagreements"] += bool(found.disagreement)
        if found.disagreement and counts["disagreements"] <= arguments.show:
            print(f"--- {recipe.method}, {name}: {found.disagreement}\n{recipe.config()}")
    print(f"{arguments.models} models, seed {arguments.seed}, {time.perf_counter() - began:.0f} s")
    for key, count in [*counts.items(), *sorted(reasons.items())]:
        print(f"{count:7d} {key}")
    print("rule   raises    runs")
    for code in sorted({code for code, _ in by_code}):
        print(f"{code} {by_code[code, True]:7d} {by_code[code, False]:7d}")
    return 1 if counts["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
