"""A class whose backbone comes from another file of the run: one finding, on the literal where it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport, Finding

MODEL = """
import torch.nn as nn
from lightly.models.modules import BYOLPredictionHead, BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self, backbone{parameters}):
        super().__init__()
        self.backbone = backbone
        self.projection_head = BYOLProjectionHead({width}, 1024, 256)
        self.prediction_head = BYOLPredictionHead(256, 1024, 256)

    def forward(self, x):
        return self.prediction_head(self.projection_head(self.backbone(x).flatten(start_dim=1)))
"""

TRAIN = """
from torch import nn
from torchvision.models import resnet50
from models.byol import BYOL

def main():
    resnet = resnet50()
    model = BYOL(nn.Sequential(*list(resnet.children())[:-1]){arguments})

if __name__ == "__main__":
    main()
"""

ISOLATED = Settings(isolated=True)


def write(folder: Path, parameters: str = "", width: str = "512", arguments: str = "", comment: str = "") -> None:
    """Write a package with a model, and a script that builds it."""
    (folder / "models").mkdir()
    (folder / "models" / "__init__.py").write_text("", encoding="utf-8")
    model = MODEL.format(parameters=parameters, width=width).replace("1024, 256)\n", f"1024, 256){comment}\n", 1)
    (folder / "models" / "byol.py").write_text(model, encoding="utf-8")
    (folder / "train.py").write_text(TRAIN.format(arguments=arguments), encoding="utf-8")


def found(folder: Path, *names: str) -> list[tuple[str, Finding]]:
    """Return the findings of a run over files and folders, each with its file."""
    files: tuple[FileReport, ...] = lint([folder / name for name in names], ISOLATED).files
    return [(Path(file.path).name, finding) for file in files for finding in file.findings]


ORDERS = [("models", "train.py"), ("train.py", "models"), (".",), ("train.py", "models/byol.py")]


@pytest.mark.parametrize("names", ORDERS)
def test_one_finding_on_the_literal_of_the_model(tmp_path: Path, names: tuple[str, ...]) -> None:
    write(tmp_path)
    ((name, finding),) = found(tmp_path, *names)
    assert (name, finding.code, finding.expected, finding.actual) == ("byol.py", "SL101", 512, 2048)
    assert (finding.location.line, finding.location.column) == (9, 51)
    assert "as it is built in ../train.py, line 7" in finding.notes
    assert finding.fix is not None
    assert finding.fix.safe
    assert finding.fix.message == "use BYOLProjectionHead(2048, 1024, 256)"


def test_the_model_alone_is_reported_with_an_unknown_backbone(tmp_path: Path) -> None:
    write(tmp_path)
    ((name, finding),) = found(tmp_path, "models/byol.py")
    assert (name, finding.code, finding.role, finding.severity) == ("byol.py", "SL901", "backbone", "info")
    assert finding.message == (
        "backbone: self.backbone is not resolved: what BYOL gets as backbone is not in the files that were read"
    )


def test_a_literal_of_the_script_is_reported_in_the_script(tmp_path: Path) -> None:
    """The model is right for every backbone; the only wrong number is where it is built."""
    write(tmp_path, parameters=", width", width="width", arguments=", 512")
    ((name, finding),) = found(tmp_path, ".")
    assert (name, finding.code, finding.expected, finding.actual) == ("train.py", "SL101", 512, 2048)


def test_a_fitting_backbone_is_clean(tmp_path: Path) -> None:
    write(tmp_path, width="2048")
    assert found(tmp_path, ".") == []


def test_a_comment_at_the_literal_applies_to_all_files(tmp_path: Path) -> None:
    write(tmp_path, comment="  # shapelint: ignore[SL101]")
    assert found(tmp_path, ".") == []
    assert found(tmp_path, "train.py") == []


def test_the_users_that_build_a_class_are_followed_before_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "train.py").rename(tmp_path / "z_train.py")
    for number in range(9):
        (tmp_path / f"a{number}.py").write_text("import torch\nfrom models.byol import BYOL\n", encoding="utf-8")
    assert {(name, finding.code) for name, finding in found(tmp_path, ".")} == {("byol.py", "SL101")}


CLASS = """
import torch
from lightly.models.modules import SimCLRProjectionHead
from torchvision.models import get_model


class SimCLR(torch.nn.Module):
    def __init__(self, name, width, out):
        super().__init__()
        self.backbone = get_model(name)
        self.backbone.fc = torch.nn.Identity()
        self.projection_head = SimCLRProjectionHead(width, 640, out)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""
STARTED = """
import hydra
import torch
from hydra.utils import instantiate


@hydra.main(version_base=None, config_path="conf", config_name="run")
def main(cfg):
    instantiate(cfg.net)(torch.randn(8, 3, 96, 96))


main()
"""


@pytest.mark.parametrize(("width", "codes"), [(2048, []), (1024, ["SL101"])])
def test_a_class_that_only_a_config_names_is_used_by_the_script_that_loads_it(
    tmp_path: Path, width: int, codes: list[str]
) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "nets.py").write_text(CLASS, encoding="utf-8")
    (tmp_path / "start.py").write_text(STARTED, encoding="utf-8")
    config = f"net: {{_target_: nets.SimCLR, name: resnet101, width: {width}, out: 72}}\n"
    (tmp_path / "conf" / "run.yaml").write_text(config, encoding="utf-8")
    report = lint([tmp_path], ISOLATED)
    assert [finding.code for file in report.files for finding in file.findings] == codes
    assert [model.unchecked for file in report.files for model in file.models] == [(), ()]
