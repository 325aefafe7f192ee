"""The rule pages of `rules/`: Markdown whose front matter the engine evaluates and whose prose people read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from shapelint.common import bounds, disk, yaml_loader
from shapelint.common.frozen import frozen
from shapelint.common.nearest_words import nearest_words
from shapelint.common.patterns import pattern
from shapelint.knowledge import rules_folder
from shapelint.knowledge.schema.front_matter import RulePage
from shapelint.knowledge.schema.strict import SchemaError

FRONT_MATTER = pattern(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


class RulePageError(ValueError):
    """A rule page that does not validate or cannot be evaluated; the message names the page and the field."""


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
    """The rules that ship with shapelint, in the order of their codes."""
    found = rules_folder.compact_pages() or map(_trusted, sorted(rules_folder.folder().glob("SL*.md")))
    rules = (Rule(RulePage.trusted(matter), prose, path) for path, matter, prose in found)
    return {rule.page.code: rule for rule in rules}


def _trusted(path: Path) -> tuple[Path, Any, str]:
    matter, prose = _parts(path)
    return path, yaml_loader.loaded(matter), prose


def codes(texts: Iterable[str], among: Mapping[str, Rule]) -> tuple[str, ...]:
    """Resolve codes, beginnings of codes, names and ALL to codes and beginnings; raises UnknownRuleError."""
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
    """The code or name most similar to a misspelt one, the first of equally similar ones; None if none is similar."""
    for word, known in ((text.upper(), list(among)), (text, [rule.page.name for rule in among.values()])):
        near = nearest_words(word, known, len(known) or 1)
        best = [one for one in near if _likeness(word, one) == _likeness(word, near[0])]
        if best:
            return min(best, key=known.index)
    return None


def _likeness(one: str, other: str) -> float:
    import difflib

    return difflib.SequenceMatcher(None, other, one).ratio()


def is_page(path: Path) -> bool:
    """Whether a file begins as a page does, unlike a README; raises RulePageError if it cannot be read."""
    return not disk.is_folder(path) and _text(path).startswith("---\n")


def read_page(path: Path) -> Rule:
    """Read and validate one rule page; raises RulePageError."""
    import yaml

    matter, prose = _parts(path)
    try:
        return Rule(RulePage.validated(yaml_loader.loaded(matter)), prose, path)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 2}" if error.problem_mark else ""
        raise RulePageError(f"{path}{line}: {error.problem}") from None
    except SchemaError as error:
        field = ".".join(map(str, error.field)) or "front matter"
        place = place_of(path, str(error.field[0]) if error.field else "")
        raise RulePageError(f"{place}: {field}: {error.message}") from None
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        # what PyYAML raises for scalars that are not what their tag says, and for too many levels
        raise RulePageError(f"{path}: its front matter is no YAML that can be read") from None


def place_of(path: Path, field: str) -> str:
    """`path:line` of a field of a page, or the path alone."""
    lines = _parts(path)[0].split("\n")
    number = next((number for number, line in enumerate(lines, 2) if field and line.startswith(f"{field}:")), None)
    return f"{path}:{number}" if number else str(path)


def _parts(path: Path) -> tuple[str, str]:
    """The front matter and prose of a page."""
    match = FRONT_MATTER.match(_text(path))
    if match is None:
        raise RulePageError(f"{path}: no front matter between two lines of ---")
    return match[1], match[2].strip()


def _text(path: Path) -> str:
    try:
        return disk.read_text_bounded(path, bounds.PAGE_BYTES)
    except OSError as error:
        raise RulePageError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RulePageError(f"{path}:{line}: not UTF-8") from None
