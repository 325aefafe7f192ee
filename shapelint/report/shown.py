"""`show`: the chains of files in a notebook, as a picture with the layer table and the findings."""

from __future__ import annotations

import os
from collections.abc import Iterable

from shapelint.common.frozen import frozen
from shapelint.linting.lint_paths import lint
from shapelint.report import RenderOptions, chain_table, html
from shapelint.spec.findings import Report


@frozen
class Shown:
    """What `show` returns: a notebook displays it as HTML, `print` as a table."""

    report: Report

    def _repr_html_(self) -> str:
        return html.fragment(self.report, RenderOptions())

    def __str__(self) -> str:
        return chain_table.render(self.report, layers=False)

    __repr__ = __str__


def show(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Shown:
    """Lint files or folders, and show the chain of every model where a notebook displays the last value of a cell."""
    return Shown(lint(paths))
