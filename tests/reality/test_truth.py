"""A sample of `benchmarks/truth.py`: generated configs, three verdicts, every repair run in real torch."""

from __future__ import annotations

import pytest
import torch

from benchmarks import truth


@pytest.mark.parametrize("seed", [101, 102])
def test_verdicts_agree_with_torch(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    few = ("alexnet", "googlenet", "mobilenet_v3_small", "resnet18", "squeezenet1_1", "shufflenet_v2_x0_5")
    monkeypatch.setattr(truth, "BACKBONES", {name: truth.BACKBONES[name] for name in few})
    torch.set_num_threads(1)
    tally = truth.Tally()
    for text in truth.configs(15, seed):
        truth.compare(text, tally, trace=True)
    assert tally.disagreements == []
    assert tally.configs == 15
    assert 3 < tally.raising < 13
    assert tally.repairs > 2


def test_a_wrong_verdict_would_be_noticed() -> None:
    """The comparison can fail: it tells a config that raises from one that runs, whatever the verdict is."""
    right = "input: [3, 32, 32]\nbackbone: resnet18\n"
    right += "projection_head: BYOLProjectionHead(512, 32, 24)\nprediction_head: BYOLPredictionHead(24, 32, 24)\n"
    assert truth.real_verdict(right) == ""
    assert "mat1 and mat2" in truth.real_verdict(right.replace("(512", "(500"))
    assert "must match" in truth.real_verdict(right.replace("(24, 32, 24)", "(24, 32, 25)"))
