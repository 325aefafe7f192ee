"""Names in a checkpoint of a config: what is the model's is decided by whole names, not by how they begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkpoint_files import write_safetensors

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings

CONFIG = """
checkpoint: w.safetensors
backbone: resnet18
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)
"""
STEM, NORM = {"conv1.weight": (64, 3, 7, 7)}, {"bn1.weight": (64,), "bn1.bias": (64,)}
CASES = {
    "its own": ({**STEM, **NORM}, []),
    "under a role": ({f"encoder.{name}": shape for name, shape in STEM.items()}, []),
    "under a role with other numbers": ({"encoder.conv1.weight": (32, 3, 3, 3)}, ["SL109"]),
    "a RegNet's": (
        {"stem.0.weight": (32, 3, 3, 3), "trunk_output.block1.block1-0.proj.0.weight": (24, 32, 1, 1)},
        ["SL209"],
    ),
    "a Vision Transformer's": ({"encoder.pos_embedding": (1, 197, 768), "encoder.ln.weight": (768,)}, ["SL209"]),
    "another network under a role": ({"backbone.features.0.weight": (64, 3, 11, 11)}, ["SL209"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_is_the_models_as_a_whole(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()  # scripts are searched no farther than the root of a repository
    tensors, expected = CASES[name]
    write_safetensors(tmp_path / "w.safetensors", tensors, data=False)
    (tmp_path / "model.yaml").write_text(CONFIG)
    (report,) = lint([Path("model.yaml")], Settings(isolated=True)).files
    assert [finding.code for finding in report.findings] == expected
