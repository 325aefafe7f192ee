"""The rules of a run: the built-in ones, and a team's own pages."""

from __future__ import annotations

from pathlib import Path

from shapelint.common import disk
from shapelint.common.reads import remembered
from shapelint.judge import fact_names
from shapelint.knowledge.rule_pages import Rule, RulePageError, built_in, is_page, place_of, read_page


@remembered()
def known(folders: tuple[Path, ...] = ()) -> dict[str, Rule]:
    """Return the built-in rules and those in folders of a team's own pages; raises RulePageError."""
    found = dict(built_in())
    for folder in folders:
        for path in _pages(folder):
            if not is_page(path):
                continue
            rule = read_page(path)
            check_facts(rule)
            if rule.page.code in found:
                raise RulePageError(f"{path}: the code {rule.page.code} is taken by {found[rule.page.code].path}")
            found[rule.page.code] = rule
    return found


def _pages(folder: Path) -> list[Path]:
    """Return what may be a page in a folder."""
    try:
        return [folder / name for name in disk.names(folder) if name.endswith(".md")]
    except OSError:
        return []


def check_facts(rule: Rule) -> None:
    """Raise RulePageError if a page names something that is not a fact of its subject."""
    for field, reason in fact_names.faults(rule.page):
        raise RulePageError(f"{place_of(rule.path, field)}: {field}: {reason}")
