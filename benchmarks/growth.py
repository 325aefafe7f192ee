# ruff: noqa: E501
"""How the time of a run grows with what is linted: `python benchmarks/growth.py`, a line for each kind of growth.

Each is measured at one size, twice and four times that; the last column is the exponent: 1 is linear, 2 quadratic.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

SETTINGS = Settings(isolated=True)
HEAD = "backbone: {out_dim: 256}\nprojection_head: BYOLProjectionHead(256, 1024, 256)\n"
FAULT = HEAD.replace("(256, 1024", "(512, 1024")
SCRIPT = """import torch
from torch import nn
from lightly.models.modules import BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(64, 256)
        self.projection_head = BYOLProjectionHead(256, 1024, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))

BYOL()(torch.rand(8, 64))
"""
Made = dict[str, str]


def models(text: str) -> Callable[[int], Made]:
    inner = text.replace("\n", "\n  ").rstrip()
    return lambda count: {"a.yaml": "".join(f"m{number}:\n  {inner}\n" for number in range(count))}


GROWING: dict[str, tuple[int, Callable[[int], Made]]] = {
    "lines of a config": (40_000, lambda count: {"a.yaml": HEAD + "# a line\n" * count}),
    "keys of a config": (8_000, lambda count: {"a.yaml": HEAD + "".join(f"k{i}: {i}\n" for i in range(count))}),
    "models of a config": (100, models(HEAD)),
    "faulty models of a config": (50, models(FAULT)),
    "layers of a component": (400, lambda count: {"a.yaml": HEAD.replace("BYOLProjectionHead(256, 1024, 256)", f"[{', '.join(['Linear(256, 256)'] * count)}]")}),
    "ignore comments": (3_000, lambda count: {"a.yaml": HEAD + "# shapelint: ignore[SL101]\n" * count}),
    "unknown names in ignores": (1_000, lambda count: {"a.yaml": HEAD + "".join(f"# shapelint: ignore[no-such-rule-{i}]\n" for i in range(count))}),
    "lines of a program": (4_000, lambda count: {"a.py": SCRIPT + "x = 1\n" * count}),
    "classes of a program": (200, lambda count: {"a.py": SCRIPT + "".join(f"class C{i}(nn.Module):\n    pass\n" for i in range(count))}),
    "faulty classes of a program": (60, lambda count: {"a.py": "".join(SCRIPT.replace("BYOL(", f"BYOL{i}(").replace("(256, 1024", "(512, 1024") for i in range(count))}),
    "classes with a wrong operation": (60, lambda count: {"a.py": "".join(SCRIPT.replace("BYOL(", f"BYOL{i}(").replace("(x))", "(x)) @ torch.ones(64, 8)") for i in range(count))}),
    "configs": (200, lambda count: {f"{i}.yaml": HEAD for i in range(count)}),
    "programs": (20, lambda count: {f"{i}.py": SCRIPT for i in range(count)}),
    "patterns of a .gitignore": (1_000, lambda count: {**{f"{i}.yaml": HEAD for i in range(20)}, ".gitignore": "".join(f"x{i}*\n" for i in range(count))}),
}  # fmt: skip


def processors() -> float:
    """The processor time of this process and of those that it waited for."""
    return sum(os.times()[:4])


def seconds(files: Made) -> float:
    """The processor time for one folder, the least of three runs: each in a process that has read nothing of it yet."""
    with tempfile.TemporaryDirectory() as inside:
        folder = Path(inside)
        (folder / ".git").mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        found = []
        for _ in range(3):
            started = processors()
            if (child := os.fork()) == 0:
                lint(folder, SETTINGS)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            found.append(processors() - started)
        return min(found)


def main() -> None:
    """Measure every kind, and print a table."""
    with tempfile.TemporaryDirectory() as inside:  # what every run needs is read before
        for name, text in {"a.yaml": FAULT, "a.py": SCRIPT.replace("(256, 1024", "(512, 1024")}.items():
            Path(inside, name).write_text(text, encoding="utf-8")
        lint(inside, SETTINGS)
    print("| what grows | from | s | twice | four times | exponent |\n|---|---|---|---|---|---|")
    for name, (count, make) in GROWING.items():
        one, two, four = (seconds(make(count * factor)) for factor in (1, 2, 4))
        exponent = math.log2(max(four, 1e-4) / max(two, 1e-4))
        print(f"| {name} | {count:,} | {one:.2f} | {two:.2f} | {four:.2f} | {exponent:.1f} |", flush=True)


if __name__ == "__main__":
    main()
