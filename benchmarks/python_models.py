"""Compare the verdicts on random training scripts, correct and broken, with running them.

python benchmarks/python_models.py [--scripts 300] [--seed 7] [--show 5]

A script that raises must have an error, or a warning that by definition replaces one (a classifier that was not
removed, SL201; a width that depends on the image size, SL204); one that runs must have none. Prints the counts and the
disagreements; the exit code is 1 if there are any. Needs torch, torchvision and lightly.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

import drafts
from draft_parts import CHANGED
from running import raised

from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.spec.findings import Finding
from shapelint.text.source import Source


def lines(finding: Finding) -> Iterator[int]:
    """Yield the lines that a finding refers to: its own, the related ones, and those of its edits."""
    places = [finding.location, *(related.location for related in finding.related)]
    edits = finding.fix.edits if finding.fix else ()
    yield from (place.line for place in [*places, *(edit.location for edit in edits)])


def main() -> int:
    """Run the comparison and print its results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scripts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--lines", action="store_true", help="show what is found elsewhere than where it was changed")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    counts: Counter[str] = Counter()
    shown, start = 0, time.time()
    for _ in range(options.scripts):
        for change, draft in drafts.variants(drafts.draw(chance), chance):
            marked = drafts.spell(draft, chance)
            line, text = marked[: marked.find(CHANGED)].count("\n") + 1, marked.replace(CHANGED, "")
            error = raised(text)
            report = lint_source(Source("script.py", text), Options())
            errors = [finding for finding in report.findings if finding.severity == "error"]
            stands = any(finding.code in ("SL201", "SL204") for finding in report.findings)
            agrees = bool(error) == bool(errors) or (bool(error) and stands)
            counts["scripts"] += 1
            counts["raise" if error else "run"] += 1
            counts["without a model"] += not report.models
            counts["disagreements"] += not agrees
            counts.update(finding.code for finding in report.findings)
            if errors and CHANGED in marked:
                named = {place for finding in errors for place in lines(finding)}
                counts["name the changed line" if line in named else "do not name the changed line"] += 1
                if line not in named and options.lines:
                    print(f"--- {change} on line {line}, but named are {sorted(named)}\n{text}", flush=True)
            if not agrees and shown < options.show:
                shown += 1
                said = ", ".join(f"{finding.code} {finding.message}" for finding in errors) or "no error"
                print(f"--- {change}: {error or 'runs'}; shapelint: {said}\n{text}", flush=True)
    for name, count in counts.items():
        print(f"{count:7} {name}")
    print(f"seed {options.seed}, {time.time() - start:.0f} s")
    return 1 if counts["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
