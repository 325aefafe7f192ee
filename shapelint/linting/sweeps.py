"""Configs that are run with several values: every combination is judged, and a finding says in which runs it occurs."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import islice

from shapelint.common.frozen import frozen, replace
from shapelint.documents.merging import unknown
from shapelint.documents.override_values import NOWHERE, shown
from shapelint.documents.overrides import Override, Sweep, combined, expanded
from shapelint.linting.spreading import spread
from shapelint.resolve.options import Options
from shapelint.spec.findings import FileReport, Finding, ModelReport, UncheckedLink
from shapelint.text.location import Location

MAXIMUM_RUNS = 10_000
MAXIMUM_PROGRAM_RUNS = 64
"""How many combinations are judged: each is an interpretation of the program."""
FEW_RUNS = 16
"""So many combinations are judged without asking which keys matter, and repaired."""
MAXIMUM_NAMED = 3
MAXIMUM_VALUES_NAMED = 8

JudgeRun = Callable[[tuple[Override, ...], bool], FileReport]
"""Returns the report of one run, given its overrides, and whether it has repairs and chains."""
ReadRun = Callable[[tuple[Override, ...]], object]
"""Returns what the report of one run is made from: runs of which it is equal have the same report."""


@frozen
class _Run:
    """One run that was judged: the values of the keys that differ between runs."""

    values: tuple[tuple[str, str], ...]
    report: FileReport
    overrides: tuple[Override, ...] = ()


def planned(sweep: Sweep, options: Options) -> tuple[Override, ...]:
    """Return the overrides of the runs of a config, the last of equal keys; none if it is run once."""
    own = sweep.overrides if options.sweeps else ()
    every = {one.key: expanded(one, [sweep.folder]) for one in (*own, *options.overrides)}
    return tuple(every.values()) if own or any(one.is_sweep for one in every.values()) else ()


def judged(overrides: Sequence[Override], judge: JudgeRun, read: ReadRun | None, base: FileReport | None) -> FileReport:
    """Return the report of all runs; `base` is that of the run without the sweep, if it is one.

    What a run is made from is not known of a program, of which there is no way to `read` it.
    """
    total = math.prod(len(one.values) or 1 for one in overrides)
    limit = MAXIMUM_RUNS if read is not None else MAXIMUM_PROGRAM_RUNS
    kept, runs = _judged_runs(overrides, judge, read or (lambda way: _verdict(judge(way, False))), total, limit)
    count = math.prod(len(one.values) or 1 for one in kept)
    if not runs:
        return judge((), True)
    share = total // count
    found = _together(runs, total, share)
    if base is not None:
        known = {_identity(one) for one in found}
        alone = [one for one in base.findings if _identity(one) not in known]
        found += [_with_note(one, "in the run without the sweep") for one in alone]
    if len(runs) <= FEW_RUNS and found:
        found = _repaired(found, [judge(way, True) for way in combined(kept)], base)
    models = _models(runs, judge, share, total)
    if len(runs) < count and models:
        models = (_cut_short(models[0], runs[0].report.path, (count - len(runs)) * share, total), *models[1:])
    return _merged(runs, found, models)


def _judged_runs(
    overrides: Sequence[Override], judge: JudgeRun, read: ReadRun, total: int, limit: int
) -> tuple[tuple[Override, ...], list[_Run]]:
    """Return the runs that are judged, and their overrides, with the first value alone of those that do not matter.

    A key that does not matter in the first run may do so in others, which is seen when these are judged: what another
    key chooses may use it.
    """

    def attempt(way: tuple[Override, ...], idle: frozenset[int]) -> tuple[FileReport, frozenset[int]]:
        return judge(way, False), _used_in(way, idle, overrides, read) if idle else idle

    first = tuple(one.alone(one.values[0]) if one.values else one for one in overrides)
    places = [index for index, one in enumerate(overrides) if len(one.values) > 1 and total > FEW_RUNS]
    idle = {index for index in places if not _matters(index, first, overrides, read)}
    while True:
        kept = tuple(first[index] if index in idle else one for index, one in enumerate(overrides))
        names = [one.key for one in kept if len(one.values) > 1]
        ways = _chosen(kept, limit)
        runs: list[_Run] = []
        for way, (report, used) in zip(ways, spread(ways, partial(attempt, idle=frozenset(idle)))):
            if used:
                idle -= used
                break
            runs.append(_Run(_values(way, names), report, way))
        else:
            return kept, runs


def _used_in(
    way: tuple[Override, ...], idle: Collection[int], overrides: Sequence[Override], read: ReadRun
) -> frozenset[int]:
    """Return the keys, of those that seem to be idle, on which a run depends."""
    others = tuple(one.alone(overrides[index].values[-1]) if index in idle else one for index, one in enumerate(way))
    if read(others) == read(way):
        return frozenset()
    return frozenset(index for index in idle if _matters(index, way, overrides, read)) or frozenset(idle)


def _matters(index: int, way: tuple[Override, ...], overrides: Sequence[Override], read: ReadRun) -> bool:
    """Return whether a run depends on a key: whether it is another with a value that is not known, or with the last."""
    one, usual = overrides[index], read(way)
    values = (unknown(NOWHERE, f"{one.key} is swept over"), *dict.fromkeys(one.values[1:3] + one.values[-2:]))
    return any(read((*way[:index], one.alone(value), *way[index + 1 :])) != usual for value in values)


def _verdict(report: FileReport) -> tuple[object, ...]:
    """Return what is found in a run, and what is checked, without the numbers in its words."""
    models = tuple((one.name, one.links, one.unchecked) for one in report.models)
    return models, tuple(map(_identity, report.findings))


def _chosen(overrides: Sequence[Override], limit: int) -> list[tuple[Override, ...]]:
    """Return the combinations that are judged: all of them, or those that differ from the first in the fewest keys."""
    if math.prod(len(one.values) or 1 for one in overrides) <= limit:
        return list(combined(overrides))
    first = [one.alone(one.values[0]) if one.values else one for one in overrides]
    alone = [
        (*first[:index], one.alone(value), *first[index + 1 :])
        for index, one in enumerate(overrides)
        for value in one.values[1:]
    ]
    seen = {_words(way): way for way in [tuple(first), *alone][:limit]}
    for way in islice(combined(overrides), 2 * limit):
        if len(seen) < limit:
            seen.setdefault(_words(way), way)
    return list(seen.values())


def _words(way: Sequence[Override]) -> tuple[str, ...]:
    return tuple(one.text for one in way)


def _values(way: Sequence[Override], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{one.mode}{one.key}", shown(one.values[0])) for one in way if one.key in names)


def _identity(finding: Finding) -> tuple[object, ...]:
    return finding.code, finding.location, finding.model, finding.role


def _together(runs: Sequence[_Run], total: int, share: int) -> list[Finding]:
    """Return each finding once, with the runs in which it occurs."""
    places: dict[tuple[object, ...], list[_Run]] = {}
    first: dict[tuple[object, ...], Finding] = {}
    for run in runs:
        for finding in run.report.findings:
            first.setdefault(_identity(finding), finding)
            held = places.setdefault(_identity(finding), [])
            if not held or held[-1] is not run:
                held.append(run)
    return [_with_note(finding, _which(places[key], runs, share, total)) for key, finding in first.items()]


def _with_note(finding: Finding, note: str) -> Finding:
    return replace(finding, notes=(*finding.notes, note), fix=None)


def _which(broken: Sequence[_Run], runs: Sequence[_Run], share: int, total: int) -> str:
    """Return in how many runs something occurs, and in which."""
    if len(broken) == len(runs):
        return f"in all {total} runs of the sweep" if total > 1 else "in the only run of the sweep"
    among, every = _by_key(broken), _by_key(runs)
    told = f"in {len(broken) * share} of {total} runs of the sweep: "
    if math.prod(map(len, among.values())) == len(broken):
        return told + " ".join(f"{key}={_few(found)}" for key, found in among.items() if found != every[key])
    named = "; ".join(" ".join(f"{key}={value}" for key, value in run.values) for run in broken[:MAXIMUM_NAMED])
    return told + named + ("; ..." if len(broken) > MAXIMUM_NAMED else "")


def _few(values: Collection[str]) -> str:
    """Return values with commas between them; the first and the last if they are many."""
    listed = list(values)
    return ",".join(listed if len(listed) <= MAXIMUM_VALUES_NAMED else [listed[0], "...", listed[-1]])


def _by_key(runs: Sequence[_Run]) -> dict[str, dict[str, None]]:
    """Return the values of each key in some runs, in their order."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        for key, value in run.values:
            found.setdefault(key, {})[value] = None
    return found


