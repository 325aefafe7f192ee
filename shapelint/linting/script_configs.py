"""Programs whose command line names their config: read with each config in sight that they load.

A program that runs with several configs has the models of each; what is found in all of them is reported once.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from shapelint.common import disk, gitignore
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.linting.config_readers import entries, is_data, loaded, shares_a_word
from shapelint.spec.findings import FileReport, Finding, Fix, UncheckedLink
from shapelint.text.location import Location
from shapelint.text.source import Source, UnreadableError, read_source

NAMES_OF_CONFIG_FOLDERS = pattern(r"config\w*|cfgs?|confs?|conf_\w+|hparams|options|experiments?", re.IGNORECASE)
"""The names of folders that hold configs of programs."""
WRITTEN = pattern(
    r"(?:out(?:put)?s?|wandb|\w*logs?|runs?|multirun|results?|check_?points?|data(?:sets?)?|v?env|build|dist|node_modules)",
    re.IGNORECASE,
)
"""The names of folders that hold what programs write or read, among it the configs of runs that are over."""
MAXIMUM_FOLDER_DEPTH = 3
MAXIMUM_FOLDERS_SEEN = 60
MAXIMUM_FILES_SEEN = 300
MAXIMUM_TRIED = 16
MAXIMUM_TRIED_IN_VAIN = 5
MAXIMUM_READ_WITH = 8
MAXIMUM_CONFIG_BYTES = 100_000
_KEY = pattern(r"""^\[?["']?([A-Za-z_]\w*)["']?[ ]*[:=\]]|^[ {]{0,4}"(\w+)"[ ]*:""", re.MULTILINE)

_Lint = Callable[[Source, str], FileReport]
"""What lints a program as it is started with a config."""


def with_configs(report: FileReport, source: Source, lint: _Lint) -> FileReport:
    """Return the report of a program as it is with each config in sight; that without one if it loads none of them."""
    paths = _in_sight(source)
    found: list[FileReport] = []
    for tried, path in enumerate(islice(paths, MAXIMUM_TRIED), 1):
        started = os.path.abspath(path)
        one = lint(source, started)
        if disk.real(started) in loaded(one):
            found.append(replace(one, notices=(*one.notices, f"started with {os.path.relpath(path)}")))
        if len(found) == MAXIMUM_READ_WITH or (not found and tried == MAXIMUM_TRIED_IN_VAIN):
            break
    left = sum(1 for _ in paths)
    return _together(found, left) if found else report


def _in_sight(script: Source) -> Iterator[Path]:
    """Yield the configs near a program; if the names of some share a word with its own, only these."""
    near = list(islice(dict.fromkeys(_near(Path(script.path), script.text)), MAXIMUM_FILES_SEEN))
    alike = [path for path in near if shares_a_word(script.path, path)]
    return iter(alike or near)


def _near(script: Path, text: str) -> Iterator[Path]:
    """Yield the configs below the folder of a program, and those in the folders of configs above it."""
    own, *above = map(Path, gitignore.upward(os.fspath(script.parent)))
    folders = (
        Path(one.path) for folder in above for one in entries(folder) if NAMES_OF_CONFIG_FOLDERS.fullmatch(one.name)
    )
    for folder in chain([own], filter(disk.is_folder, folders)):
        for path in chain.from_iterable(islice(_below(folder, MAXIMUM_FOLDER_DEPTH), MAXIMUM_FOLDERS_SEEN)):
            if NAMES_OF_CONFIG_FOLDERS.fullmatch(path.parent.name) or _speaks_of(path, text):
                yield path


def _below(folder: Path, depth: int) -> Iterator[Sequence[Path]]:
    """Yield the data files of a folder, and then of those inside it, apart from what programs write."""
    visible = [one for one in entries(folder) if not one.name.startswith(".")]
    yield [Path(one.path) for one in visible if is_data(one.name) and one.is_regular()]
    is_of_configs = NAMES_OF_CONFIG_FOLDERS.fullmatch(folder.name)
    for one in visible if depth else ():
        if one.is_folder() and (is_of_configs or not WRITTEN.fullmatch(one.name)):
            yield from _below(Path(one.path), depth - 1)


def _speaks_of(path: Path, text: str) -> bool:
    """Return whether a program speaks of a key of a data file."""
    try:
        keys = _KEY.findall(read_source(path).text) if disk.size(path) <= MAXIMUM_CONFIG_BYTES else []
    except (OSError, UnreadableError):
        return False
    return any(re.search(rf"\b{one or other}\b", text) for one, other in keys)


def _together(reports: Sequence[FileReport], left: int) -> FileReport:
    """Return the report of a program that was read with several configs; `left` more are in sight."""
    first = reports[0]
    models = tuple(model for report in reports for model in report.models)
    if left:
        place = Location(first.path, 1, 1, 1, 1)
        link = UncheckedLink("config", f"{left} more configs in sight are not read with it; lint them", "", place)
        models = (replace(models[0], links=models[0].links + 1, unchecked=(*models[0].unchecked, link)), *models[1:])
    findings: dict[tuple[object, ...], Finding] = {}
    for report in reports:
        for finding in report.findings:
            findings.setdefault(_identity(finding), replace(finding, fix=_fix(finding, reports)))
    others = {path: text for report in reports for path, text in report.others}
    return replace(
        first,
        models=models,
        findings=tuple(sorted(findings.values(), key=lambda one: (one.location, one.code))),
        notices=tuple(dict.fromkeys(notice for report in reports for notice in report.notices)),
        others=tuple(others.items()),
    )


def _identity(finding: Finding) -> tuple[object, ...]:
    return finding.location, finding.code, finding.message


def _fix(finding: Finding, reports: Sequence[FileReport]) -> Fix | None:
    """Return a fix if it was proved with every config, or edits the one config alone with which it was proved."""
    fix = finding.fix
    if fix is None or all(is_data(edit.location.path) for edit in fix.edits):
        return fix
    same = [one.fix for report in reports for one in report.findings if _identity(one) == _identity(finding)]
    proved = [one for one in same if one is not None and one.edits == fix.edits]
    return fix if len(proved) == len(reports) else None
