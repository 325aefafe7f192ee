"""The examples of docs/live.md are run, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from command_line import CLEAN, ROOT
from live_models import chain
from torch import nn

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "live.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.filterwarnings("ignore")
def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lightning = pytest.importorskip("pytorch_lightning")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "model.yaml").write_text(CLEAN)
    monkeypatch.chdir(tmp_path)
    images = torch.randn(2, 3, 32, 32)
    names = {
        "model": nn.Sequential(*chain((12, 64, 32), (32, 64, 32))),
        "images": images,
        "loader": [images, images],
        "Trainer": lightning.Trainer,
    }
    assert len(BLOCKS) == 7
    for block in BLOCKS:
        if "pytest.mark" not in block:  # which test_pytest_plugin.py runs
            exec(block, names)
