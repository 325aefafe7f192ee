"""The kinds of models of `oracle.py`: how each is made, linted, run, and made smaller."""

from __future__ import annotations

import contextlib
import io
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import backbone_pairs
import backbone_ways
import catalogue
import drafts
import loops
import recipe_texts
import truth
from draft_parts import CHANGED
from recipes import recipes
from running import raised
from training import Recipe, train

from shapelint.knowledge import torch_words
from shapelint.linting.fixing import fixed_text
from shapelint.linting.lint_paths import lint_text
from shapelint.settings.settings import Settings
from shapelint.spec.findings import FileReport
from shapelint.text.source import Source

SETTINGS = Settings(isolated=True)
IN_PLACE_OF_ERRORS = frozenset({"SL201", "SL204", "SL211"})
"""Warnings that replace an error, on a model that raises: see "What agrees by definition" in the README."""


@dataclass(frozen=True)
class Repair:
    """What the fixes of a model make of it, "" if nothing that is said to be free of errors; and torch's error then."""

    text: str = ""
    error: str = ""

    def counts(self) -> dict[str, int]:
        """What it adds to the counts of all models."""
        return {"repairs": int(bool(self.text)), "repairs that run": int(bool(self.text) and not self.error)}


@dataclass(frozen=True)
class Judged:
    """One model: its text, the error with which torch stops, "" if it runs, and what was said of it.

    `wrong` is how the two disagree, `missed` are the rules that say nothing of it and should, and `confirmed` those
    that are right.
    """

    text: str
    suffix: str
    error: str
    said: frozenset[str]
    confirmed: frozenset[str]
    missed: frozenset[str] = frozenset()
    wrong: str = ""
    repair: Repair = field(default_factory=lambda: Repair())
    again: Callable[[], Iterator[Judged]] = field(default=lambda: iter(()), compare=False)

    def counts(self) -> Counter[str]:
        """What it adds to the counts of all models."""
        words = {"reported": self.said, "right": self.confirmed, "missed": self.missed}
        found = Counter({f"{word} {code}": 1 for word, codes in words.items() for code in codes})
        return found + Counter({"raise": int(bool(self.error)), **self.repair.counts()})

    def smaller(self) -> Iterator[Judged]:
        """Yield smaller models, judged."""
        return self.again()


def prepare(folder: str) -> None:
    """Write what the models of some kinds need into the working folder."""
    loops.save(folder)
    Path(folder, "model.py").touch()  # a program that is no file reads none


def rule_of(error: str) -> frozenset[str]:
    """Return the rule that an error of torch belongs to, by its words."""
    known = torch_words.recognise(error)
    return frozenset(known.entry.rules[:1] if known and known.entry.rules else ("unknown",))


class FaultError(Exception):
    """shapelint itself failed on a model."""

    def __init__(self, judged: Judged):
        super().__init__(judged.wrong)
        self.judged = judged


def linted(text: str, suffix: str) -> FileReport:
    """Lint a text as if it were a file of its own; raises FaultError."""
    report = lint_text(Source(f"model{suffix}", text), SETTINGS)
    if report.is_fault:
        nothing: frozenset[str] = frozenset()
        raise FaultError(Judged(text, suffix, "", nothing, nothing, nothing, f"fault: {report.problem}"))
    return report


def codes(report: FileReport, severity: str) -> frozenset[str]:
    """Return the codes of a report's findings of one severity."""
    return frozenset(finding.code for finding in report.findings if finding.severity == severity)


def repaired(text: str, suffix: str, error_of: Callable[[str], str]) -> Repair:
    """Apply all fixes to a model, and run what they give, if something was fixed and no error is said to be left."""
    fixed, made = fixed_text(Source(f"model{suffix}", text), lambda source: lint_text(source, SETTINGS), unsafe=True)
    left = linted(fixed, suffix)
    if not made or codes(left, "error") or codes(left, "warning") & IN_PLACE_OF_ERRORS:
        return Repair()
    return Repair(fixed, error_of(fixed))


def failure(repair: Repair) -> str:
    """Return what is wrong with a repair, "" if it runs."""
    return f"repaired: {repair.error}" if repair.error else ""


# ---------------------------------------------------------------- programs


def program(text: str, error_of: Callable[[str], str], must_be_found: bool) -> Judged:
    """Judge a program that raises or runs; `must_be_found` are those whose silence on an error is a disagreement."""
    error, report = error_of(text), linted(text, ".py")
    loud, warned = codes(report, "error"), codes(report, "warning")
    confirmed = loud if error else frozenset()
    if error:
        confirmed |= warned & IN_PLACE_OF_ERRORS
    missed = rule_of(error) if error and not confirmed else frozenset()
    wrong = ""
    if report.is_fault:
        wrong = f"a fault: {report.problem}"
    elif loud and not error:
        wrong = f"runs: but {', '.join(sorted(loud))}"
    elif missed and must_be_found:
        wrong = f"missed: {error}"
    repair = repaired(text, ".py", error_of) if loud and not wrong else Repair()
    if repair.error and (must_be_found or repair.error == error):
        wrong = f"repaired: {repair.error}"
    elif repair.error:
        missed |= rule_of(repair.error)
    return Judged(
        text, ".py", error, loud | confirmed, confirmed, missed, wrong, repair,
        lambda: (program(less, error_of, must_be_found) for less in fewer_lines(text)),
    )  # fmt: skip


