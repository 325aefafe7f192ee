"""`benchmarks/oracle.py`: what it notices, makes smaller, keeps and counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("lightly")

import oracle
import oracle_kinds
import recipe_texts
from oracle_kinds import Judged
from recipes import recipes
from running import raised

RIGHT = """\
import torch
from torch import nn

width = 8
network = nn.Sequential(nn.Flatten(), nn.Linear(3 * width * width, 16), nn.ReLU(), nn.Linear(16, 4))
print("built")
out = network(torch.rand(2, 3, 8, 8))
"""
LATE = RIGHT + "size = out.shape\nraise RuntimeError(f'{size}')\n"


def test_a_recipe_is_read_back_from_its_config() -> None:
    for _, recipe in recipes(300, 5):
        assert recipe_texts.changed(recipe, recipe.config()) == recipe


def test_a_repair_reaches_the_recipe() -> None:
    for _, recipe in recipes(60, 5):
        judged = oracle_kinds.model(recipe)
        assert judged.wrong == ""
        if judged.repair.text:
            assert recipe_texts.changed(recipe, judged.repair.text) != recipe
            return
    pytest.fail("no recipe was repaired")


def test_a_miss_is_noticed_and_made_smaller() -> None:
    judged = oracle_kinds.program(LATE, raised, must_be_found=True)
    assert judged.wrong.startswith("missed: RuntimeError: torch.Size([2, 4])")
    assert (judged.said, judged.missed) == (frozenset(), {"unknown"})
    small = oracle.smallest(judged)
    assert small.wrong.startswith("missed: RuntimeError")
    assert small.text.splitlines() == [line for line in LATE.splitlines() if line and not line.startswith("print")]
    assert oracle_kinds.program(RIGHT, raised, must_be_found=True).wrong == ""


def test_a_run_goes_on_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(number: int) -> Iterator[Judged]:
        right, said = frozenset({"SL101"}), frozenset({"SL101", "SL102"})
        yield Judged(f"right {number}", ".py", "RuntimeError: x", right, right)
        yield Judged(f"wrong {number}", ".py", "", said, frozenset(), frozenset({"SL103"}), "runs: but SL101")

    monkeypatch.setitem(oracle_kinds.KINDS, "made", made)
    kept: oracle.Kept = {}
    for _ in range(2):
        oracle.one_block("made", kept, tmp_path)
    assert (tmp_path / "made-1-1.py").read_text() == "wrong 1"
    assert (tmp_path / "made-0-1.wrong").read_text() == "runs: but SL101\ntorch: runs\n"
    assert set(kept["made"]["wrong"]) == {"made-0-1", "made-1-1"}
    lines = oracle.table(kept).splitlines()
    assert lines[-3:] == [
        "| SL101 | 4 | 2 | 50.0 % | 0 | 100.0 % |",
        "| SL102 | 2 | 0 | 0.0 % | 0 |  |",
        "| SL103 | 0 | 0 |  | 2 | 0.0 % |",
    ]
    assert lines[2].startswith("| made | 4 | 2 | 0 | 0 | 2 |")
