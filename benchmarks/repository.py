"""Measure the time for a repository of configs and the scripts that load them: as a whole, and each file alone.

python benchmarks/repository.py [--configs 500] [--scripts 200]

Each script loads a config of its own, whose width is wrong in every fifth; the other configs are models by themselves.
Prints both times and their ratio. Start-up is not included.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from shapelint.linting.lint_paths import lint

LOADED = "model:\n  feat_dim: {width}\n  hidden: 1024\n  out: 256\ntrain:\n  epochs: 200\n  name: run{index}\n"
NATIVE = """\
method: byol
backbone: resnet18
projection_head: BYOLProjectionHead(512, {width}, 256)
prediction_head: BYOLPredictionHead(256, {width}, 256)
"""
SCRIPT = """\
import copy
from pathlib import Path

import torch
import torchvision
import yaml
from torch import nn


class BYOL{index}(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.backbone.fc = nn.Identity()
        hidden, out = cfg["hidden"], cfg["out"]
        self.projector = nn.Sequential(
            nn.Linear(cfg["feat_dim"], hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, out)
        )
        self.predictor = nn.Sequential(
            nn.Linear(out, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, out)
        )
        self.target = copy.deepcopy(nn.Sequential(self.backbone, self.projector))

    def forward(self, x):
        online = self.predictor(self.projector(self.backbone(x)))
        with torch.no_grad():
            target = self.target(x)
        return 2 - 2 * nn.functional.cosine_similarity(online, target).mean()


if __name__ == "__main__":
    config = yaml.safe_load((Path(__file__).parent.parent / "configs" / "loaded{index}.yaml").read_text())
    model = BYOL{index}(config["model"])
    print(model(torch.randn(8, 3, 224, 224)))
"""


def write(folder: Path, configs: int, scripts: int) -> list[Path]:
    """Write the repository; return its files."""
    files = {}
    for index in range(scripts):
        width = 512 if index % 5 else 2048
        files[folder / "scripts" / f"train{index}.py"] = SCRIPT.format(index=index)
        files[folder / "configs" / f"loaded{index}.yaml"] = LOADED.format(width=width, index=index)
    for index in range(configs - scripts):
        files[folder / "configs" / f"native{index}.yaml"] = NATIVE.format(width=512 + index)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def seconds(paths: list[str]) -> tuple[float, int]:
    """Return the processor time of linting some paths together, and the number of findings."""
    begun = time.process_time()
    report = lint(paths)
    return time.process_time() - begun, len(report.findings)


def main() -> None:
    """Write the repository, lint it in both ways, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--configs", type=int, default=500)
    parser.add_argument("--scripts", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / ".git").mkdir()
        files = write(Path(place), options.configs, options.scripts)
        os.chdir(place)
        seconds([os.fspath(files[0])])  # loads the rules
        alone = [seconds([os.fspath(path)]) for path in files]
        whole, findings = seconds(["."])
        os.chdir(os.sep)
    total = sum(one for one, _ in alone)
    print(f"{options.configs} configs and {options.scripts} scripts: {findings} findings", end="\n\n")
    print("| each file alone | as a whole | ratio |\n|---|---|---|")
    print(f"| {total:.1f} s | {whole:.1f} s | {whole / total:.2f} |")


if __name__ == "__main__":
    main()
