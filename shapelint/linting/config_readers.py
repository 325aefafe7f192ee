"""Configs read through the scripts that load them: key names decide nothing, the code does.

Scripts are searched for near the config, by their text; whether one loads it shows when it is followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from shapelint.common import bounds, disk, gitignore
from shapelint.common.disk import FolderEntry
from shapelint.common.frozen import replace
from shapelint.common.patterns import pattern
from shapelint.common.reads import recording
from shapelint.documents.data_files import DATA_SUFFIXES
from shapelint.linting.collect import worth_reading
from shapelint.linting.run_files import RunFiles
from shapelint.spec.findings import FileReport, Finding, UncheckedLink
from shapelint.text.source import Source, UnreadableError, joined, read_source

MAXIMUM_SCRIPTS_SEEN = 300
MAXIMUM_SCRIPTS_FOLLOWED = 6
MAXIMUM_ENTRIES = 5000
_LOADS = pattern(r"load|fromfile|from_file|hydra|read_text|initialize", re.IGNORECASE)
_HAS_DEFAULTS = pattern(r"^defaults[ ]*:", re.MULTILINE)

_COMMAND = pattern(r"\bLightningCLI\b")
"""What takes its config from the command line, so that it need not name it."""
_IS_OF_COMMAND = pattern(r"^(\s*)model:", re.MULTILINE)

_MAIN = pattern(r"@hydra\.main\(((?:(?!config_name)[^()])*)\)")
"""Hydra's decorator without a name: the config is the one that `--config-name` names on the command line."""
_ARGUMENTS = pattern(r"argparse|ArgumentParser|parse_args|create_parser|sys\.argv|click|typer|\bfire\b|absl")
"""What takes words of the command line, one of which may name the config."""
_DECLARES = pattern(r"add_argument\(|@click|\.(?:option|argument)\(")
_FOR_CONFIG = pattern(
    r"""(?:argument|option)\((?:\s*['"](?!-)|(?:[^()]|\([^()]*\))*?
    (?:conf|cfg|ya?ml|json|toml|\bopts?\b|params?\b|\bexp|setting|file|preset|recipe))
    | (?:\}|%[sd]|\+\s*['"])\.(?:ya?ml|json|toml)['"]""",
    re.IGNORECASE | re.VERBOSE,
)
"""Words that may be the path of a config: a positional one, one of such a name, or several put together."""
_CALLED = pattern(r"\bjsonargparse\b|\bdraccus\b|\bpyrallis\b")
"""What reads a config that the command line names by itself."""
_READS = pattern(
    r"yaml|omegaconf|hydra|toml|json\.load\(|json\.loads\([^\n]*(?:read|open)|from_?file|(?:load|read|get|parse)_(?:cfg|conf)",
    re.IGNORECASE,
)
"""What reads a config, by its format or by the name of a function."""
_IS_NATIVE = pattern(r"^[ \t]*(?:- )?\w+:[ ]*\[?(?:[\w.]*Head|[\w.]*Linear)\(", re.MULTILINE)
"""A component as a call: no program reads this form of a config, unless it names the file."""
_TRIES = pattern(r"test_\w*|\w+_test|conftest|setup")
"""The names of files that no training begins with."""
_COMPOSED = pattern(r"@hydra\.main\([^()]*config_path\s*=\s*['\"]([^'\"]+)['\"]")
INVALID = "SL903"
MINIMUM_WORD = 4
USERS = (".py", ".ipynb", ".yaml", ".yml")
"""What may load a config or be composed with it."""

_Read = Callable[[Path], Source]
_Lint = Callable[[Source, str], FileReport]
"""What lints a program as it is started with a config."""


def is_data(path: str | os.PathLike[str]) -> bool:
    """Return whether a file may be a config that a script loads."""
    return os.path.splitext(path)[1].lower() in DATA_SUFFIXES


def through_scripts(
    source: Source, files: RunFiles, lint: _Lint
) -> tuple[FileReport | None, tuple[UncheckedLink, ...]]:
    """Return the report of a config as the scripts read it that load it; None if no script with a model does.

    The second is why it is not known what other scripts make of it. The scripts that ignore the config with which they
    are started are added to the indifferent ones, with its folder and suffix: they will read no other like it.
    """
    path = Path(source.path)
    if not is_data(path) or not disk.is_file(path):
        return None, ()

    ignoring: set[str] = set()

    def observed(script: Source, started: str) -> FileReport:
        report = lint(script, started)
        if report.ignores_config:
            ignoring.add(script.path)
        return report

    def followed(scripts: Iterable[Source]) -> list[FileReport]:
        reports = (_followed(script, source, files.read, observed) for script in scripts)
        return [report for report in reports if report is not None]

    named, started = _scripts(path, files)
    reports = followed(named[:MAXIMUM_SCRIPTS_FOLLOWED])
    left = MAXIMUM_SCRIPTS_FOLLOWED - (len(named) if any(map(_reads_it, reports)) else 0)
    alike = (os.path.dirname(os.path.abspath(path)), path.suffix)
    others = [one for one in islice(started, max(0, left)) if not files.is_indifferent((one.path, *alike))]
    with recording() as reads:
        reports += followed(others)
    files.indifferent.update(((one.path, *alike), reads) for one in others if one.path in ignoring)
    found = [report for report in reports if _reads_it(report)]
    return (_through(source, found) if found else None), (*_broken(reports), *_stopped(reports))


