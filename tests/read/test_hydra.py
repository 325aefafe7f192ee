"""Hydra's defaults lists: files are composed exactly as by the real Hydra."""

from __future__ import annotations

import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from command_line import inside, write
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from shapelint.documents.hydra import composed, gathered
from shapelint.documents.merging import EMPTY
from shapelint.documents.nodes import Mapping, Sequence, YamlNode, compose, pairs
from shapelint.text.source import Source, read_source


def plain(node: YamlNode) -> Any:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in pairs(node)}
    return [plain(item) for item in node.items] if isinstance(node, Sequence) else node.value


def ours(folder: Path, name: str) -> Any:
    """Return what shapelint composes from a file in a folder of configs."""
    with inside(folder):
        source = gathered(read_source(Path(f"{name}.yaml")))
        documents = compose(Source(source.path, source.own_text))
        whole = composed(source, documents[0] if documents else EMPTY)
    assert whole.missing == ()
    return plain(whole.root)


def theirs(folder: Path, name: str) -> Any:
    """Return what Hydra composes from it; raises what Hydra raises."""
    GlobalHydra.instance().clear()
    with warnings.catch_warnings(), initialize_config_dir(str(folder), version_base="1.3"):
        warnings.simplefilter("ignore")
        return OmegaConf.to_container(hydra_compose(name), resolve=False)


FRAGMENTS = {
    "backbone/resnet.yaml": "name: resnet\nout: 512\nblocks: [2, 2]\n",
    "backbone/yolo.yaml": "name: yolo\nout: 256\nneck: {out: 64}\n",
    "backbone/deep.yaml": "defaults:\n  - resnet\n  - stem: small\nblocks: [3, 4, 6]\n",
    "backbone/stem/small.yaml": "width: 16\n",
    "backbone/stem/large.yaml": "width: 64\n",
    "head/mlp.yaml": "in: 512\nlayers: {hidden: 1024, out: 256}\n",
    "head/linear.yaml": "in: 512\nlayers: null\n",
    "named/top.yaml": "# @package _global_\nseed: 7\nbackbone: {out: 2048}\n",
    "named/there.yaml": "# comment\n\n# @package model.parts\nx: 1\n",
    "named/header.yaml": "# @package model.parts\nx: 1\n",
    "named/group.yaml": "# @package _global_\ndefaults:\n  - override /backbone: yolo\nseed: 8\n",
    "crops/two.yaml": "- size: 224\n- {size: 96, count: 6}\n",
    "crops/one.yaml": "- size: 32\n",
    "base.yaml": "backbone: {out: 1, extra: true}\nseed: 1\n",
    "nulls.yaml": "head: {layers: null}\n",
    "empty.yaml": "",
}

LISTS = {
    "a group": "[{backbone: resnet}]",
    "a file of a group": "[backbone/resnet]",
    "a file at this level": "[base]",
    "self first": "[_self_, {backbone: resnet}]",
    "self last": "[{backbone: resnet}, _self_]",
    "self in between": "[base, _self_, {backbone: yolo}]",
    "none chosen": "[{backbone: null}, base]",
    "several of a group": "[{backbone: [resnet, yolo]}]",
    "a package": "[{backbone@trunk: yolo}]",
    "a nested package": "[{backbone@model.trunk: yolo}]",
    "a package of this level": "[{backbone@_here_: yolo}]",
    "the top package": "[{backbone@_global_: yolo}]",
    "the same group twice": "[{backbone@a: yolo}, {backbone@b: resnet}]",
    "an override": "[{backbone: resnet}, {override backbone: yolo}]",
    "an override of a package": "[{backbone@a: yolo}, {backbone@b: resnet}, {override backbone@b: yolo}]",
    "an override by another file": "[{backbone: resnet}, {named: group}]",
    "an override of a nested group": "[{backbone: deep}, {override backbone/stem: large}]",
    "nested lists": "[{backbone: deep}]",
    "a nested list elsewhere": "[{backbone@trunk: deep}]",
    "headers": "[{named: top}, base]",
    "headers last": "[base, {named: top}]",
    "a header with a package": "[{named: header}]",
    "a header after comments": "[{named: there}]",
    "an optional file that is absent": "[{optional backbone: nothing}, base]",
    "a choice by another choice": "[{backbone: resnet}, {head: linear}, {'backbone@copy': '${backbone}'}]",
    "a suffix": "[{backbone: resnet.yaml}, base.yaml]",
    "an absolute group": "[{/backbone: resnet}]",
    "an empty file": "[empty, {backbone: resnet}]",
    "settings of hydra": "[{backbone: resnet}, {override hydra/job_logging: none}]",
    "a list in the file of a group": "[{crops: two}, _self_]",
    "lists in packages": "[{crops@views: two.yaml}, {crops@model.views: one}]",
    "null over a mapping": "[{head: mlp}, nulls]",
}

