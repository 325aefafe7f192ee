"""Building blocks of random training scripts: an unfinished draft, and its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CHANGED = "¤"
NUMBER = re.compile(r"<(\d+)(¤?)>")
STEP = re.compile(r"\{\{(.*?)\|(.*?)\}\}")


@dataclass
class Draft:
    """An unfinished script. Numbers are written as `<512>`, steps that may be omitted as `{{with|without}}`."""

    helpers: list[str] = field(default_factory=list)
    init: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A module of the model: the expression that builds it, its output width, and its call (of module `$` with `%`)."""

    build: str
    width: int
    call: str = "self.$(%)"


def once(draft: Draft, helper: str) -> None:
    if helper not in draft.helpers:
        draft.helpers.append(helper)
