"""The entries of `rules/torch_errors.yaml`: the words of an error, and what they mean."""

from __future__ import annotations

from shapelint.common.frozen import frozen
from shapelint.knowledge.schema.strict import Strict


@frozen
class ErrorWords(Strict):
    """One error: its words and meaning, with the same names in braces, the rules that find it, and where to look."""

    words: str
    means: str
    rules: tuple[str, ...]
    usually: str