def _reads_it(report: FileReport) -> bool:
    """Return whether a script that was followed reads the config; else it is not known what it makes of it."""
    return not _unparsed(report) and report.stop is None


def _broken(reports: Sequence[FileReport]) -> Iterator[UncheckedLink]:
    """Yield a link for each script that does not parse."""
    for one in (fault for report in reports for fault in _unparsed(report)):
        reason = f"{os.path.relpath(one.location.path)} names it and does not parse"
        yield UncheckedLink("config", reason, "", one.location)


def _stopped(reports: Sequence[FileReport]) -> Iterator[UncheckedLink]:
    """Yield one link for the scripts that certainly stop with the config: with the cause of the first of them."""
    stops = [report.stop for report in reports if report.stop is not None]
    for one in stops[:1]:
        others = f", and {len(stops) - 1} more" if len(stops) > 1 else ""
        reason = f"{os.path.relpath(one.location.path)}{others} would stop with it: {one.reason}"
        yield replace(one, reason=reason)


def with_unread(report: FileReport, links: tuple[UncheckedLink, ...]) -> FileReport:
    """Return the report of a config that is read without some scripts: what they make of it is not checked."""
    if not links:
        return report
    if report.status == "no-model":
        return replace(report, problem="; ".join((report.problem, *(link.reason for link in links))))
    models = (
        replace(model, links=model.links + len(links), unchecked=(*model.unchecked, *links)) for model in report.models
    )
    return replace(report, models=tuple(models))


def _unparsed(report: FileReport) -> tuple[Finding, ...]:
    """Return why a script does not parse."""
    faults = () if report.models else report.findings
    return tuple(one for one in faults if one.code == INVALID and one.location.path == report.path)


def _through(source: Source, found: Sequence[FileReport]) -> FileReport:
    """Return the report of a config from those of the scripts that load it."""
    failed = next((report for report in found if report.status == "unreadable"), None)
    if failed is not None:
        problem = f"it may be read through {os.path.relpath(failed.path)}: {failed.problem}"
        return FileReport(source.path, "unreadable", text=source.own_text, problem=problem, is_fault=failed.is_fault)
    findings = [_noted(finding, report) for report in found for finding in report.findings]
    own = _own_files(source, found)
    about = [_of_config(finding, own) for finding in findings if _is_about(finding, own)]
    others = {path: text for report in found for path, text in ((report.path, report.text), *report.others)}
    return FileReport(
        source.path,
        "checked",
        models=tuple(model for report in found for model in report.models),
        findings=_once(about),
        text=source.own_text,
        notices=tuple(f"read through {os.path.relpath(report.path)}" for report in found),
        others=tuple((path, text) for path, text in others.items() if path != source.path),
    )


def loaded(report: FileReport) -> set[str]:
    """Return the real paths of the data files through which the models of a program were read."""
    if not report.models or is_data(report.path):
        return set()
    return {disk.real(path) for path, _ in report.others if is_data(path)}


def _followed(script: Source, config: Source, read: _Read, lint: _Lint) -> FileReport | None:
    """Return the report of a script that loads a config, as that is in its edited text; None if it does not.

    That of a script on which shapelint itself fails does not say whether it does.
    """
    started = os.path.abspath(config.path)
    report = replace(lint(script, started), text=script.own_text)
    names_it = os.path.basename(config.path) in script.text
    if report.stop is not None or report.status == "unreadable" or (_unparsed(report) and names_it):
        return report
    if disk.real(config.path) not in loaded(report):
        return None
    texts = [(part.path, config.slice(part.span)) for part in config.parts if is_data(part.path)]
    if any(read(Path(path)).text != text for path, text in texts):
        report = replace(lint(joined(script, texts), started), text=script.own_text)
    shown = {path: config.path for path, _ in report.others if _is_same(path, config.path)}
    return report if list(shown) == [config.path] else None


def _is_same(path: str, other: str) -> bool:
    return disk.real(path) == disk.real(other)


def _scripts(config: Path, files: RunFiles) -> tuple[list[Source], Iterable[Source]]:
    """Return the scripts near a config that name it and load something, and those that take any, the nearest first.

    Of those that take any config, only those whose names share a word with its path, if there are such.
    """
    near = _scripts_near(config.parent, files)
    if not near:
        return [], ()
    own = files.read(config).text
    named = [source for source in near if _names(source.text, config, own) or _composes(source, config)]
    others = [] if _IS_NATIVE.search(own) else [source for source in near if source not in named]
    alike = [source for source in others if shares_a_word(source.path, config) and _takes_a_config(source)]
    return named, alike or filter(_takes_a_config, others)


