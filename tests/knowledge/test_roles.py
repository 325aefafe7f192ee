"""The names in `rules/roles.yaml`, the known heads, and roles that only one method has."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from lightly.models import modules
from lightly.models.modules import heads as real_heads

from shapelint.knowledge import banks, methods, role_words, rules_folder
from shapelint.python.models import recognise
from shapelint.python.state import naming
from shapelint.resolve.options import Options
from shapelint.signatures import heads, stored
from shapelint.spec import roles
from shapelint.text.source import Source

WORDS = role_words.load()
ALIASES = [(role, name) for role, names in WORDS.aliases.items() for name in names]
BRANCHES = (*WORDS.online, *WORDS.target)


@pytest.mark.parametrize(("role", "name"), ALIASES)
def test_an_alias_means_its_role(role: str, name: str) -> None:
    pack = methods.pack(methods.DEFAULT)
    assert pack is not None
    assert pack.role_of(name) is None
    assert role in ("backbone", *roles.HEADS)
    assert naming.kind(name) == role
    if name not in BRANCHES:
        assert naming.kind(f"target_{name}") == role


@pytest.mark.parametrize("name", ["online_projectionHead", "student_head_layers", "momentum_projectors"])
def test_words_for_a_branch_are_removed(name: str) -> None:
    assert naming.kind(name) == "projection_head"


def test_a_branch_is_online_or_target() -> None:
    assert not set(WORDS.online) & set(WORDS.target)
    assert all(word.islower() and naming.words(word) == (word,) for word in BRANCHES)
    assert naming.is_target("teacher_backbone")
    assert not naming.is_target("student_backbone")


def test_every_head_of_the_library_is_known() -> None:
    names = {name for name, value in vars(modules).items() if inspect.isclass(value) and name.endswith("Head")}
    names |= {name for name, value in vars(real_heads).items() if inspect.isclass(value) and name.endswith("Head")}
    assert len(names) > 20
    assert all(heads.is_head(f"lightly.models.modules.{name}") for name in names)
    signed = {name for name in names if heads.find(name)}
    assert names - signed == {"AIMPredictionHead", "ProjectionHead"}
    assert heads.is_head("lightly.models.modules.SwaVPrototypes")


@pytest.mark.parametrize("name", ["torch.nn.Linear", "lightly.models.modules.NNMemoryBankModule", "mylib.MyHead"])
def test_nothing_else_is_a_known_head(name: str) -> None:
    assert not heads.is_head(name)
    assert heads.role_of(name) is None


def test_the_role_of_a_head_is_in_its_name() -> None:
    assert heads.role_of("BYOLPredictionHead") == "prediction_head"
    assert heads.role_of("lightly.models.modules.BYOLProjectionHead") == "projection_head"


def test_roles_of_methods_are_heads_banks_or_specific_to_one_method() -> None:
    own = {role for name in methods.names() for role in methods.pack(name).roles}
    assert own - {"backbone", *roles.HEADS, *banks.names()} == {
        "local_projection_head", "patch_projection_head", "decoder", "decoder_embed",
    }  # fmt: skip


PACK = """
method: restore
roles:
  backbone: {aliases: [encoder]}
  decoder: {aliases: [reconstructor]}
online: [input, backbone, decoder]
"""
PROGRAM = """
import torchvision
from torch import nn

class %s(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torchvision.models.resnet18()
        self.projector = nn.Linear(1000, 64)
        self.reconstructor = nn.Linear(64, 32)

    def forward(self, x):
        return self.reconstructor(self.projector(self.backbone(x)))
"""


@pytest.fixture
def with_restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Add a method with a role of its own to the rules of the repository."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules" / "methods" / "restore.yaml").write_text(PACK, encoding="utf-8")
    cached = (methods.pack, rules_folder.load, stored.find, stored.load, naming.kind, naming.method)
    monkeypatch.setattr(rules_folder, "folder", lambda: tmp_path / "rules")
    for function in cached:
        function.cache_clear()
    yield
    monkeypatch.undo()
    for function in cached:
        function.cache_clear()


def kinds(name: str) -> dict[str, str]:
    found = recognise.read_models(Source("model.py", PROGRAM % name), Options()).models
    return {str(link.role): roles.kind(link.role) for link in found[0].chain.links}


def test_a_class_named_after_a_method_has_its_roles(with_restore: None) -> None:
    known = {"backbone": "backbone", "projector": "projection_head"}
    assert kinds("RestoreModel") == {**known, "reconstructor": "decoder"}
    assert kinds("Model") == {**known, "reconstructor": ""}


def test_a_bank_of_a_method_is_not_part_of_its_chain() -> None:
    assert naming.kind("prototypes", "swav") == ""
