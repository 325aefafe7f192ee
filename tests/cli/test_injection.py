"""Text of a stranger that leaves: whatever is printed, no name, key, class or message ends a line, moves a cursor or
commands a CI system."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import ONE_FAULT, run

from shapelint.common.escaping import escape
from shapelint.report import FORMATS

NASTY = "\n::error::one\r::error::two\x1b[31m\u202e\x85::error::three\u2028\x0b##[error]four##vso[task.x]five"
IN_YAML = r"\n::error::one\r::error::two\e[31m\u202e\x85::error::three\u2028\v##[error]four##vso[task.x]five"
IN_TOML = IN_YAML.replace(r"\e", r"\u001b").replace(r"\v", r"\u000b").replace(r"\x85", r"\u0085")
IN_PYTHON = IN_YAML.replace(r"\e", r"\x1b")
RAW = re.compile("[\r\x1b\u202e\x85\u2028\x0b]|^[ \t]*::|##\\[|##vso\\[", re.MULTILINE)
OWN = re.compile(r"^##vso\[task\.logissue [^\]]*\]|^::(?:error|warning|notice) [^:]*::", re.MULTILINE)
"""The commands of the formats that are made of them."""


CONFIG = f"""
"x{IN_YAML}":
  method: "byo{IN_YAML}"
  backbone: {{target: "my.net{IN_YAML}", out_dim: "a{IN_YAML}"}}
  projection_head: {{_target_: "BYOLProjectionHead", "inp{IN_YAML}": 3, input_dim: "z{IN_YAML}"}}
  prediction_head: "Foo{IN_YAML}(1,2"
"""
FAULT = f"""
method: byol
backbone: {{target: "yolo.Net{IN_YAML}", out_dim: 256}}   # {IN_YAML}
projection_head: BYOLProjectionHead(512, 1024, 256)
prediction_head: BYOLPredictionHead(256, 1024, 256)   # shapelint: ignore[XX{IN_YAML}]
"""
SCRIPT = f"""
import torch, torchvision
from torch import nn
from lightly.models.modules import BYOLProjectionHead

class BYOL(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.get_model("res{IN_PYTHON}")
        self.projection_head = BYOLProjectionHead("5{IN_PYTHON}", **{{"k{IN_PYTHON}": 2}})
        setattr(self, "pred{IN_PYTHON}", nn.Linear(3, 4))

    def forward(self, x):
        h = self.backbone.forward_features(x)["a{IN_PYTHON}"]
        assert h is None, "no{IN_PYTHON}"
        return self.projection_head(h)

BYOL()(torch.rand(8, 3, 224, 224))
"""
BROKEN = f'projection_head: "{IN_YAML}" : [\n'
PAGE = f"""---
code: TEAM001
name: our-rule
severity: error
subject: edge
require: consumer.input.features == producer.output.features
message: "{IN_YAML}"
label: "{IN_YAML}"
note: "{IN_YAML}"
help: "{IN_YAML}"
---
Prose: {NASTY}
"""
SETTINGS = f"""
rules = ["rules"]
[signatures]
"yolo.Net" = "B 3 H W -> B 256"
[per-file-ignores]
"a{IN_TOML}" = ["SL301"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("nasty")
    (root / ".git").mkdir()
    name = NASTY.replace("/", "")
    for stem, text, suffix in (
        ("config", CONFIG, ".yaml"),
        ("fault", FAULT, ".yaml"),
        ("script", SCRIPT, ".py"),
        ("broken", BROKEN, ".yaml"),
    ):
        (root / f"{stem}{name}{suffix}").write_text(text)
    (root / "::error::first.yaml").write_text(FAULT)
    (root / "rules").mkdir()
    (root / "rules" / f"p{name}.md").write_text(PAGE)
    (root / "shapelint.toml").write_text(SETTINGS)
    return root


COMMANDS = [
    *(["--output-format", name, "-v", "."] for name in FORMATS),
    ["--output-format", "concise", "."],
    ["--diff", "--unsafe-fixes", "."],
    ["--statistics", "."],
    ["--show-files", "."],
    ["show", "-v", "--layers", "."],
    [f"absent{NASTY}.yaml"],
    ["config", "::error::first.yaml"],
    ["config", f"absent{NASTY}"],
    ["rule", "TEAM001"],
    ["rule", f"SL1{NASTY}"],
    ["signature", f"SL1{NASTY}"],
    ["signature", "--list", f"SL1{NASTY}"],
    ["--select", f"SL1{NASTY}", "."],
    ["--baseline", f"absent{NASTY}", "."],
    ["--write-baseline", f"known{NASTY}", "."],
    ["--baseline", f"known{NASTY}", "."],
    ["--checkpoint", f"absent{NASTY}", "."],
    ["--config", f"absent{NASTY}", "."],
    ["--output-file", f"absent/{NASTY}", "."],
    [f"--absent{NASTY}", "."],
    [".", "--", f"a{NASTY}=1"],
    [".", "--", f"backbone=[a{NASTY}"],
    ["-", "--stdin-filename", f"a{NASTY}.yaml"],
    ["--add-ignores", "."],
    ["--fix", "--unsafe-fixes", "."],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: escape(" ".join(arguments))[:50])
def test_nothing_of_a_stranger_is_obeyed(arguments: list[str], folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(folder, work)
    result = run(work, *arguments, stdin=FAULT)
    assert "fault in shapelint itself" not in result.stderr
    assert "shapelint itself failed" not in result.stdout
    is_made_of_commands = "azure" in arguments or "github" in arguments
    for text in (result.stdout, result.stderr):
        text = OWN.sub("", text) if is_made_of_commands else text
        found = RAW.search(text)
        assert found is None, repr(text[max(0, found.start() - 200) : found.end() + 50])


@pytest.mark.parametrize(
    "text",
    [
        f'"a{IN_TOML}" = 1\n',
        f'select = ["SL1{IN_TOML}"]\n',
        f'method = "a{IN_TOML}"\n',
        f'rules = ["a{IN_TOML}"]\n',
        f'trust = ["a{IN_TOML}"]\n',
        f'input = "a{IN_TOML}"\n',
        f'severity = {{"a{IN_TOML}" = "error"}}\n',
        f'severity = {{SL101 = "a{IN_TOML}"}}\n',
        f'extend = "a{IN_TOML}"\n',
        f'[signatures]\n"a.b{IN_TOML}" = "B -> B"\n',
        f'[signatures]\n"a.b" = "B {IN_TOML} -> B"\n',
        f'[per-file-ignores]\n"a" = ["a{IN_TOML}"]\n',
    ],
)
def test_nothing_in_settings_is_obeyed(text: str, tmp_path: Path) -> None:
    (tmp_path / "shapelint.toml").write_text(text)
    (tmp_path / "model.yaml").write_text(FAULT)
    result = run(tmp_path, "model.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert RAW.search(result.stderr) is None
    assert len(result.stderr.splitlines()) == 1


def test_json_reads_back_what_was_written(folder: Path) -> None:
    result = run(folder, "--output-format", "json", ".")
    assert any("##[error]four##vso[" in file["path"] for file in json.loads(result.stdout)["files"])
    assert result.stdout.isascii()


def test_a_diff_of_an_ordinary_file_can_be_applied(tmp_path: Path) -> None:
    text = ONE_FAULT.replace("\nprediction", "\t# a\u00a0tab and a space\nprediction").replace("\n", "\r\n")
    (tmp_path / "model.yaml").write_bytes(text.encode())
    diff = run(tmp_path, "--diff", "--unsafe-fixes", "model.yaml").stdout
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "model.yaml").read_bytes() == text.replace("512", "256").encode()
