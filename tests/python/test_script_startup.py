"""A script whose components all have signatures is linted without importing torch or any library that it imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT = """
import sys
from pathlib import Path
from shapelint.linting.lint_source import lint_source
from shapelint.text.source import read_source
from shapelint.resolve.options import Options
report = lint_source(read_source(Path(sys.argv[1])), Options())
loaded = {name.partition(".")[0] for name in sys.modules}
print(len(report.findings), sorted(loaded & {"torch", "torchvision", "lightly"}))
"""


def run(code: str) -> str:
    path = ROOT / "fixtures" / "python" / "lightly_1589.py"
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    return result.stdout.strip()


def test_no_torch_is_imported() -> None:
    assert run(LINT) == "1 []"


def test_the_test_above_can_fail() -> None:
    assert run("import torch\n" + LINT) == "1 ['torch']"
