"""Configs that are named on the command line of a script, with `--config-path` and `--config-name`."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint import lint
from shapelint.spec.findings import Finding

SCRIPT = """
import hydra, torch, torchvision
from omegaconf import DictConfig, OmegaConf
from torch import nn

class SimSiam(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.encoder = torchvision.models.resnet34()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Sequential(nn.Linear(cfg.sizes.taken, 640), nn.ReLU(), nn.Linear(640, cfg.crops[1].size))

    def forward(self, x):
        return self.projector(self.encoder(x))

METHODS = {"simsiam": SimSiam}

@hydra.main(DECORATED)
def main(cfg: DictConfig):
    OmegaConf.set_struct(cfg, False)
    cfg.sizes = OmegaConf.select(cfg, "sizes", default={"taken": 512})
    model = METHODS[cfg.method](cfg)
    model(torch.randn(8, 3, 64, 64))

if __name__ == "__main__":
    main()
"""
CONFIG = "defaults:\n  - _self_\n  - crops: two.yaml\nmethod: simsiam\nsizes:\n  taken: {width}\n"


def write(folder: Path, width: int, decorated: str = 'version_base="1.2"', script: str = "main_pretrain.py") -> Path:
    configs = folder / "scripts" / "pretrain" / "small"
    (configs / "crops").mkdir(parents=True)
    (folder / ".git").mkdir()
    (configs / "crops" / "two.yaml").write_text("- size: 96\n- size: 80\n")
    (configs / "tiny.yaml").write_text(CONFIG.format(width=width))
    (folder / script).write_text(SCRIPT.replace("DECORATED", decorated))
    return configs / "tiny.yaml"


def errors(path: Path) -> list[Finding]:
    return [one for one in lint(path).findings if one.severity == "error"]


@pytest.mark.parametrize("decorated", ["", 'version_base="1.2"', "\n    version_base=None,\n"])
def test_a_config_is_read_through_the_script_that_takes_any(tmp_path: Path, decorated: str) -> None:
    config = write(tmp_path, 768, decorated)
    [finding] = errors(config)
    assert (Path(finding.location.path).name, finding.location.line) == ("tiny.yaml", 6)
    assert (finding.code, finding.expected, finding.actual) == ("SL101", 768, 512)
    assert any("main_pretrain.py" in note for note in finding.notes)


def test_a_right_config_is_known_from_end_to_end(tmp_path: Path) -> None:
    [file] = lint(write(tmp_path, 512)).files
    assert not file.findings
    [model] = file.models
    assert model.method == "simsiam"
    assert model.checked == model.links > 0


def test_a_script_that_names_its_config_reads_no_other(tmp_path: Path) -> None:
    config = write(tmp_path, 768, 'config_path="scripts/pretrain/small", config_name="other"')
    assert not errors(config)


def test_of_several_scripts_the_one_of_the_configs_kind_reads_it(tmp_path: Path) -> None:
    config = write(tmp_path, 768)
    (tmp_path / "main_linear.py").write_text(SCRIPT.replace("DECORATED", "").replace("512", "256"))
    [finding] = errors(config)
    assert not any("main_linear.py" in note for note in finding.notes)


def test_the_lines_of_the_script_stay_as_they_are(tmp_path: Path) -> None:
    config = write(tmp_path, 768)
    [file] = lint(config).files
    texts = {Path(path).name: text for path, text in file.others}
    assert texts["main_pretrain.py"] == SCRIPT.replace("DECORATED", 'version_base="1.2"')
