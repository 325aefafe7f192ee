"""Print a table of shapelint's results for every file of lightly's own examples, from a checkout of lightly-ai/lightly.

python benchmarks/lightly_examples.py path/to/lightly

A file is resolved if every shape from the image to a loss is known. Nothing of the checkout is imported or run.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from shapelint.linting import python_models
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.text.source import read_source

FOLDERS = ("pytorch", "pytorch_lightning", "pytorch_lightning_distributed")


def main(checkout: Path) -> None:
    """Print the table, and the counts of each folder."""
    options = Options()
    print(f"{'file':48} {'resolved':9} {'seconds':>7}  findings")
    for folder in FOLDERS:
        paths = sorted((checkout / "examples" / folder).glob("*.py"))
        resolved = 0
        for path in paths:
            source = read_source(path)
            start = time.perf_counter()
            models, _ = python_models.analyse(source, options)
            seconds = time.perf_counter() - start
            reached = any(model.script.reaches_loss for model in models)
            resolved += reached
            findings = " ".join(f"{f.code}:{f.location.line}" for f in lint_source(source, options).findings)
            print(f"{folder + '/' + path.name:48} {'yes' if reached else 'no':9} {seconds:7.2f}  {findings}")
        print(f"{folder}: {resolved} of {len(paths)} resolved\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
