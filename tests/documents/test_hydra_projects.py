"""Whole Hydra projects with their command lines: each is composed as the real Hydra composes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra_projects import PROJECTS
from omegaconf import OmegaConf

from shapelint.documents import hydra, overrides
from shapelint.documents.fragments import on_disk
from shapelint.documents.nodes import Mapping, Scalar, YamlNode, pairs
from shapelint.documents.nodes import compose as documents
from shapelint.text.source import read_source

STARTS = [(name, words) for name, (_, lines) in PROJECTS.items() for words in lines]


def _plain(node: YamlNode) -> object:
    if isinstance(node, Mapping):
        return {key.value: _plain(value) for key, value in pairs(node)}
    return node.value if isinstance(node, Scalar) else [_plain(item) for item in node.items]


def _ours(folder: Path, words: list[str]) -> object:
    source = read_source(folder / "main.yaml")
    parsed = [overrides.parse(word) for word in words]
    whole = hydra.composed(source, documents(source)[0], on_disk(source, {}), parsed)
    assert not [one for one in whole.missing if one.is_absent]
    found = _plain(whole.root)
    return {key: value for key, value in found.items() if key != "hydra"} if isinstance(found, dict) else found


@pytest.mark.parametrize(("name", "words"), STARTS, ids=[f"{name}: {words}" for name, words in STARTS])
def test_a_project_is_composed_as_by_hydra(tmp_path: Path, name: str, words: str) -> None:
    for file, text in PROJECTS[name][0].items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    with initialize_config_dir(str(tmp_path), version_base=None):
        theirs = OmegaConf.to_container(compose("main", words.split()), resolve=False)
    assert _ours(tmp_path, words.split()) == theirs
