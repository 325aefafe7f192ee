"""Change each hand-written width of other people's configs: is it found at the number, with a repair that mends it?

    python benchmarks/config_mutants.py CHECKOUT_OR_WHEEL...

Each width of each config that `configs.py` calls resolved, and that has no finding, is doubled, halved, and made 8
larger, one at a time, in a copy of the repository; a width of a file that several configs are made of is changed once,
and judged through one in which it counts. A change is found if there is an error or a warning, at the number if the
finding or one of its related places is this number, and mended if the repair of a finding leaves none. It is free if
nothing is found although every link is still checked: the code takes the number at both ends, or nothing is compared
with it. The free ones are listed by method and key, for a reader to judge, and so is each other change that is not
mended.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from checkouts import linted, loud, print_table
from configs import Repository, is_resolved, unpacked, widths

from shapelint.judge.repair import splice
from shapelint.linting.fixing import move_of
from shapelint.spec.findings import FileReport, Finding
from shapelint.text.location import Location
from shapelint.text.source import Source, Span, encode, read_source

HEADER = ("configs", "widths", "changes", "free", "found", "at it", "mended", "missed")
KEY = re.compile(r"(\w+)['\"]?\s*[:=]\s*$")


@dataclass(frozen=True)
class Width:
    """A hand-written number, the configs that hold it, and the method of the first one's model."""

    configs: tuple[Path, ...]
    method: str | None
    place: Location
    key: str
    value: int

    @property
    def file(self) -> Path:
        """The file that holds it."""
        return Path(self.place.path)

    def is_at(self, location: Location) -> bool:
        """Return whether a location is this number."""
        same = (location.line, location.column) == (self.place.line, self.place.column)
        return same and Path(location.path).resolve() == self.file.resolve()


def judged(path: Path) -> FileReport:
    """Lint a config; return its report with the findings that it has in any file."""
    return linted(path.name, [path]).report.files[0]


def all_widths(repository: Repository) -> Iterator[Width]:
    """Yield the widths of the resolved configs that have no finding, each once."""
    found: dict[Location, Width] = {}
    sources = {source.path: source for source in repository.configs()}
    for file in linted(repository.name, [Path(path) for path in sources]).report.files:
        source = sources.get(file.path)
        if source is not None and is_resolved(file) and not loud(judged(Path(file.path)).findings):
            for width in _widths(source, file):
                before = found.get(width.place, replace(width, configs=()))
                found[width.place] = replace(before, configs=(*before.configs, *width.configs))
    yield from found.values()


def _widths(source: Source, file: FileReport) -> Iterator[Width]:
    for found in widths(source):
        place = source.location(Span(*found.span(1)))
        key = KEY.search(source.text[: found.start(1)])
        yield Width((Path(file.path),), file.models[0].method, place, key[1] if key else "", int(found[1]))


def changes(width: Width) -> tuple[int, ...]:
    """Return the numbers that are written in its place."""
    return width.value * 2, width.value // 2, width.value + 8


def judged_change(width: Width, new: int) -> Counter[str]:
    """Write another number, compare what is said of it, and take it back."""
    before = width.file.read_bytes()
    source = read_source(width.file)
    start = source.offset(source.path, width.place.line, width.place.column)
    try:
        _write(source, f"{source.text[:start]}{new}{source.text[start + len(str(width.value)) :]}")
        verdicts = (_verdict(width, config) for config in width.configs)
        free = Counter({"changes": 1, "free": 1})
        return next((verdict for verdict in verdicts if verdict != free), free)
    finally:
        width.file.write_bytes(before)


def _verdict(width: Width, config: Path) -> Counter[str]:
    """Return what is said of a changed width in one of the configs that hold it."""
    report = judged(config)
    found = loud(report.findings)
    if not found:
        return Counter({"changes": 1, "free" if is_resolved(report) else "missed": 1})
    places = [place for one in found for place in (one.location, *(related.location for related in one.related))]
    at_it = any(width.is_at(place) for place in places)
    mended = at_it and any(_mends(finding, config) for finding in found)
    return Counter({"changes": 1, "found": 1, "at it": int(at_it), "mended": int(mended)})


def _mends(finding: Finding, config: Path) -> bool:
    """Return whether the repair of a finding leaves none in a config."""
    edits = finding.fix.edits if finding.fix else ()
    before = {path: Path(path).read_bytes() for path in {edit.location.path for edit in edits}}
    try:
        for path in before:
            source = read_source(Path(path))
            _write(source, splice(source.text, [move_of(source, edit) for edit in edits if edit.location.path == path]))
        return bool(edits) and not loud(judged(config).findings)
    finally:
        for path, text in before.items():
            Path(path).write_bytes(text)


def _write(source: Source, text: str) -> None:
    Path(source.path).write_bytes(encode(source, text))


def judged_places(path: Path) -> tuple[int, Counter[str], Counter[tuple[str, str]]]:
    """Judge the changes of a repository or wheel; return its configs, its counts, and the free ones by kind."""
    total, free = Counter({"widths": 0}), Counter[tuple[str, str]]()
    configs: set[Path] = set()
    with unpacked(path) as original, TemporaryDirectory() as folder:
        copy = Repository(Path(folder, original.name).resolve())
        shutil.copytree(original.folder, copy.folder, ignore=shutil.ignore_patterns(".git"), symlinks=True)
        Path(copy.folder, ".git").mkdir()  # the root of a repository, up to which scripts are searched
        for width in all_widths(copy):
            configs.update(width.configs)
            total["widths"] += 1
            for new in changes(width):
                counts = judged_change(width, new)
                total += counts
                if counts["free"]:
                    free[width.method or "no method", width.key] += 1
                elif not counts["mended"]:
                    what = "missed" if counts["missed"] else "not mended" if counts["at it"] else "found elsewhere"
                    inside = width.file.relative_to(copy.folder.parent)
                    print(f"{inside}:{width.place.line} {width.key} {width.value} -> {new}: {what}", flush=True)
    return len(configs), total, free


def main() -> int:
    """Print what is not mended, a line of counts for each repository, and the free changes by method and key."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", type=Path, metavar="CHECKOUT_OR_WHEEL")
    results = {path.name.partition("-py")[0]: judged_places(path) for path in parser.parse_args().places}
    lines: dict[str, Sequence[float]] = {
        name: (configs, *(counts[column] for column in HEADER[1:])) for name, (configs, counts, _) in results.items()
    }
    print()
    print_table(HEADER, lines)
    total = sum((counts for _, counts, _ in results.values()), Counter[str]())
    bound = total["changes"] - total["free"]
    print(f"\n{total['mended']} of {bound} that are not free are found at the number and mended", end=" ")
    print(f"({total['mended'] / max(1, bound):.1%})\n\nfree  method and key")
    free = sum((counts for _, _, counts in results.values()), Counter[tuple[str, str]]())
    for (method, key), number in free.most_common():
        print(f"{number:4}  {method} {key}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
