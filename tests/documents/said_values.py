"""The values that nodes stand for, to compare them with those of another reader."""

from __future__ import annotations

from typing import Any

from shapelint.documents.nodes import Mapping, Scalar, YamlNode, pairs
from shapelint.shapes.dims import UNKNOWN_DIM


def said(node: YamlNode) -> Any:
    """Return a value without what is not known of it: `...` stands for that."""
    if isinstance(node, Mapping):
        open_ = {...: ...} if node.open else {}
        return {key.text: said(value) for key, value in pairs(node)} | open_
    if isinstance(node, Scalar):
        return ... if node.value is UNKNOWN_DIM else node.value
    return [said(item) for item in node.items]
