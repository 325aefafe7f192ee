"""The JSON report, version 1, as a schema: what other programs rely on."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

DIM = {"type": ["integer", "string"]}
SHAPE = {
    "anyOf": [{"type": "null"}, {"type": "array", "items": DIM}, {"type": "array", "items": {"$ref": "#/$defs/shape"}}]
}
NUMBER = {"type": ["integer", "string", "array", "null"], "items": DIM}
PLACE: dict[str, Any] = {
    "path": {"type": "string", "minLength": 1},
    **{name: {"type": "integer", "minimum": 1} for name in ("line", "column", "end_line", "end_column")},
}


def closed(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    """Return the schema of an object with these keys and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


EDIT = closed({**PLACE, "text": {"type": "string"}})
EDITS = {"type": "array", "items": EDIT, "minItems": 1}
FIX = closed(
    {
        "safety": {"enum": ["safe", "unsafe"]},
        "verified": {"const": True},
        "message": {"type": "string", "minLength": 1},
        "edits": EDITS,
        "alternatives": {"type": "array", "items": closed({"message": {"type": "string"}, "edits": EDITS})},
    }
)
FINDING = closed(
    {
        "code": {"type": "string", "pattern": r"^[A-Z]+\d{3}$"},
        "name": {"type": "string", "pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$"},
        "severity": {"enum": ["error", "warning", "info"]},
        "message": {"type": "string", "minLength": 1},
        **PLACE,
        "model": {"type": "string"},
        "role": {"type": "string"},
        "url": {"type": "string", "pattern": r"^https:|^$"},
        "expected": NUMBER,
        "actual": NUMBER,
        "related": {"type": "array", "items": closed({**PLACE, "message": {"type": "string"}})},
        "notes": {"type": "array", "items": {"type": "string"}},
        "fix": {"anyOf": [{"type": "null"}, FIX]},
    }
)
LINK = closed(
    {
        "role": {"type": "string", "minLength": 1},
        "component": {"type": "string"},
        "in": {"$ref": "#/$defs/shape"},
        "out": {"$ref": "#/$defs/shape"},
        "source": {"enum": ["declared", "stored", "traced", "unknown"]},
    }
)
UNCHECKED = closed(
    {
        "role": {"type": "string", "minLength": 1},
        "reason": {"type": "string", "minLength": 1},
        "help": {"type": "string"},
        **{name: PLACE[name] for name in ("path", "line", "column")},
    }
)
COUNT = {"type": "integer", "minimum": 0}
MODEL = closed(
    {
        "name": {"type": "string"},
        "method": {"type": ["string", "null"]},
        "chain": {"type": "array", "items": LINK},
        "links": closed({"total": COUNT, "checked": COUNT}),
        "unchecked": {"type": "array", "items": UNCHECKED},
    }
)
FILE = closed(
    {
        "path": {"type": "string", "minLength": 1},
        "status": {"enum": ["checked", "no-model", "unreadable"]},
        "models": {"type": "array", "items": MODEL},
    }
)
COUNTS = ("files", "models", "errors", "warnings", "infos", "unknown", "skipped", "links", "checked")

CONTRACT = Draft202012Validator(
    {
        **closed(
            {
                "version": {"const": 1},
                "files": {"type": "array", "items": FILE},
                "findings": {"type": "array", "items": FINDING},
                "summary": closed({name: {"type": "integer", "minimum": 0} for name in COUNTS}),
            }
        ),
        "$defs": {"shape": SHAPE},
    }
)
