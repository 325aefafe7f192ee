"""The verdict on thousands of generated models of every method, against real training on the CPU.

    python benchmarks/catalogue.py [--models 10500] [--seed 7] [--show 20]

A model that raises must have an error, one that runs none. On one that runs, the silent rules must name exactly what
is measured on its modules and tensors. Two silent rules speak of models that run at one size only, of the image that
the config leaves open (SL204) or of the batch (SL211): there, raising at the size that was drawn is theirs too. And
tokens whose number depends on an open image size are an error (SL102) although it may equal the head's width at one
size. A classifier that was left on (SL201) stands instead of SL101, whatever width the head is for. Disagreements are
printed, and the exit code is 1 if there are any.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from measures import silent_faults
from recipes import recipes
from training import Recipe, train

from shapelint.engine import analyse
from shapelint.read.text import Source
from shapelint.resolve.resolver import Options


@dataclass(frozen=True)
class Verdict:
    """The codes that a model gets: those that say it raises, and those that say what is silently wrong."""

    loud: frozenset[str]
    silent: frozenset[str]


def verdict(recipe: Recipe) -> Verdict:
    """What shapelint says of a recipe, notes left aside."""
    (model,) = analyse(Source("model.yaml", recipe.config()), Options()).models
    by_severity = {(violation.rule.page.code, violation.severity) for violation in model.violations}
    return Verdict(
        frozenset(code for code, severity in by_severity if severity == "error"),
        frozenset(code for code, severity in by_severity if severity == "warning"),
    )


def disagreement(recipe: Recipe, said: Verdict) -> tuple[str, dict[str, str]]:
    """What reality says otherwise, "" where it agrees, and what was measured on a model that runs."""
    run = train(recipe)
    if run.error is not None:
        agreed = (
            bool(said.loud)
            or bool({"SL201", "SL211"} & said.silent)
            or ("SL204" in said.silent and recipe.size_is_open)
        )
        return ("" if agreed else f"raises: {run.error}"), {}
    if said.loud == {"SL102"} and recipe.size_is_open and other_size_fails(recipe):
        return "", {}
    if said.loud:
        return f"runs, but has {', '.join(sorted(said.loud))}", {}
    measured = silent_faults(recipe, run)
    missed, false = set(measured) - said.silent, said.silent - set(measured)
    texts = [f"{code} was missed: {measured[code]}" for code in sorted(missed)]
    return "; ".join([*texts, *(f"{code} is not measured" for code in sorted(false))]), measured


def other_size_fails(recipe: Recipe) -> bool:
    """Whether a model whose image size is open runs at the size that was drawn by chance alone."""
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
    by_code: Counter[str] = Counter()
    shown = 0
    began = time.perf_counter()
    for name, recipe in recipes(arguments.models, arguments.seed):
        said = verdict(recipe)
        text, _ = disagreement(recipe, said)
        by_code.update(said.loud | said.silent)
        counts["models"] += 1
        counts["clean"] += not (said.loud or said.silent)
        counts["right ones with a finding"] += name == "nothing" and bool(said.loud or said.silent)
        counts["disagreements"] += bool(text)
        if text and shown < arguments.show:
            shown += 1
            print(f"--- {recipe.method}, {name}: {text}\n{recipe.config()}")
    print(f"{arguments.models} models, seed {arguments.seed}, {time.perf_counter() - began:.0f} s")
    for key in ("models", "clean", "right ones with a finding", "disagreements"):
        print(f"{counts[key]:7d} {key}")
    for code, count in sorted(by_code.items()):
        print(f"{count:7d} {code}")
    return 1 if counts["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