OWN = {
    "nothing more": "x: 0\n",
    "a merge": "backbone: {out: 9, blocks: [9], neck: {in: 8}}\n",
    "a replacement": "backbone: none\nhead: {layers: {depth: 3}}\n",
    "left open": "backbone:\n  out: ???\n  name: null\nseed: ???\n",
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("entries", LISTS)
def test_configs_are_composed_like_hydra(entries: str, own: str, tmp_path: Path) -> None:
    write(tmp_path, {**FRAGMENTS, "config.yaml": f"defaults: {LISTS[entries]}\n{OWN[own]}"})
    assert ours(tmp_path, "config") == theirs(tmp_path, "config")


@pytest.mark.parametrize("group", ["/backbone", "backbone"])
def test_a_file_in_a_group_is_composed_like_hydra(group: str, tmp_path: Path) -> None:
    """A file in a group is read on its own: what Hydra puts into the group's package is at the top level."""
    nested = {f"model/{name}": text for name, text in FRAGMENTS.items() if name.startswith("backbone/")}
    write(tmp_path, {**FRAGMENTS, **nested, "model/byol.yaml": f"defaults: [{{{group}: deep}}]\nx: 1\n"})
    assert ours(tmp_path, "model/byol") == theirs(tmp_path, "model/byol")["model"]


def random_files(chance: random.Random) -> dict[str, str]:
    """Return a random tree of configs with lists, packages, headers and overrides.

    No file is used twice: Hydra merges into what it has loaded, so that a second use sees the values of the first one.
    """
    names = ["a/one", "a/two", "a/b/one", "a/b/two", "c/one", "c/two", "top"]
    files = {}
    unused: list[str] = []
    for level, name in enumerate([*names, "config"]):
        folder = name.rpartition("/")[0]
        entries = []
        for other in chance.sample(unused, min(len(unused), chance.choice([0, 1, 2, 3]))):
            unused.remove(other)
            group, _, option = other.rpartition("/")
            package = chance.choice(["", "", "", "@p", "@p.q", "@_here_", "@_global_", "@_global_.r"])
            relative = group.removeprefix(f"{folder}/") if folder and group.startswith(f"{folder}/") else f"/{group}"
            if folder == "":
                relative = group
            form = chance.choice(["group", "group", "file"])
            if not group or form == "file":
                entries.append(f"{'/' if folder else ''}{other}{package}")
            else:
                entries.append(f"{chance.choice(['', 'optional '])}{relative}{package}: {option}")
        if entries and chance.random() < 0.6:
            entries.insert(chance.randrange(len(entries) + 1), "_self_")
        if chance.random() < 0.2:
            entries.append(f"override /{chance.choice(['a', 'c', 'a/b'])}: {chance.choice(['one', 'two'])}")
        header = chance.choice(["", "", "", "", "# @package _global_\n", "# @package p\n"]) if name != "config" else ""
        values = chance.choice(["x: {v: %d}", "x: %d", "a: {x: %d}", "p: {x: %d, l: [1]}", "l: [%d]"]) % level
        listed = "defaults:\n" + "".join(f"  - {entry}\n" for entry in entries) if entries else ""
        unused.append(name)
        files[f"{name}.yaml"] = f"{header}{listed}{values}\nn{level}: {level}\n"
    return files


def test_random_configs_are_composed_like_hydra(tmp_path: Path) -> None:
    chance, agreed = random.Random(7), 0
    for number in range(40):
        folder = tmp_path / str(number)
        files = random_files(chance)
        write(folder, files)
        try:
            expected = theirs(folder, "config")
        except Exception:  # lists that Hydra refuses
            continue
        assert ours(folder, "config") == expected, files
        agreed += 1
    assert agreed > 10