def _repaired(findings: Sequence[Finding], reports: Sequence[FileReport], base: FileReport | None) -> list[Finding]:
    """Return findings with those fixes that were proved in every run."""
    every = [*reports, *([base] if base else [])]
    known = [{_identity(one): one for one in report.findings} for report in every]
    found = []
    for finding in findings:
        same = [one[_identity(finding)] for one in known if _identity(finding) in one]
        fixes = [one.fix for one in same if one.fix is not None]
        if len(fixes) == len(every) and len({one.edits for one in fixes}) == 1:
            fix = replace(fixes[0], safe=all(one.safe for one in fixes))
            found.append(replace(finding, fix=fix, help=fix.message))
        else:
            found.append(finding)
    return found


def _models(runs: Sequence[_Run], judge: JudgeRun, share: int, total: int) -> tuple[ModelReport, ...]:
    """Return each model once: as it is in the run in which the most of its links are not checked."""
    by_name: dict[str, list[tuple[_Run, ModelReport]]] = {}
    for run in runs:
        for model in run.report.models:
            by_name.setdefault(model.name, []).append((run, model))
    found = []
    for held in by_name.values():
        run, worst = max(held, key=lambda one: len(one[1].unchecked))
        worst = worst if worst.chain else _in_full(worst, judge(run.overrides, True))
        unchecked = tuple(_in_runs(link, held, runs, (share, total)) for link in worst.unchecked)
        found.append(replace(worst, unchecked=unchecked))
    return tuple(found)


