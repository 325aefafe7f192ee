"""One file in three environments: without torch, with the stored versions, and with another version of lightly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from conftest import ROOT

OTHER_LIGHTLY = [
    "lightly==1.5.26",
    "requests",
    "urllib3",
    "idna",
    "certifi",
    "charset-normalizer",
    "aenum",
    "python-dateutil",
    "six",
]
SEED = str(ROOT / "fixtures" / "lightly-1589.yaml")
CORE = ["click", "pydantic", "pyyaml", "packaging", "platformdirs", "pathspec"]


def lint(
    python: Path | str, *arguments: str, path: str = ""
) -> tuple[list[tuple[str, object, object]], str, dict[str, str]]:
    """Return code, expected and actual of each finding; the text on stderr; the source of each component."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [path, str(ROOT)]))}
    result = subprocess.run(
        [str(python), "-m", "shapelint", "-v", "--output-format", "json", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    assert result.stdout, result.stderr
    report = json.loads(result.stdout)
    sources = {link["role"]: link["source"] for model in report["files"][0]["models"] for link in model["chain"]}
    return [(f["code"], f["expected"], f["actual"]) for f in report["findings"]], result.stderr, sources


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with shapelint's own dependencies only."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *CORE], check=True, capture_output=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def other_lightly(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a folder for PYTHONPATH that contains another version of lightly."""
    folder = tmp_path_factory.mktemp("lightly")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *OTHER_LIGHTLY]
    subprocess.run(command, check=True, capture_output=True)
    return str(folder)


EXPECTED = [("SL101", 512, 256)]


def test_without_torch(bare: Path) -> None:
    findings, notices, sources = lint(bare, SEED)
    assert findings == EXPECTED
    assert sources == {"backbone": "declared", "projection_head": "stored", "prediction_head": "stored"}
    assert "BYOLProjectionHead: stored, verified with lightly 1.6.0\n" in notices


def test_all_fixtures_have_the_same_report_without_torch(bare: Path) -> None:
    """Whatever is stored suffices for them: findings, chains and links are those of the full environment."""

    def reported(python: Path | str) -> dict[str, object]:
        command = [str(python), "-m", "shapelint", "--no-cache", "--output-format", "json", "fixtures"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
        found: dict[str, object] = json.loads(result.stdout)
        return found

    without = reported(bare)
    assert len(without["findings"]) > 50
    assert without == reported(sys.executable)


def test_without_torch_missing_signatures_are_reported(bare: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    backbone = "timm.create_model('resnet18', num_classes=0, output_stride=8)"
    file.write_text(f"backbone: {backbone}\nprojection_head: BYOLProjectionHead(512, 1024, 256)\n")
    result = subprocess.run(
        [str(bare), "-m", "shapelint", str(file)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0
    assert "info[SL901]" in result.stdout
    assert "tracing it takes torch and timm, not installed here" in result.stdout


def test_without_torch_another_lightly_is_reported(bare: Path, other_lightly: str) -> None:
    findings, notices, sources = lint(bare, SEED, path=other_lightly)
    assert findings == EXPECTED
    assert sources["projection_head"] == "stored"
    assert "lightly 1.5.26 is installed, but tracing it takes torch, not installed here" in notices


def test_with_the_stored_versions_nothing_is_traced() -> None:
    findings, notices, sources = lint(sys.executable, SEED)
    assert findings == EXPECTED
    assert "traced" not in notices
    assert sources["projection_head"] == "stored"


def test_another_lightly_is_traced_and_the_trace_is_kept(other_lightly: str) -> None:
    for words in ("traced, lightly 1.5.26 is installed", "traced earlier, lightly 1.5.26 is installed"):
        findings, notices, sources = lint(sys.executable, SEED, path=other_lightly)
        assert findings == EXPECTED
        assert f"BYOLProjectionHead: {words}" in notices
        assert sources["projection_head"] == "traced"


def test_trace_gives_the_same_verdict() -> None:
    findings, notices, sources = lint(sys.executable, "--trace", SEED)
    assert findings == EXPECTED
    assert sources["projection_head"] == "traced"
    assert "BYOLProjectionHead: traced\n" in notices
