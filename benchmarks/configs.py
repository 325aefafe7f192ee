"""How many of other people's configs are resolved: each link of their models, and why some stay unchecked.

    python benchmarks/configs.py CHECKOUT_OR_WHEEL...

Of each repository or wheel the configs of self-supervised models are linted that hold a width somebody wrote, in their
own text or in a file that they are made of: YAML that speaks of a method or its heads, and OpenMMLab's Python configs
of an algorithm that the repository defines as self-supervised. A line each: these configs, those with a model, those
that are resolved from end to end (every link of every model is checked), their models, links, links that were checked,
findings and seconds. Then each finding, each config that is not resolved with its cause, and the causes ranked.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from checkouts import Checkout, causes, linted, loud, print_causes, print_table

from shapelint.read import openmmlab
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source, UnreadableError, read_source

LEAST_WIDTH = 16
HEADER = ("configs", "with one", "whole", "models", "links", "checked", "findings", "seconds")
NAMED = r"dims?|features|channels|hidden_size|projection_size|embed_dims?|neurons"
WIDTH = re.compile(rf"""^[^#\n]*?\b\w*(?<![a-z])(?:{NAMED})\b['"]?\s*[:=]\s*(\d+)\b""", re.M)
METHODS = (
    "byol|simsiam|sim_?clr|moco|barlow|vicreg|vibcreg|swav|dino|nnclr|nnsiam|ressl|wmse|all4one|supcon|deepcluster|mae|"
    "densecl|contrastive|self.?supervised|projection_?head|prediction_?head|projector|predictor"
)
METHOD = re.compile(rf"(?<![a-z])(?:{METHODS})", re.I)
SUPERVISED = re.compile(r"fine.?tun|linear|lin_prob|eval|benchmark|classification|detection|segmentation|tsne", re.I)
"""What the path says of a config that only uses what was learned."""
TYPE = re.compile(r"^model = dict\(\s*(?:#.*\s*)*type=['\"]?(?:\w+\.)*(\w+)", re.M)
ALGORITHMS = ("selfsup", "algorithms")
"""The folders in which OpenMMLab's projects keep their self-supervised algorithms."""


@dataclass(frozen=True)
class Repository:
    """A folder with configs."""

    folder: Path

    @property
    def name(self) -> str:
        """What it is called in the table."""
        return self.folder.name

    @cached_property
    def algorithms(self) -> frozenset[str]:
        """The classes of self-supervised algorithms that it defines."""
        files = (path for name in ALGORITHMS for path in self.folder.rglob(f"models/{name}/*.py"))
        return frozenset(found for path in files for found in re.findall(r"^class (\w+)", path.read_text(), re.M))

    def configs(self) -> Iterator[Source]:
        """Yield its configs of self-supervised models that hold a width, with the files that they are made of."""
        for path in sorted(self.folder.rglob("*")):
            inside = str(path.relative_to(self.folder))
            if path.suffix in (".yaml", ".yml", ".py") and not SUPERVISED.search(inside) and "_base_" not in path.parts:
                with contextlib.suppress(UnreadableError):
                    source = read_source(path)
                    if self._is_counted(inside, source):
                        yield openmmlab.gathered(source) if path.suffix == ".py" else source

    def _is_counted(self, inside: str, source: Source) -> bool:
        if source.path.endswith(".py"):
            whole = openmmlab.gathered(source) if openmmlab.is_config(source) else source
            named = TYPE.search(whole.text)
            return named is not None and named[1] in self.algorithms and any(widths(whole))
        return bool(METHOD.search(f"{inside}\n{source.text}")) and any(widths(source))


def widths(source: Source) -> Iterator[re.Match[str]]:
    """Yield the hand-written widths of a text."""
    return (found for found in WIDTH.finditer(source.text) if int(found[1]) >= LEAST_WIDTH)


def is_resolved(file: FileReport) -> bool:
    """Return whether a config has a model, and every link of its models is checked."""
    return any(model.links for model in file.models) and all(not model.unchecked for model in file.models)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Repository]:
    """Give a repository, or what is in a wheel."""
    if path.is_dir():
        yield Repository(path.resolve())
        return
    with TemporaryDirectory() as folder, zipfile.ZipFile(path) as wheel:
        whole = Path(folder, path.name.partition("-")[0])
        wheel.extractall(whole)
        yield Repository(whole)


def line(checkout: Checkout) -> tuple[float, ...]:
    """Return the columns of a repository's line."""
    files = checkout.report.files
    models = [model for file in files for model in file.models]
    whole = sum(map(is_resolved, files))
    links, checked = sum(model.links for model in models), sum(model.checked for model in models)
    found = len(loud(checkout.report.findings))
    with_models = sum(bool(file.models) for file in files)
    return len(files), with_models, whole, len(models), links, checked, found, round(checkout.seconds, 1)


def why(file: FileReport) -> Counter[str]:
    """Return the causes for which a config is not resolved."""
    return causes(file) if file.models else Counter({file.problem or "no model is recognised in it": 1})


def report(path: Path) -> Checkout:
    """Lint the configs of a repository or wheel, and print what was found and what is not resolved."""
    with unpacked(path) as repository:
        checkout = linted(repository.name, [Path(source.path) for source in repository.configs()])
        for finding in loud(checkout.report.findings):
            place = finding.location
            print(f"{_inside(place.path, repository)}:{place.line}: {finding.code} {finding.message}")
        for file in checkout.report.files:
            if not is_resolved(file):
                print(f"{_inside(file.path, repository)}: {'; '.join(why(file)) or 'no link in it'}")
    return checkout


def _inside(path: str, repository: Repository) -> str:
    return f"{repository.name}/{Path(path).resolve().relative_to(repository.folder)}"


def main() -> int:
    """Print findings and what is not resolved, a line for each repository, and the causes ranked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", type=Path, metavar="CHECKOUT_OR_WHEEL")
    checkouts = [report(path) for path in parser.parse_args().places]
    lines: dict[str, Sequence[float]] = {checkout.name: line(checkout) for checkout in checkouts}
    print()
    print_table(HEADER, lines)
    files = [file for checkout in checkouts for file in checkout.report.files]
    whole = sum(map(is_resolved, files))
    print(f"\n{whole} of {len(files)} configs with a width are resolved ({whole / max(1, len(files)):.1%})")
    unresolved = ([file for file in one.report.files if not is_resolved(file)] for one in checkouts)
    print_causes([sum(map(why, files), Counter[str]()) for files in unresolved])
    return 0


if __name__ == "__main__":
    sys.exit(main())
