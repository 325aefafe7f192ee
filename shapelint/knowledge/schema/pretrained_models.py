"""Models that are built from a config: `rules/transformers.yaml` and `rules/transformers_configs.yaml`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shapelint.knowledge.schema.strict import Strict


class RepeatedOutput(Strict):
    """An output that is a tuple of tensors: the shape of `each`, "" if it is not known, and how many there are."""

    each: str = ""
    count: str = ""


class FoldedName(Strict):
    """A name for what a formula makes of another one, once for every element of a list."""

    of: str
    each: str
    over: str


class PretrainedModel(Strict):
    """A class of models; `rules/transformers.yaml` explains the fields."""

    config: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    takes: dict[str, str]
    same_size: str = ""
    where: str = ""
    covers: str = ""
    names: dict[str, str] = Field(default_factory=dict)
    folds: dict[str, FoldedName] = Field(default_factory=dict)
    returns: str
    gives: dict[str, str]
    only: dict[str, str] = Field(default_factory=dict)
    repeated: dict[str, RepeatedOutput] = Field(default_factory=dict)


class PretrainedConfig(Strict):
    """A class of configs: the name of its models, other names of fields, and the fields with their defaults."""

    model_type: str
    aliases: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, Any]
