"""Libraries that a training script uses beside its model, from `rules/bystanders.yaml`."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder


@cache
def _list(key: str) -> tuple[str, ...]:
    return tuple(rules_folder.load("bystanders.yaml")[key])


def owns(dotted: str) -> bool:
    """Whether a dotted name belongs to a library that no tensor of a model depends on."""
    return _is_among(dotted, _list("libraries"))


def records(dotted: str) -> bool:
    """Whether it belongs to one that records a run, and gives back nothing of what it is told."""
    return _is_among(dotted, _list("recorders"))


def _is_among(dotted: str, libraries: tuple[str, ...]) -> bool:
    return any(dotted == library or dotted.startswith(f"{library}.") for library in libraries)
