"""The settings of a run: those set by the caller take precedence over those found next to the linted files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, cast

from shapelint.common.frozen import frozen, replace
from shapelint.documents import overrides as overrides_
from shapelint.documents.nodes import InvalidYamlError
from shapelint.documents.overrides import Override
from shapelint.resolve.options import Options
from shapelint.settings import config, config_files
from shapelint.settings.config import Config, ConfigError, is_selected
from shapelint.spec.findings import SEVERITIES, Finding, Severity

"""The severest first."""
MULTIRUN = ("-m", "--multirun")


@frozen
class Settings:
    """The settings of a run; these take precedence over settings found next to the linted files.

    `select` and `ignore` are codes or prefixes of codes; `select` replaces both lists of the settings, `ignore` alone
    adds to theirs. `trace` traces every component anew. `skip_unrecognised` skips named files without a model.
    `exclude` are patterns, from the current folder, in addition to those of the settings; with `force_exclude` they
    also apply to named files. `config_file` is used for all files; `isolated` uses none. `checkpoint` is a file that
    every model must fit. `overrides` are those of a Hydra command line; with them a sweep of a config is run for
    `multirun` alone, or if one of them has several values. `allow_trusted` lets the packages be imported that the
    settings trust: whoever writes the linted files may write these settings, too. Findings that are less severe than
    `min_severity` are left out. Reports have the `chains` of models: with their layers, with their
    links alone, or not at all.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    trace: bool = False
    skip_unrecognised: bool = False
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config_file: str | None = None
    isolated: bool = False
    checkpoint: str | None = None
    overrides: tuple[Override, ...] = ()
    multirun: bool = False
    allow_trusted: bool = False
    min_severity: Severity = "info"
    chains: Literal["layers", "links", ""] = "layers"

    def config_of(self, path: str | os.PathLike[str]) -> Config:
        """Return the settings found for a file or folder; raises ConfigError."""
        if self.isolated:
            return config.DEFAULTS
        return config_files.named(self.config_file) if self.config_file else config_files.for_path(path)

    def keeps(self, code: str, path: str = ".", parses: bool = True) -> bool:
        """Return whether findings of a code are reported for a file; syntax errors always are, unless ignored."""
        found = self.config_of(path)
        select, ignore = (self.select, self.ignore) if self.select else (found.select, (*found.ignore, *self.ignore))
        here = found.ignored_in(path) if found.per_file_ignores else ()
        return is_selected(code, select if parses else (), ignore) and is_selected(code, (), here)

    def is_severe(self, finding: Finding) -> bool:
        """Return whether a finding is severe enough to be reported."""
        return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.min_severity)

    def excludes(self, path: str | os.PathLike[str], named: bool) -> bool:
        """Return whether a file or folder is excluded; one that the user named only with `force_exclude`."""
        found = self.config_of(path)
        if named and not (self.force_exclude or found.force_exclude):
            return False
        here = bool(self.exclude) and config.matches_any(self.exclude, path, os.getcwd(), above=named)
        return here or found.excludes(path, above=named)


def with_overrides(settings: Settings, words: Sequence[str]) -> Settings:
    """Return settings with the overrides of a command line; raises ConfigError for a word that is none."""
    flags = [word for word in words if word in MULTIRUN]
    try:
        overrides = tuple(overrides_.parse(word) for word in words if word not in MULTIRUN)
    except InvalidYamlError as error:
        raise ConfigError(error.message) from None
    return replace(settings, overrides=overrides, multirun=bool(flags))


def options_for(found: Config, trace: bool, allow_trusted: bool) -> Options:
    """Return the options for resolving components according to the settings."""
    return Options(
        trace=trace,
        signatures=tuple(found.signatures.items()),
        trust=found.trust if allow_trusted else (),
        untrusted=() if allow_trusted else found.trust,
        root=found.folder if found.trust else "",
        method=found.method,
        input=found.input,
        rules=found.rules,
    )


def overridden(options: Options, settings: Settings) -> Options:
    """Return options with the overrides of a run."""
    sweeps = settings.multirun or not settings.overrides or any(one.is_sweep for one in settings.overrides)
    return replace(options, overrides=settings.overrides, sweeps=sweeps)


def as_severe_as(finding: Finding, found: Config) -> Finding:
    """Return a finding with the severity that the settings give its code, or the longest prefix of it."""
    matching = [code for code in found.severity if code == config.ALL or finding.code.startswith(code)]
    if not matching:
        return finding
    chosen = max(matching, key=lambda code: 0 if code == config.ALL else len(code))
    return replace(finding, severity=cast(Severity, found.severity[chosen]))
