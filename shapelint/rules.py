"""The rule pages of `rules/`: Markdown whose front matter the engine evaluates and whose prose people read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from shapelint import knowledge
from shapelint.schema import RulePage

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


class RulePageError(ValueError):
    """A rule page that does not validate; the message names the page and the field."""


@dataclass(frozen=True)
class Rule:
    """One rule: its front matter, and its prose."""

    page: RulePage
    prose: str
    path: Path


@lru_cache(maxsize=1)
def built_in() -> dict[str, Rule]:
    """The rules that ship with shapelint, by code, in order."""
    pages = sorted(knowledge.folder().glob("SL*.md"))
    return {rule.page.code: rule for rule in map(read_page, pages)}


def read_page(path: Path) -> Rule:
    """Read one rule page; raises RulePageError."""
    match = FRONT_MATTER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise RulePageError(f"{path}: no front matter between two lines of ---")
    try:
        return Rule(RulePage.model_validate(yaml.load(match[1], Loader=knowledge.YAML_LOADER)), match[2].strip(), path)
    except yaml.YAMLError as error:
        raise RulePageError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "front matter"
        raise RulePageError(f"{path}: {field}: {first['msg']}") from None
