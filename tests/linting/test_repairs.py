"""What a fix proves, where it edits, and that a program runs after it."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.linting.lint_source import lint_source
from shapelint.resolve.options import Options
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding, Fix
from shapelint.text.source import Source
from tests.command_line import run, write

MODEL = """
import torch
from torch import nn
from torchvision.models import resnet18
{imports}

class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18(weights=None)
        self.backbone.fc = nn.Identity()
        {numbers}
        self.projector = nn.Sequential(nn.Linear(first, second), nn.BatchNorm1d(second), nn.Linear(second, 24))

    def forward(self, x):
        return self.projector(self.backbone(x))


if __name__ == "__main__":
    SimCLR()(torch.randn(3, 3, 64, 64))
"""


def program(imports: str, numbers: str) -> str:
    return MODEL.format(imports=imports, numbers=numbers)


ELSEWHERE = {
    "a constant of a module": ("import sizes", "first, second = sizes.FIRST, 48", "FIRST = 640\n"),
    "a name that is imported": ("from sizes import FIRST", "first, second = FIRST, 48", "FIRST = 640  # wide\n"),
    "an entry of a dict": ("from sizes import ALL", "first, second = ALL['in'], 48", "ALL = {'in': 640}\r\n"),
    "a default of a dataclass": (
        "from sizes import Sizes",
        "first, second = Sizes().first, 48",
        "from dataclasses import dataclass\n\n\n@dataclass\nclass Sizes:\n    first: int = 640\n",
    ),
}


def errors(folder: Path, *names: str) -> list[Finding]:
    found = lint([folder / name for name in names], Settings(isolated=True))
    return [finding for finding in found.findings if finding.severity == "error"]


def fix_of(finding: Finding) -> Fix:
    assert finding.fix is not None
    return finding.fix


def runs(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a script with the real libraries; its modules are forgotten again."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a repair within a second leaves the size and the time alike
    for module in ("sizes", "heads"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    runpy.run_path(str(folder / name), run_name="__main__")
    for module in ("sizes", "heads"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize(("imports", "numbers", "sizes"), ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_a_number_in_another_file_is_repaired_there(
    tmp_path: Path, imports: str, numbers: str, sizes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = program(imports, numbers)
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    (tmp_path / "sizes.py").write_bytes(sizes.encode())
    with pytest.raises(RuntimeError, match="640"):
        runs(tmp_path, "train.py", monkeypatch)

    (finding,) = errors(tmp_path, "train.py")
    fix = fix_of(finding)
    assert finding.location.path == str(tmp_path / "train.py")
    assert [(edit.location.path, edit.text) for edit in fix.edits] == [(str(tmp_path / "sizes.py"), "512")]
    assert not fix.safe

    assert run(tmp_path, "--isolated", "--fix", "train.py").returncode == 1
    assert (tmp_path / "sizes.py").read_bytes() == sizes.encode()
    shown = run(tmp_path, "--isolated", "--diff", "--unsafe-fixes", "train.py").stdout
    assert "+++ sizes.py" in shown
    assert "+++ train.py" not in shown
    assert run(tmp_path, "--isolated", "--fix", "--unsafe-fixes", "train.py").returncode == 0
    assert (tmp_path / "sizes.py").read_bytes() == sizes.replace("640", "512").encode()
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == text
    runs(tmp_path, "train.py", monkeypatch)


@pytest.mark.parametrize(
    ("numbers", "fixed"),
    [
        ("first, second = map(int, '640-48'.split('-'))", "'512-48'"),
        ("first, second = [int(one) for one in '640, 48'.split(', ')]", "'512, 48'"),
        ("first, second = int('640'), 48", "int('512')"),
        ("first, second = [int(one) for one in '48-640-48'.split('-')][1:]", "'48-512-48'"),
    ],
)
def test_a_number_in_a_string_is_repaired_in_the_string(
    tmp_path: Path, numbers: str, fixed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"train.py": program("", numbers)})
    (finding,) = errors(tmp_path, "train.py")
    assert not fix_of(finding).safe
    assert run(tmp_path, "--isolated", "--fix", "--unsafe-fixes", "train.py").returncode == 0
    assert fixed in (tmp_path / "train.py").read_text(encoding="utf-8")
    runs(tmp_path, "train.py", monkeypatch)


def test_a_fix_is_unsafe_if_a_number_in_another_file_could_change_instead(tmp_path: Path) -> None:
    model = program("", "first, second = 512, 48").replace("def __init__(self)", "def __init__(self, width)")
    layers = "nn.Linear(first, second), nn.BatchNorm1d(second), nn.Linear(second, 24)"
    model = model.replace(layers, "nn.Linear(first, 40), nn.BatchNorm1d(width)").partition("if __name__")[0]
    build = "import torch\nfrom heads import SimCLR\n\nSimCLR(72)(torch.randn(3, 3, 64, 64))\n"
    write(tmp_path, {"heads.py": model, "train.py": build})
    (finding,) = errors(tmp_path, "train.py")
    fix = fix_of(finding)
    places = {edit.location.path for one in (fix, *fix.alternatives) for edit in one.edits}
    assert places == {str(tmp_path / "train.py"), str(tmp_path / "heads.py")}
    assert not fix.safe


HEAD = """
from torch import nn


