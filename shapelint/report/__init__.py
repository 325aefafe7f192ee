"""Turn a report into text: one module per format, imported only when its format is chosen.

Every format is a pure function `render(report, options) -> str` that reads no file. Its result is empty or ends with a
line break, and holds no control or bidirectional character of the user's: those are escaped, as Python's `repr` does.
"""

from __future__ import annotations

from importlib import import_module

from shapelint.common.frozen import frozen
from shapelint.spec.findings import AppliedFix, Report

FORMATS: dict[str, str] = {
    "text": "shapelint.report.text",
    "concise": "shapelint.report.concise",
    "json": "shapelint.report.json",
    "sarif": "shapelint.report.sarif",
    "github": "shapelint.report.github",
    "gitlab": "shapelint.report.gitlab",
    "junit": "shapelint.report.junit",
    "markdown": "shapelint.report.markdown",
    "azure": "shapelint.report.azure",
}
"""The module behind each name of `--output-format`."""
_MODULES = {**FORMATS, "statistics": "shapelint.report.statistics", "html": "shapelint.report.html"}


@frozen
class RenderOptions:
    """How a report is written.

    `colour` adds ANSI escapes (text, concise). `width` is the number of columns beyond which source lines are clipped
    around their spans (text). Characters that `encoding` lacks are escaped, so that carets stay under their text (text,
    concise). `root` is the folder that paths are relative to in formats that require it; "" leaves them as they are.
    `fixed` are the fixes that `--fix` has already applied; `quiet` omits the closing lines.
    """

    colour: bool = False
    width: int = 120
    encoding: str = "utf-8"
    root: str = ""
    fixed: tuple[AppliedFix, ...] = ()
    quiet: bool = False


def render(report: Report, output_format: str, options: RenderOptions | None = None) -> str:
    """The report in a format of `FORMATS`, or "statistics" or "html"; raises KeyError for another name."""
    module = import_module(_MODULES[output_format])
    text: str = module.render(report, options or RenderOptions())
    return text
