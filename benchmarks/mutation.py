"""Change one node of the syntax at a time, and see whether a test notices: `python benchmarks/mutation.py --most 1000`.

The tests run once, to record which of them reach which line, and how long each takes. Each mutant is then a forked
process in which one function has the changed code; the tests that reach its line run, the shortest first, until one
fails. A survivor is printed with its place and its change; `--again` tries those of an earlier run with other tests.
Only code in functions is changed, as tables and defaults have been read by then. mutmut collects all tests again for
each mutant.
"""

from __future__ import annotations

import argparse
import functools
import gc
import os
import random
import re
import resource
import signal
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import mutants
import pytest
from _pytest.runner import runtestprotocol

from shapelint.resolve import tracing_child

ROOT = Path(__file__).resolve().parent.parent
TESTS = [
    "tests/shapes", "tests/judge", "tests/test_fixtures.py", "tests/knowledge/test_method_fixtures.py",
    "tests/knowledge/test_method_pages.py", "tests/checkpoints", "tests/linting/test_safe_fixes_in_configs.py",
    "tests/security/test_found_by_fuzzing.py", "tests/report/test_report_fixtures.py",
]  # fmt: skip
SLOWEST = 2.0
"""The seconds of a test that is used."""
MEGABYTES = 4000
Named = tuple[str, str, int]
"""A function: its file, its qualified name and its first line."""


def named(code: CodeType) -> Named:
    """Return what tells a function's code from all others."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def codes(code: CodeType) -> list[CodeType]:
    """Return the code of all functions in that of a module, also those in others."""
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return [*inner, *(found for one in inner for found in codes(one))]


def without_line(described: str) -> str:
    """Return the file and the change of a mutant, without its line, which moves with each edit."""
    return re.sub(r":\d+: ", ": ", described, count=1)


class Mutation:
    """A plugin of pytest that runs its tests over and over, each time against another mutant."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.results: dict[str, Counter[str]] = defaultdict(Counter)

    def record(self, items: list[pytest.Item]) -> dict[str, dict[int, set[str]]]:
        """Run all tests; return the names of those that reach each line of each file."""
        folders = [f"{ROOT}/shapelint/{one}/*" for one in self.options.packages]
        measured = coverage.Coverage(data_file=None, include=folders, config_file=False)
        seconds: dict[str, float] = {}
        measured.start()
        for item in items:
            measured.switch_context(item.nodeid)
            started = time.process_time()
            if all(report.passed for report in runtestprotocol(item, log=False, nextitem=None)):
                seconds[item.nodeid] = time.process_time() - started
        measured.stop()
        print(
            f"{len(items)} tests, {len(items) - len(seconds)} did not pass, {sum(seconds.values()):.0f} s", flush=True
        )
        good = sorted(
            (one for one in items if seconds.get(one.nodeid, 99) < SLOWEST), key=lambda one: seconds[one.nodeid]
        )
        self.tests = {one.nodeid: one for one in good}
        data = measured.get_data()
        return {
            file: {line: set(tests) for line, tests in data.contexts_by_lineno(file).items()}
            for file in data.measured_files()
        }

    def reaching(self, by_line: dict[int, set[str]], lines: range) -> list[pytest.Item]:
        """Return the tests that reach some of the lines, the shortest first."""
        names = set().union(*(by_line.get(line, set()) for line in lines))
        return [item for name, item in self.tests.items() if name in names]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Take the place of pytest's own loop."""
        reach = self.record(session.items)
        live = defaultdict(list)
        for one in gc.get_objects():
            if type(one) is FunctionType:
                live[named(one.__code__)].append(one)
        self.caches = [one for one in gc.get_objects() if type(one) is functools._lru_cache_wrapper]
        gc.freeze()
        found = [one for name in self.options.packages for one in mutants.of_package(ROOT / "shapelint" / name)]
        random.Random(self.options.seed).shuffle(found)
        if self.options.again:
            printed = Path(self.options.again).read_text(encoding="utf-8").splitlines()
            wanted = {without_line(line.partition(": ")[2]) for line in printed}
            found = [one for one in found if without_line(one.described(ROOT)) in wanted]
        until = time.monotonic() + 60 * self.options.minutes
        for mutant in found[self.options.first : self.options.first + self.options.most]:
            if time.monotonic() > until:
                break
            tests = self.reaching(reach.get(str(mutant.path), {}), mutant.lines)
            changed = [
                (one, code) for code in codes(mutant.compiled()) for one in live.get(named(code), ())
                if code != one.__code__ and code.co_freevars == one.__code__.co_freevars
            ]  # fmt: skip
            verdict = self.verdict(changed, tests) if changed and tests else "not reached"
            self.results[mutant.path.relative_to(ROOT).parts[1]][verdict] += 1
            if verdict in ("survived", "not reached"):
                print(f"{verdict}, {len(tests)} tests: {mutant.described(ROOT)}", flush=True)
        return True

    def verdict(self, functions: list[tuple[FunctionType, CodeType]], tests: list[pytest.Item]) -> str:
        """Run the tests in a process of its own in which these functions are changed."""
        if (child := os.fork()) == 0:
            os._exit(self.in_child(functions, tests))
        status = os.waitpid(child, 0)[1]
        return "slow or crashed" if os.WIFSIGNALED(status) else ["survived", "killed"][os.WEXITSTATUS(status)]

    def in_child(self, functions: list[tuple[FunctionType, CodeType]], tests: list[pytest.Item]) -> int:
        """Return whether a test fails."""
        resource.setrlimit(resource.RLIMIT_CPU, (self.options.seconds * 4, self.options.seconds * 4))
        resource.setrlimit(resource.RLIMIT_DATA, (MEGABYTES << 20, MEGABYTES << 20))
        signal.alarm(self.options.seconds * 8)
        # The threads that read what the process that traces answers are not in this one, which would wait for them.
        tracing_child._CHILDREN.clear()
        try:
            for function, code in functions:
                function.__code__ = code
            for cache in self.caches:
                cache.cache_clear()
            for item in tests:
                if not all(report.passed for report in runtestprotocol(item, log=False, nextitem=None)):
                    return 1
                if time.process_time() > self.options.seconds:
                    return 0
        except BaseException:
            return 1
        return 0


def main() -> None:
    """Run the tests, then the mutants, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", nargs="*", default=["shapes", "judge", "chain"])
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--seconds", type=int, default=8, help="of tests for a mutant that survives")
    parser.add_argument("--again", default="", help="what an earlier run printed: only its survivors")
    parser.add_argument("--tests", nargs="*", default=TESTS)
    options = parser.parse_args()
    plugin: Any = Mutation(options)
    os.chdir(ROOT)
    pytest.main(
        ["-n", "0", "-p", "no:cacheprovider", "-q", "--no-header", "--no-summary", *options.tests], plugins=[plugin]
    )
    kinds = ["killed", "slow or crashed", "survived", "not reached"]
    print("\n| package | " + " | ".join(kinds) + " |\n|---|" + "---:|" * len(kinds))
    for package, counted in plugin.results.items():
        print(f"| {package} | " + " | ".join(str(counted[kind]) for kind in kinds) + " |")


if __name__ == "__main__":
    main()
