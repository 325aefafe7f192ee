"""The configs of transformers with their defaults, for `rules/transformers_configs.yaml`, and the names of its classes.

`python -m shapelint.trace.make.transformers_configs` writes those that the models of `rules/transformers.yaml` are
built from, as the installed version has them.
"""

from __future__ import annotations

import inspect
from typing import Any

import yaml

from shapelint.knowledge import pretrained_data, rules_folder
from shapelint.knowledge.pretrained_data import CLASSES_FILE, CONFIGS_FILE, MODELS_FILE

OF_ANY_CONFIG = frozenset({"output_hidden_states", "return_dict"})
"""Fields of the base class that decide what a call gives."""
MADE_BY = "python -m shapelint.trace.make.transformers_configs"
HEAD = """\
# The configs of Hugging Face's transformers and their defaults, made by
# `python -m shapelint.trace.make.transformers_configs`.
"""


def measure(name: str) -> dict[str, Any]:
    """Return what is known of one class of configs."""
    import transformers

    cls = getattr(transformers, name)
    base = inspect.signature(transformers.PretrainedConfig.__init__).parameters
    own = inspect.signature(cls.__init__).parameters
    fields = {
        field: _default(cls, field, parameter.default)
        for field, parameter in own.items()
        if parameter.default is not inspect.Parameter.empty
        and not field.startswith("_")
        and (field in OF_ANY_CONFIG or field not in base)
    }
    found = {"model_type": cls.model_type, "fields": fields}
    return {**found, "aliases": dict(cls.attribute_map)} if cls.attribute_map else found


def _default(cls: Any, field: str, default: Any) -> Any:
    """Return the default of a field, with the list that the config puts in the place of None."""
    built = getattr(cls(), field, None) if default is None else default
    if isinstance(built, (list, tuple)):
        return list(built)
    return default


def class_names() -> list[str]:
    """Return the names of all classes of the library, and of those that earlier versions had."""
    import transformers

    own = {name for name in dir(transformers) if name[:1].isupper() and not name.isupper()}
    return sorted(own.union(pretrained_data.classes()[1]))


def main() -> None:
    """Write the files."""
    import transformers

    models = rules_folder.load(MODELS_FILE)["models"].values()
    configs = {name: measure(name) for name in sorted({model["config"] for model in models})}
    content = {"library": "transformers", "versions": [transformers.__version__], "configs": configs}
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=120)
    (rules_folder.folder() / CONFIGS_FILE).write_text(HEAD + text, encoding="utf-8")
    head = f"# The classes of transformers {transformers.__version__} and earlier versions, made by `{MADE_BY}`."
    (rules_folder.folder() / CLASSES_FILE).write_text("\n".join([head, *class_names()]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
