"""Which classes are known heads of self-supervised learning: those whose signature says `role: head`."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import role_words
from shapelint.knowledge.schema.signature_files import ComponentSignature
from shapelint.signatures import stored


@cache
def find(written: str) -> ComponentSignature | None:
    """The stored signature of a head as people write its name; None for anything else."""
    found = stored.find(stored.canonical(written, as_backbone=False))
    return found[1] if found and found[1].role == "head" else None


def role_of(written: str) -> str | None:
    """The role of a known head: prediction heads say so in their name."""
    signature = find(written)
    if signature is None:
        return None
    return "prediction_head" if "Prediction" in signature.target else "projection_head"


def is_head(target: str) -> bool:
    """Whether a class is a known head, by its full name; one without a stored signature is by its library's names."""
    ending = role_words.load().heads.get(target.partition(".")[0])
    return ending is not None and (target.endswith(ending) or find(target) is not None)
