"""The rule pages of `rules/`: Markdown whose front matter the engine evaluates and whose prose people read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from shapelint import knowledge
from shapelint.frozen import frozen
from shapelint.schema import RulePage

FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


class RulePageError(ValueError):
    """A rule page that does not validate; the message names the page and the field."""


class UnknownRuleError(ValueError):
    """A code or name that no rule has; the message suggests the nearest."""


@frozen
class Rule:
    """One rule: its front matter, and its prose."""

    page: RulePage
    prose: str
    path: Path


@lru_cache(maxsize=1)
def built_in() -> dict[str, Rule]:
    """The rules that ship with shapelint, by code, in order."""
    rules = {}
    for path in sorted(knowledge.folder().glob("SL*.md")):
        matter, prose = _parts(path)
        page = RulePage.trusted(yaml.load(matter, Loader=knowledge.YAML_LOADER))
        rules[page.code] = Rule(page, prose, path)
    return rules


@lru_cache(maxsize=8)
def known(folders: tuple[Path, ...] = ()) -> dict[str, Rule]:
    """The rules that ship with shapelint and those in folders of a team's own pages; raises RulePageError."""
    found = dict(built_in())
    for folder in folders:
        for path in sorted(folder.glob("*.md")):
            if not path.read_text(encoding="utf-8").startswith("---\n"):
                continue  # a README, say
            rule = read_page(path)
            check_facts(rule)
            if rule.page.code in found:
                raise RulePageError(f"{path}: the code {rule.page.code} is taken by {found[rule.page.code].path}")
            found[rule.page.code] = rule
    return found


def check_facts(rule: Rule) -> None:
    """Raise RulePageError where a page names what is no fact of its subject."""
    from shapelint import registry

    for field, reason in registry.faults(rule.page):
        raise RulePageError(f"{rule.path}: {field}: {reason}")


def codes(texts: Iterable[str], among: Mapping[str, Rule]) -> tuple[str, ...]:
    """Codes, beginnings of codes, names, and ALL, as codes and beginnings; raises UnknownRuleError."""
    by_name = {rule.page.name: code for code, rule in among.items()}
    resolved = []
    for text in filter(None, (text.strip() for text in texts)):
        code = by_name.get(text, text.upper())
        if code != "ALL" and not any(existing.startswith(code) for existing in among):
            near = nearest(text, among)
            raise UnknownRuleError(f"no rule {text!r}" + (f", did you mean {near}?" if near else ""))
        resolved.append(code)
    return tuple(resolved)


def nearest(text: str, among: Mapping[str, Rule]) -> str | None:
    """The code or name that a misspelt one is nearest to, of equally near ones the first; None where none is near."""
    for word, known in ((text.upper(), list(among)), (text, [rule.page.name for rule in among.values()])):
        near = difflib.get_close_matches(word, known, len(known) or 1)
        best = [one for one in near if _likeness(word, one) == _likeness(word, near[0])]
        if best:
            return min(best, key=known.index)
    return None


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()


def read_page(path: Path) -> Rule:
    """Read and validate one rule page; raises RulePageError."""
    matter, prose = _parts(path)
    try:
        return Rule(RulePage.model_validate(yaml.load(matter, Loader=knowledge.YAML_LOADER)), prose, path)
    except yaml.YAMLError as error:
        raise RulePageError(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "front matter"
        raise RulePageError(f"{path}: {field}: {first['msg']}") from None


def _parts(path: Path) -> tuple[str, str]:
    """Front matter and prose of a page."""
    match = FRONT_MATTER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise RulePageError(f"{path}: no front matter between two lines of ---")
    return match[1], match[2].strip()
