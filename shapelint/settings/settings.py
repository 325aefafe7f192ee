"""The settings of a run: what the caller sets wins over what is found next to the linted files."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import cast

from shapelint.common.frozen import frozen
from shapelint.resolve.options import Options
from shapelint.settings import config, config_files
from shapelint.settings.config import Config, is_selected
from shapelint.spec.findings import Finding, Severity


@frozen
class Settings:
    """The settings of a run; what is set here wins over the settings that are found next to the linted files.

    `select` and `ignore` are codes or the beginnings of codes; `select` replaces both lists of the settings, `ignore`
    alone adds to theirs. `trace` traces every component anew. `skip_unrecognised` skips named files without a model.
    `exclude` are patterns, from the current folder, in addition to those of the settings; with `force_exclude` they
    also apply to named files. `config_file` is used for all files; `isolated` uses none. `checkpoint` is a file that
    every model must fit.
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

    def config_of(self, path: str | os.PathLike[str]) -> Config:
        """The settings that are found for a file or folder; raises ConfigError."""
        if self.isolated:
            return config.DEFAULTS
        return config_files.named(self.config_file) if self.config_file else config_files.for_path(path)

    def keeps(self, code: str, path: str = ".", parses: bool = True) -> bool:
        """Whether findings of a code are reported for a file; that a file does not parse always is, unless ignored."""
        found = self.config_of(path)
        select, ignore = (self.select, self.ignore) if self.select else (found.select, (*found.ignore, *self.ignore))
        here = found.ignored_in(path) if found.per_file_ignores else ()
        return is_selected(code, select if parses else (), ignore) and is_selected(code, (), here)

    def excludes(self, path: str | os.PathLike[str], named: bool) -> bool:
        """Whether a file or folder is excluded; one that the user named is excluded only with `force_exclude`."""
        found = self.config_of(path)
        if named and not (self.force_exclude or found.force_exclude):
            return False
        here = bool(self.exclude) and config.matches_any(self.exclude, path, os.getcwd(), above=named)
        return here or found.excludes(path, above=named)


def options_for(found: Config, trace: bool) -> Options:
    """How components are resolved according to the settings."""
    return Options(
        trace=trace,
        signatures=tuple(found.signatures.items()),
        trust=found.trust,
        root=found.folder if found.trust else "",
        method=found.method,
        input=found.input,
        rules=found.rules,
    )


def as_severe_as(finding: Finding, found: Config) -> Finding:
    """The finding with the severity that the settings give its code, or the longest prefix of it."""
    matching = [code for code in found.severity if code == config.ALL or finding.code.startswith(code)]
    if not matching:
        return finding
    chosen = max(matching, key=lambda code: 0 if code == config.ALL else len(code))
    return replace(finding, severity=cast(Severity, found.severity[chosen]))
