"""The default path never imports torch; and the test can fail."""

from __future__ import annotations

import subprocess
import sys

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
"""


def heavy_modules(*arguments: str, before: str = "") -> str:
    code = PROBE.format(arguments=list(arguments), before=before)
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    return result.stderr.strip().splitlines()[-1].removeprefix("heavy:")


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
