"""The default path never imports torch, and each path only what it needs; and the tests can fail."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

PROBE = """
import sys
from shapelint.cli import app
{before}
sys.argv = ["shapelint", *{arguments!r}]
try:
    app.main()
except SystemExit:
    pass
heavy = sorted(sys.modules.keys() & {{"torch", "torchvision", "lightly", "timm", "numpy", "sympy"}})
print("heavy:" + ",".join(heavy), file=sys.stderr)
print("all:" + ",".join(sys.modules), file=sys.stderr)
"""
STARTED = """
import sys
from shapelint.cli import start
sys.argv = ["shapelint", *{arguments!r}]
try:
    start.run()
except SystemExit:
    pass
print("all:" + ",".join(sys.modules), file=sys.stderr)
"""
CONFIG, SCRIPT = "lightly-1589.yaml", "python/lightly_1589.py"
LIBRARIES = {"shapelint", "click", "yaml", "_yaml", "packaging"}
"""What a run may import that is not of the standard library; the last one compares versions of installed libraries."""
SLOW = {"pydantic", "logging", "hashlib", "subprocess", "pickle", "asyncio", "tempfile"}
"""What takes milliseconds to be imported, and only some runs need."""
FOR_A_CONFIG = {
    *("chain", "checkpoints", "cli", "common", "documents", "judge", "knowledge", "linting", "python", "read"),
    *("report", "resolve", "settings", "shapes", "signatures", "spec", "suppress", "text", "trace"),
}
"""The packages of shapelint that a config takes; of these few modules, of others none."""


FOR_A_KEPT_RUN = {
    *("cli", "cli.kept_runs", "cli.start", "cli.streams", "common", "common.bounded_files", "common.bounds"),
    *(
        "common.cache_folder",
        "common.disk",
        "common.escaping",
        "common.kept_entries",
        "common.notices",
        "common.patterns",
        "common.reads",
        "common.version",
    ),
}
"""The modules of shapelint that print again what is kept."""
AMONG_THE_STANDARD = {"dataclasses", "inspect", "ast", "tokenize", "enum", "typing", "pathlib", "hashlib", "logging"}
"""What takes a millisecond or more to be imported, and a run that is kept needs in part."""


def heavy_modules(*arguments: str, before: str = "") -> str:
    code = PROBE.format(arguments=list(arguments), before=before)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    return result.stderr.strip().splitlines()[-2].removeprefix("heavy:")


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., set[str]]:
    """Return what gives the modules of a run on a fixture, in a repository without other files."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / ".git").mkdir()

    @cache
    def modules(fixture: str, before: str = "") -> set[str]:
        path = folder / Path(fixture).name
        path.write_text((ROOT / "fixtures" / fixture).read_text())
        code = f"import sys; sys.path[:] = {sys.path!r}\n{PROBE.format(arguments=[path.name], before=before)}"
        command = [sys.executable, "-S", "-c", code]
        result = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
        return set(result.stderr.strip().splitlines()[-1].removeprefix("all:").split(","))

    return modules


def own(found: set[str]) -> set[str]:
    """Return the modules of shapelint among others, without that name."""
    return {name.partition(".")[2] for name in found if name.startswith("shapelint.")}


def test_linting_imports_nothing_heavy() -> None:
    fixtures = sorted(str(path) for path in (ROOT / "fixtures").glob("*.yaml"))
    assert heavy_modules(*fixtures) == ""
    assert heavy_modules("show", "--layers", *fixtures) == ""
    assert heavy_modules("--diff", *fixtures) == ""
    assert heavy_modules("rule", "SL101") == ""
    assert heavy_modules("signature", "resnet18") == ""
    assert heavy_modules("signature", "--list", "resnet") == ""


def test_a_trace_imports_nothing_heavy_either() -> None:
    """It has a process of its own."""
    assert heavy_modules("--trace", "fixtures/lightly-1589.yaml") == ""


def test_the_test_above_can_fail() -> None:
    assert "torch" in heavy_modules("fixtures/clean.yaml", before="import torch")


@pytest.mark.parametrize("fixture", [CONFIG, SCRIPT])
def test_a_run_imports_no_library_that_it_does_not_need(run_of: Callable[..., set[str]], fixture: str) -> None:
    found = {name.partition(".")[0] for name in run_of(fixture) if "cython" not in name}
    assert found - sys.stdlib_module_names <= {*LIBRARIES, "__main__"}
    assert found & SLOW == set()


def test_a_config_imports_no_interpreter_of_python(run_of: Callable[..., set[str]]) -> None:
    found = own(run_of(CONFIG))
    assert {name.partition(".")[0] for name in found} == FOR_A_CONFIG
    assert len(found) <= 180
    few = {name for name in found if name.startswith(("python.", "trace.", "report.", "cli."))}
    assert few <= {"python.state", "python.state.model_scan", "trace.meta", "trace.tracing_request"} | {
        *("cli.app", "cli.check", "cli.help", "cli.kept_runs", "cli.output", "cli.streams"),
        *("report.remarks", "report.snippet", "report.summary", "report.terminal", "report.text"),
    }


def test_a_script_imports_no_tracer_and_no_other_format(run_of: Callable[..., set[str]]) -> None:
    found = own(run_of(SCRIPT))
    assert len(found) <= 384
    assert {name for name in found if name.startswith("trace.")} <= {
        "trace.asking",
        "trace.meta",
        "trace.tracing_request",
    }


def test_the_lists_of_modules_notice_a_library(run_of: Callable[..., set[str]]) -> None:
    assert "pydantic" in run_of(CONFIG, before="import pydantic")


@pytest.mark.parametrize("fixture", [CONFIG, SCRIPT])
def test_a_kept_run_imports_neither_click_nor_the_linter(
    fixture: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHAPELINT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    (tmp_path / ".git").mkdir()
    path = tmp_path / Path(fixture).name
    path.write_text((ROOT / "fixtures" / fixture).read_text())
    home = tmp_path_factory.mktemp("home")
    (home / "shapelint").symlink_to(ROOT / "shapelint")
    changing = [one for one in map(Path, sys.path) if one.is_relative_to(ROOT) and not one.is_relative_to(sys.prefix)]
    paths = [str(home), *(one for one in sys.path if Path(one) not in changing)]
    code = f"import sys; sys.path[:] = {paths!r}\n{STARTED.format(arguments=[path.name])}"
    command = [sys.executable, "-S", "-c", code]
    reports, found = [], [set[str](), set[str]()]
    for number in range(2):
        result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
        reports.append(result.stdout)
        found[number] = set(result.stderr.strip().splitlines()[-1].removeprefix("all:").split(","))
    assert reports[0] == reports[1] != ""
    assert "linting.lint_paths" in own(found[0])
    assert own(found[1]) == FOR_A_KEPT_RUN
    assert {name.partition(".")[0] for name in found[1]} - sys.stdlib_module_names == {"shapelint", "__main__"}
    assert found[1] & SLOW == set()
    assert found[1] & AMONG_THE_STANDARD <= {"enum", "typing"}
