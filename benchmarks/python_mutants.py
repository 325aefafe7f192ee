"""Compare the verdicts on Python files with real torch: lightly's examples, each with one fault at a time.

python benchmarks/python_mutants.py path/to/lightly [--most 14] [--seconds 20] [--files byol,dino] [--jobs 2]
[--kinds "width,count,axis,slice,flatten removed"]

Every example is run up to its first backward pass, with its own transforms and a few random images. For a mutant that
raises, the verdict is right if shapelint reports something that it does not report for the example itself; for one that
runs, if shapelint reports no error. A mutant that raises is `repaired` if it runs after `--fix --unsafe-fixes`. Needs
torch, torchvision, lightly, timm and pytorch_lightning.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import Empty

import python_training
from python_changes import Mutant, draw

from shapelint.linting import python_models  # noqa: F401
from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source, read_source

FOLDERS = ("pytorch", "pytorch_lightning")
LEAST = 3
COLUMNS = ("mutants", "raise", "found", "line", "repaired", "run", "silent", "warned", "differ")
Results = dict[str, Counter[str]]
"""The counts of each kind of change."""


def findings(source: Source) -> list[Finding]:
    """Return the errors and warnings for a text."""
    return [f for f in lint_source(source, Options()).findings if f.severity != "info"]


def judge(mutant: Mutant, found: list[Finding], error: str) -> tuple[Counter[str], str]:
    """Return the counts of a mutant, and the disagreement; `found` are findings that the example does not have."""
    errors = [f for f in found if f.severity == "error"]
    lines = {location.line for f in found for location in (f.location, *(r.location for r in f.related))}
    said = bool(found) if error else bool(errors)
    codes = " ".join(f"{f.code}:{f.location.line}" for f in found) or "nothing"
    counts = Counter({"mutants": 1})
    if error:
        counts.update({"raise": 1, "found": said, "line": said and mutant.line in lines})
    else:
        counts.update({"run": 1, "silent": not said, "warned": bool(found) and not errors})
    if said != bool(error):
        counts["differ"] = 1
        return counts, f"DIFFERS: torch {error or 'runs'}; shapelint {codes}"
    if error and mutant.line not in lines:
        return counts, f"ELSEWHERE: {codes} names {sorted(lines)}"
    return counts, ""


def runs_when_repaired(source: Source) -> bool:
    """Return whether a text that raises runs after its repairs."""
    repaired = fixed_text(source, lambda changed: lint_source(changed, Options()), unsafe=True)[0]
    return repaired != source.text and not python_training.truth(repaired)


def run_file(path: Path, most: int, seconds: float, kinds: frozenset[str], tell: Callable[[str], None]) -> Results:
    """Run the mutants of one file, and print the disagreements."""
    source, results = read_source(path), defaultdict[str, Counter[str]](Counter)
    label = f"{path.parent.name}/{path.name}"
    if reason := python_training.truth(source.text):
        tell(f"{label}: does not run here ({reason})")
        return results
    before = {(f.code, f.message) for f in findings(source)}
    start = time.process_time()
    done = 0
    for mutant in draw(source.text, most, label, kinds):
        if done >= LEAST and time.process_time() - start > seconds:
            break
        done += 1
        found = [f for f in findings(replace(source, text=mutant.text)) if (f.code, f.message) not in before]
        error = python_training.truth(mutant.text)
        counts, differs = judge(mutant, found, error)
        if error and found:
            counts["repaired"] = runs_when_repaired(replace(source, text=mutant.text))
            differs = differs or ("" if counts["repaired"] else f"NOT REPAIRED: {error}; {found[0].help}")
        results[mutant.kind].update(counts)
        if differs:
            tell(f"{label}:{mutant.line} {mutant.kind}, {mutant.what}\n    {differs}")
        gc.collect()
    tell(f"{label}: {done} mutants in {time.process_time() - start:.0f} s")
    return results


def work(paths: list[Path], most: int, seconds: float, kinds: frozenset[str], jobs: int) -> Results:
    """Run each file in a process of its own, whose memory is freed at its end."""
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[Results] = context.Queue()
    waiting, running, total = list(paths), [], defaultdict[str, Counter[str]](Counter)
    while waiting or running:
        while waiting and len(running) < jobs:
            body = partial(_answer, waiting.pop(0), most, seconds, kinds, answers)
            running.append(context.Process(target=body))
            running[-1].start()
        try:
            for kind, counts in answers.get(timeout=0.2).items():
                total[kind].update(counts)
        except Empty:
            running = [process for process in running if process.is_alive()]
    return total


def _answer(
    path: Path, most: int, seconds: float, kinds: frozenset[str], answers: multiprocessing.Queue[Results]
) -> None:
    answers.put(dict(run_file(path, most, seconds, kinds, partial(print, flush=True))))


def show(results: Results) -> None:
    """Print the table of kinds, and the rates."""
    whole = sum(results.values(), Counter[str]())
    print(f"\n{'kind':20}" + "".join(f"{column:>9}" for column in COLUMNS))
    for kind, counts in [*sorted(results.items()), ("all", whole)]:
        print(f"{kind:20}" + "".join(f"{counts[column]:9}" for column in COLUMNS))
    agreed = whole["mutants"] - whole["differ"]
    print(f"\n{agreed} of {whole['mutants']} verdicts agree ({agreed / max(1, whole['mutants']):.1%}); ", end="")
    print(f"{whole['line']} of the {whole['found']} that raise and are found name the changed line")


def main() -> None:
    """Run the mutants and print the disagreements and the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--most", type=int, default=14, help="mutants of one file")
    parser.add_argument("--seconds", type=float, default=20.0, help="of the processor for one file, for all but a few")
    parser.add_argument("--files", default="", help="only these, by name without suffix")
    parser.add_argument("--kinds", default="", help="only these, by their names in the table")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    given = parser.parse_args()
    paths = [path for folder in FOLDERS for path in sorted((given.checkout / "examples" / folder).glob("*.py"))]
    wanted = set(filter(None, given.files.split(",")))
    python_training.prepare()
    start = time.perf_counter()
    kinds = frozenset(filter(None, given.kinds.split(",")))
    chosen = [path for path in paths if not wanted or path.stem in wanted]
    show(work(chosen, given.most, given.seconds, kinds, given.jobs))
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
