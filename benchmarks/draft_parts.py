"""What random training scripts are made of: a draft in the making, and its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CHANGED = "¤"
NUMBER = re.compile(r"<(\d+)(¤?)>")
STEP = re.compile(r"\{\{(.*?)\|(.*?)\}\}")


@dataclass
class Draft:
    """A script in the making. Numbers stand as `<512>`, steps that may be left out as `{{with|without}}`."""

    helpers: list[str] = field(default_factory=list)
    init: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """A module of the model: the expression that builds it, the width it gives, how it is called (`$` on `%`)."""

    build: str
    width: int
    call: str = "self.$(%)"


def once(draft: Draft, helper: str) -> None:
    if helper not in draft.helpers:
        draft.helpers.append(helper)
