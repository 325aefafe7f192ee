"""`shapelint show`: the chain of each model as a table."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from shapelint.cli.output import exit_code, is_terminal, write_notices, write_out
from shapelint.linting.lint_paths import lint_files
from shapelint.report.chain_table import render
from shapelint.settings.settings import Settings


def run(paths: Sequence[str], layers: bool, verbose: bool, settings: Settings) -> int:
    """Print the tables, and what is not checked on stderr if asked to.

    Exit with 2 if a file cannot be read or holds no model, else with 0.
    """
    report = lint_files(paths, settings)
    width = shutil.get_terminal_size().columns if is_terminal() else None
    write_out(render(report, layers, width))
    if verbose:
        write_notices(report, with_unchecked=True)
    return exit_code(report) if any(file.status != "checked" for file in report.files) else 0
