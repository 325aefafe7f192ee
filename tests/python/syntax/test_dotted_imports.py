"""`import package.module`: each module is an attribute of the package above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.python.syntax import imports
from shapelint.settings.settings import Settings

NETWORK = """\
from torch import nn


class SimSiam(nn.Module):
    def __init__(self, make, width):
        super().__init__()
        self.encoder = make()
        self.encoder.fc = nn.Identity()
        self.projector = nn.Linear(width, 80)
        self.predictor = nn.Linear(80, 80)

    def forward(self, x):
        return self.predictor(self.projector(self.encoder(x)))
"""
SCRIPT = """\
import torch
import torchvision.models as models
import nets.parts.siamese
import nets.numbers, nets.missing

model = nets.parts.siamese.SimSiam(models.resnet18, nets.numbers.WIDTH)
model(torch.randn(2, 3, 64, 64))
"""


@pytest.mark.parametrize("has_init", [True, False])
@pytest.mark.parametrize(("width", "codes"), [(512, []), (768, ["SL101"])])
def test_a_class_of_a_dotted_module_is_followed(tmp_path: Path, has_init: bool, width: int, codes: list[str]) -> None:
    parts = tmp_path / "nets" / "parts"
    parts.mkdir(parents=True)
    for folder in (tmp_path / "nets", parts) if has_init else ():
        (folder / "__init__.py").write_text("")
    (parts / "siamese.py").write_text(NETWORK)
    (tmp_path / "nets" / "numbers.py").write_text(f"WIDTH = {width}\n")
    (tmp_path / "train.py").write_text(SCRIPT)
    report = lint(tmp_path / "train.py", Settings(isolated=True))
    assert [finding.code for finding in report.findings] == codes
    assert [model.links - model.checked for model in report.files[0].models] == [0]


@pytest.mark.parametrize(("width", "codes"), [(512, []), (768, ["SL101"])])
def test_a_class_of_a_package_of_sixty_modules_is_followed(tmp_path: Path, width: int, codes: list[str]) -> None:
    package = tmp_path / "nets"
    package.mkdir()
    for number in range(60):
        (package / f"part{number}.py").write_text(f"WIDTH = {number}\n")
    (package / "siamese.py").write_text(NETWORK)
    names = "".join(f"from nets.part{number} import WIDTH as WIDTH{number}\n" for number in range(60))
    (package / "__init__.py").write_text(names + "from nets.siamese import SimSiam\n")
    script = tmp_path / "train.py"
    build = f"model = SimSiam(models.resnet18, {width})\nmodel(torch.randn(2, 3, 64, 64))\n"
    script.write_text(f"import torch\nimport torchvision.models as models\nfrom nets import SimSiam\n{build}")
    report = lint(script, Settings(isolated=True))
    assert [finding.code for finding in report.findings] == codes
    [file] = report.files
    assert all(model.checked == model.links for model in file.models)


def test_what_no_module_is_left_for_says_so(tmp_path: Path) -> None:
    numbers = range(imports.MAXIMUM_MODULES + 10)
    for number in numbers:
        (tmp_path / f"part{number}.py").write_text(f"WIDTH = {number}\n")
    (tmp_path / "siamese.py").write_text(NETWORK)
    names = "".join(
        f"from part{number} import WIDTH as WIDTH{number}\n" for number in range(imports.MAXIMUM_MODULES + 10)
    )
    script = tmp_path / "train.py"
    script.write_text(
        f"import torch\nimport torchvision.models as models\n{names}from siamese import SimSiam\n"
        f"class SimCLR(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.encoder = SimSiam(models.resnet18, 512)\n        self.projector = torch.nn.Linear(80, 8)\n"
        f"    def forward(self, x):\n        return self.projector(self.encoder(x))\n"
    )
    [file] = lint(script, Settings(isolated=True)).files
    reasons = {link.reason for model in file.models for link in model.unchecked}
    assert reasons
    assert all("more than 400 local modules are imported before SimSiam" in reason for reason in reasons)
