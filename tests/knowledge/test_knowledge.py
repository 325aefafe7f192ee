"""The data in `rules/` is valid, and reading it without validation gives the same result as with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from pydantic import TypeAdapter

from shapelint.knowledge import banks, losses, role_words, rule_pages
from shapelint.knowledge.banks import BankModule
from shapelint.knowledge.role_words import RoleWords
from shapelint.knowledge.schema.front_matter import RulePage
from shapelint.knowledge.schema.library_rules import LibraryRule
from shapelint.knowledge.schema.loss_files import LossFile
from shapelint.knowledge.schema.method_packs import MethodPack
from shapelint.knowledge.schema.signature_files import SignatureFile
from shapelint.knowledge.schema.strict import Strict
from shapelint.knowledge.schema.tensor_rules import TensorRule

RULES = ROOT / "rules"


def shipped() -> list[tuple[str, type[Strict], Any]]:
    """Return every piece of built-in data with its model."""
    found: list[tuple[str, type[Strict], Any]] = []
    for folder, model in (("signatures", SignatureFile), ("methods", MethodPack), ("losses", LossFile)):
        for path in sorted((RULES / folder).rglob("*.yaml")):
            found.append((str(path.relative_to(RULES)), model, load(path)))
    found += [(f"libraries.yaml {entry['library']}", LibraryRule, entry) for entry in load(RULES / "libraries.yaml")]
    found += [
        (f"layer_tensors.yaml {name}", TensorRule, entry) for name, entry in load(RULES / "layer_tensors.yaml").items()
    ]
    for path in sorted(RULES.glob("SL*.md")):
        found.append((path.name, RulePage, yaml.safe_load(path.read_text(encoding="utf-8").split("---\n")[1])))
    return found


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "model", "data"), shipped(), ids=[name for name, _, _ in shipped()])
def test_built_in_data_is_valid_and_needs_no_validation(name: str, model: type[Strict], data: Any) -> None:
    validated = model.validated(data)
    assert model.trusted(data).as_json() == validated.as_json()


def test_a_page_is_named_by_its_code_and_name() -> None:
    for code, rule in rule_pages.built_in().items():
        assert rule.path.name == f"{code}-{rule.page.name}.md"


def test_names_of_roles_and_banks_are_valid() -> None:
    roles, bank = load(RULES / "roles.yaml"), load(RULES / "banks.yaml")
    assert TypeAdapter(RoleWords).validate_python(roles) == role_words.load()
    assert bank.keys() == {"names", "widths", "library", "versions", "modules"}
    assert TypeAdapter(tuple[str, ...]).validate_python(bank["names"]) == banks.names()
    assert TypeAdapter(tuple[str, ...]).validate_python(bank["widths"]) == banks.widths()
    assert TypeAdapter(tuple[BankModule, ...]).validate_python(bank["modules"]) == banks.modules()


def test_a_file_of_losses_is_named_after_its_module() -> None:
    for module in losses.modules():
        assert load(RULES / "losses" / f"{module}.yaml")["module"] == module
        assert all(entry["call"].startswith(f"{module}.") for entry in losses.entries(module).values())