def _in_full(model: ModelReport, report: FileReport) -> ModelReport:
    """Return a model of a run as it is in the report of that run with chains."""
    return next((one for one in report.models if one.name == model.name), model)


def _in_runs(
    link: UncheckedLink, held: Sequence[tuple[_Run, ModelReport]], runs: Sequence[_Run], size: tuple[int, int]
) -> UncheckedLink:
    """Return an unchecked link with the runs in which it is not checked, unless that is so in all of them."""
    own = [run for run, model in held if any(one.role == link.role for one in model.unchecked)]
    return link if len(own) == len(runs) else replace(link, reason=f"{link.reason} ({_which(own, runs, *size)})")


def _cut_short(model: ModelReport, path: str, left: int, total: int) -> ModelReport:
    """Return a model with the runs that were not judged as a link that could not be checked."""
    place = Location(path, 1, 1, 1, 1)
    reason = f"{left} of {total} runs of the sweep are not judged"
    return replace(
        model, links=model.links + 1, unchecked=(*model.unchecked, UncheckedLink("sweep", reason, "", place))
    )


def _merged(runs: Sequence[_Run], findings: Sequence[Finding], models: tuple[ModelReport, ...]) -> FileReport:
    report = next((run.report for run in runs if run.report.models), runs[0].report)
    others = {path: text for run in runs for path, text in run.report.others}
    notices = dict.fromkeys(notice for run in runs for notice in run.report.notices)
    return replace(
        report,
        models=models,
        findings=tuple(sorted(findings, key=lambda one: (one.location, one.code))),
        notices=tuple(notices),
        others=tuple(others.items()),
    )