def fewer_lines(text: str) -> Iterator[str]:
    """Yield the text without some of its lines, many at first."""
    lines = text.splitlines(keepends=True)
    size = len(lines) // 2
    while size:
        for start in range(0, len(lines), size):
            yield "".join(lines[:start] + lines[start + size :])
        size //= 2


def scripts(number: int) -> Iterator[Judged]:
    """Random training scripts (`python_models.py`)."""
    chance = random.Random(f"scripts {number}")
    for _ in range(6):
        for _, draft in drafts.variants(drafts.draw(chance), chance):
            yield program(drafts.spell(draft, chance).replace(CHANGED, ""), raised, must_be_found=True)


def training_loops(number: int) -> Iterator[Judged]:
    """Training loops with rows, queues, guards and weights (`loops.py`).

    Silence on one that stops is only counted, and so is a repaired one that stops at another fault, later.
    """
    for text in loops.programs(40, 100_000 + number):
        yield program(text, quiet_error, must_be_found=False)


def quiet_error(text: str) -> str:
    """Return the error of a training loop, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return loops.error_of(text)


def pairs(number: int) -> Iterator[Judged]:
    """Backbones of libraries, ways to take features, and heads (`backbone_pairs.py`), on the meta device."""
    draw = random.Random(f"pairs {number}")
    found = []
    for draft in backbone_ways.drafts(100_000 + number):
        pair = backbone_pairs.measured(draft, draw)
        found += [pair] if pair else []
        if len(found) == 10:
            break
    for pair in found:
        report = linted(pair.script, ".py")
        loud = codes(report, "error")
        whole = bool(report.models) and all(model.links == model.checked > 0 for model in report.models)
        wrong = f"runs: but {', '.join(sorted(loud))}" if loud and not pair.error else ""
        if pair.error and not loud and whole:
            wrong = f"missed: {pair.error}"
        missed = rule_of(pair.error) if pair.error and not loud else frozenset()
        yield Judged(pair.script, ".py", pair.error, loud, loud if pair.error else frozenset(), missed, wrong)


# ---------------------------------------------------------------- configs


def byol_configs(number: int) -> Iterator[Judged]:
    """BYOL configs of library backbones (`truth.py`), without `--trace`."""
    for text in truth.configs(20, 100_000 + number):
        yield byol_config(text)


def byol_config(text: str) -> Judged:
    """Judge a config of `truth.py`."""
    error, report = truth.real_verdict(text), linted(text, ".yaml")
    expected = truth.expects_crash(report)
    said = frozenset(truth.codes(report)) & (truth.LOUD | {"SL201"})
    missed = rule_of(error) if error and not expected else frozenset()
    wrong = f"missed: {error}" if missed else f"runs: but {', '.join(sorted(said))}" if expected and not error else ""
    repair = repaired(text, ".yaml", truth.real_verdict) if expected and not wrong else Repair()
    right = said if bool(error) == expected else frozenset()
    return Judged(text, ".yaml", error, said, right, missed, wrong or failure(repair), repair)


def models(number: int) -> Iterator[Judged]:
    """Every method, every rule (`catalogue.py`), trained for a step."""
    for _, recipe in recipes(200, 100_000 + number):
        yield model(recipe)


def model(recipe: Recipe) -> Judged:
    """Judge a recipe."""
    said = catalogue.verdict(recipe)
    found = catalogue.compare(recipe, said)
    measured = frozenset(found.measured)
    error = found.disagreement.removeprefix("raises: ") if found.raises else ""
    loud_right = said.loud if found.raises or found.by_definition else frozenset()
    silent_right = said.silent & (IN_PLACE_OF_ERRORS if found.raises else measured)
    reported = said.loud | (said.silent & IN_PLACE_OF_ERRORS if found.raises else said.silent)
    missed = rule_of(error) if found.raises and found.disagreement else measured - said.silent - said.loud
    text = recipe.config()
    repair = Repair()
    if said.loud and found.raises and not found.disagreement:
        repair = repaired(text, ".yaml", lambda fixed: error_of_recipe(recipe_texts.changed(recipe, fixed)))
    wrong = f"disagrees: {found.disagreement}" if found.disagreement else failure(repair)
    return Judged(
        text, ".yaml", error or ("raises" if found.raises else ""), reported, loud_right | silent_right, missed, wrong,
        repair, lambda: (model(less) for less in recipe_texts.smaller(recipe)),
    )  # fmt: skip


def error_of_recipe(recipe: Recipe) -> str:
    """Return the error with which a recipe's training stops, "" if it runs."""
    error = train(recipe).error
    return f"{type(error).__name__}: {error}" if error is not None else ""


KINDS: dict[str, Callable[[int], Iterator[Judged]]] = {
    "catalogue": models,
    "configs": byol_configs,
    "scripts": scripts,
    "loops": training_loops,
    "pairs": pairs,
}
SHARES = {"catalogue": 8.0, "configs": 1.0, "scripts": 1.0, "loops": 1.0, "pairs": 1.0}
"""What part of the time each kind has."""
