"""The JSON Schema of configs: check-jsonschema accepts every fixture, and refuses what the linter calls invalid."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CLEAN, ROOT, run
from jsonschema import Draft202012Validator

from shapelint.knowledge import methods
from shapelint.knowledge.model_schema import model_schema

CONFIGS = sorted(path for path in (ROOT / "fixtures").rglob("*.yaml") if "openmmlab" not in path.parts)


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """The schema as the command prints it."""
    path = tmp_path / "shapelint.schema.json"
    path.write_text(run(tmp_path, "schema").stdout, encoding="utf-8")
    return path


def checked(schema: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_invalid(path: Path) -> bool:
    """Whether the linter itself calls a fixture invalid."""
    report = path.with_suffix(".txt")
    return report.exists() and "SL903" in report.read_text(encoding="utf-8")


def test_the_schema_is_one(schema: Path) -> None:
    Draft202012Validator.check_schema(json.loads(schema.read_text(encoding="utf-8")))
    assert json.loads(schema.read_text(encoding="utf-8")) == model_schema()


def test_every_fixture_is_valid(schema: Path) -> None:
    valid = [path for path in CONFIGS if not is_invalid(path)]
    assert len(valid) > 50
    result = checked(schema, *valid)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    "line",
    [
        "input: [3, 224]",
        "input: [3, 0, 224]",
        "input: {channels: 3, hight: 224}",
        "batch_size: 0",
        "image_size: [1, 2, 3]",
    ],
)
def test_what_the_linter_refuses_is_refused(line: str, schema: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(f"{CLEAN}{line}\n", encoding="utf-8")
    assert "SL903" in run(tmp_path, "model.yaml").stdout
    assert checked(schema, path).returncode == 1


def test_every_method_and_role_is_offered() -> None:
    properties = model_schema()["properties"]
    assert properties["method"]["anyOf"][0]["enum"] == list(methods.names())
    for name in methods.names():
        pack = methods.pack(name)
        assert pack is not None
        for role, entry in pack.roles.items():
            assert {role, *entry.aliases} <= set(properties)
    assert all(entry["description"] for key, entry in properties.items() if key not in ("model", "models"))
