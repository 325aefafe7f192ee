"""`shapelint show`: the chain of each model as a table, as data, or as a picture."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

from shapelint import report as reports
from shapelint.cli.output import exit_code, is_terminal, write_notices
from shapelint.cli.streams import write_out
from shapelint.common.frozen import frozen
from shapelint.linting.lint_paths import lint_files
from shapelint.report.chain_table import render
from shapelint.report.mermaid import flowchart
from shapelint.report.svg import picture
from shapelint.settings.settings import Settings
from shapelint.spec.findings import Finding, ModelReport, Report

DRAWINGS: dict[str, Callable[[ModelReport, Sequence[Finding]], str]] = {"mermaid": flowchart, "svg": picture}


@frozen
class ShowOptions:
    """How chains are shown."""

    layers: bool = False
    verbose: bool = False
    form: str = "text"


def run(paths: Sequence[str], options: ShowOptions, settings: Settings) -> int:
    """Print the chains, and what is not checked on stderr if asked to.

    Exit with 2 if a file cannot be read or holds no model, else with 0.
    """
    report = lint_files(paths, settings)
    width = shutil.get_terminal_size().columns if is_terminal() else None
    write_out(chains_text(report, options, width))
    if options.verbose:
        write_notices(report, with_unchecked=True)
    return exit_code(report) if any(file.status != "checked" for file in report.files) else 0


def chains_text(report: Report, options: ShowOptions, width: int | None = None) -> str:
    """The chains in the form that the options name; a table is made to fit the width."""
    if options.form == "text":
        return render(report, options.layers, width)
    if options.form in DRAWINGS:
        return "\n".join(_pictures(report, options.form))
    return reports.render(report, options.form)


def _pictures(report: Report, form: str) -> list[str]:
    """Return a picture of each model."""
    draw = DRAWINGS[form]
    return [draw(model, file.findings_of(model)).rstrip("\n") + "\n" for file in report.files for model in file.models]
