"""The models of transformers, their configs and their names on the Hugging Face hub, as data."""

from __future__ import annotations

from functools import cache
from typing import Any

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.pretrained_models import PretrainedConfig, PretrainedModel

MODELS_FILE, CONFIGS_FILE, HUB_FILE = "transformers.yaml", "transformers_configs.yaml", "transformers_hub.yaml"
CLASSES_FILE = "transformers_names.txt"
LIBRARY = "transformers"


@cache
def versions() -> tuple[str, ...]:
    """The versions that the models were verified with."""
    return tuple(rules_folder.load(MODELS_FILE)["versions"])


@cache
def classes() -> tuple[str, list[str]]:
    """The last version of the library whose classes are listed, and the names of all that it or earlier ones had."""
    head, *names = (rules_folder.folder() / CLASSES_FILE).read_text(encoding="utf-8").splitlines()
    return head.partition(" transformers ")[2].partition(" ")[0], names


@cache
def model(name: str) -> PretrainedModel | None:
    """A class of models; None if it is not known."""
    found = rules_folder.load(MODELS_FILE)["models"].get(name)
    return PretrainedModel.trusted(found) if found is not None else None


@cache
def config(name: str) -> PretrainedConfig | None:
    """A class of configs; None if it is not known."""
    found = rules_folder.load(CONFIGS_FILE)["configs"].get(name)
    return PretrainedConfig.trusted(found) if found is not None else None


@cache
def computed(name: str) -> dict[str, str]:
    """The fields that a class of configs computes from others."""
    return dict(rules_folder.load(MODELS_FILE)["computed"].get(name, {}))


@cache
def model_of(config_name: str) -> str:
    """The class of models that `AutoModel` builds from a config, "" if none is known."""
    models: dict[str, Any] = rules_folder.load(MODELS_FILE)["models"]
    return next((name for name, entry in models.items() if entry["config"] == config_name), "")


@cache
def config_of_type(model_type: str) -> str:
    """The class of configs of a `model_type`, "" if none is known."""
    configs: dict[str, Any] = rules_folder.load(CONFIGS_FILE)["configs"]
    return next((name for name, entry in configs.items() if entry["model_type"] == model_type), "")


@cache
def checkpoint(name: str) -> dict[str, Any] | None:
    """What the config of a name on the hub says; None if it is not known."""
    found = rules_folder.load(HUB_FILE).get(name)
    return dict(found) if found is not None else None
