"""The JSON Schema of a native config, for completion and hover in editors, from the data of methods and keys.

It is as lenient as the linter: what only somebody's own code understands is no fault. A model may lie under any key.
"""

from __future__ import annotations

from typing import Any

from shapelint.knowledge import methods, rules_folder

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_WIDTH = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": ["string", "null"]}]}
_IMAGE_SIZE = {
    "anyOf": [
        {"$ref": "#/$defs/width"},
        {"type": "array", "items": {"$ref": "#/$defs/width"}, "minItems": 2, "maxItems": 2},
    ]
}
_SPELLINGS = {
    "target": "The class or the backbone that this is, by its name.",
    "_target_": "Hydra: the dotted name of the class.",
    "class_path": "LightningCLI: the dotted name of the class; its arguments are under `init_args`.",
    "type": "A registry: the name of the class.",
    "name": "A registry, or a backbone's name: its arguments may be under `kwargs`.",
    "out_dim": "The width of what it gives, for a backbone that cannot be seen.",
}


def model_schema() -> dict[str, Any]:
    """Return the schema; its `properties` are the keys of a model at the root of a file."""
    return {
        "$schema": DRAFT,
        "title": "A self-supervised model, as shapelint reads it",
        "type": "object",
        "properties": {**_keys(), **_roles(), **{key: {"$ref": "#"} for key in ("model", "models")}},
        "$defs": {
            "width": _WIDTH,
            "image_size": _IMAGE_SIZE,
            "component": _component(),
        },
    }


def _keys() -> dict[str, Any]:
    found = {}
    for key, entry in rules_folder.load("config_keys.yaml").items():
        examples = {"examples": entry["examples"]} if "examples" in entry else {}
        found[key] = {"description": entry["about"], **examples, **entry.get("schema", {})}
    found["method"] |= {"anyOf": [{"enum": list(methods.names())}, {"type": "string"}]}
    return found


def _roles() -> dict[str, Any]:
    """Every role of every method, its other names, and its further losses."""
    found: dict[str, Any] = {}
    for name in methods.names():
        pack = methods.pack(name)
        for role, entry in (pack.roles if pack else {}).items():
            shown = {"$ref": "#/$defs/component"}
            found.setdefault(role, {"description": f"A component: {role.replace('_', ' ')}.", **shown})
            for alias in entry.aliases:
                found.setdefault(alias, {"description": f"Another name of `{role}`.", **shown})
        for key in pack.further_losses if pack else ():
            found.setdefault(key, {"description": f"A further loss of {name}."})
    return found


def _component() -> dict[str, Any]:
    properties: dict[str, Any] = {key: {"description": about} for key, about in _SPELLINGS.items()}
    return {
        "description": "A name, a call, a mapping, or a list of layers.",
        "examples": ["resnet18", "BYOLProjectionHead(512, 1024, 256)", ["Linear(512, 1024)", "ReLU()"]],
        "anyOf": [
            {"type": ["string", "boolean", "number", "null"]},
            {"type": "object", "properties": properties},
            {"type": "array"},
        ],
    }
