"""What `rules/openmmlab.yaml` says of OpenMMLab's configs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from functools import cache

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder


@frozen
class AlgorithmBank:
    """Stored vectors of an algorithm: the path of the number that is their width, or another one, and its default."""

    at: str
    alternative: str = ""
    default: int | None = None


@frozen
class Algorithm:
    """A self-supervised algorithm: its method, the pack that wires it, and the role of each component under `model`."""

    method: str
    wiring: str
    parts: Mapping[str, str]
    banks: Mapping[str, AlgorithmBank] = field(default_factory=dict)


@cache
def algorithms() -> Mapping[str, Algorithm]:
    """The algorithms by the types that name them."""
    found = {}
    for entry in rules_folder.load("openmmlab.yaml")["algorithms"]:
        banks = {
            name: AlgorithmBank(bank["at"], bank.get("or", ""), bank.get("default"))
            for name, bank in entry.get("banks", {}).items()
        }
        algorithm = Algorithm(entry["method"], f"openmmlab/{entry['wiring']}", entry["parts"], banks)
        found.update(dict.fromkeys(entry["types"], algorithm))
    return found


@cache
def libraries() -> Mapping[str, str]:
    """The library that a name of a package, a scope or a repository means; the first one is the default."""
    data = rules_folder.load("openmmlab.yaml")["libraries"]
    return {name: library for library, names in data.items() for name in names}


def counting_the_stem() -> str:
    """The library whose ResNet counts its first convolution as stage 0."""
    found: str = rules_folder.load("openmmlab.yaml")["with_stage_4"]
    return found
