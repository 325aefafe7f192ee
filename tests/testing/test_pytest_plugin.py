"""The pytest plugin, in runs of pytest itself."""

from __future__ import annotations

import re
import sys

import pytest
from import_graph import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest_plugins = "pytester"

TESTS = """
import pytest
from torch import nn

WRONG = nn.Sequential(nn.Linear(6, 5), nn.Linear(4, 3))
RIGHT = nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 3))

pytestmark = pytest.mark.shapelint((2, 6))

def test_right(assert_fits):
    assert_fits(RIGHT)

def test_wrong(assert_fits):
    assert_fits(WRONG)

@pytest.mark.shapelint((2, 7))
def test_own_marker(assert_fits):
    assert_fits(RIGHT)

def test_own_shape(assert_fits):
    assert_fits(RIGHT, (2, 9, 6))
"""


@pytest.fixture(autouse=True)
def only_this_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    plugin = "shapelint.testing.pytest_plugin"
    return pytester.runpytest_inprocess("-p", plugin, "--strict-markers", "-q", *options)


def test_models_are_judged_with_the_shape_of_the_marker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = run(pytester)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["*error[[]SL104[]]: 1 (Linear) expects 4, but 0 (Linear) before it produces 5"])
    assert "asserting.py" not in result.stdout.str()  # the failure is shown where the test calls the fixture


def test_the_example_of_the_page(pytester: pytest.Pytester) -> None:
    page = (ROOT / "docs" / "live.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(import pytest\n.*?)```", page, re.DOTALL)
    model = "from torch import nn\nMyModel = lambda: nn.Conv2d(3, 8, 3)\n"
    pytester.makepyfile(model + example)
    run(pytester, "-m", "shapelint").assert_outcomes(passed=2)


def test_a_shape_is_needed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(assert_fits):\n    assert_fits(None)\n")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*TypeError: assert_fits needs the shape of the input*"])


def test_the_marker_is_listed(pytester: pytest.Pytester) -> None:
    run(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.shapelint(input_shape): *"])


def test_torch_is_loaded_only_where_it_is_asked_for(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\n\ndef test_it():\n    assert 'torch' not in sys.modules\n")
    result = pytester.runpytest_subprocess("-p", "shapelint.testing.pytest_plugin")
    result.assert_outcomes(passed=1)


def test_an_installation_registers_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"shapelint": "shapelint.testing.pytest_plugin"}
