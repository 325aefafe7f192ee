"""Change one hand-written width in models of public repositories: is it found on its line, and does its repair run?

python benchmarks/strangers_mutants.py CHECKOUT... [--each 4] [--models 8] [--seconds 120]

Each CHECKOUT is a clone of a repository. A class whose links are all checked, and that has no finding, is built with
simple arguments and run on random images, or by its file's own main; then one number in its text is changed at a time.
For a change that raises, the verdict is right if a finding names the changed line, and its repair if the repaired text
runs. A change that runs must have no error. Exits 1 where torch contradicts a verdict. Needs torch and what the
repositories import; their code is run here, in a process without a network.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty
from random import Random

os.environ.setdefault("OMP_NUM_THREADS", "1")

from python_changes import OF_THE_DATA, Mutant
from strangers_running import Way, prepare, raised, way_to_run

from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_source import lint_source
from shapelint.python.state.places import Places
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport, Finding
from shapelint.text.source import Source, UnreadableError, read_source

LEAST_WIDTH = 16
TRIES = 3
COLUMNS = ("models", "run", "wrong", "raise", "found", "line", "repaired")
Tell = Callable[[str], None]
Answer = tuple[str, Counter[str]]
"""The text of a class that was judged, and its counts."""


@dataclass(frozen=True)
class Model:
    """A class of a file that runs, and the way in which it does."""

    source: Source
    node: ast.ClassDef
    way: Way

    def error(self, text: str) -> str:
        """Return the error of this class in a changed text."""
        return raised(Path(self.source.path), text, self.node.name, self.way)


@dataclass(frozen=True)
class Given:
    """How many changes that raise each model gets, the time for a file, and the classes judged in other files."""

    each: int
    seconds: float
    seen: frozenset[str] = frozenset()


def linted(source: Source) -> FileReport:
    """Lint a text."""
    return lint_source(source, Options())


def findings(report: FileReport) -> list[Finding]:
    """Return the errors and warnings of a report."""
    return [finding for finding in report.findings if finding.severity != "info"]


def models(source: Source, seen: frozenset[str]) -> Iterator[Model]:
    """Yield the classes of a file whose links are all checked, that have no finding, and that run; once each."""
    report = linted(source)
    whole = {model.name for model in report.models if model.links and not model.unchecked}
    for node in ast.parse(source.text).body if not findings(report) else []:
        if isinstance(node, ast.ClassDef) and node.name in whole and ast.unparse(node) not in seen:
            way = way_to_run(Path(source.path), source.text, node.name)
            if way:
                yield Model(source, node, way)


def widths(model: Model) -> Iterator[Mutant]:
    """Yield a change of each number that a class uses and that may be a width, in an order that its name determines."""
    text, places, random = model.source.text, Places(model.source.text), Random(model.node.name)
    numbers = [found for node in _used(model) for found in _numbers(node) if found[1] >= LEAST_WIDTH]
    random.shuffle(numbers)
    for number, value in numbers:
        span = places.span(number)
        new = random.choice((value * 2, value // 2, value + 8))
        changed = f"{text[: span.start]}{new}{text[span.end :]}"
        yield Mutant(changed, number.lineno, "width", f"{value} -> {new}")


def _used(model: Model) -> list[ast.AST]:
    """Return what a model uses: definitions of the file, itself first, and the defaults of its command line.

    Where the file is run as a program, that is all of it.
    """
    module = ast.parse(model.source.text)
    if model.way.is_main:
        return [module]
    definitions = {name: node for node in module.body for name in _defined(node)}
    used = [model.node.name]
    for name in used:
        names = {node.id for node in ast.walk(definitions[name]) if isinstance(node, ast.Name)}
        used += sorted(names & set(definitions) - set(used))
    inside = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("add_argument")
    ]
    return list(dict.fromkeys([*(definitions[name] for name in used), *inside]))


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def _numbers(node: ast.AST) -> Iterator[tuple[ast.Constant, int]]:
    """Yield the whole numbers below a node with their values, but not those of a call about data."""
    if isinstance(node, ast.Call) and OF_THE_DATA.search(ast.unparse(node.func).rpartition(".")[2]):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool):
        yield node, node.value
    for child in ast.iter_child_nodes(node):
        yield from _numbers(child)


def judged(model: Model, mutant: Mutant, tell: Tell) -> Counter[str]:
    """Compare the verdict on one change with torch, and run its repair."""
    changed = replace(model.source, text=mutant.text)
    error, found = model.error(mutant.text), findings(linted(changed))
    codes = ", ".join(f"{one.code}:{one.location.line} {one.message}" for one in found) or "nothing"
    label = f"{model.source.path}:{mutant.line} {model.node.name}, {mutant.what}"
    if not error:
        wrong = any(finding.severity == "error" for finding in found)
        if wrong:
            tell(f"{label}\n    CONTRADICTED: torch runs; found {codes}")
        return Counter({"run": 1, "wrong": wrong})
    lines = {place.line for f in found for place in (f.location, *(related.location for related in f.related))}
    counts = Counter({"raise": 1, "found": bool(found), "line": mutant.line in lines, "wrong": not found})
    repaired = fixed_text(changed, linted, unsafe=True)[0]
    after = model.error(repaired) if repaired != mutant.text else "there is none"
    counts["repaired"] = not after
    counts["right"] = counts["line"] and counts["repaired"]
    counts["wrong"] |= repaired != mutant.text and bool(after)
    if counts["wrong"] or not counts["line"] or after:
        word = "CONTRADICTED" if counts["wrong"] else "MISSED"
        tell(f"{label}\n    {word}: torch {error}; found {codes}; the repair: {after or 'runs'}")
    return counts


def changes(model: Model, each: int, tell: Tell) -> Counter[str]:
    """Judge changes of a model until `each` of them have raised."""
    counts = Counter({"models": 1})
    for number, mutant in enumerate(widths(model)):
        if counts["raise"] == each or number == TRIES * each:
            break
        counts += judged(model, mutant, tell)
    return counts


def work(path: Path, folder: Path, given: Given, answers: multiprocessing.Queue[Answer | None]) -> None:
    """Judge changes of the models of a file of a checkout, and answer with each, and with None at the end."""
    with contextlib.suppress(UnreadableError, SyntaxError):
        source = read_source(path)
        prepare([path.parent, path.parent.parent, folder])
        for model in models(source, given.seen):
            answers.put((ast.unparse(model.node), changes(model, given.each, lambda text: print(text, flush=True))))
    answers.put(None)


def judged_file(path: Path, folder: Path, given: Given) -> list[Answer]:
    """Return the answers for a file, from a process of its own that ends after some seconds."""
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[Answer | None] = context.Queue()
    process = context.Process(target=work, args=(path, folder, given, queue), daemon=True)
    process.start()
    answers: list[Answer] = []
    end = time.monotonic() + given.seconds
    while time.monotonic() < end and (process.is_alive() or not queue.empty()):
        with contextlib.suppress(Empty):
            answer = queue.get(timeout=0.2)
            if answer is None:
                break
            answers.append(answer)
    process.kill()
    return answers


def judged_checkout(folder: Path, given: Given, most: int) -> Counter[str]:
    """Return the counts of at most `most` models of a checkout, or of those in the file where this is reached."""
    answers: dict[str, Counter[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        if len(answers) >= most:
            break
        if "Module" in path.read_text(errors="replace"):
            answers.update(judged_file(path, folder, replace(given, seen=frozenset(answers))))
    return sum(answers.values(), Counter[str]())


def main() -> int:
    """Print the verdicts that torch contradicts, the misses, and a line of counts for each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path, metavar="CHECKOUT")
    parser.add_argument("--each", type=int, default=4, help="changes of a model that raise")
    parser.add_argument("--models", type=int, default=8, help="of a checkout")
    parser.add_argument("--seconds", type=float, default=120.0, help="for a file")
    options = parser.parse_args()
    given = Given(options.each, options.seconds)
    results = {one.name: judged_checkout(one.resolve(), given, options.models) for one in options.checkouts}
    results = {name: counts for name, counts in results.items() if counts}
    total = sum(results.values(), Counter[str]())
    width = max(map(len, [*results, "all"]))
    print("\n" + " " * width + "".join(f"{column:>9}" for column in COLUMNS))
    for name, counts in [*results.items(), (f"all {len(results)}", total)]:
        print(f"{name:{width}}" + "".join(f"{counts[column]:9}" for column in COLUMNS))
    right, raising = total["right"], max(1, total["raise"])
    print(f"\n{right} of {total['raise']} are found on their line with a repair that runs ({right / raising:.1%})")
    return int(bool(total["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
