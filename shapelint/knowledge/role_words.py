"""What parts of models are called in programs, from `rules/roles.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from shapelint.common.frozen import frozen
from shapelint.knowledge import rules_folder


@frozen
class RoleWords:
    """Names next to those of the method packs.

    `aliases` mean a role as the whole of a name, `words` anywhere in it, where nothing else does. `telling` are those
    that only self-supervised models have, `own_heads` those of heads that a network without a backbone inside it holds
    next to its own layers. `online` and `target` say which branch a part is of. `heads` are what the
    names of a library's heads end in. `masked` are the methods that predict masked patches, each with the words
    by which classes are named after it, and `mask_tokens` the names of a parameter that only those have, next to a part
    whose name has a word of `predicting`. `layers` are names that tell nothing inside a part of a model.
    `towers` are words for the parts of an image tower and of a text tower, and `compared` the words of classes and the
    parameters that say that both give embeddings to be compared.
    """

    aliases: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    telling: Sequence[str]
    own_heads: Sequence[str]
    online: Sequence[str]
    target: Sequence[str]
    heads: Mapping[str, str]
    masked: Mapping[str, Sequence[str]]
    mask_tokens: Sequence[str]
    predicting: Sequence[str]
    layers: Sequence[str]
    towers: Mapping[str, Sequence[str]]
    compared: Sequence[str]


@cache
def load() -> RoleWords:
    """The content of the file, read once."""
    return RoleWords(**rules_folder.load("roles.yaml"))