def _scripts_near(folder: Path, files: RunFiles) -> tuple[Source, ...]:
    """Return the scripts near the configs of a folder, which are looked for once a run."""

    def near() -> tuple[Source, ...]:
        found = (_small(path, files.read) for path in dict.fromkeys(_near(folder)))
        return tuple(source for source in found if source is not None)

    return files.near.get(os.fspath(folder), near)


def _small(path: Path, read: _Read) -> Source | None:
    try:
        return read(path) if disk.size(path) <= bounds.SEARCHED_BYTES else None
    except (OSError, UnreadableError):
        return None


def _takes_a_config(script: Source) -> bool:
    """Return whether a script may be started with any config: it takes words, reads configs, and may hold a model."""
    path, text = Path(script.path), script.text
    if _MAIN.search(text) or _CALLED.search(text):
        return True
    takes_words = _ARGUMENTS.search(text) and _READS.search(text) and not _TRIES.fullmatch(path.stem)
    may_be_path = not _DECLARES.search(text) or _FOR_CONFIG.search(text)
    return bool(takes_words and may_be_path) and worth_reading(path, text)


def shares_a_word(script: str, config: Path) -> bool:
    """Return whether a script is named after a config or one of its folders, seen from the script."""
    place = os.path.relpath(config, os.path.dirname(script) or os.curdir)
    names = (Path(script).stem, os.path.splitext(place)[0])
    one, other = (set(re.findall(rf"[a-z]{{{MINIMUM_WORD},}}", name.lower())) for name in names)
    return not (one & other).isdisjoint(one - {"main", "config"})


def _composes(script: Source, config: Path) -> bool:
    """Return whether a config is in a group of those from which a script composes its own."""
    found = _COMPOSED.search(script.text)
    if found is None:
        return False
    folder = disk.real(os.path.join(os.path.dirname(script.path), found[1]))
    place = disk.real(config)
    return os.path.dirname(place) != folder and Path(place).is_relative_to(folder)


def _names(text: str, config: Path, own: str) -> bool:
    if _COMMAND.search(text) and _IS_OF_COMMAND.search(own):
        return True
    quoted = re.search(rf"""["'/]{re.escape(config.stem)}["']""", text)
    return (config.name in text or bool(quoted)) and bool(_LOADS.search(text))


def may_have_other_users(config: str, known: Container[str]) -> bool:
    """Return whether a file near a config names it that is none of the `known` ones, by their real paths."""
    near = list(_near(Path(config).parent, USERS))
    place = disk.real(config)
    if len(near) >= MAXIMUM_SCRIPTS_SEEN:
        return True
    others = {path for path in map(disk.real, near) if path not in known and path != place}
    texts = (source.own_text for path in sorted(others) if (source := _small(Path(path), read_source)) is not None)
    stem, name = re.escape(Path(config).stem), re.escape(Path(config).name)
    named = re.compile(rf"""{name}\b|["'/]{stem}["']|^[ ]*(?:-|[\w/@. -]+:)[ ]*[\w/]*\b{stem}[ ]*$""", re.MULTILINE)
    return any(named.search(text) for text in texts)


def _near(lowest: Path, suffixes: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    """Yield the Python files in a folder and those above it, and in the folders directly inside these."""
    seen = 0
    for folder in map(Path, gitignore.upward(os.fspath(lowest))):
        visible = (entry for entry in entries(folder) if not entry.name.startswith("."))
        inner = (Path(entry.path) for entry in visible if entry.is_folder())
        for place in (folder, *inner):
            for entry in entries(place):
                if entry.name.endswith(suffixes):
                    yield Path(entry.path)
                    seen += 1
                    if seen == MAXIMUM_SCRIPTS_SEEN:
                        return


def entries(folder: Path) -> Sequence[FolderEntry]:
    """Return what is in a folder, by name; of one with very many files only some."""
    try:
        return disk.entries(folder, MAXIMUM_ENTRIES)
    except OSError:
        return []


def _own_files(source: Source, reports: Sequence[FileReport]) -> set[str]:
    """Return the paths of a config and, if it has a defaults list, of the data files read beside it."""
    beside = (path for report in reports for path, _ in report.others if is_data(path))
    return {source.path, *(beside if _HAS_DEFAULTS.search(source.own_text) else ())}


def _is_about(finding: Finding, paths: set[str]) -> bool:
    """Return whether a finding is in one of the files, or about a number in it."""
    return not paths.isdisjoint((finding.location.path, *(related.location.path for related in finding.related)))


def _of_config(finding: Finding, paths: set[str]) -> Finding:
    """Return a finding without a fix that edits other files than the config: that is for who lints these."""
    edits = finding.fix.edits if finding.fix else ()
    return finding if all(edit.location.path in paths for edit in edits) else replace(finding, fix=None)


def _noted(finding: Finding, report: FileReport) -> Finding:
    return replace(finding, notes=(*finding.notes, f"the config is read through {os.path.relpath(report.path)}"))


def _once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    known = {(one.location, one.code, one.message): one for one in reversed(findings)}
    return tuple(sorted(known.values(), key=lambda finding: (finding.location, finding.code)))
