"""How much of other people's code is followed: the links of every model, and why some stay unchecked.

    python benchmarks/strangers.py CHECKOUT...

Each CHECKOUT is a clone of a repository. A line each: its files with a model, its models, those that are known from end
to end, their links, how many were checked, the models that are called all clear although a link was not checked (which
must be 0), the findings and the seconds. Then the causes of unchecked links, ranked by the repositories that have them.
Exits 1 where a model is called clear wrongly.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from checkouts import HEADER, causes, linted, print_causes, print_table


def main() -> int:
    """Print a line for each repository, their sum, and the causes of unchecked links."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    checkouts = [linted(folder.name, [folder]) for folder in parser.parse_args().checkouts]
    print_table(HEADER, {checkout.name: checkout.figures for checkout in checkouts})
    print_causes([sum(map(causes, checkout.report.files), Counter[str]()) for checkout in checkouts])
    return int(any(checkout.unclear for checkout in checkouts))


if __name__ == "__main__":
    sys.exit(main())