class Head(nn.Module):
    def __init__(self, out):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(640, 48), nn.ReLU(), nn.Linear(48, out))

    def forward(self, x):
        return self.layers(x)
"""


def test_a_fault_in_a_shared_module_is_reported_once_with_its_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = program("from heads import Head", "").replace("nn.Sequential(nn.Linear(first, second), ", "Head(24)  # (")
    first, _, last = two.partition("\n\nif __name__")
    another = first[first.index("class SimCLR") :].replace("SimCLR", "MoCo").replace("Head(24)", "Head(20)")
    script = f"{first}\n\n{another}\n\nif __name__{last}"
    write(tmp_path, {"heads.py": HEAD, "one.py": script, "two.py": script.replace("MoCo", "VICReg")})
    (finding,) = errors(tmp_path, "one.py", "two.py")
    head = [index + 1 for index, line in enumerate(script.splitlines()) if "Head(2" in line]
    assert len(head) == 2
    users = {(Path(one.location.path).name, one.location.line) for one in finding.related if "used" in one.message}
    assert users == {("one.py", head[1]), ("two.py", head[0])}
    assert run(tmp_path, "--isolated", "--fix", "--unsafe-fixes", "one.py", "two.py").returncode == 0
    assert "nn.Linear(512, 48)" in (tmp_path / "heads.py").read_text(encoding="utf-8")
    runs(tmp_path, "two.py", monkeypatch)


CONFIG = """\
method: byol
input: [{channels}, 96, 96]
backbone: resnet18
projection_head: BYOLProjectionHead({first}, 640, 128)
prediction_head: BYOLPredictionHead(128, 640, {last})
"""


def fixes(channels: int, first: int, last: int) -> list[tuple[str, bool] | None]:
    """Return, for each error of a config, what its fix proves and whether it is safe."""
    text = CONFIG.format(channels=channels, first=first, last=last)
    report = lint_source(Source("model.yaml", text), Options())
    return [(one.fix.proof, one.fix.safe) if one.fix else None for one in report.findings if one.severity == "error"]


def test_a_fix_says_whether_the_chain_fits_with_it() -> None:
    assert fixes(3, 640, 128) == [("the chain fits with it", True)]
    assert fixes(3, 640, 100) == [("the chain fits with all 2 fixes", True)] * 2
    # Nothing repairs a backbone that takes three channels where the images have five.
    assert fixes(5, 640, 128) == [None, ("mends this link; 1 finding stays", False)]
    assert fixes(5, 640, 100) == [None, *[("mends this link; 2 findings stay", False)] * 2]


NORM = """
import torch
from torch import nn
from torchvision.models import convnext_tiny


class Both(nn.Module):
    def forward(self, x):
        return torch.cat([x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)], dim=1)


class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = convnext_tiny(weights=None)
        self.backbone.avgpool = Both()
        self.backbone.classifier[2] = nn.Identity()
        self.projector = nn.Sequential(nn.Linear({width}, 48), nn.ReLU(), nn.Linear(48, {out}))
        self.predictor = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 24))

    def forward(self, x):
        return self.predictor(self.projector(self.backbone(x)))


BYOL()(torch.randn(2, 3, 64, 64))
"""


@pytest.mark.parametrize(("width", "out", "codes"), [(1536, 24, ["SL104"]), (1536, 30, ["SL104", "SL101"])])
def test_nothing_is_said_about_a_width_behind_a_layer_that_no_edit_repairs(
    width: int, out: int, codes: list[str]
) -> None:
    """The LayerNorm of the backbone gets 1536 channels and keeps 768: what it will give once replaced is not known."""
    report = lint_source(Source("train.py", NORM.format(width=width, out=out)), Options())
    assert [finding.code for finding in report.findings if finding.severity == "error"] == codes
    assert [finding.role for finding in report.findings][1:] == ["predictor"] * (len(codes) - 1)


BATCH = """
import torch
from torch import nn


class SimCLR(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 24, 3), nn.AdaptiveAvgPool2d(1), {end})
        self.projector = nn.Linear({width}, 48)

    def forward(self, x):
        return self.projector(self.backbone(x))


SimCLR()(torch.randn(5, 3, 64, 64))
"""


@pytest.mark.parametrize(
    ("end", "wrong", "right", "safe"), [("Flatten()", 32, 24, True), ("Flatten(0)", 24, 120, False)]
)
def test_a_fix_is_unsafe_if_it_counts_the_images_of_a_batch(end: str, wrong: int, right: int, safe: bool) -> None:
    """Five images of 24 features in one axis: the layer would fit with 120, for batches of five alone."""
    report = lint_source(Source("train.py", BATCH.format(end=f"nn.{end}", width=wrong)), Options())
    (finding,) = (finding for finding in report.findings if finding.severity == "error")
    assert (finding.expected, finding.actual, fix_of(finding).safe) == (wrong, right, safe)
    fixed = lint_source(Source("train.py", BATCH.format(end=f"nn.{end}", width=right)), Options())
    assert not any(finding.severity == "error" for finding in fixed.findings)
