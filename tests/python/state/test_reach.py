"""Which files are interpreted: those whose imports reach the libraries that models are built from."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shapelint.linting.lint_paths import lint
from shapelint.python.state.model_scan import can_hold_a_model
from shapelint.settings.settings import Settings

MODEL = """
import torch.nn as nn
from torchvision.models import resnet18
from lightly.models.modules import BYOLProjectionHead

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = resnet18()
        self.backbone.fc = nn.Identity()
        self.projection_head = BYOLProjectionHead(2048, 4096, 256)

    def forward(self, x):
        return self.projection_head(self.backbone(x))
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import torch", True),
        ("import numpy, torch.nn as nn", True),
        ("def build():\n    from lightly.models.modules import BYOLProjectionHead", True),
        ("import os, json\nfrom collections import abc", False),
        ("from package import Model", True),
        ("import package.inner.byol", True),
        ("from package import lazy", True),  # the package itself imports torch
        ("import lazy", False),
        ("from missing import Model", False),
        ("import circle", False),
    ],
)
def test_imports_are_followed(tmp_path: Path, text: str, expected: bool) -> None:
    files = {
        "package/__init__.py": "from .inner import *\n",
        "package/inner/__init__.py": "try:\n    from .byol import Model\nexcept ImportError:\n    Model = None\n",
        "package/inner/byol.py": MODEL,
        "package/lazy.py": "x = 1\n",
        "lazy.py": "def trace():\n    import torch\n",
        "circle.py": "import circle2\n",
        "circle2.py": "import circle\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert can_hold_a_model(ast.parse(text), tmp_path) is expected


def test_a_changed_local_module_is_read_again(tmp_path: Path) -> None:
    """Syntax trees are shared between the files of a run, but only as long as they are valid."""
    script = tmp_path / "train.py"
    script.write_text("from models import Model\nbyol = Model()\n", encoding="utf-8")
    (tmp_path / "models.py").write_text(MODEL, encoding="utf-8")
    settings = Settings(isolated=True)
    assert [finding.code for finding in lint([script], settings).files[0].findings] == ["SL101"]
    (tmp_path / "models.py").write_text(MODEL.replace("2048, 4096", "512, 1024"), encoding="utf-8")
    assert lint([script], settings).files[0].findings == ()
