"""Models that are built from a config: `rules/transformers.yaml` and `rules/transformers_configs.yaml`."""

from __future__ import annotations

from dataclasses import field
from typing import Any

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict


@frozen
class RepeatedOutput(Strict):
    """An output that is a tuple of tensors: the shape of `each`, "" if it is not known, and how many there are."""

    each: str = ""
    count: str = ""


@frozen
class FoldedName(Strict):
    """A name for what a formula makes of another one, once for every element of a list."""

    of: str
    each: str
    over: str


@frozen
class PretrainedModel(Strict):
    """A class of models; `rules/transformers.yaml` explains the fields."""

    config: str
    takes: dict[str, str]
    returns: str
    gives: dict[str, str]
    arguments: dict[str, Any] = field(default_factory=dict)
    same_size: str = ""
    where: str = ""
    covers: str = ""
    names: dict[str, str] = field(default_factory=dict)
    folds: dict[str, FoldedName] = field(default_factory=dict)
    only: dict[str, str] = field(default_factory=dict)
    repeated: dict[str, RepeatedOutput] = field(default_factory=dict)


@frozen
class PretrainedConfig(Strict):
    """A class of configs: the name of its models, other names of fields, and the fields with their defaults."""

    model_type: str
    fields: dict[str, Any]
    aliases: dict[str, str] = field(default_factory=dict)
