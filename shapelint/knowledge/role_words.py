"""What parts of models are called in programs, from `rules/roles.yaml`."""

from __future__ import annotations

from functools import cache

from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.strict import Strict


class RoleWords(Strict):
    """Names next to those of the method packs.

    `aliases` mean a role as the whole of a name, `words` anywhere in it, where nothing else does. `online` and `target`
    say which branch a part is of. `heads` are what the names of a library's heads end in.
    """

    aliases: dict[str, tuple[str, ...]]
    words: dict[str, tuple[str, ...]]
    online: tuple[str, ...]
    target: tuple[str, ...]
    heads: dict[str, str]


@cache
def load() -> RoleWords:
    """The content of the file, read once."""
    return RoleWords.trusted(rules_folder.load("roles.yaml"))
